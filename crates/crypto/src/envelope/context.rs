//! What a record is bound to.

use kms_protocol::KeySpec;

use super::{PROTECTED, cbor};

/// Kind of a sealed record. The numbers are part of the additional data and never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum RecordType {
    /// The `RootKey`, sealed by an enrolment's `UnlockKey`.
    RootKey = 1,
    /// A wrapped private signing key.
    SigningKey = 2,
    /// What is known about a key: policy, owner, label, state.
    KeyRecord = 3,
    /// An entry of the audit log.
    AuditEntry = 4,
    /// What the owner of the vault has set.
    Settings = 5,
    /// Part of the index of keys.
    KeyIndex = 7,
}

/// The place a record is expected in. It is recomputed by whoever opens the record and never
/// read from it, so a record that was moved, swapped or relabelled does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordContext<'a> {
    /// Random name of the vault.
    pub vault_id: &'a [u8; 16],
    /// Kind of record.
    pub record_type: RecordType,
    /// `KeyId`, `EnrolmentId` or ordinal.
    pub id: &'a [u8],
    /// `KeyVersion` or generation.
    pub version: u64,
    /// Algorithm of the key, if the record belongs to one.
    pub spec: Option<KeySpec>,
    /// Digest of the policy, if the record is subject to one.
    pub policy_digest: Option<&'a [u8; 32]>,
    /// Version of the record's own encoding.
    pub schema: u32,
}

impl RecordContext<'_> {
    /// The additional data of the AEAD: `Enc_structure` (RFC 9052, section 5.3).
    #[must_use]
    pub fn aad(&self) -> Vec<u8> {
        let external = self.external_aad();
        cbor(|encoder| {
            encoder.array(3)?.str("Encrypt0")?.bytes(PROTECTED)?.bytes(&external)?;
            Ok(())
        })
    }

    /// The fields as a CBOR array; each has its own type and length, so no two contexts
    /// share an encoding.
    fn external_aad(&self) -> Vec<u8> {
        cbor(|encoder| {
            encoder.array(7)?.bytes(self.vault_id)?.u8(self.record_type as u8)?.bytes(self.id)?;
            encoder.u64(self.version)?;
            match self.spec {
                Some(spec) => encoder.str(spec.as_str())?,
                None => encoder.null()?,
            };
            match self.policy_digest {
                Some(digest) => encoder.bytes(digest)?,
                None => encoder.null()?,
            };
            encoder.u32(self.schema)?;
            Ok(())
        })
    }
}
