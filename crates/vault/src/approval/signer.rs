//! Passkeys whose signatures approve, as the sealed settings hold them.

use kms_crypto::PublicKey;
use kms_protocol::ErrorCode;
use minicbor::{Decode, Encode};

/// A passkey whose public key was learned when it was made. It does not stand in the header: who
/// can write to the storage could put a key of their own there.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Signer {
    /// Enrolment that it goes with.
    #[n(0)]
    enrolment: String,
    /// Credential id.
    #[cbor(n(1), with = "minicbor::bytes")]
    credential: Vec<u8>,
    /// Public key, as DER `SubjectPublicKeyInfo`.
    #[cbor(n(2), with = "minicbor::bytes")]
    key: Vec<u8>,
}

impl Signer {
    /// The passkey of an enrolment.
    pub(crate) fn new(enrolment: &str, credential: &[u8], key: &PublicKey) -> Self {
        Self { enrolment: enrolment.into(), credential: credential.into(), key: key.spki() }
    }

    /// Enrolment that it goes with.
    pub(crate) fn enrolment(&self) -> &str {
        &self.enrolment
    }

    /// Credential id.
    pub(crate) fn credential(&self) -> &[u8] {
        &self.credential
    }

    /// Public key.
    pub(crate) fn key(&self) -> Result<PublicKey, ErrorCode> {
        let key = PublicKey::signing_from_spki(&self.key).and_then(Result::ok);
        key.ok_or(ErrorCode::VaultCorrupt)
    }
}
