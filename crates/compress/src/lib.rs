//! Deterministic compression: the same bytes in, the same bytes out, on every machine.
//!
//! A crate of its own because Brotli is generic code: it is compiled where it is used, and there it
//! must be optimised to be usable in tests, which nothing around it has to be.

use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

/// gzip (RFC 1952), without name or time. For whoever takes no Brotli, which every browser does: more
/// than a second of work for a few percent would not pay.
pub fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// Brotli (RFC 7932) at the highest quality.
pub fn brotli(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = brotli::CompressorWriter::new(Vec::new(), 4096, 11, 22);
    encoder.write_all(bytes)?;
    encoder.flush()?;
    Ok(encoder.into_inner())
}

/// Decodes gzip; more than `limit` bytes are an error.
pub fn gunzip(bytes: &[u8], limit: u64) -> io::Result<Vec<u8>> {
    read_limited(flate2::read::GzDecoder::new(bytes), limit)
}

/// Decodes Brotli; more than `limit` bytes are an error.
pub fn unbrotli(bytes: &[u8], limit: u64) -> io::Result<Vec<u8>> {
    read_limited(brotli::Decompressor::new(bytes, 4096), limit)
}

fn read_limited(reader: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    reader.take(limit.saturating_add(1)).read_to_end(&mut out)?;
    if u64::try_from(out.len()).is_ok_and(|len| len <= limit) {
        Ok(out)
    } else {
        Err(io::Error::new(io::ErrorKind::FileTooLarge, "longer than expected"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips_within_the_limit() {
        let text = b"enclave ".repeat(500);
        let size = text.len() as u64;
        assert_eq!(gunzip(&gzip(&text).unwrap(), size).unwrap(), text);
        assert_eq!(unbrotli(&brotli(&text).unwrap(), size).unwrap(), text);
        assert!(gunzip(&gzip(&text).unwrap(), size - 1).is_err());
        assert!(unbrotli(&brotli(&text).unwrap(), size - 1).is_err());
    }
}
