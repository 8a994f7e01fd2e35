//! Strict checks of signatures and points, so that every engine gives the same verdict.
//!
//! Engines differ: one accepts ECDSA signatures of the wrong length, another Ed25519
//! signatures with `S ≥ L`. So the form is checked here before a platform is asked.

use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::montgomery::MontgomeryPoint;
use curve25519_dalek::scalar::Scalar;

use crate::{KeyKind, PublicKey};

/// Length in bytes of every signature: `R ‖ S` (RFC 8032) or `r ‖ s` (IEEE P1363).
pub const SIGNATURE_LEN: usize = 64;

/// Whether the form of a signature is acceptable: exact length; for Ed25519 canonical `R`
/// not of small order and `S < L`; for ECDSA P-256 `0 < r, s < n`. The public key has been
/// checked when it was made.
#[must_use]
pub fn precheck(public: &PublicKey, signature: &[u8]) -> bool {
    let Ok(signature) = <&[u8; SIGNATURE_LEN]>::try_from(signature) else { return false };
    match public.kind() {
        KeyKind::Ed25519 => precheck_ed25519(signature),
        KeyKind::EcP256 => signature.chunks(32).all(is_p256_scalar),
        // A key for something else signs nothing.
        _ => false,
    }
}

/// Order of the base point of P-256, big endian (SP 800-186, section 3.2.1.3).
const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// Whether 32 bytes are between 1 and the order. Signatures are public.
fn is_p256_scalar(bytes: &[u8]) -> bool {
    bytes.iter().any(|byte| *byte != 0) && *bytes < P256_ORDER[..]
}

fn precheck_ed25519(signature: &[u8; SIGNATURE_LEN]) -> bool {
    let (r, s) = signature.split_at(32);
    let (Ok(r), Ok(s)) = (r.try_into(), s.try_into()) else { return false };
    ed25519_point(r).is_some() && bool::from(Scalar::from_canonical_bytes(s).is_some())
}

/// Reads a point that is canonically encoded and not of small order.
pub(crate) fn ed25519_point(bytes: [u8; 32]) -> Option<EdwardsPoint> {
    let compressed = CompressedEdwardsY(bytes);
    compressed
        .decompress()
        .filter(|point| point.compress() == compressed && !point.is_small_order())
}

/// The prime 2²⁵⁵ − 19, big endian (RFC 7748, section 4.1).
const P25519: [u8; 32] = [
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xed,
];

/// Whether the bytes are a canonical u coordinate whose point is not of small order: with such a
/// point the agreed secret would be zero whatever the other key is (RFC 7748, section 6.1).
pub(crate) fn is_x25519_point(bytes: [u8; 32]) -> bool {
    // The order of a small subgroup divides eight, on the curve and on its twist.
    let eight = [true, false, false, false].into_iter();
    bytes.iter().rev().lt(&P25519) && MontgomeryPoint(bytes).mul_bits_be(eight).0 != [0; 32]
}

/// Verifies in software, with the checks of [`precheck`]. A build without the software provider
/// accepts no P-256 signature here.
#[must_use]
pub fn verify(public: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    if !precheck(public, signature) {
        return false;
    }
    match public.kind() {
        KeyKind::Ed25519 => verify_ed25519(public.raw(), message, signature),
        _ => verify_p256(public.raw(), message, signature),
    }
}

fn verify_ed25519(public: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let key = ed25519_dalek::VerifyingKey::try_from(public);
    let signature = ed25519_dalek::Signature::from_slice(signature);
    match (key, signature) {
        (Ok(key), Ok(signature)) => key.verify_strict(message, &signature).is_ok(),
        _ => false,
    }
}

#[cfg(not(feature = "software-provider"))]
fn verify_p256(_public: &[u8], _message: &[u8], _signature: &[u8]) -> bool {
    false
}

#[cfg(feature = "software-provider")]
fn verify_p256(public: &[u8], message: &[u8], signature: &[u8]) -> bool {
    use p256::ecdsa::signature::Verifier;

    let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(public);
    let signature = p256::ecdsa::Signature::from_slice(signature);
    match (key, signature) {
        (Ok(key), Ok(signature)) => key.verify(message, &signature).is_ok(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use hex_literal::hex;

    use super::*;

    // RFC 8032, section 7.1, test 1.
    const PUBLIC: [u8; 32] =
        hex!("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    const SIGNATURE: [u8; 64] = hex!(
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155
         5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    );
    // Group order L, little endian (RFC 8032, section 5.1).
    const L: [u8; 32] = hex!("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");

    fn ed25519() -> PublicKey {
        PublicKey::from_raw(KeyKind::Ed25519, &PUBLIC).unwrap()
    }

    fn p256() -> PublicKey {
        let secret = p256::SecretKey::from_slice(&[7; 32]).unwrap();
        let point = secret.public_key().to_sec1_bytes();
        PublicKey::from_raw(KeyKind::EcP256, &point).unwrap()
    }

    #[test]
    fn accepts_rfc_8032() {
        assert!(precheck(&ed25519(), &SIGNATURE));
        assert!(verify(&ed25519(), b"", &SIGNATURE));
        assert!(!verify(&ed25519(), b"x", &SIGNATURE));
    }

    #[test]
    fn a_key_for_agreement_verifies_nothing() {
        let mut base_point = [0; 32];
        base_point[0] = 9;
        let x25519 = PublicKey::from_raw(KeyKind::X25519, &base_point).unwrap();
        let agreement = PublicKey::from_raw(KeyKind::EcP256Agreement, p256().raw()).unwrap();
        for key in [x25519, agreement] {
            assert!(!precheck(&key, &SIGNATURE));
            assert!(!verify(&key, b"", &SIGNATURE));
        }
    }

    #[test]
    fn refuses_s_not_below_l() {
        let mut signature = SIGNATURE;
        signature[32..].copy_from_slice(&L);
        assert!(!precheck(&ed25519(), &signature));
        signature[32] -= 1;
        assert!(precheck(&ed25519(), &signature));
    }

    #[test]
    fn refuses_s_plus_l() {
        let mut signature = SIGNATURE;
        let mut carry = 0u16;
        for (byte, add) in signature[32..].iter_mut().zip(L) {
            carry += u16::from(*byte) + u16::from(add);
            *byte = carry.to_le_bytes()[0];
            carry >>= 8;
        }
        assert!(!precheck(&ed25519(), &signature));
    }

    #[test]
    fn refuses_small_order_and_non_canonical_r() {
        let mut identity = [0; 32];
        identity[0] = 1;
        let mut y_is_p = [0xff; 32];
        (y_is_p[0], y_is_p[31]) = (0xed, 0x7f);
        for r in [[0; 32], identity, y_is_p] {
            let mut signature = SIGNATURE;
            signature[..32].copy_from_slice(&r);
            assert!(!precheck(&ed25519(), &signature));
        }
    }

    #[test]
    fn refuses_every_other_length() {
        for public in [ed25519(), p256()] {
            for len in (0..130).filter(|len| *len != SIGNATURE_LEN) {
                assert!(!precheck(&public, &vec![1; len]), "{len}");
            }
        }
    }

    #[test]
    fn refuses_p256_scalars_out_of_range() {
        // Order n of P-256 (SP 800-186, section 3.2.1.3).
        let n = hex!("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
        for bad in [[0; 32], n, [0xff; 32]] {
            let one = {
                let mut one = [0; 32];
                one[31] = 1;
                one
            };
            let mut largest = n;
            largest[31] -= 1;
            assert!(precheck(&p256(), &[one, largest].concat()));
            assert!(!precheck(&p256(), &[one, bad].concat()));
            assert!(!precheck(&p256(), &[bad, one].concat()));
        }
    }
}
