//! Recovery phrases: BIP-39, 24 English words for 32 random bytes and their checksum.
//!
//! Only the encoding is BIP-39's. Its PBKDF2 seed is not used, because the entropy is a
//! uniformly random key already.

use bip39::{Language, Mnemonic};
use zeroize::Zeroize;

use crate::{CryptoError, SecretBytes, SecretVec, wipe_stack};

/// Words of a phrase.
pub const WORDS: usize = 24;

/// Longest text that is looked at: the words take at most 215 bytes.
const MAX_TEXT: usize = 1024;

/// Writes a phrase: lower-case words with one space between them.
#[must_use]
pub fn words(entropy: &SecretBytes<32>) -> SecretVec {
    let text = Mnemonic::from_entropy_in(Language::English, entropy.expose())
        .map_err(|_| CryptoError::InvalidPhrase)
        .and_then(|mnemonic| join(&mnemonic));
    wipe_stack();
    // 32 bytes always have a phrase, and it always has its own length.
    text.unwrap_or_else(|_| SecretVec::new(Vec::new()))
}

/// Reads a phrase. Letter case and the amount and kind of white space do not matter.
pub fn parse(text: &[u8]) -> Result<SecretBytes<32>, CryptoError> {
    if text.len() > MAX_TEXT {
        return Err(CryptoError::InvalidPhrase);
    }
    let lower: Result<SecretVec, CryptoError> = SecretVec::try_new_with(text.len(), |out| {
        out.copy_from_slice(text);
        out.make_ascii_lowercase();
        Ok(())
    });
    let entropy = entropy(lower?.expose());
    wipe_stack();
    entropy
}

fn join(mnemonic: &Mnemonic) -> Result<SecretVec, CryptoError> {
    let len = mnemonic.words().map(str::len).sum::<usize>() + WORDS - 1;
    SecretVec::try_new_with(len, |mut out| {
        for (number, word) in mnemonic.words().enumerate() {
            let separator: &[u8] = if number == 0 { b"" } else { b" " };
            for part in [separator, word.as_bytes()] {
                let (place, rest) =
                    out.split_at_mut_checked(part.len()).ok_or(CryptoError::InvalidPhrase)?;
                place.copy_from_slice(part);
                out = rest;
            }
        }
        Ok(())
    })
}

fn entropy(lower: &[u8]) -> Result<SecretBytes<32>, CryptoError> {
    let text = std::str::from_utf8(lower).map_err(|_| CryptoError::InvalidPhrase)?;
    let mnemonic = Mnemonic::parse_in_normalized(Language::English, text)
        .map_err(|_| CryptoError::InvalidPhrase)?;
    let (mut bytes, len) = mnemonic.to_entropy_array();
    let entropy = match bytes.get(..len) {
        Some(bytes) if mnemonic.word_count() == WORDS => SecretBytes::copy_of(bytes),
        _ => Err(CryptoError::InvalidPhrase),
    };
    bytes.zeroize();
    entropy.map_err(|_| CryptoError::InvalidPhrase)
}

#[cfg(test)]
mod tests {
    use hex_literal::hex;
    use proptest::prelude::*;

    use super::*;

    // The vectors of 256 bits in the reference implementation of BIP-39
    // (python-mnemonic, vectors.json).
    const VECTORS: [([u8; 32], &str); 4] = [
        (
            [0; 32],
            "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon \
             abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon \
             abandon abandon abandon art",
        ),
        (
            [0x7f; 32],
            "legal winner thank year wave sausage worth useful legal winner thank year wave \
             sausage worth useful legal winner thank year wave sausage worth title",
        ),
        (
            [0xff; 32],
            "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo \
             zoo zoo vote",
        ),
        (
            hex!("68a79eaca2324873eacc50cb9c6eca8cc68ea5d936f98787c60c7ebc74e6ce7c"),
            "hamster diagram private dutch cause delay private meat slide toddler razor book \
             happy fancy gospel tennis maple dilemma loan word shrug inflict delay length",
        ),
    ];

    fn secret(bytes: [u8; 32]) -> SecretBytes<32> {
        SecretBytes::copy_of(&bytes).unwrap()
    }

    fn text(entropy: [u8; 32]) -> String {
        String::from_utf8(words(&secret(entropy)).expose().to_vec()).unwrap()
    }

    fn refused(text: &str) -> bool {
        parse(text.as_bytes()).err() == Some(CryptoError::InvalidPhrase)
    }

    #[test]
    fn vectors_of_the_reference_implementation() {
        for (entropy, phrase) in VECTORS {
            assert_eq!(text(entropy), phrase);
            assert_eq!(parse(phrase.as_bytes()).unwrap().expose(), &entropy);
        }
    }

    #[test]
    fn case_and_white_space_do_not_matter() {
        let (entropy, phrase) = VECTORS[3];
        let spaced = format!("\n \t{}\r\n", phrase.replace(' ', "\u{a0}\n  "));
        for same in [phrase.to_uppercase(), spaced, phrase.replace("ham", "Ham")] {
            assert_eq!(parse(same.as_bytes()).unwrap().expose(), &entropy);
        }
    }

    #[test]
    fn only_24_known_words_with_their_checksum() {
        let (_, phrase) = VECTORS[3];
        assert!(refused(""));
        assert!(refused(&phrase.replace("length", "zoo")), "checksum");
        assert!(refused(&phrase.replace("hamster diagram", "diagram hamster")), "order");
        assert!(refused(&phrase.replace("hamster", "hamsterr")), "unknown word");
        assert!(refused(&phrase.replace("hamster", "hams")), "an abbreviation");
        assert!(refused(&phrase.replace("hamster ", "")), "23 words");
        assert!(refused(&format!("{phrase} length")), "25 words");
        // A valid phrase of 12 words (the first vector of 128 bits).
        assert!(refused(&format!("{}about", "abandon ".repeat(11))), "12 words");
        assert!(refused(&format!("{phrase}{}", " ".repeat(MAX_TEXT))), "too long");
        assert_eq!(parse(&[0xff; 40]).err(), Some(CryptoError::InvalidPhrase));
    }

    #[test]
    fn every_word_matters() {
        let (_, phrase) = VECTORS[1];
        let words: Vec<_> = phrase.split(' ').collect();
        for at in 0..WORDS {
            let mut other = words.clone();
            other[at] = if other[at] == "zoo" { "zone" } else { "zoo" };
            let read = parse(other.join(" ").as_bytes());
            // The checksum has eight bits, so some other phrases are valid: with another secret.
            assert!(read.is_err() || read.unwrap().expose() != &[0x7f; 32], "word {at}");
        }
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(entropy in any::<[u8; 32]>()) {
            let read = parse(words(&secret(entropy)).expose()).unwrap();
            prop_assert_eq!(read.expose(), &entropy);
        }

        #[test]
        fn arbitrary_text_does_not_panic(text in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(parse(&text).is_err());
        }
    }
}
