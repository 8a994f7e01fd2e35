//! Public keys: always valid, in the forms others expect.

use base64ct::{Base64UrlUnpadded, Encoding};
use kms_protocol::Jwk;
use p256::elliptic_curve::point::AffineCoordinates;
use pem_rfc7468::LineEnding;
use sha2::{Digest, Sha256};

use crate::{CryptoError, KeyKind, software, strict};

/// Length of an uncompressed SEC1 point on P-256 (SEC 1, section 2.3.3).
const P256_LEN: usize = 65;

/// `SubjectPublicKeyInfo` up to the key (RFC 8410, section 4): two lengths, the algorithm, and a
/// bit string without unused bits. Nothing in it depends on the key.
const ED25519_SPKI: [u8; 12] =
    [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// The same for X25519.
const X25519_SPKI: [u8; 12] =
    [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x03, 0x21, 0x00];
/// As [`ED25519_SPKI`], for an uncompressed point on P-256 (RFC 5480, section 2).
const P256_SPKI: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// The same for X-Wing (draft-connolly-cfrg-xwing-kem-06, section 5.8): 1216 bytes follow.
const X_WING_SPKI: [u8; 24] = [
    0x30, 0x82, 0x04, 0xd4, 0x30, 0x0d, 0x06, 0x0b, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xe6, 0x2d,
    0x81, 0xc8, 0x7a, 0x03, 0x82, 0x04, 0xc1, 0x00,
];

/// A public key. Ed25519: 32 bytes (RFC 8032, section 5.1.2), canonical and not of small
/// order. X25519: 32 bytes (RFC 7748, section 5), of which the same is asked; otherwise one key
/// had several names. P-256: uncompressed SEC1 point on the curve. X-Wing: an encapsulation key of
/// ML-KEM-768 that passes the check of FIPS 203, section 7.2, and such an X25519 key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    kind: KeyKind,
    raw: Vec<u8>,
}

impl PublicKey {
    /// Checks and takes the raw form, which is `WebCrypto`'s `raw` as well. A symmetric key has
    /// no public half.
    pub fn from_raw(kind: impl Into<KeyKind>, raw: &[u8]) -> Result<Self, CryptoError> {
        let kind = kind.into();
        let valid = match kind {
            KeyKind::Ed25519 => {
                raw.try_into().is_ok_and(|raw| strict::ed25519_point(raw).is_some())
            }
            KeyKind::X25519 | KeyKind::HpkeX25519 => {
                raw.try_into().is_ok_and(strict::is_x25519_point)
            }
            KeyKind::HpkeXWing => software::is_x_wing_key(raw),
            KeyKind::EcP256 | KeyKind::EcP256Agreement => raw.try_into().is_ok_and(is_p256_point),
            KeyKind::Aes256 | KeyKind::HmacSha256 => false,
        };
        if valid { Ok(Self { kind, raw: raw.to_vec() }) } else { Err(CryptoError::InvalidKey) }
    }

    /// Reads a key that signs in DER `SubjectPublicKeyInfo`. `None` if it is of another algorithm,
    /// an error if it is no valid key of its own.
    #[must_use]
    pub fn signing_from_spki(spki: &[u8]) -> Option<Result<Self, CryptoError>> {
        let forms: [(KeyKind, &[u8]); 2] =
            [(KeyKind::Ed25519, &ED25519_SPKI), (KeyKind::EcP256, &P256_SPKI)];
        let read = |(kind, prefix)| Some(Self::from_raw(kind, spki.strip_prefix(prefix)?));
        forms.into_iter().find_map(read)
    }

    /// Kind of the key.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The raw form.
    #[must_use]
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// As JSON Web Key (RFC 7517; RFC 7518, section 6.2.1; RFC 8037, section 2). There is none
    /// for HPKE: JOSE has no name for its suite yet.
    #[must_use]
    pub fn jwk(&self) -> Option<Jwk> {
        let (kty, crv, x, y) = self.members();
        let (alg, use_) = match self.kind {
            KeyKind::Ed25519 => ("EdDSA", "sig"),
            KeyKind::EcP256 => ("ES256", "sig"),
            // RFC 7518, section 4.6.
            KeyKind::X25519 | KeyKind::EcP256Agreement => ("ECDH-ES", "enc"),
            _ => return None,
        };
        let (kty, crv, alg, use_) = (kty.into(), crv.into(), alg.into(), use_.into());
        Some(Jwk { kty, crv, x, y, kid: self.thumbprint(), alg, use_ })
    }

    /// RFC 7638 thumbprint with SHA-256, base64url. It is the `kid` everywhere. JOSE has no members
    /// for X-Wing: there it is the hash of the SPKI.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        if self.kind == KeyKind::HpkeXWing {
            return Base64UrlUnpadded::encode_string(&Sha256::digest(self.spki()));
        }
        let (kty, crv, x, y) = self.members();
        // Required members only, in lexicographic order, without white space (section 3).
        let json = match y {
            Some(y) => format!(r#"{{"crv":"{crv}","kty":"{kty}","x":"{x}","y":"{y}"}}"#),
            None => format!(r#"{{"crv":"{crv}","kty":"{kty}","x":"{x}"}}"#),
        };
        Base64UrlUnpadded::encode_string(&Sha256::digest(json))
    }

    /// As DER `SubjectPublicKeyInfo` (RFC 5480, RFC 8410).
    #[must_use]
    pub fn spki(&self) -> Vec<u8> {
        let prefix: &[u8] = match self.kind {
            KeyKind::Ed25519 => &ED25519_SPKI,
            KeyKind::EcP256 | KeyKind::EcP256Agreement => &P256_SPKI,
            KeyKind::HpkeXWing => &X_WING_SPKI,
            _ => &X25519_SPKI,
        };
        [prefix, &self.raw].concat()
    }

    /// The same as text: PEM with the label `PUBLIC KEY` (RFC 7468, section 13).
    pub fn pem(&self) -> Result<String, CryptoError> {
        pem_rfc7468::encode_string("PUBLIC KEY", LineEnding::LF, &self.spki())
            .map_err(|_| CryptoError::InvalidKey)
    }

    fn members(&self) -> (&'static str, &'static str, String, Option<String>) {
        let text = Base64UrlUnpadded::encode_string;
        match self.kind {
            KeyKind::EcP256 | KeyKind::EcP256Agreement => {
                ("EC", "P-256", text(&self.raw[1..33]), Some(text(&self.raw[33..])))
            }
            KeyKind::Ed25519 => ("OKP", "Ed25519", text(&self.raw), None),
            _ => ("OKP", "X25519", text(&self.raw), None),
        }
    }
}

/// Whether the bytes are an uncompressed point: both coordinates below the prime, and on the
/// curve. P-256 has no other points of small order than infinity, which has no such form.
fn is_p256_point(raw: &[u8; P256_LEN]) -> bool {
    let (tag, point) = raw.split_at(1);
    let (x, y) = point.split_at(32);
    let (Ok(x), Ok(y)) = (x.try_into(), y.try_into()) else { return false };
    tag == [4] && bool::from(p256::AffinePoint::from_coordinates(x, y).is_some())
}

#[cfg(test)]
mod tests {
    use hex_literal::hex;

    use super::*;

    // RFC 8037, appendix A.2.
    const ED25519: [u8; 32] =
        hex!("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    // RFC 7515, appendix A.3.1.
    const P256: [u8; 65] = hex!(
        "047fcdce2770f6c45d4183cbee6fdb4b7b580733357be9ef13bacf6e3c7bd15445
         c7f144cd1bbd9b7e872cdfedb9eeb9f4b3695d6ea90b24ad8a4623288588e5ad"
    );

    fn key(spec: KeyKind, raw: &[u8]) -> PublicKey {
        PublicKey::from_raw(spec, raw).unwrap()
    }

    #[test]
    fn rfc_8037_thumbprint() {
        let key = key(KeyKind::Ed25519, &ED25519);
        assert_eq!(key.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert_eq!(key.jwk().unwrap().x, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert_eq!(key.jwk().unwrap().y, None);
    }

    #[test]
    fn rfc_7515_coordinates() {
        let jwk = key(KeyKind::EcP256, &P256).jwk().unwrap();
        assert_eq!((jwk.kty.as_str(), jwk.crv.as_str()), ("EC", "P-256"));
        assert_eq!(jwk.x, "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
        assert_eq!(jwk.y.as_deref(), Some("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"));
    }

    // RFC 7748, section 6.1: the key of Bob.
    const X25519: [u8; 32] =
        hex!("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");

    // RFC 8037, appendix A.6, names this key `Bob` and gives its members.
    #[test]
    fn rfc_8037_agreement_key() {
        let jwk = key(KeyKind::X25519, &X25519).jwk().unwrap();
        assert_eq!((jwk.kty.as_str(), jwk.crv.as_str(), jwk.y), ("OKP", "X25519", None));
        assert_eq!(jwk.x, "3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08");
        assert_eq!((jwk.alg.as_str(), jwk.use_.as_str()), ("ECDH-ES", "enc"));
        let jwk = key(KeyKind::EcP256Agreement, &P256).jwk().unwrap();
        assert_eq!((jwk.alg.as_str(), jwk.use_.as_str()), ("ECDH-ES", "enc"));
        assert_eq!(jwk.kid, key(KeyKind::EcP256, &P256).thumbprint());
    }

    // Computed with Python's hashlib from the required members.
    #[test]
    fn a_key_for_hpke_has_a_thumbprint_and_no_jwk() {
        let key = key(KeyKind::HpkeX25519, &X25519);
        assert_eq!(key.jwk(), None);
        assert_eq!(key.thumbprint(), "giQqigT_IKcuzHl0FVJ3k5ts3_TWNAxvsC08UZsfcM8");
    }

    // RFC 8410, section 3, has the identifiers and section 4 the form.
    #[test]
    fn x25519_spki_differs_in_the_algorithm_alone() {
        let spki = key(KeyKind::X25519, &X25519).spki();
        assert_eq!(spki[..12], hex!("302a300506032b656e032100"));
        assert_eq!(spki[12..], X25519);
        assert_eq!(key(KeyKind::HpkeX25519, &X25519).spki(), spki);
    }

    #[test]
    fn refuses_x25519_points_of_small_order_and_second_encodings() {
        // The points of order 1, 2, 4 and 8, of the curve and of its twist.
        let small = [
            hex!("0000000000000000000000000000000000000000000000000000000000000000"),
            hex!("0100000000000000000000000000000000000000000000000000000000000000"),
            hex!("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
            hex!("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
            hex!("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
        ];
        // p, p + 1, p + 9: 0, 1 and the base point again.
        let mut large = [[0xff; 32]; 3];
        for (bytes, last) in large.iter_mut().zip([0xed, 0xee, 0xf6]) {
            (bytes[0], bytes[31]) = (last, 0x7f);
        }
        let mut high_bit = X25519;
        high_bit[31] |= 0x80;
        let others: [&[u8]; 4] = [&high_bit, &X25519[1..], &[9; 33], &[]];
        for kind in [KeyKind::X25519, KeyKind::HpkeX25519] {
            for bad in small.iter().chain(&large).map(|raw| &raw[..]).chain(others) {
                assert!(PublicKey::from_raw(kind, bad).is_err(), "{bad:?}");
            }
            // The base point, and the largest encoding there is: p - 2.
            for (first, rest, last) in [(9, 0, 0), (0xeb, 0xff, 0x7f)] {
                let mut good = [rest; 32];
                (good[0], good[31]) = (first, last);
                assert!(PublicKey::from_raw(kind, &good).is_ok());
            }
        }
    }

    #[test]
    fn symmetric_keys_have_no_public_half() {
        for kind in KeyKind::ALL.iter().filter(|kind| kind.is_symmetric()) {
            assert!(PublicKey::from_raw(*kind, &X25519).is_err());
        }
    }

    #[test]
    fn spki_is_what_a_der_library_writes() {
        use ed25519_dalek::pkcs8::EncodePublicKey;

        let library = ed25519_dalek::VerifyingKey::from_bytes(&ED25519).unwrap();
        let der = library.to_public_key_der().unwrap();
        assert_eq!(key(KeyKind::Ed25519, &ED25519).spki(), der.as_bytes());
        let library = p256::PublicKey::from_sec1_bytes(&P256).unwrap();
        let der = library.to_public_key_der().unwrap();
        assert_eq!(key(KeyKind::EcP256, &P256).spki(), der.as_bytes());
    }

    // RFC 8410, section 10.1, has this key as PEM.
    #[test]
    fn rfc_8410_pem() {
        let raw = hex!("19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1");
        let text = "-----BEGIN PUBLIC KEY-----\n\
                    MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
                    -----END PUBLIC KEY-----\n";
        assert_eq!(key(KeyKind::Ed25519, &raw).pem().as_deref(), Ok(text));
    }

    #[test]
    fn pem_is_what_a_library_writes() {
        use p256::pkcs8::{EncodePublicKey, LineEnding};

        let library = p256::PublicKey::from_sec1_bytes(&P256).unwrap();
        let text = library.to_public_key_pem(LineEnding::LF).unwrap();
        assert_eq!(key(KeyKind::EcP256, &P256).pem(), Ok(text));
    }

    #[test]
    fn keys_that_sign_are_read_from_what_is_written() {
        for (kind, raw) in [(KeyKind::Ed25519, &ED25519[..]), (KeyKind::EcP256, &P256)] {
            let key = key(kind, raw);
            let spki = key.spki();
            assert_eq!(PublicKey::signing_from_spki(&spki), Some(Ok(key)));
            let invalid = Some(Err(CryptoError::InvalidKey));
            let short = &spki[..spki.len() - 1];
            assert_eq!(PublicKey::signing_from_spki(short), invalid);
            assert_eq!(PublicKey::signing_from_spki(&[&spki[..], &[0]].concat()), invalid);
            // What comes before the key, with any of its bits changed, is of no such key.
            for bit in 0..(spki.len() - raw.len()) * 8 {
                let mut other = spki.clone();
                other[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(PublicKey::signing_from_spki(&other), None);
            }
        }
        let agreement = key(KeyKind::X25519, &X25519).spki();
        assert_eq!(PublicKey::signing_from_spki(&agreement), None);
        assert_eq!(PublicKey::signing_from_spki(&[]), None);
    }

    #[test]
    fn refuses_what_is_not_a_key() {
        let mut identity = [0; 32];
        identity[0] = 1;
        // y = p + 3, a point that is on the curve with y = 3 and encoded too large.
        let mut non_canonical = [0xff; 32];
        (non_canonical[0], non_canonical[31]) = (0xf0, 0x7f);
        for bad in [&[0; 32][..], &identity, &non_canonical, &ED25519[1..], &[]] {
            assert!(PublicKey::from_raw(KeyKind::Ed25519, bad).is_err());
        }
        let mut off_curve = P256;
        off_curve[64] ^= 1;
        let compressed = [&[3], &P256[1..33]].concat();
        let mut hybrid = P256;
        hybrid[0] = 7;
        // x = p: the same point as x = 0, encoded too large (SP 800-186, section 3.2.1.3).
        let mut not_reduced = P256;
        not_reduced[1..33].copy_from_slice(&hex!(
            "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"
        ));
        not_reduced[33..].copy_from_slice(&hex!(
            "66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4"
        ));
        let mut reduced = not_reduced;
        reduced[1..33].fill(0);
        assert!(PublicKey::from_raw(KeyKind::EcP256, &reduced).is_ok());
        for bad in [&off_curve[..], &not_reduced, &compressed, &hybrid, &P256[1..], &[0], &[]] {
            assert!(PublicKey::from_raw(KeyKind::EcP256, bad).is_err());
        }
    }
}
