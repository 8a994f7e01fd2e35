//! Approvers of tests.

use ed25519_dalek::{Signer as _, SigningKey};
use kms_crypto::{KeyKind, PublicKey, SIGNATURE_LEN};
use kms_token::{Refusal, Signer};

/// An approver whose key is here.
pub struct Approver {
    secret: SigningKey,
    public: PublicKey,
}

impl Approver {
    pub fn new(seed: u8) -> Self {
        let secret = SigningKey::from_bytes(&[seed; 32]);
        let raw = secret.verifying_key().to_bytes();
        let public = PublicKey::from_raw(KeyKind::Ed25519, &raw).unwrap();
        Self { secret, public }
    }

    pub fn kid(&self) -> String {
        self.public.thumbprint()
    }

    pub fn raw(&self) -> String {
        use base64ct::{Base64UrlUnpadded, Encoding};
        Base64UrlUnpadded::encode_string(self.public.raw())
    }
}

impl Signer for Approver {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    async fn sign(&self, input: &[u8]) -> Result<[u8; SIGNATURE_LEN], Refusal> {
        Ok(self.secret.sign(input).to_bytes())
    }
}

pub fn alice() -> Approver {
    Approver::new(1)
}

pub fn bob() -> Approver {
    Approver::new(2)
}

pub fn root() -> Approver {
    Approver::new(8)
}
