//! The short code a person compares by eye.

use crate::digest::Sha256;

/// Entropy of a short code in bits. Enough to tell releases apart and to notice a swapped one;
/// far too little to resist an attacker who searches for a second manifest with the same code,
/// so it never replaces comparing the digest by machine.
pub const SHORT_CODE_BITS: u32 = 40;

const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The first 40 bits of a manifest digest as eight Crockford base32 characters, `XXXX-XXXX`.
#[must_use]
pub fn short_code(manifest: &Sha256) -> String {
    let bits =
        manifest.as_bytes().iter().take(5).fold(0u64, |bits, byte| (bits << 8) | u64::from(*byte));
    let mut code = String::with_capacity(9);
    for index in 0..8u32 {
        if index == 4 {
            code.push('-');
        }
        let symbol = usize::try_from((bits >> (35 - 5 * index)) & 31).unwrap_or_default();
        code.push(char::from(CROCKFORD[symbol]));
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answer() {
        // SHA-256("abc") starts ba 78 16 bf 8f.
        assert_eq!(short_code(&Sha256::of(b"abc")), "Q9W1-DFWF");
    }
}
