//! For whom a bundle has to speak.

use sigstore_verify::types::DerPublicKey;
use sigstore_verify::{Policy, PublicKeyVerificationPolicy, VerificationPolicy};

use crate::Fault;

/// Longest key, in PEM.
const KEY_LIMIT: usize = 16 * 1024;

/// Who has to have signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signer {
    /// Whom a certificate names, which was issued for this one signature: a workflow, a person.
    Identity {
        /// The name, exactly: an address of the web or of mail.
        identity: String,
        /// Who has told the certificate's authority that it is them.
        issuer: String,
    },
    /// Who has this key.
    Key(DerPublicKey),
}

impl Signer {
    /// The holder of a public key in PEM.
    pub fn key(pem: &[u8]) -> Result<Self, Fault> {
        let text = crate::text(pem, KEY_LIMIT, "key")?;
        DerPublicKey::from_pem(text).map(Self::Key).map_err(|error| Fault::Key(error.to_string()))
    }

    /// Neither of them passes over the log, the certificate's chain, or the log of certificates.
    pub(crate) fn policy(&self) -> Box<dyn Policy> {
        match self {
            Self::Identity { identity, issuer } => {
                Box::new(VerificationPolicy::new(identity.as_str(), issuer.as_str()))
            }
            Self::Key(key) => Box::new(PublicKeyVerificationPolicy::new(key.clone())),
        }
    }
}
