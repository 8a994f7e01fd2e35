//! The header of schema 1 (release 0.1.0): one passphrase, attempts counted for the whole vault.

use minicbor::Decode;

use super::{EnrolmentRecord, Header, KdfRecord, Method, VaultId};
use crate::attempts::Attempts;
use crate::cbor;

/// The one kind of enrolment of that release.
const PASSPHRASE: &str = "passphrase";

#[derive(Decode)]
struct HeaderV1 {
    #[n(0)]
    _schema: u32,
    #[cbor(n(1), with = "minicbor::bytes")]
    vault_id: VaultId,
    #[n(2)]
    created: u64,
    #[n(3)]
    enrolments: Vec<EnrolmentV1>,
    #[n(4)]
    attempts: AttemptsV1,
}

#[derive(Decode)]
struct EnrolmentV1 {
    #[n(0)]
    id: String,
    #[n(1)]
    kind: String,
    #[n(2)]
    label: String,
    #[n(3)]
    created: u64,
    #[n(4)]
    last_used: Option<u64>,
    #[n(5)]
    memory_kib: u32,
    #[n(6)]
    iterations: u32,
    #[n(7)]
    parallelism: u32,
    #[cbor(n(8), with = "minicbor::bytes")]
    salt: [u8; 32],
    #[cbor(n(9), with = "minicbor::bytes")]
    envelope: Vec<u8>,
}

#[derive(Decode)]
struct AttemptsV1 {
    #[n(0)]
    failures: u32,
    #[n(1)]
    last_ms: u64,
}

/// The header in today's form. The envelopes stay as they are until the next unlock: only then
/// the key to seal them again is at hand.
pub(super) fn migrate(bytes: &[u8]) -> Option<Header> {
    let HeaderV1 { vault_id, created, enrolments, attempts, .. } = cbor::decode(bytes)?;
    let attempts = Attempts::of_failures(attempts.failures, attempts.last_ms);
    let enrolments = enrolments.into_iter().map(|old| old.migrate(attempts));
    let enrolments = enrolments.collect::<Option<Vec<_>>>()?;
    Some(Header { enrolments, ..Header::new(vault_id, created) })
}

impl EnrolmentV1 {
    fn migrate(self, attempts: Attempts) -> Option<EnrolmentRecord> {
        let Self { id, kind, label, created, last_used, salt, envelope, .. } = self;
        let Self { memory_kib, iterations, parallelism, .. } = self;
        let kdf = KdfRecord { memory_kib, iterations, parallelism };
        (kind == PASSPHRASE).then_some(EnrolmentRecord {
            id,
            label,
            created,
            last_used,
            method: Method::Passphrase(kdf),
            salt,
            envelope,
            unbound: true,
            attempts,
        })
    }
}
