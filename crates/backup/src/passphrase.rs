//! The stanza of a passphrase.
//!
//! ```text
//! -> kms.ats.run/argon2id-v1 <salt> <memory in KiB> <passes> <lanes>
//! <nonce ‖ wrapped file key>
//! ```
//!
//! The key of the passphrase and a random nonce of 16 bytes give, by HKDF, the key that wraps the
//! file key with ChaCha20-Poly1305. The nonce is there so that one salt may serve many files.

use std::collections::HashSet;

use age::{DecryptError, EncryptError};
use age_core::format::{FILE_KEY_BYTES, FileKey, Stanza};
use age_core::primitives::{aead_decrypt, aead_encrypt, hkdf};
use age_core::secrecy::ExposeSecret;
use base64ct::{Base64Unpadded, Encoding};
use kms_crypto::SecretBytes;
use zeroize::{Zeroize, Zeroizing};

use crate::{Kdf, PassphraseRecipient};

/// Name of the stanza, and label of the wrapping key.
pub const TAG: &str = "kms.ats.run/argon2id-v1";

const NONCE: usize = 16;
const TAG_LEN: usize = 16;

impl age::Recipient for PassphraseRecipient {
    fn wrap_file_key(
        &self,
        file_key: &FileKey,
    ) -> Result<(Vec<Stanza>, HashSet<String>), EncryptError> {
        let mut nonce = [0; NONCE];
        getrandom::getrandom(&mut nonce).map_err(|_| std::io::Error::other("no randomness"))?;
        let wrapped = aead_encrypt(&wrapping_key(&self.key, &nonce), file_key.expose_secret());
        let body = [&nonce[..], &wrapped].concat();
        // No label: it may stand beside a recipient of age itself.
        Ok((vec![Stanza { tag: TAG.to_owned(), args: write(self.kdf), body }], HashSet::new()))
    }
}

/// The key of a passphrase, as an identity.
pub(crate) struct PassphraseIdentity<'a>(pub(crate) &'a SecretBytes<32>);

impl age::Identity for PassphraseIdentity<'_> {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        if stanza.tag != TAG {
            return None;
        }
        let (nonce, wrapped) = match stanza.body.split_first_chunk::<NONCE>() {
            Some(parts) if parts.1.len() == FILE_KEY_BYTES + TAG_LEN => parts,
            _ => return Some(Err(DecryptError::InvalidHeader)),
        };
        let mut key = aead_decrypt(&wrapping_key(self.0, nonce), FILE_KEY_BYTES, wrapped).ok()?;
        let file_key = FileKey::try_init_with_mut(|out| {
            out.copy_from_slice(key.get(..FILE_KEY_BYTES).ok_or(DecryptError::InvalidHeader)?);
            Ok(())
        });
        key.zeroize();
        Some(file_key)
    }
}

fn wrapping_key(key: &SecretBytes<32>, nonce: &[u8; NONCE]) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(hkdf(nonce, TAG.as_bytes(), key.expose()))
}

fn write(kdf: Kdf) -> Vec<String> {
    let salt = Base64Unpadded::encode_string(&kdf.salt);
    let numbers = [kdf.memory_kib, kdf.iterations, kdf.parallelism];
    [salt].into_iter().chain(numbers.map(|number| number.to_string())).collect()
}

/// Reads the arguments of a stanza. There is one way to write each value.
pub(crate) fn read(args: &[String]) -> Option<Kdf> {
    let [salt, memory_kib, iterations, parallelism] = args else { return None };
    let kdf = Kdf {
        salt: Base64Unpadded::decode_vec(salt).ok()?.try_into().ok()?,
        memory_kib: memory_kib.parse().ok()?,
        iterations: iterations.parse().ok()?,
        parallelism: parallelism.parse().ok()?,
    };
    (write(kdf) == args).then_some(kdf)
}

#[cfg(test)]
mod tests {
    use age::{Identity, Recipient};
    use hex_literal::hex;

    use super::*;

    const KDF: Kdf = Kdf { salt: [0xfb; 16], memory_kib: 65_536, iterations: 3, parallelism: 1 };

    fn args(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn arguments_are_fixed() {
        assert_eq!(write(KDF), args("+/v7+/v7+/v7+/v7+/v7+w 65536 3 1"));
        assert_eq!(read(&write(KDF)), Some(KDF));
    }

    #[test]
    fn every_other_form_is_refused() {
        for bad in [
            "",
            "+/v7+/v7+/v7+/v7+/v7+w 65536 3",
            "+/v7+/v7+/v7+/v7+/v7+w 65536 3 1 1",
            "-_v7-_v7-_v7-_v7-_v7-w 65536 3 1",
            "+/v7+/v7+/v7+/v7+/v7+w== 65536 3 1",
            "+/v7+/v7+/v7+/v7+/v7+x 65536 3 1",
            "+/v7+/v7+/v7+/v7+/v7 65536 3 1",
            "+/v7+/v7+/v7+/v7+/v7+/s 65536 3 1",
            "+/v7+/v7+/v7+/v7+/v7+w 065536 3 1",
            "+/v7+/v7+/v7+/v7+/v7+w 65536 +3 1",
            "+/v7+/v7+/v7+/v7+/v7+w 65536 3 -1",
            "+/v7+/v7+/v7+/v7+/v7+w 65536 3 0x1",
            "+/v7+/v7+/v7+/v7+/v7+w 4294967296 3 1",
            "+/v7+/v7+/v7+/v7+/v7+w 65536  1",
            "65536 +/v7+/v7+/v7+/v7+/v7+w 3 1",
        ] {
            assert_eq!(read(&args(bad)), None, "{bad}");
        }
    }

    fn stanza(body: &[u8]) -> Stanza {
        Stanza { tag: TAG.to_owned(), args: write(KDF), body: body.to_vec() }
    }

    fn secret(byte: u8) -> SecretBytes<32> {
        SecretBytes::new_with(|out| out.fill(byte))
    }

    // Computed with the HKDF and the ChaCha20-Poly1305 of Node.js: a key of eights, a nonce of
    // nines and a file key of tens. A change here makes every backup unreadable.
    const WRAPPED: [u8; 32] =
        hex!("152aeb055d9638218c436231fe3f8a22fa75de21f0ff2f96de08ab8446bc34bb");

    #[test]
    fn the_wrapped_key_is_fixed() {
        let stanza = stanza(&[&[9; NONCE], &WRAPPED[..]].concat());
        let file_key = PassphraseIdentity(&secret(8)).unwrap_stanza(&stanza).unwrap().unwrap();
        assert_eq!(file_key.expose_secret(), &[10; 16]);
        assert!(PassphraseIdentity(&secret(7)).unwrap_stanza(&stanza).is_none());
    }

    #[test]
    fn bodies_of_other_lengths_are_refused() {
        // A longer file key that does authenticate, as above with 17 bytes.
        let longer = hex!("152aeb055d9638218c436231fe3f8a2203705900316cbecc826e7665d066d9cca9");
        let longer = [&[9; NONCE], &longer[..]].concat();
        let exact = [&[9; NONCE], &WRAPPED[..]].concat();
        for body in [&longer[..], &[], &exact[..NONCE], &exact[..47], &[&exact[..], &[0]].concat()]
        {
            let refused = PassphraseIdentity(&secret(8)).unwrap_stanza(&stanza(body)).unwrap();
            assert!(matches!(refused, Err(DecryptError::InvalidHeader)), "{}", body.len());
        }
    }

    #[test]
    fn what_is_wrapped_is_unwrapped() {
        let recipient = PassphraseRecipient { kdf: KDF, key: secret(8) };
        let (stanzas, labels) = recipient.wrap_file_key(&FileKey::new(Box::new([3; 16]))).unwrap();
        assert!(labels.is_empty());
        let file_key = PassphraseIdentity(&secret(8)).unwrap_stanzas(&stanzas).unwrap().unwrap();
        assert_eq!(file_key.expose_secret(), &[3; 16]);
        assert_eq!(stanzas[0].args, write(KDF));
    }
}
