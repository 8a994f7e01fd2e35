//! An authenticator in memory.

use kms_crypto::{SecretVec, hkdf};
use kms_vault::{Factor, PasskeyAnswer};
use sha2::{Digest, Sha256};

/// Host name that the passkeys of the tests belong to.
pub const HOST: &str = "kms.example";

/// One passkey.
#[derive(Clone)]
pub struct FakePasskey {
    /// Credential id.
    pub credential: Vec<u8>,
    /// The site it answers to.
    pub host: &'static str,
    /// Flags of its authenticator data: present and verified, normally.
    pub flags: u8,
    /// What its PRF is keyed with.
    pub secret: [u8; 32],
}

impl FakePasskey {
    /// The passkey with this number.
    #[must_use]
    pub fn new(number: u8) -> Self {
        Self { credential: vec![number; 16], host: HOST, flags: 0b101, secret: [number; 32] }
    }

    /// PRF output for a salt.
    #[must_use]
    pub fn prf(&self, salt: &[u8; 32]) -> Vec<u8> {
        let mut output = vec![0; 32];
        // One block is always within the limit.
        let _infallible = hkdf::derive_into(salt, &[&self.secret], b"prf", &mut output);
        output
    }

    /// The answer of its ceremony.
    #[must_use]
    pub fn answer(&self, salt: &[u8; 32]) -> Factor {
        let mut authenticator_data = Sha256::digest(self.host).to_vec();
        authenticator_data.extend([self.flags, 0, 0, 0, 1]);
        Factor::Passkey(PasskeyAnswer {
            credential: self.credential.clone(),
            prf: SecretVec::new(self.prf(salt)),
            prf_at_creation: None,
            authenticator_data,
        })
    }
}
