//! The stored form of a key: one sealed record, bound to its place.

mod change;
mod log;
mod policy;
mod template;
mod uses;
mod v1;

use kms_crypto::{CryptoProvider, Envelope, KeyKind, PublicKey};
use kms_protocol::limits::MAX_VERSIONS;
use kms_protocol::{
    ErrorCode, KeyAlias, KeyId, KeyInfo, KeyOrigin, KeySpec, KeyState, KeyVersion, Label,
};
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Decoder, Encode};

pub(crate) use self::log::{LogRecord, OfferedLog};
pub(crate) use self::policy::PolicyRecord;
use self::uses::Uses;
use crate::cbor;
use crate::keys::index::AliasDigest;

/// Version of the stored form.
const SCHEMA: u32 = 2;
/// The first version of every key.
pub(crate) const FIRST: u32 = 1;

/// What is inside the seal.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct KeyRecord {
    #[n(0)]
    schema: u32,
    #[n(1)]
    spec: String,
    #[n(2)]
    created: u64,
    #[n(3)]
    origin: String,
    #[n(4)]
    state: String,
    #[n(5)]
    label: Option<String>,
    #[n(6)]
    alias: Option<String>,
    #[n(7)]
    policy: PolicyRecord,
    /// Oldest version that may decrypt, or verify.
    #[n(8)]
    min_decryption: u32,
    /// Oldest version that may encrypt, or sign.
    #[n(9)]
    min_encryption: u32,
    /// Every version that was not trimmed, oldest first.
    #[n(10)]
    versions: Vec<VersionRecord>,
    /// When it is destroyed, if it waits for that.
    #[n(11)]
    deletion: Option<Deletion>,
    #[n(12)]
    uses: Uses,
    /// The broker's log at the last approval. Left out before the first one.
    #[n(13)]
    log: Option<LogRecord>,
    /// Whether a use was refused because the period of its policy is over. Left out before that.
    #[n(14)]
    over: Option<bool>,
}

/// When a key is destroyed: when both clocks say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
struct Deletion {
    /// By the clock of the device.
    #[n(0)]
    date: u64,
    /// By the clock of the vault.
    #[n(1)]
    due: u64,
}

/// A version of the key material.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct VersionRecord {
    #[n(0)]
    number: u32,
    #[n(1)]
    created: u64,
    /// The public key in the form of [`PublicKey`]; absent where there is none.
    #[n(2)]
    public: Option<ByteVec>,
    /// The wrapped private or secret key, in an envelope of its own; absent once it is destroyed.
    #[n(3)]
    wrapped: Option<ByteVec>,
}

/// What a new key is to be.
pub(crate) struct NewKey {
    pub(crate) spec: KeySpec,
    pub(crate) label: Option<Label>,
    pub(crate) alias: Option<KeyAlias>,
    pub(crate) created: u64,
    pub(crate) origin: KeyOrigin,
    pub(crate) policy: PolicyRecord,
}

impl VersionRecord {
    /// A version that was made just now.
    pub(crate) fn new(
        number: u32,
        created: u64,
        (public, wrapped): (Option<&PublicKey>, &Envelope),
    ) -> Self {
        let public = public.map(|public| public.raw().to_vec().into());
        Self { number, created, public, wrapped: Some(wrapped.encode().into()) }
    }

    /// Its number.
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    /// Whether what was wrapped is gone.
    pub(crate) fn is_destroyed(&self) -> bool {
        self.wrapped.is_none()
    }

    /// The wrapped private key.
    pub(crate) fn wrapped(&self) -> Result<Envelope, ErrorCode> {
        let wrapped = self.wrapped.as_ref().ok_or(ErrorCode::InvalidKeyState)?;
        Envelope::decode(wrapped).map_err(|_| ErrorCode::Unreadable)
    }

    /// The public half, if keys of the spec have one.
    pub(crate) fn half(&self, spec: KeySpec) -> Result<Option<PublicKey>, ErrorCode> {
        let public = self.public.as_ref();
        if public.is_some() == KeyKind::from(spec).is_symmetric() {
            return Err(ErrorCode::Unreadable);
        }
        let public = public.map(|public| PublicKey::from_raw(spec, public));
        public.transpose().map_err(|_| ErrorCode::Unreadable)
    }

    /// The public half.
    pub(crate) fn public(&self, spec: KeySpec) -> Result<PublicKey, ErrorCode> {
        self.half(spec)?.ok_or(ErrorCode::NoPublicKey)
    }

    fn publish(&self, spec: KeySpec) -> Result<KeyVersion, ErrorCode> {
        let kid = self.half(spec)?.map(|public| public.thumbprint());
        Ok(KeyVersion { version: self.number, kid, created: self.created, protection: None })
    }
}

impl KeyRecord {
    /// The record of a key whose first version was made just now.
    pub(crate) fn new(new: NewKey, first: VersionRecord) -> Self {
        Self {
            schema: SCHEMA,
            spec: new.spec.as_str().into(),
            created: new.created,
            origin: new.origin.as_str().into(),
            state: KeyState::Enabled.as_str().into(),
            label: new.label.map(|label| label.as_str().into()),
            alias: new.alias.map(|alias| alias.as_str().into()),
            policy: new.policy,
            min_decryption: FIRST,
            min_encryption: FIRST,
            versions: vec![first],
            deletion: None,
            uses: Uses::default(),
            log: None,
            over: None,
        }
    }

    /// The stored form.
    pub(crate) fn encode(&self) -> Vec<u8> {
        cbor::encode(self)
    }

    /// Reads the stored form of this schema or of the older one; anything no release has written
    /// is unreadable.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, ErrorCode> {
        let record = match schema(bytes) {
            Some(1) => v1::migrate(bytes),
            Some(SCHEMA) => cbor::decode(bytes),
            _ => None,
        };
        record.filter(Self::is_sane).ok_or(ErrorCode::Unreadable)
    }

    /// Whether versions are in order, not too many, and the minimum versions among them.
    fn is_sane(&self) -> bool {
        let numbers = || self.versions.iter().map(|version| version.number);
        let ascend = numbers().zip(numbers().skip(1)).all(|(one, next)| one < next);
        let latest = FIRST..=self.latest();
        ascend
            && (1..=MAX_VERSIONS).contains(&self.versions.len())
            && latest.contains(&self.min_encryption)
            && (FIRST..=self.min_encryption).contains(&self.min_decryption)
    }

    /// Number of the latest version.
    pub(crate) fn latest(&self) -> u32 {
        self.versions.last().map_or(0, VersionRecord::number)
    }

    /// A version, the latest if none is named.
    pub(crate) fn version(&self, number: Option<u32>) -> Result<&VersionRecord, ErrorCode> {
        let number = number.unwrap_or(self.latest());
        let version = self.versions.iter().find(|version| version.number == number);
        version.ok_or(ErrorCode::VersionNotFound)
    }

    /// Every version that was not trimmed.
    pub(crate) fn versions(&self) -> &[VersionRecord] {
        &self.versions
    }

    /// What the key is.
    pub(crate) fn spec(&self) -> Result<KeySpec, ErrorCode> {
        token(KeySpec::ALL, KeySpec::as_str, &self.spec)
    }

    /// Its state.
    pub(crate) fn state(&self) -> Result<KeyState, ErrorCode> {
        token(KeyState::ALL, KeyState::as_str, &self.state)
    }

    /// When it is to be destroyed, by the clock of the vault.
    pub(crate) fn due(&self) -> Option<u64> {
        self.deletion.map(|deletion| deletion.due)
    }

    /// What stands in the index for its alias.
    pub(crate) fn alias(&self) -> Option<AliasDigest> {
        let alias = self.alias.as_deref();
        alias.map(|alias| AliasDigest::of(self.policy.owner(), alias))
    }

    /// Who may do what with it.
    pub(crate) fn policy(&self) -> &PolicyRecord {
        &self.policy
    }

    /// The key as callers see it.
    pub(crate) fn info(
        &self,
        key_id: &KeyId,
        crypto: &impl CryptoProvider,
    ) -> Result<KeyInfo, ErrorCode> {
        let unreadable = |_| ErrorCode::Unreadable;
        let spec = self.spec()?;
        let versions: Result<Vec<_>, _> =
            self.versions.iter().map(|version| version.publish(spec)).collect();
        let versions = versions?;
        let label = self.label.as_deref().map(Label::new);
        let alias = self.alias.as_deref().map(KeyAlias::new);
        Ok(KeyInfo {
            key_id: key_id.clone(),
            kid: versions.last().and_then(|latest| latest.kid.clone()),
            spec,
            version: self.latest(),
            min_decryption_version: self.min_decryption,
            min_encryption_version: self.min_encryption,
            versions,
            state: self.state()?,
            deletion_date: self.deletion.map(|deletion| deletion.date),
            origin: token(KeyOrigin::ALL, KeyOrigin::as_str, &self.origin)?,
            protection: crypto.protection(spec.into()),
            usage: self.policy.usage()?,
            label: label.transpose().map_err(unreadable)?,
            alias: alias.transpose().map_err(unreadable)?,
            created: self.created,
            audit: self.policy.audit()?,
            caller_origins: self.policy.caller_origins()?,
            policy: self.policy.publish()?,
            uses: self.policy.counts().then_some(self.uses.total()),
        })
    }
}

/// The schema that a record claims.
fn schema(bytes: &[u8]) -> Option<u32> {
    let mut decoder = Decoder::new(bytes);
    decoder.array().ok()?;
    decoder.u32().ok()
}

fn token<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str, text: &str) -> Result<T, ErrorCode> {
    all.iter().copied().find(|value| name(*value) == text).ok_or(ErrorCode::Unreadable)
}

#[cfg(test)]
mod tests;
