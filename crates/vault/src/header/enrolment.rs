//! One way to open a vault, as the header holds it.

use kms_crypto::Argon2Params;
use kms_protocol::{Enrolment, EnrolmentId, EnrolmentKind, ErrorCode, Label};
use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};

use crate::attempts::Attempts;
use crate::cbor;
use crate::ui::Passkey;

/// Longest credential id (Web Authentication, section 4, "Credential ID").
pub(super) const MAX_CREDENTIAL: usize = 1023;
/// Separates these digests from every other use of SHA-256 in the product.
const BINDING_DOMAIN: &[u8] = b"ats-kms/enrolment/v2\0";

/// One way to open the vault.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct EnrolmentRecord {
    #[n(0)]
    pub(crate) id: String,
    #[n(1)]
    pub(crate) label: String,
    #[n(2)]
    pub(crate) created: u64,
    #[n(3)]
    pub(crate) last_used: Option<u64>,
    #[n(4)]
    pub(crate) method: Method,
    /// Input of the device key's MAC; salt of Argon2id or input of the PRF.
    #[cbor(n(5), with = "minicbor::bytes")]
    pub(crate) salt: [u8; 32],
    /// The sealed RootKey.
    #[cbor(n(6), with = "minicbor::bytes")]
    pub(crate) envelope: Vec<u8>,
    /// Whether the envelope was sealed under schema 1, which did not bind the parameters. It is
    /// sealed again at the next unlock.
    #[n(7)]
    pub(crate) unbound: bool,
    #[n(8)]
    pub(crate) attempts: Attempts,
}

/// What kind of enrolment it is, with the parameters of its kind.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Method {
    /// A passphrase, through Argon2id.
    #[n(0)]
    Passphrase(#[n(0)] KdfRecord),
    /// A passkey with the PRF extension.
    #[n(1)]
    Passkey {
        /// Credential id.
        #[cbor(n(0), with = "minicbor::bytes")]
        credential: Vec<u8>,
    },
    /// A recovery phrase.
    #[n(2)]
    Phrase,
}

/// Argon2id parameters as they are stored; not trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct KdfRecord {
    /// Memory in KiB.
    #[n(0)]
    pub(super) memory_kib: u32,
    /// Passes.
    #[n(1)]
    pub(super) iterations: u32,
    /// Lanes.
    #[n(2)]
    pub(super) parallelism: u32,
}

impl EnrolmentRecord {
    /// An enrolment whose envelope is still to be sealed.
    pub(crate) fn new(
        (id, label): (&EnrolmentId, &Label),
        method: Method,
        salt: [u8; 32],
        created: u64,
    ) -> Self {
        Self {
            id: id.as_str().into(),
            label: label.as_str().into(),
            created,
            last_used: None,
            method,
            salt,
            envelope: Vec::new(),
            unbound: false,
            attempts: Attempts::default(),
        }
    }

    /// What it is.
    pub(crate) const fn kind(&self) -> EnrolmentKind {
        self.method.kind()
    }

    /// Digest of kind and parameters, to which the envelope is bound; none in schema 1.
    pub(crate) fn binding(&self) -> Option<[u8; 32]> {
        if self.unbound {
            return None;
        }
        let mut hasher = Sha256::new();
        hasher.update(BINDING_DOMAIN);
        hasher.update(self.salt);
        hasher.update(cbor::encode(&self.method));
        Some(hasher.finalize().into())
    }

    pub(super) fn is_sane(&self) -> bool {
        match &self.method {
            Method::Passkey { credential } => (1..=MAX_CREDENTIAL).contains(&credential.len()),
            Method::Passphrase(_) | Method::Phrase => true,
        }
    }

    pub(super) fn passkey(&self) -> Option<Passkey> {
        let Method::Passkey { credential } = &self.method else { return None };
        let enrolment = EnrolmentId::new(self.id.as_str()).ok()?;
        Some(Passkey { enrolment, credential: credential.clone(), salt: self.salt })
    }

    pub(super) fn publish(&self) -> Result<Enrolment, ErrorCode> {
        let corrupt = |_| ErrorCode::VaultCorrupt;
        Ok(Enrolment {
            id: EnrolmentId::new(self.id.as_str()).map_err(corrupt)?,
            kind: self.kind(),
            label: Label::new(self.label.as_str()).map_err(corrupt)?,
            created: self.created,
            last_used: self.last_used,
        })
    }
}

impl Method {
    /// What kind it is of.
    pub(crate) const fn kind(&self) -> EnrolmentKind {
        match self {
            Method::Passphrase(_) => EnrolmentKind::Passphrase,
            Method::Passkey { .. } => EnrolmentKind::Passkey,
            Method::Phrase => EnrolmentKind::RecoveryPhrase,
        }
    }
}

impl KdfRecord {
    /// The stored form of parameters.
    pub(crate) const fn of(params: Argon2Params) -> Self {
        Self {
            memory_kib: params.memory_kib(),
            iterations: params.iterations(),
            parallelism: params.parallelism(),
        }
    }

    /// The parameters; refused outside of the bounds of any release.
    pub(crate) fn params(self) -> Result<Argon2Params, ErrorCode> {
        Ok(Argon2Params::new(self.memory_kib, self.iterations, self.parallelism)?)
    }

    /// Whether today's default costs an attacker more.
    pub(crate) const fn is_outdated(self) -> bool {
        let today = Argon2Params::DEFAULT;
        self.memory_kib < today.memory_kib() || self.iterations < today.iterations()
    }
}
