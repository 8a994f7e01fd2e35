//! A key record of schema 1 (releases up to 0.2.0): one version, always enabled. It is read as one
//! of today, and stored as such when the key next changes.

use kms_protocol::{KeyOrigin, KeyState};
use minicbor::{Decode, Encode};

use super::{KeyRecord, PolicyRecord, SCHEMA, Uses, VersionRecord};
use crate::cbor;

/// The one version of a key of schema 1.
const VERSION: u32 = 1;

#[derive(Encode, Decode)]
pub(super) struct KeyRecordV1 {
    #[n(0)]
    pub(super) schema: u32,
    #[n(1)]
    pub(super) spec: String,
    #[n(2)]
    pub(super) version: u32,
    #[n(3)]
    pub(super) label: Option<String>,
    #[n(4)]
    pub(super) created: u64,
    #[n(5)]
    pub(super) policy: PolicyRecord,
    #[cbor(n(6), with = "minicbor::bytes")]
    pub(super) public: Vec<u8>,
    #[cbor(n(7), with = "minicbor::bytes")]
    pub(super) wrapped: Vec<u8>,
}

/// Reads the stored form.
pub(super) fn migrate(bytes: &[u8]) -> Option<KeyRecord> {
    let old: KeyRecordV1 = cbor::decode(bytes)?;
    let version = VersionRecord {
        number: VERSION,
        created: old.created,
        public: Some(old.public.into()),
        wrapped: Some(old.wrapped.into()),
    };
    (old.version == VERSION).then(|| KeyRecord {
        schema: SCHEMA,
        spec: old.spec,
        created: old.created,
        origin: KeyOrigin::Generated.as_str().into(),
        state: KeyState::Enabled.as_str().into(),
        label: old.label,
        alias: None,
        policy: old.policy,
        min_decryption: VERSION,
        min_encryption: VERSION,
        versions: vec![version],
        deletion: None,
        uses: Uses::default(),
        log: None,
        over: None,
    })
}
