//! Signatures checked outside the enclave, with nothing but the public key.

use anyhow::{Context as _, Result, bail};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use p256::ecdsa::signature::Verifier as _;
use serde_json::Value;

/// Checks a signature against a public JWK: Ed25519 (RFC 8037) or ES256 (RFC 7518).
pub(crate) fn with_jwk(jwk: &Value, message: &[u8], signature: &[u8]) -> Result<()> {
    if !jwk["d"].is_null() {
        bail!("a private key came out");
    }
    match jwk["crv"].as_str() {
        Some("Ed25519") => {
            let key = member(jwk, "x")?.try_into().ok().context("length of x")?;
            let key = ed25519_dalek::VerifyingKey::from_bytes(&key)?;
            Ok(key.verify_strict(message, &ed25519_dalek::Signature::from_slice(signature)?)?)
        }
        Some("P-256") => {
            let point = [&[4][..], &member(jwk, "x")?[..], &member(jwk, "y")?].concat();
            let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&point)?;
            Ok(key.verify(message, &p256::ecdsa::Signature::from_slice(signature)?)?)
        }
        other => bail!("unknown curve {other:?}"),
    }
}

fn member(jwk: &Value, name: &str) -> Result<Vec<u8>> {
    let text = jwk[name].as_str().with_context(|| format!("no {name}"))?;
    Base64UrlUnpadded::decode_vec(text).map_err(|_| anyhow::anyhow!("{name} is not base64url"))
}
