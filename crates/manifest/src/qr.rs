//! A digest as a QR code, to be compared with another device by its camera.

use qrcodegen_no_heap::{QrCode, QrCodeEcc, Version};

use crate::digest::Sha256;

/// 62 bytes at this level of correction; the text form of a digest has 51.
const VERSION: Version = Version::new(4);
const BUFFER: usize = VERSION.buffer_len();

/// The text form of a digest as a QR code (ISO/IEC 18004): a line for each row, in which `1` is a
/// dark module and `0` a light one, without the light edge. `None` if it does not fit.
#[must_use]
pub fn qr_rows(digest: &Sha256) -> Option<String> {
    let text = digest.to_string();
    let (mut data, mut code) = ([0; BUFFER], [0; BUFFER]);
    data.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
    let (least, level) = (Version::MIN, QrCodeEcc::Medium);
    let code =
        QrCode::encode_binary(&mut data, text.len(), &mut code, level, least, VERSION, None, false);
    let code = code.ok()?;
    let module = |x, y| if code.get_module(x, y) { '1' } else { '0' };
    let row = |y| (0..code.size()).map(|x| module(x, y)).collect::<String>();
    Some((0..code.size()).map(row).collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

    use rqrr::PreparedImage;

    use super::*;

    /// What a reader sees that holds its camera over the picture.
    fn read(rows: &str) -> String {
        const SCALE: usize = 4;
        const QUIET: usize = 4;
        let rows: Vec<_> = rows.lines().collect();
        let side = (rows.len() + 2 * QUIET) * SCALE;
        let dark = |x: usize, y: usize| {
            let row = (y / SCALE).checked_sub(QUIET).and_then(|y| rows.get(y))?;
            row.as_bytes().get((x / SCALE).checked_sub(QUIET)?)
        };
        let pixel = |x, y| if dark(x, y) == Some(&b'1') { 0 } else { 255 };
        let mut image = PreparedImage::prepare_from_greyscale(side, side, pixel);
        let grids = image.detect_grids();
        assert_eq!(grids.len(), 1);
        grids[0].decode().unwrap().1
    }

    #[test]
    fn another_reader_reads_the_digest() {
        for text in [&b"abc"[..], b"", b"manifest"] {
            let digest = Sha256::of(text);
            let rows = qr_rows(&digest).unwrap();
            assert!(rows.lines().all(|row| row.len() == rows.lines().count()));
            assert_eq!(read(&rows), digest.to_string());
        }
    }
}
