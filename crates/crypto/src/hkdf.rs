//! HKDF-SHA-256 (RFC 5869), and what is wiped after it.

use hkdf::HkdfExtract;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroize;

use crate::{CryptoError, CryptoProvider, SecretBytes};

const HASH_LEN: usize = 32;

/// Longest output: 255 blocks (RFC 5869, section 2.3).
pub const MAX_OUTPUT: usize = 255 * HASH_LEN;

/// HMAC-SHA-256 (RFC 2104) over the concatenation of `parts`, written in place.
pub(crate) fn hmac_sha256(key: &[u8], parts: &[&[u8]], out: &mut [u8; HASH_LEN]) {
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return };
    for part in parts {
        mac.update(part);
    }
    let mut tag = mac.finalize().into_bytes();
    out.copy_from_slice(&tag);
    tag.as_mut_slice().zeroize();
}

/// HKDF-Extract then HKDF-Expand, filling `out`.
///
/// The input keying material is the concatenation of `ikm`. More than [`MAX_OUTPUT`] bytes
/// are [`CryptoError::InvalidParameters`].
pub fn derive_into(
    salt: &[u8],
    ikm: &[&[u8]],
    info: &[u8],
    out: &mut [u8],
) -> Result<(), CryptoError> {
    let mut extract = HkdfExtract::<Sha256>::new(Some(salt));
    for part in ikm {
        extract.input_ikm(part);
    }
    let (mut prk, hkdf) = extract.finalize();
    prk.as_mut_slice().zeroize();
    let expanded = hkdf.expand(info, out).map_err(|_| CryptoError::InvalidParameters);
    // The last block of the expansion, which is output, stays on the stack of the library.
    crate::wipe_stack();
    expanded
}

/// HKDF-Expand (RFC 5869, section 2.3) of one block, with a key of the vault as pseudorandom key: one
/// HMAC.
pub async fn expand_key<P: CryptoProvider>(
    provider: &P,
    key: &P::Key,
    info: &[u8],
) -> Result<SecretBytes<32>, CryptoError> {
    let mut block = provider.mac(key, &[info, &[1]].concat()).await?;
    let secret = SecretBytes::copy_of(&block);
    block.zeroize();
    secret
}

#[cfg(test)]
mod tests {
    use hex_literal::hex;
    use pollster::block_on;

    use super::*;
    use crate::KeyKind;
    use crate::software::{SoftwareKey, SoftwareProvider};

    // RFC 5869, appendix A.1 and A.3.
    #[test]
    fn rfc_5869_vectors() {
        let ikm = [0x0b; 22];
        let mut okm = [0; 42];
        let info = hex!("f0f1f2f3f4f5f6f7f8f9");
        derive_into(&hex!("000102030405060708090a0b0c"), &[&ikm], &info, &mut okm).unwrap();
        let expected = hex!(
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
        );
        assert_eq!(okm, expected);
        derive_into(&[], &[&ikm[..7], &ikm[7..]], &[], &mut okm).unwrap();
        let expected = hex!(
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
        );
        assert_eq!(okm, expected);
    }

    #[test]
    fn a_key_of_the_vault_expands_as_the_library_does() {
        let provider = SoftwareProvider::new(|_| Err(CryptoError::Random));
        let prk = SecretBytes::<32>::copy_of(&[7; 32]).unwrap();
        let key = SoftwareKey::from_secret(KeyKind::HmacSha256, prk).unwrap();
        let mut expected = [0; 32];
        ::hkdf::Hkdf::<Sha256>::from_prk(&[7; 32]).unwrap().expand(b"info", &mut expected).unwrap();
        let expanded = block_on(expand_key(&provider, &key, b"info")).unwrap();
        assert_eq!(expanded.expose(), &expected);
        let secret = SecretBytes::copy_of(&[7; 32]).unwrap();
        let wrong = SoftwareKey::from_secret(KeyKind::Aes256, secret).unwrap();
        let refused = block_on(expand_key(&provider, &wrong, b"info"));
        assert_eq!(refused.err(), Some(CryptoError::InvalidKey));
    }

    #[test]
    fn output_is_limited() {
        derive_into(&[], &[&[1]], &[], &mut vec![0; MAX_OUTPUT]).unwrap();
        let refused = derive_into(&[], &[&[1]], &[], &mut vec![0; MAX_OUTPUT + 1]);
        assert_eq!(refused, Err(CryptoError::InvalidParameters));
    }
}
