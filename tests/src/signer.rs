//! A key of the vault, and its public half as a stranger would keep it.

use anyhow::{Context as _, Result, anyhow};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use serde_json::{Value, json};

use crate::{
    session::{Session, from_base64},
    verify_signature,
};

/// A signing key whose public half was learned once.
pub(crate) struct Signer {
    /// Its name in the vault.
    pub key_id: Value,
    jwk: Value,
}

impl Signer {
    /// Makes a key.
    pub(crate) async fn create(session: &Session<'_>, spec: &str) -> Result<Self> {
        Self::of(session, json!({"spec": spec})).await
    }

    /// Makes a key that signs VAPID tokens only.
    pub(crate) async fn for_vapid(session: &Session<'_>) -> Result<Self> {
        Self::of(session, json!({"spec": "ec-p256", "policy": {"operations": ["vapid"]}})).await
    }

    async fn of(session: &Session<'_>, params: Value) -> Result<Self> {
        let key = session.call("keys.create", params).await?;
        let key_id = key["keyId"].clone();
        let public = session.call("keys.public_key", json!({"keyId": key_id})).await?;
        Ok(Self { key_id, jwk: public["jwk"].clone() })
    }

    /// Signs, and verifies outside the enclave with the public half from back then.
    pub(crate) async fn still_signs(&self, session: &Session<'_>) -> Result<()> {
        let data = json!({"bytes": "c29tZSB0ZXh0"});
        let signed = session.call("sign", json!({"keyId": self.key_id, "data": data})).await?;
        let signature = signed["signature"]["bytes"].as_str().context("no signature")?;
        verify_signature::with_jwk(&self.jwk, b"some text", &from_base64(signature)?)
    }

    /// Checks that this key signed a compact JWS (RFC 7515, section 5.2).
    pub(crate) fn signed_token(&self, token: &str) -> Result<()> {
        let (input, signature) = token.rsplit_once('.').context("no signature")?;
        let signature = Base64UrlUnpadded::decode_vec(signature).map_err(|_| anyhow!("{token}"))?;
        verify_signature::with_jwk(&self.jwk, input.as_bytes(), &signature)
    }

    /// The thumbprint of its public half.
    pub(crate) fn kid(&self) -> Option<&str> {
        self.jwk["kid"].as_str()
    }

    /// What `sign` is refused with.
    pub(crate) async fn refusal(&self, session: &Session<'_>) -> Result<String> {
        let data = json!({"bytes": "c29tZSB0ZXh0"});
        session.refusal("sign", json!({"keyId": self.key_id, "data": data})).await
    }
}
