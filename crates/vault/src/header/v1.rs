//! The header of schema 1 (release 0.1.0): one passphrase, attempts counted for the whole vault.

use minicbor::bytes::{ByteArray, ByteVec};

use super::{EnrolmentRecord, Header, KdfRecord, Method};
use crate::attempts::Attempts;
use crate::cbor;

/// The one kind of enrolment of that release.
const PASSPHRASE: &str = "passphrase";

/// Schema, vault id, creation, enrolments, and the attempts: failures and time of the last one.
type HeaderV1 = (u32, ByteArray<16>, u64, Vec<EnrolmentV1>, (u32, u64));

/// Id, kind, label, creation, last use; memory, passes and lanes of Argon2id; salt and envelope.
type EnrolmentV1 =
    (String, String, String, u64, Option<u64>, u32, u32, u32, ByteArray<32>, ByteVec);

/// The header in today's form. The envelopes stay as they are until the next unlock: only then
/// the key to seal them again is at hand.
pub(super) fn migrate(bytes: &[u8]) -> Option<Header> {
    let header: HeaderV1 = cbor::decode(bytes)?;
    let (_schema, vault_id, created, enrolments, (failures, last_ms)) = header;
    let attempts = Attempts::of_failures(failures, last_ms);
    let enrolments = enrolments.into_iter().map(|old| enrolment(old, attempts));
    let enrolments = enrolments.collect::<Option<Vec<_>>>()?;
    Some(Header { enrolments, ..Header::new(*vault_id, created) })
}

fn enrolment(old: EnrolmentV1, attempts: Attempts) -> Option<EnrolmentRecord> {
    let (id, kind, label, created, last_used, memory_kib, iterations, parallelism, ..) = old;
    let (.., salt, envelope) = old;
    let kdf = KdfRecord { memory_kib, iterations, parallelism };
    (kind == PASSPHRASE).then(|| EnrolmentRecord {
        id,
        label,
        created,
        last_used,
        method: Method::Passphrase(kdf),
        salt: *salt,
        envelope: envelope.into(),
        unbound: true,
        attempts,
    })
}
