//! What a passkey answers: authenticator data (`WebAuthn` level 3, section 6.1) and the output
//! of the PRF extension.
//!
//! There is no server here that would check a signature. What protects the vault is the PRF
//! output, which only the passkey can compute. The checks refuse an answer that was made for
//! another site or without the person, before it becomes part of a vault.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{CryptoError, SecretBytes};

/// Length of the PRF output.
const PRF_LEN: usize = 32;

/// Relying party hash, flags and signature counter.
const FIXED_LEN: usize = 37;
/// Longest authenticator data with extensions that is looked at.
const MAX_LEN: usize = 1024;

/// The person was there.
const UP: u8 = 1 << 0;
/// The person was recognised: by PIN, finger or face.
const UV: u8 = 1 << 2;
/// A new credential follows; an assertion has none (section 6.1).
const AT: u8 = 1 << 6;
/// Extension data follows.
const ED: u8 = 1 << 7;

/// Checks an assertion for the relying party `host`, and returns the factor secret.
///
/// Some authenticators answer the PRF when a passkey is created. If that answer differs from
/// this one, the passkey would not open the vault it has been added to.
pub fn check(
    host: &str,
    authenticator_data: &[u8],
    prf: &[u8],
    prf_at_creation: Option<&[u8]>,
) -> Result<SecretBytes<32>, CryptoError> {
    if !is_assertion(host, authenticator_data) {
        return Err(CryptoError::PasskeyFailed);
    }
    let is_same = prf_at_creation.is_none_or(|first| bool::from(first.ct_eq(prf)));
    let is_zero = bool::from(prf.ct_eq(&[0; PRF_LEN]));
    if !is_same || is_zero {
        return Err(CryptoError::PasskeyWithoutPrf);
    }
    SecretBytes::copy_of(prf).map_err(|_| CryptoError::PasskeyWithoutPrf)
}

fn is_assertion(host: &str, data: &[u8]) -> bool {
    let Some((hash, [flags, ..])) = data.split_at_checked(32) else { return false };
    // Firefox sends extension data with some authenticators without the flag that announces it.
    let announced = flags & ED != 0;
    let has_len = (FIXED_LEN + usize::from(announced)..=MAX_LEN).contains(&data.len());
    hash == Sha256::digest(host).as_slice() && flags & (UP | UV | AT) == UP | UV && has_len
}

#[cfg(test)]
mod tests {
    use hex_literal::hex;

    use super::*;

    const HOST: &str = "example.com";
    // Python: hashlib.sha256(b"example.com")
    const HASH: [u8; 32] = hex!("a379a6f6eeafb9a55e378c118034e2751e682fab9f2d30ab13d2125586ce1947");
    const PRF: [u8; 32] = [5; 32];

    fn data(flags: u8, extensions: &[u8]) -> Vec<u8> {
        [&HASH, &[flags, 0, 0, 0, 9][..], extensions].concat()
    }

    fn error(data: &[u8], prf: &[u8], first: Option<&[u8]>) -> Option<CryptoError> {
        check(HOST, data, prf, first).err()
    }

    #[test]
    fn returns_the_output_of_a_verified_person() {
        // Also with the flags for backup and with extension data, announced or not.
        let announced = data(UP | UV | ED, &[0xa0]);
        let silent = data(UP | UV, &[0xa0]);
        let backed_up = data(UP | UV | 1 << 3 | 1 << 4, &[]);
        for good in [data(UP | UV, &[]), backed_up, announced, silent] {
            assert_eq!(check(HOST, &good, &PRF, None).unwrap().expose(), &PRF);
            assert_eq!(check(HOST, &good, &PRF, Some(&PRF)).unwrap().expose(), &PRF);
        }
    }

    #[test]
    fn refuses_another_site() {
        let good = data(UP | UV, &[]);
        for host in ["example.org", "", "www.example.com", "example.com.", "EXAMPLE.COM"] {
            assert_eq!(check(host, &good, &PRF, None).err(), Some(CryptoError::PasskeyFailed));
        }
        for bit in 0..256 {
            let mut other = good.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(error(&other, &PRF, None), Some(CryptoError::PasskeyFailed));
        }
    }

    #[test]
    fn refuses_an_answer_without_the_person_and_a_creation() {
        for flags in [0, UP, UV, UP | UV | AT] {
            let failed = Some(CryptoError::PasskeyFailed);
            assert_eq!(error(&data(flags, &[]), &PRF, None), failed, "{flags:#x}");
        }
        // Presence or verification alone, with everything else set.
        for flags in [!UP & !AT & !ED, !UV & !AT & !ED] {
            assert_eq!(error(&data(flags, &[]), &PRF, None), Some(CryptoError::PasskeyFailed));
        }
    }

    #[test]
    fn refuses_every_other_length() {
        let long = vec![0; MAX_LEN];
        for flags in [UP | UV, UP | UV | ED] {
            let good = data(flags, &long[..MAX_LEN - FIXED_LEN]);
            assert_eq!(error(&good, &PRF, None), None);
            let bad = data(flags, &long[..=MAX_LEN - FIXED_LEN]);
            assert_eq!(error(&bad, &PRF, None), Some(CryptoError::PasskeyFailed));
        }
        let bad = data(UP | UV | ED, &[]);
        assert_eq!(error(&bad, &PRF, None), Some(CryptoError::PasskeyFailed));
        let good = data(UP | UV, &[]);
        for len in 0..good.len() {
            assert_eq!(error(&good[..len], &PRF, None), Some(CryptoError::PasskeyFailed), "{len}");
        }
    }

    #[test]
    fn refuses_what_is_no_prf_output() {
        let good = data(UP | UV, &[]);
        let bad: [&[u8]; 5] = [&[], &[0; 32], &PRF[1..], &[5; 33], &[5; 64]];
        for prf in bad {
            assert_eq!(error(&good, prf, None), Some(CryptoError::PasskeyWithoutPrf));
            assert_eq!(error(&good, prf, Some(prf)), Some(CryptoError::PasskeyWithoutPrf));
            assert_eq!(error(&good, &PRF, Some(prf)), Some(CryptoError::PasskeyWithoutPrf));
        }
        let mut other = PRF;
        other[31] ^= 1;
        assert_eq!(error(&good, &PRF, Some(&other)), Some(CryptoError::PasskeyWithoutPrf));
    }
}
