//! Sealing records to their place, and authenticating the head of the audit log.

use hmac::{Hmac, KeyInit, Mac};
use kms_crypto::{CryptoProvider, Envelope, RecordContext, RecordType, SecretBytes, SecretVec};
use kms_protocol::{KeyId, KeySpec};
use sha2::Sha256;

use crate::Error;
use crate::header::VaultId;

/// Version of the encoding of every record in this release.
const SCHEMA: u32 = 1;
/// Version of an enrolment's envelope: from 2 on it is bound to kind and parameters.
const ENROLMENT_SCHEMA: u32 = 2;
/// Separates the MAC of the log's head from every other use of the audit key.
const HEAD_DOMAIN: &[u8] = b"ats-kms/audit-head/v3\0";
/// The same for a head that does not know of the index of keys (release 0.2.0).
const HEAD_DOMAIN_V2: &[u8] = b"ats-kms/audit-head/v2\0";
/// The same for a head that does not know of settings (release 0.1.0).
const HEAD_DOMAIN_V1: &[u8] = b"ats-kms/audit-head/v1\0";

/// The RootKey of an enrolment; `binding` is the enrolment's own digest of its parameters.
pub(crate) fn root_context<'a>(
    vault_id: &'a VaultId,
    id: &'a str,
    binding: Option<&'a [u8; 32]>,
) -> RecordContext<'a> {
    let context = place(vault_id, RecordType::RootKey, id.as_bytes(), 1);
    match binding {
        Some(_) => RecordContext { policy_digest: binding, schema: ENROLMENT_SCHEMA, ..context },
        None => context,
    }
}

/// The settings of a generation.
pub(crate) fn settings_context(vault_id: &VaultId, generation: u64) -> RecordContext<'_> {
    place(vault_id, RecordType::Settings, &[], generation)
}

/// What is known about a key, in its generation.
pub(crate) fn key_context<'a>(
    vault_id: &'a VaultId,
    key_id: &'a KeyId,
    generation: u64,
) -> RecordContext<'a> {
    place(vault_id, RecordType::KeyRecord, key_id.as_str().as_bytes(), generation)
}

/// A part of the index of keys: the root, which has no id, or a bucket.
pub(crate) fn index_context<'a>(
    vault_id: &'a VaultId,
    id: &'a [u8],
    generation: u64,
) -> RecordContext<'a> {
    place(vault_id, RecordType::KeyIndex, id, generation)
}

/// A wrapped private key.
pub(crate) fn signing_key_context<'a>(
    vault_id: &'a VaultId,
    key_id: &'a KeyId,
    version: u32,
    (spec, policy_digest): (KeySpec, &'a [u8; 32]),
) -> RecordContext<'a> {
    let id = key_id.as_str().as_bytes();
    let context = place(vault_id, RecordType::SigningKey, id, version.into());
    RecordContext { spec: Some(spec), policy_digest: Some(policy_digest), ..context }
}

/// An entry of the audit log.
pub(crate) fn audit_context(vault_id: &VaultId, seq: u64) -> RecordContext<'_> {
    place(vault_id, RecordType::AuditEntry, &[], seq)
}

fn place<'a>(
    vault_id: &'a VaultId,
    record_type: RecordType,
    id: &'a [u8],
    version: u64,
) -> RecordContext<'a> {
    let (spec, policy_digest) = (None, None);
    RecordContext { vault_id, record_type, id, version, spec, policy_digest, schema: SCHEMA }
}

/// Seals a record; the result is its stored form.
pub(crate) async fn seal<C: CryptoProvider>(
    crypto: &C,
    key: &C::SealingKey,
    context: &RecordContext<'_>,
    plaintext: &[u8],
) -> Result<Vec<u8>, Error> {
    Ok(Envelope::seal(crypto, key, context, plaintext).await?.encode())
}

/// Opens the stored form of a record.
pub(crate) async fn open<C: CryptoProvider>(
    crypto: &C,
    key: &C::SealingKey,
    context: &RecordContext<'_>,
    stored: &[u8],
) -> Result<SecretVec, Error> {
    Ok(Envelope::decode(stored)?.open(crypto, key, context).await?)
}

/// What the head of the log says: entries, hash of the last one, generations of the settings and of
/// the index of keys.
#[derive(Clone, Copy)]
pub(crate) struct HeadFacts<'a> {
    pub(crate) count: u64,
    pub(crate) hash: &'a [u8; 32],
    /// Absent in a head of release 0.1.0.
    pub(crate) settings: Option<u64>,
    /// Absent in a head of release 0.2.0.
    pub(crate) index: Option<u64>,
}

/// MAC of the audit head: HMAC-SHA-256 (RFC 2104) over domain, vault and facts.
pub(crate) fn head_mac(key: &SecretBytes<32>, vault_id: &VaultId, head: HeadFacts<'_>) -> [u8; 32] {
    head_hmac(key, vault_id, head).map_or([0; 32], |mac| mac.finalize().into_bytes().into())
}

/// Checks such a MAC in constant time.
pub(crate) fn head_is_authentic(
    key: &SecretBytes<32>,
    vault_id: &VaultId,
    head: HeadFacts<'_>,
    mac: &[u8; 32],
) -> bool {
    head_hmac(key, vault_id, head).is_some_and(|expected| expected.verify_slice(mac).is_ok())
}

/// `None` is impossible: HMAC takes a key of any length.
fn head_hmac(
    key: &SecretBytes<32>,
    vault_id: &VaultId,
    head: HeadFacts<'_>,
) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose()).ok()?;
    mac.update(match (head.settings, head.index) {
        (_, Some(_)) => HEAD_DOMAIN,
        (Some(_), None) => HEAD_DOMAIN_V2,
        (None, None) => HEAD_DOMAIN_V1,
    });
    mac.update(vault_id);
    mac.update(&head.count.to_be_bytes());
    mac.update(head.hash);
    for generation in [head.settings, head.index].into_iter().flatten() {
        mac.update(&generation.to_be_bytes());
    }
    Some(mac)
}
