//! What a passkey answers: authenticator data (`WebAuthn` level 3, section 6.1) and the output
//! of the PRF extension.
//!
//! What protects the vault is the PRF output, which only the passkey can compute: no signature is
//! checked to open it. The checks refuse an answer that was made for another site or without the
//! person, before it becomes part of a vault. What a passkey approves is signed.

use der::asn1::UintRef;
use der::{Decode, Reader, SliceReader};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::strict::SIGNATURE_LEN;
use crate::{CryptoError, KeyKind, SecretBytes};

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

/// What an assertion for the relying party `host` signs: its authenticator data and the hash of
/// its client data (section 7.2, step 21). `None` if the authenticator data is no such thing.
///
/// Nothing may follow the signature counter that the flags do not announce: no extension is asked
/// for where this is used.
#[must_use]
pub fn signed(host: &str, authenticator_data: &[u8], client_data: &[u8]) -> Option<Vec<u8>> {
    let announced = authenticator_data.get(FIXED_LEN - 5)? & ED != 0;
    let longer = authenticator_data.len() > FIXED_LEN;
    let whole = is_assertion(host, authenticator_data) && longer == announced;
    whole.then(|| [authenticator_data, &Sha256::digest(client_data)].concat())
}

/// A signature of a passkey (section 6.5.5) as `CryptoProvider::verify` takes it. `None` if it is
/// none of this kind.
#[must_use]
pub fn signature(kind: KeyKind, bytes: &[u8]) -> Option<[u8; SIGNATURE_LEN]> {
    match kind {
        KeyKind::Ed25519 => bytes.try_into().ok(),
        KeyKind::EcP256 => from_der(bytes).ok(),
        _ => None,
    }
}

/// `Ecdsa-Sig-Value` (RFC 3279, section 2.2.3) as `r ‖ s`.
fn from_der(bytes: &[u8]) -> der::Result<[u8; SIGNATURE_LEN]> {
    let mut signature = [0; SIGNATURE_LEN];
    let mut reader = SliceReader::new(bytes)?;
    reader.sequence(|members| {
        for half in signature.chunks_mut(SIGNATURE_LEN / 2) {
            let number = UintRef::decode(members)?;
            let start = half.len().checked_sub(number.as_bytes().len());
            let tail = start.and_then(|start| half.get_mut(start..));
            tail.ok_or(der::ErrorKind::Overflow)?.copy_from_slice(number.as_bytes());
        }
        Ok::<_, der::Error>(())
    })?;
    reader.finish()?;
    Ok(signature)
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

    #[test]
    fn signs_the_data_and_the_hash_of_the_client_data() {
        // FIPS 180-2, appendix B.1.
        let abc = hex!("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        for good in [data(UP | UV, &[]), data(UP | UV | ED, &[0xa0])] {
            assert_eq!(signed(HOST, &good, b"abc"), Some([&good[..], &abc].concat()));
            assert_eq!(signed("example.org", &good, b"abc"), None);
        }
        for flags in [0, UP, UV, UP | UV | AT, UP | UV | ED] {
            assert_eq!(signed(HOST, &data(flags, &[]), b"abc"), None, "{flags:#x}");
        }
        assert_eq!(signed(HOST, &data(UP | UV, &[0xa0]), b"abc"), None);
        let good = data(UP | UV, &[]);
        for len in 0..good.len() {
            assert_eq!(signed(HOST, &good[..len], b"abc"), None, "{len}");
        }
    }

    #[test]
    fn an_ecdsa_signature_is_read_from_its_only_encoding() {
        let ec = |der: &[u8]| signature(KeyKind::EcP256, der);
        let raw = |r: &[u8], s: &[u8]| {
            let mut raw = [0; 64];
            raw[32 - r.len()..32].copy_from_slice(r);
            raw[64 - s.len()..].copy_from_slice(s);
            Some(raw)
        };
        assert_eq!(ec(&hex!("3006020101020102")), raw(&[1], &[2]));
        assert_eq!(ec(&hex!("300702020080020101")), raw(&[0x80], &[1]));
        let long = [&hex!("3045022100")[..], &[0xff; 32], &hex!("0220"), &[0x7f; 32]].concat();
        assert_eq!(ec(&long), raw(&[0xff; 32], &[0x7f; 32]));
        let bad = [
            // Negative, not minimal, without a number, a number too many, something behind.
            &hex!("3006020181020102")[..],
            &hex!("300702020001020102"),
            &hex!("3003020101"),
            &hex!("3009020101020102020103"),
            &hex!("300602010102010200"),
            // A long form of the length, an indefinite one, a set, an empty number, nothing.
            &hex!("308106020101020102"),
            &hex!("30800201010201020000"),
            &hex!("3106020101020102"),
            &hex!("30050200020102"),
            &[],
        ];
        for bad in bad {
            assert_eq!(ec(bad), None, "{bad:02x?}");
        }
        let too_long = [&hex!("3026022101")[..], &[1; 32], &hex!("020101")].concat();
        assert_eq!(ec(&too_long), None);
        for len in 0..long.len() {
            assert_eq!(ec(&long[..len]), None, "{len}");
        }
    }

    #[test]
    fn an_ed25519_signature_is_64_bytes_and_other_keys_sign_nothing() {
        assert_eq!(signature(KeyKind::Ed25519, &[7; 64]), Some([7; 64]));
        assert_eq!(signature(KeyKind::Ed25519, &[7; 63]), None);
        assert_eq!(signature(KeyKind::Ed25519, &[7; 65]), None);
        assert_eq!(signature(KeyKind::X25519, &[7; 64]), None);
    }
}
