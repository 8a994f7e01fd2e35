//! Public keys: always valid, in the forms others expect.

use base64ct::{Base64UrlUnpadded, Encoding};
use ed25519_dalek::pkcs8::EncodePublicKey;
use kms_protocol::{Jwk, KeySpec};
use sha2::{Digest, Sha256};

use crate::{CryptoError, strict};

/// Length of an uncompressed SEC1 point on P-256 (SEC 1, section 2.3.3).
const P256_LEN: usize = 65;

/// A public key. Ed25519: 32 bytes (RFC 8032, section 5.1.2), canonical and not of small
/// order. P-256: uncompressed SEC1 point on the curve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    spec: KeySpec,
    raw: Vec<u8>,
}

impl PublicKey {
    /// Checks and takes the raw form, which is `WebCrypto`'s `raw` as well.
    pub fn from_raw(spec: KeySpec, raw: &[u8]) -> Result<Self, CryptoError> {
        let valid = match spec {
            KeySpec::Ed25519 => {
                raw.try_into().is_ok_and(|raw| strict::ed25519_point(raw).is_some())
            }
            KeySpec::EcP256 => {
                raw.len() == P256_LEN
                    && raw[0] == 4
                    && p256::PublicKey::from_sec1_bytes(raw).is_ok()
            }
        };
        if valid { Ok(Self { spec, raw: raw.to_vec() }) } else { Err(CryptoError::InvalidKey) }
    }

    /// Algorithm of the key.
    #[must_use]
    pub fn spec(&self) -> KeySpec {
        self.spec
    }

    /// The raw form.
    #[must_use]
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// As JSON Web Key (RFC 7517; RFC 7518, section 6.2.1; RFC 8037, section 2).
    #[must_use]
    pub fn jwk(&self) -> Jwk {
        let (kty, crv, x, y) = self.members();
        let alg = match self.spec {
            KeySpec::Ed25519 => "EdDSA",
            KeySpec::EcP256 => "ES256",
        };
        let (kty, crv, alg) = (kty.into(), crv.into(), alg.into());
        Jwk { kty, crv, x, y, kid: self.thumbprint(), alg, use_: "sig".into() }
    }

    /// RFC 7638 thumbprint with SHA-256, base64url. It is the `kid` everywhere.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        let (kty, crv, x, y) = self.members();
        // Required members only, in lexicographic order, without white space (section 3).
        let json = match y {
            Some(y) => format!(r#"{{"crv":"{crv}","kty":"{kty}","x":"{x}","y":"{y}"}}"#),
            None => format!(r#"{{"crv":"{crv}","kty":"{kty}","x":"{x}"}}"#),
        };
        Base64UrlUnpadded::encode_string(&Sha256::digest(json))
    }

    /// As DER `SubjectPublicKeyInfo` (RFC 5480, RFC 8410).
    pub fn spki(&self) -> Result<Vec<u8>, CryptoError> {
        let document = match self.spec {
            KeySpec::Ed25519 => ed25519_dalek::VerifyingKey::try_from(self.raw.as_slice())
                .map_err(|_| CryptoError::InvalidKey)?
                .to_public_key_der(),
            KeySpec::EcP256 => p256::PublicKey::from_sec1_bytes(&self.raw)
                .map_err(|_| CryptoError::InvalidKey)?
                .to_public_key_der(),
        };
        document.map(|der| der.as_bytes().to_vec()).map_err(|_| CryptoError::InvalidKey)
    }

    fn members(&self) -> (&'static str, &'static str, String, Option<String>) {
        let text = Base64UrlUnpadded::encode_string;
        match self.spec {
            KeySpec::Ed25519 => ("OKP", "Ed25519", text(&self.raw), None),
            KeySpec::EcP256 => ("EC", "P-256", text(&self.raw[1..33]), Some(text(&self.raw[33..]))),
        }
    }
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

    fn key(spec: KeySpec, raw: &[u8]) -> PublicKey {
        PublicKey::from_raw(spec, raw).unwrap()
    }

    #[test]
    fn rfc_8037_thumbprint() {
        let key = key(KeySpec::Ed25519, &ED25519);
        assert_eq!(key.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert_eq!(key.jwk().x, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert_eq!(key.jwk().y, None);
    }

    #[test]
    fn rfc_7515_coordinates() {
        let jwk = key(KeySpec::EcP256, &P256).jwk();
        assert_eq!((jwk.kty.as_str(), jwk.crv.as_str()), ("EC", "P-256"));
        assert_eq!(jwk.x, "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
        assert_eq!(jwk.y.as_deref(), Some("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"));
    }

    #[test]
    fn spki_has_the_prefix_of_its_algorithm() {
        let ed25519 = key(KeySpec::Ed25519, &ED25519).spki().unwrap();
        assert_eq!(ed25519, [&hex!("302a300506032b6570032100")[..], &ED25519].concat());
        let p256 = key(KeySpec::EcP256, &P256).spki().unwrap();
        let prefix = hex!("3059301306072a8648ce3d020106082a8648ce3d030107034200");
        assert_eq!(p256, [&prefix[..], &P256].concat());
    }

    #[test]
    fn refuses_what_is_not_a_key() {
        let mut identity = [0; 32];
        identity[0] = 1;
        // y = p + 3, a point that is on the curve with y = 3 and encoded too large.
        let mut non_canonical = [0xff; 32];
        (non_canonical[0], non_canonical[31]) = (0xf0, 0x7f);
        for bad in [&[0; 32][..], &identity, &non_canonical, &ED25519[1..], &[]] {
            assert!(PublicKey::from_raw(KeySpec::Ed25519, bad).is_err());
        }
        let mut off_curve = P256;
        off_curve[64] ^= 1;
        let compressed = [&[3], &P256[1..33]].concat();
        let mut hybrid = P256;
        hybrid[0] = 7;
        for bad in [&off_curve[..], &compressed, &hybrid, &P256[1..], &[0], &[]] {
            assert!(PublicKey::from_raw(KeySpec::EcP256, bad).is_err());
        }
    }
}
