//! Who may do what with a key. A policy never changes: its digest is in the additional data of
//! every wrapped version of the key.

use kms_protocol::{AuditMode, CallerOrigin, Confirmation, ErrorCode, KeyUsage, PolicyRule};
use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};

use super::token;
use crate::{Error, cbor};

/// Separates policy digests from every other use of SHA-256 in the product.
const POLICY_DOMAIN: &[u8] = b"ats-kms/key-policy/v1\0";

/// The stored policy. Members that schema 1 did not have stand at the end and are left out of the
/// encoding when absent, so that the digest of an old policy stays what it was.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct PolicyRecord {
    /// Sites that may use the key; the first one made it.
    #[n(0)]
    origins: Vec<String>,
    #[n(1)]
    usage: Vec<String>,
    #[n(2)]
    audit: String,
    /// Whether a person confirms each use; absent where nobody is asked.
    #[n(3)]
    confirmation: Option<String>,
}

impl PolicyRecord {
    /// These uses, by one site.
    pub(crate) fn of(origin: &CallerOrigin, usage: &[KeyUsage], audit: AuditMode) -> Self {
        Self {
            origins: vec![origin.as_str().into()],
            usage: usage.iter().map(|usage| usage.as_str().into()).collect(),
            audit: audit.as_str().into(),
            confirmation: None,
        }
    }

    /// The same, each use confirmed in this way.
    pub(crate) fn confirmed_by(self, confirmation: Confirmation) -> Self {
        let asks = confirmation != Confirmation::None;
        Self { confirmation: asks.then(|| confirmation.as_str().into()), ..self }
    }

    /// Digest that every wrapped private key is bound to.
    pub(crate) fn digest(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(POLICY_DOMAIN);
        hasher.update(cbor::encode(self));
        hasher.finalize().into()
    }

    /// Whether a site may use the key at all. A key of another site does not exist.
    pub(crate) fn knows(&self, origin: &CallerOrigin) -> Result<(), ErrorCode> {
        let known = self.origins.iter().any(|known| known == origin.as_str());
        if known { Ok(()) } else { Err(ErrorCode::NotFound) }
    }

    /// Whether a site made the key.
    pub(crate) fn is_owner(&self, origin: &CallerOrigin) -> bool {
        self.origins.first().is_some_and(|owner| owner == origin.as_str())
    }

    /// Whether the key may be used in this way.
    pub(crate) fn allows(&self, usage: KeyUsage) -> Result<(), Error> {
        let allowed = self.usage.iter().any(|allowed| allowed == usage.as_str());
        if allowed { Ok(()) } else { Err(Error::Denied(PolicyRule::Operation)) }
    }

    /// Sites that may use the key.
    pub(super) fn caller_origins(&self) -> Result<Vec<CallerOrigin>, ErrorCode> {
        let origin = |text: &String| CallerOrigin::new(text.as_str());
        let origins: Result<_, _> = self.origins.iter().map(origin).collect();
        origins.map_err(|_| ErrorCode::Unreadable)
    }

    /// What the key may be used for.
    pub(super) fn usage(&self) -> Result<Vec<KeyUsage>, ErrorCode> {
        let usage = |name: &String| token(KeyUsage::ALL, KeyUsage::as_str, name);
        self.usage.iter().map(usage).collect()
    }

    /// Whether a person confirms each use.
    pub(crate) fn confirmation(&self) -> Result<Confirmation, ErrorCode> {
        match &self.confirmation {
            None => Ok(Confirmation::None),
            Some(name) => token(Confirmation::ALL, Confirmation::as_str, name),
        }
    }

    /// When audit entries are on disk.
    pub(super) fn audit(&self) -> Result<AuditMode, ErrorCode> {
        token(AuditMode::ALL, AuditMode::as_str, &self.audit)
    }
}
