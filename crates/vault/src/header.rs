//! The header of a vault: what can be read while it is locked. Nothing of it is secret.

use kms_crypto::Argon2Params;
use kms_protocol::{Enrolment, EnrolmentId, EnrolmentKind, ErrorCode, Label};
use minicbor::{Decode, Encode};

use crate::attempts::Attempts;
use crate::cbor;

/// Version of the stored form.
const SCHEMA: u32 = 1;
/// Most enrolments a header may claim.
const MAX_ENROLMENTS: usize = 16;
/// Name of the one kind of enrolment of this release.
const PASSPHRASE: &str = "passphrase";

/// Random name of a vault; part of every additional data.
pub(crate) type VaultId = [u8; 16];

/// The stored header.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Header {
    #[n(0)]
    schema: u32,
    #[cbor(n(1), with = "minicbor::bytes")]
    pub(crate) vault_id: VaultId,
    #[n(2)]
    pub(crate) created: u64,
    #[n(3)]
    pub(crate) enrolments: Vec<EnrolmentRecord>,
    #[n(4)]
    pub(crate) attempts: Attempts,
}

/// One way to open the vault.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct EnrolmentRecord {
    #[n(0)]
    pub(crate) id: String,
    #[n(1)]
    kind: String,
    #[n(2)]
    label: String,
    #[n(3)]
    created: u64,
    #[n(4)]
    pub(crate) last_used: Option<u64>,
    /// Argon2id memory in KiB.
    #[n(5)]
    pub(crate) memory_kib: u32,
    /// Argon2id passes.
    #[n(6)]
    pub(crate) iterations: u32,
    /// Argon2id lanes.
    #[n(7)]
    pub(crate) parallelism: u32,
    /// Salt of Argon2id and input of the device key's MAC.
    #[cbor(n(8), with = "minicbor::bytes")]
    pub(crate) salt: [u8; 32],
    /// The sealed RootKey.
    #[cbor(n(9), with = "minicbor::bytes")]
    pub(crate) envelope: Vec<u8>,
}

impl Header {
    /// A header without enrolments.
    pub(crate) fn new(vault_id: VaultId, created: u64) -> Self {
        let attempts = Attempts::default();
        Self { schema: SCHEMA, vault_id, created, enrolments: Vec::new(), attempts }
    }

    /// The stored form.
    pub(crate) fn encode(&self) -> Vec<u8> {
        cbor::encode(self)
    }

    /// Reads the stored form; refuses what no release has written.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, ErrorCode> {
        let header: Self = cbor::decode(bytes).ok_or(ErrorCode::VaultCorrupt)?;
        let sane = header.schema == SCHEMA
            && (1..=MAX_ENROLMENTS).contains(&header.enrolments.len())
            && header.enrolments.iter().all(|enrolment| enrolment.kind == PASSPHRASE);
        if !sane {
            return Err(ErrorCode::VaultCorrupt);
        }
        header.publish()?;
        Ok(header)
    }

    /// The enrolments as callers see them.
    pub(crate) fn publish(&self) -> Result<Vec<Enrolment>, ErrorCode> {
        self.enrolments.iter().map(EnrolmentRecord::publish).collect()
    }
}

impl EnrolmentRecord {
    /// A passphrase enrolment whose envelope is still to be sealed.
    pub(crate) fn passphrase(id: &EnrolmentId, salt: [u8; 32], created: u64) -> Self {
        Self {
            id: id.as_str().into(),
            kind: PASSPHRASE.into(),
            label: "Passphrase".into(),
            created,
            last_used: None,
            memory_kib: Argon2Params::DEFAULT.memory_kib(),
            iterations: Argon2Params::DEFAULT.iterations(),
            parallelism: Argon2Params::DEFAULT.parallelism(),
            salt,
            envelope: Vec::new(),
        }
    }

    /// The same enrolment under today's parameters and a fresh salt, still to be sealed.
    pub(crate) fn renewed(&self, salt: [u8; 32]) -> Self {
        Self {
            memory_kib: Argon2Params::DEFAULT.memory_kib(),
            iterations: Argon2Params::DEFAULT.iterations(),
            parallelism: Argon2Params::DEFAULT.parallelism(),
            salt,
            envelope: Vec::new(),
            ..self.clone()
        }
    }

    fn publish(&self) -> Result<Enrolment, ErrorCode> {
        let corrupt = |_| ErrorCode::VaultCorrupt;
        Ok(Enrolment {
            id: EnrolmentId::new(self.id.as_str()).map_err(corrupt)?,
            kind: EnrolmentKind::Passphrase,
            label: Label::new(self.label.as_str()).map_err(corrupt)?,
            created: self.created,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        let id = EnrolmentId::new("AAECAwQFBgcICQoLDA0ODw").unwrap();
        let mut header = Header::new([7; 16], 5);
        header.enrolments.push(EnrolmentRecord::passphrase(&id, [3; 32], 5));
        header
    }

    #[test]
    fn the_stored_form_round_trips() {
        let header = header();
        assert_eq!(Header::decode(&header.encode()), Ok(header));
    }

    #[test]
    fn damage_is_an_error_not_a_panic() {
        let bytes = header().encode();
        for end in 0..bytes.len() {
            assert_eq!(Header::decode(&bytes[..end]), Err(ErrorCode::VaultCorrupt));
        }
        let mut other = header();
        other.schema = 2;
        assert!(Header::decode(&other.encode()).is_err());
        let mut none = header();
        none.enrolments.clear();
        assert!(Header::decode(&none.encode()).is_err());
    }
}
