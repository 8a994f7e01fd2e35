//! Private keys of P-256 that nobody published, and signatures give away: whoever knows the nonce *k*
//! of a signature (*r*, *s*) of a message with the hash *z* knows the key, *d* = (*s k* − *z*) / *r*
//! (SEC 1, section 4.1.3).

use p256::ecdsa::Signature;
use p256::elliptic_curve::ops::Reduce;
use p256::elliptic_curve::point::AffineCoordinates;
use p256::elliptic_curve::sec1::ToSec1Point;
use p256::{AffinePoint, FieldBytes, NonZeroScalar, ProjectivePoint, Scalar, SecretKey};
use sha2::{Digest, Sha256};

/// A signature like a published one, with its message and its *s*, under a key that is known because
/// the nonce is.
#[derive(Debug)]
pub struct Twin {
    /// The private key.
    pub secret: Vec<u8>,
    /// The signature, as two numbers of 32 bytes.
    pub signature: Vec<u8>,
}

/// The twin of a valid signature. Its nonce is 1, or 2 where 1 makes the key zero because *s* is *z*.
#[must_use]
pub fn twin(message: &[u8], signature: &[u8]) -> Option<Twin> {
    let s = Signature::from_slice(signature).ok()?.s();
    let with = |nonce: Scalar| {
        let r = x_of(&(ProjectivePoint::GENERATOR * nonce))?;
        let secret = secret(&nonce, (&r, &s), message)?;
        Some(Twin { secret, signature: [r.to_bytes(), s.to_bytes()].concat() })
    };
    with(Scalar::ONE).or_else(|| with(Scalar::ONE + Scalar::ONE))
}

/// The private key of a public one if it is 1 or −1, or if this signature has 1, 2, −1 or −2 as nonce:
/// the edge cases among Wycheproof's.
pub(super) fn owner(public: &[u8], message: &[u8], signature: &[u8]) -> Option<Vec<u8>> {
    let one = Scalar::ONE;
    let trivial = [one, -one].map(|key| key.to_bytes().to_vec());
    let (r, s) = Signature::from_slice(signature).ok()?.split_scalars();
    let nonces = [one, one + one, -one, -one - one];
    let found = nonces.iter().filter_map(|nonce| secret(nonce, (&r, &s), message));
    found.chain(trivial).find(|key| public_half(key).as_deref() == Some(public))
}

fn secret(
    nonce: &Scalar,
    (r, s): (&NonZeroScalar, &NonZeroScalar),
    message: &[u8],
) -> Option<Vec<u8>> {
    let z = Scalar::reduce(&Sha256::digest(message));
    let key = (**s * nonce - z) * Option::<Scalar>::from(r.invert())?;
    // Zero is no key.
    Option::from(NonZeroScalar::new(key)).map(|key: NonZeroScalar| key.to_bytes().to_vec())
}

fn x_of(point: &ProjectivePoint) -> Option<NonZeroScalar> {
    let x: FieldBytes = AffinePoint::from(*point).x();
    Option::from(NonZeroScalar::new(Scalar::reduce(&x)))
}

fn public_half(key: &[u8]) -> Option<Vec<u8>> {
    let key = SecretKey::from_slice(key).ok()?;
    Some(key.public_key().to_sec1_point(false).as_bytes().to_vec())
}
