//! The lines of proofs, and where tiles lie (C2SP tlog-tiles, "APIs").

use std::fmt::Write as _;

use base64ct::{Base64, Encoding};

use crate::hash::Hash;
use crate::tile::{TileId, WIDTH};

/// Most hashes of a proof: no tree is higher.
const MAX_PROOF: usize = 63;

/// Reads the hashes of a proof, one to a line, each line with its newline; nothing else.
#[must_use]
pub fn parse_hashes(lines: &str) -> Option<Vec<Hash>> {
    if lines.is_empty() {
        return Some(Vec::new());
    }
    let lines: Vec<_> = lines.strip_suffix('\n')?.split('\n').collect();
    if lines.len() > MAX_PROOF {
        return None;
    }
    let hash = |line: &str| Base64::decode_vec(line).ok()?.try_into().ok();
    lines.into_iter().map(hash).collect()
}

/// The lines of a proof.
#[must_use]
pub fn write_hashes(hashes: &[Hash]) -> String {
    hashes.iter().fold(String::new(), |mut text, hash| {
        let _ = writeln!(text, "{}", Base64::encode_string(hash));
        text
    })
}

/// Reads a number as proofs write it: decimal, without leading zeroes.
pub(crate) fn parse_number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}

impl TileId {
    /// The path of this tile with so many hashes, relative to the log.
    #[must_use]
    pub fn path(self, width: usize) -> String {
        format!("tile/{}/{}{}", self.level, index(self.index), partial(width))
    }

    /// The path of the entries below this tile of leaves, as many as it has hashes.
    #[must_use]
    pub fn entries_path(self, width: usize) -> String {
        format!("tile/entries/{}{}", index(self.index), partial(width))
    }
}

/// Groups of three digits, all but the last with an `x`.
fn index(index: u64) -> String {
    let mut text = format!("{:03}", index % 1000);
    let mut rest = index / 1000;
    while rest > 0 {
        text = format!("x{:03}/{text}", rest % 1000);
        rest /= 1000;
    }
    text
}

fn partial(width: usize) -> String {
    if width == WIDTH { String::new() } else { format!(".p/{width}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_specification() {
        let tile = |level, index| TileId { level, index };
        assert_eq!(tile(0, 1_234_067).path(256), "tile/0/x001/x234/067");
        assert_eq!(tile(1, 5).path(11), "tile/1/005.p/11");
        assert_eq!(tile(0, 1000).entries_path(1), "tile/entries/x001/000.p/1");
        assert_eq!(tile(0, 0).entries_path(256), "tile/entries/000");
    }

    #[test]
    fn lines_have_one_spelling() {
        let hashes = vec![[1; 32], [2; 32]];
        let text = write_hashes(&hashes);
        assert_eq!(parse_hashes(&text), Some(hashes));
        assert_eq!(parse_hashes(""), Some(Vec::new()));
        let long = write_hashes(&[[0; 32]; 64]);
        for bad in ["\n", "x\n", "AA==\n", text.trim_end(), &long] {
            assert_eq!(parse_hashes(bad), None, "{bad:?}");
        }
        assert_eq!(parse_number("10"), Some(10));
        for bad in ["", "+1", "01", "-1", " 1", "18446744073709551616"] {
            assert_eq!(parse_number(bad), None, "{bad:?}");
        }
    }
}
