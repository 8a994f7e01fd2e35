//! The codes a person compares: by eye, or read aloud.

use bip39::Language;

use crate::digest::Sha256;

/// Words of a word code. Each of the 2048 words of the list stands for eleven bits.
const WORDS: u32 = 6;
const BITS_OF_A_WORD: u32 = 11;

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

/// The first 66 bits of a manifest digest as six words of the English list of BIP-39, whose words
/// are told apart by their first four letters. Said over a telephone, or compared between devices.
/// As the short code it never replaces comparing the digest.
#[must_use]
pub fn word_code(manifest: &Sha256) -> String {
    let list = Language::English.word_list();
    let first = manifest.as_bytes().iter().take(9);
    let bits = first.fold(0u128, |bits, byte| (bits << 8) | u128::from(*byte));
    let word = |index: u32| {
        let place = (bits >> (72 - BITS_OF_A_WORD * (index + 1))) & 2047;
        list[usize::try_from(place).unwrap_or_default()]
    };
    (0..WORDS).map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answer() {
        // SHA-256("abc") starts ba 78 16 bf 8f.
        assert_eq!(short_code(&Sha256::of(b"abc")), "Q9W1-DFWF");
    }
    /// `crates/client/test/verify-words.test.js` has the same answers.
    #[test]
    fn known_answers_in_words() {
        let words = |text: &[u8]| word_code(&Sha256::of(text));
        assert_eq!(words(b"abc"), "risk scheme quiz bulk brother vivid");
        assert_eq!(words(b""), "together mail awful cradle scrub apart");
        let all = |byte| word_code(&Sha256::from([byte; 32]));
        assert_eq!(all(0), ["abandon"; 6].join(" "));
        assert_eq!(all(255), ["zoo"; 6].join(" "));
    }
}
