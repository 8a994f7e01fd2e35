//! The stored form of a key: one sealed record, bound to its place.

use kms_crypto::{CryptoProvider, Envelope, PublicKey};
use kms_protocol::{
    AuditMode, CallerOrigin, ErrorCode, KeyId, KeyInfo, KeyOrigin, KeySpec, KeyState, KeyUsage,
    Label, Protection,
};
use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};

use crate::cbor;

/// Version of the stored form.
const SCHEMA: u32 = 1;
/// The one version of key material of this release.
pub(crate) const VERSION: u32 = 1;
/// Separates policy digests from every other use of SHA-256 in the product.
const POLICY_DOMAIN: &[u8] = b"ats-kms/key-policy/v1\0";

/// What is inside the seal.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct KeyRecord {
    #[n(0)]
    schema: u32,
    #[n(1)]
    spec: String,
    #[n(2)]
    pub(crate) version: u32,
    #[n(3)]
    label: Option<String>,
    #[n(4)]
    created: u64,
    #[n(5)]
    policy: PolicyRecord,
    /// The public key, in the form of [`PublicKey`].
    #[cbor(n(6), with = "minicbor::bytes")]
    public: Vec<u8>,
    /// The wrapped private key, in an envelope of its own.
    #[cbor(n(7), with = "minicbor::bytes")]
    wrapped: Vec<u8>,
}

/// Who may do what with a key.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct PolicyRecord {
    #[n(0)]
    origins: Vec<String>,
    #[n(1)]
    usage: Vec<String>,
    #[n(2)]
    audit: String,
}

/// What a new key is to be.
pub(crate) struct NewKey {
    pub(crate) spec: KeySpec,
    pub(crate) label: Option<Label>,
    pub(crate) created: u64,
    pub(crate) policy: PolicyRecord,
}

impl PolicyRecord {
    /// These uses, by one site.
    pub(crate) fn of(origin: &CallerOrigin, usage: &[KeyUsage], audit: AuditMode) -> Self {
        Self {
            origins: vec![origin.as_str().into()],
            usage: usage.iter().map(|usage| usage.as_str().into()).collect(),
            audit: audit.as_str().into(),
        }
    }

    /// Digest that the wrapped private key is bound to.
    pub(crate) fn digest(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(POLICY_DOMAIN);
        hasher.update(cbor::encode(self));
        hasher.finalize().into()
    }
}

impl KeyRecord {
    /// The record of a key that was generated just now.
    pub(crate) fn new(new: NewKey, public: &PublicKey, wrapped: &Envelope) -> Self {
        Self {
            schema: SCHEMA,
            spec: new.spec.as_str().into(),
            version: VERSION,
            label: new.label.map(|label| label.as_str().into()),
            created: new.created,
            policy: new.policy,
            public: public.raw().to_vec(),
            wrapped: wrapped.encode(),
        }
    }

    /// The stored form.
    pub(crate) fn encode(&self) -> Vec<u8> {
        cbor::encode(self)
    }

    /// Reads the stored form; anything no release has written is unreadable.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, ErrorCode> {
        let record: Self = cbor::decode(bytes).ok_or(ErrorCode::Unreadable)?;
        let known = record.schema == SCHEMA && record.version == VERSION;
        if known { Ok(record) } else { Err(ErrorCode::Unreadable) }
    }

    /// What the key is.
    pub(crate) fn spec(&self) -> Result<KeySpec, ErrorCode> {
        token(KeySpec::ALL, KeySpec::as_str, &self.spec)
    }

    /// Digest of the policy.
    pub(crate) fn policy_digest(&self) -> [u8; 32] {
        self.policy.digest()
    }

    /// The wrapped private key.
    pub(crate) fn wrapped(&self) -> Result<Envelope, ErrorCode> {
        Envelope::decode(&self.wrapped).map_err(|_| ErrorCode::Unreadable)
    }

    /// The public half.
    pub(crate) fn public(&self) -> Result<PublicKey, ErrorCode> {
        PublicKey::from_raw(self.spec()?, &self.public).map_err(|_| ErrorCode::Unreadable)
    }

    /// The key as callers see it.
    pub(crate) fn info(
        &self,
        key_id: &KeyId,
        crypto: &impl CryptoProvider,
    ) -> Result<KeyInfo, ErrorCode> {
        let unreadable = |_| ErrorCode::Unreadable;
        let spec = self.spec()?;
        let usage = |name: &String| token(KeyUsage::ALL, KeyUsage::as_str, name);
        let origin = |text: &String| CallerOrigin::new(text.as_str()).map_err(unreadable);
        let label = self.label.as_ref().map(|label| Label::new(label.as_str()));
        let protection: Protection = crypto.protection(spec);
        Ok(KeyInfo {
            key_id: key_id.clone(),
            kid: self.public()?.thumbprint(),
            spec,
            version: self.version,
            state: KeyState::Enabled,
            origin: KeyOrigin::Generated,
            protection,
            usage: self.policy.usage.iter().map(usage).collect::<Result<_, _>>()?,
            label: label.transpose().map_err(unreadable)?,
            created: self.created,
            audit: token(AuditMode::ALL, AuditMode::as_str, &self.policy.audit)?,
            caller_origins: self.policy.origins.iter().map(origin).collect::<Result<_, _>>()?,
        })
    }
}

fn token<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str, text: &str) -> Result<T, ErrorCode> {
    all.iter().copied().find(|value| name(*value) == text).ok_or(ErrorCode::Unreadable)
}
