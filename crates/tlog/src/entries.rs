//! Entry bundles (C2SP tlog-tiles, "Log entries"): the entries below one tile of leaves, each
//! behind its length in two bytes.

use crate::tile::WIDTH;

/// Longest entry.
pub const MAX_ENTRY: usize = u16::MAX as usize;

/// Writes a bundle; `None` if an entry is too long or there are too many.
#[must_use]
pub fn write<E: AsRef<[u8]>>(entries: &[E]) -> Option<Vec<u8>> {
    if entries.len() > WIDTH {
        return None;
    }
    let mut bundle = Vec::new();
    for entry in entries {
        let entry = entry.as_ref();
        bundle.extend(u16::try_from(entry.len()).ok()?.to_be_bytes());
        bundle.extend(entry);
    }
    Some(bundle)
}

/// Reads a bundle; `None` if it does not end with an entry or has too many.
#[must_use]
pub fn parse(bundle: &[u8]) -> Option<Vec<&[u8]>> {
    let mut rest = bundle;
    let mut entries = Vec::new();
    while !rest.is_empty() {
        let (length, behind) = rest.split_first_chunk()?;
        let (entry, others) = behind.split_at_checked(u16::from_be_bytes(*length).into())?;
        entries.push(entry);
        rest = others;
    }
    (entries.len() <= WIDTH).then_some(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_is_read_as_it_was_written() {
        let entries = [&b"one"[..], b"", b"three"];
        let bundle = write(&entries).unwrap();
        assert_eq!(bundle, b"\0\x03one\0\0\0\x05three");
        assert_eq!(parse(&bundle).unwrap(), entries);
        assert_eq!(parse(&bundle[..bundle.len() - 1]), None);
        assert_eq!(parse(b"\0"), None);
        assert_eq!(parse(b""), Some(Vec::new()));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert!(write(&[vec![0; MAX_ENTRY]]).is_some());
        assert_eq!(write(&[vec![0; MAX_ENTRY + 1]]), None);
        assert_eq!(write(&[b""; WIDTH + 1]), None);
        assert_eq!(parse(&[0; 2 * (WIDTH + 1)]), None);
    }
}
