//! What waits beside the log, sealed: whoever reads the database can do nothing with it.

use std::fmt;
use std::path::Path;

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use base64ct::{Base64, Encoding};
use rustls::crypto::ring::default_provider;
use zeroize::Zeroizing;

use crate::Error;

const NONCE_LEN: usize = 12;

/// The key that all brokers of a log have.
pub struct Seal(Aes256Gcm);

impl Seal {
    /// Reads 32 bytes in base64.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let text = Zeroizing::new(
            std::fs::read_to_string(path).map_err(|error| Error::file(path, error))?,
        );
        let mut key = Zeroizing::new([0; 32]);
        let read = Base64::decode(text.trim_end(), &mut *key).map(<[u8]>::len);
        if read != Ok(32) {
            return Err(Error::Config(format!("{} is not 32 bytes in base64", path.display())));
        }
        Ok(Self(Aes256Gcm::new((&*key).into())))
    }

    /// Seals a text for the line at this position.
    pub(super) fn seal(&self, seq: u64, text: &str) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        default_provider().secure_random.fill(&mut nonce).ok()?;
        let payload = Payload { msg: text.as_bytes(), aad: &seq.to_be_bytes() };
        let sealed = self.0.encrypt(&Nonce::from(nonce), payload).ok()?;
        Some([&nonce[..], &sealed].concat())
    }

    /// Opens it. What was sealed for another line, or by another key, is nothing.
    pub(super) fn unseal(&self, seq: u64, sealed: &[u8]) -> Option<Zeroizing<String>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let payload = Payload { msg: sealed, aad: &seq.to_be_bytes() };
        let text = self.0.decrypt(&Nonce::from(*nonce), payload).ok()?;
        String::from_utf8(text).ok().map(Zeroizing::new)
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seal").finish_non_exhaustive()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // helpers of tests
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_is_for_one_line_and_one_key() {
        let seal = |byte| Seal(Aes256Gcm::new((&[byte; 32]).into()));
        let sealed = seal(1).seal(7, "a token").unwrap();
        assert!(!sealed.windows(5).any(|part| part == b"token"));
        assert_ne!(sealed, seal(1).seal(7, "a token").unwrap());
        assert_eq!(&**seal(1).unseal(7, &sealed).unwrap(), "a token");
        assert!(seal(1).unseal(8, &sealed).is_none());
        assert!(seal(2).unseal(7, &sealed).is_none());
        assert!(seal(1).unseal(7, &sealed[..11]).is_none());
    }

    #[test]
    fn a_key_has_32_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("seal.key");
        assert!(Seal::open(&path).is_err());
        for (bytes, good) in [(31, false), (32, true), (33, false)] {
            std::fs::write(&path, Base64::encode_string(&vec![7; bytes]) + "\n").unwrap();
            assert_eq!(Seal::open(&path).is_ok(), good, "{bytes}");
        }
    }
}
