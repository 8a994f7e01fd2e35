//! An authenticator in memory.

use base64ct::{Base64UrlUnpadded, Encoding};
use kms_crypto::software::SoftwareProvider;
use kms_crypto::{CryptoError, CryptoProvider, KeyKind, PublicKey, SecretBytes, SecretVec, hkdf};
use kms_vault::{Assertion, Factor, PasskeyAnswer};
use p256::ecdsa::signature::Signer;
use pollster::block_on;
use sha2::{Digest, Sha256};

use crate::PAGE;

/// Host name that the passkeys of the tests belong to.
pub const HOST: &str = "kms.example";
/// Origin of the enclave of the tests.
pub const ENCLAVE: &str = "https://kms.example";

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
    /// What kind of key it signs with, if it tells.
    pub signs: Option<KeyKind>,
}

#[allow(clippy::unwrap_used)] // the numbers of the tests are keys
impl FakePasskey {
    /// The passkey with this number.
    #[must_use]
    pub fn new(number: u8) -> Self {
        let (credential, secret) = (vec![number; 16], [number; 32]);
        Self { credential, host: HOST, flags: 0b101, secret, signs: None }
    }

    /// The same, one that tells the public key that it signs with.
    #[must_use]
    pub fn signing(number: u8, kind: KeyKind) -> Self {
        Self { signs: Some(kind), ..Self::new(number) }
    }

    fn p256(&self) -> p256::ecdsa::SigningKey {
        p256::ecdsa::SigningKey::from_slice(&self.secret).unwrap()
    }

    /// Its public key, as DER `SubjectPublicKeyInfo`.
    ///
    /// # Panics
    /// If the secret is no key.
    #[must_use]
    pub fn public_key(&self) -> Option<Vec<u8>> {
        let key = if self.signs? == KeyKind::EcP256 {
            let point = self.p256().verifying_key().to_sec1_point(false);
            PublicKey::from_raw(KeyKind::EcP256, point.as_bytes())
        } else {
            let seed = SecretBytes::copy_of(&self.secret).ok()?;
            block_on(provider().import_ed25519(&seed)).map(|(_, public)| public)
        };
        key.ok().map(|key| key.spki())
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        if self.signs == Some(KeyKind::EcP256) {
            let signature: p256::ecdsa::Signature = self.p256().sign(message);
            return signature.to_der().as_bytes().to_vec();
        }
        let seed = SecretBytes::copy_of(&self.secret).unwrap();
        let signed = block_on(async {
            let (key, _) = provider().import_ed25519(&seed).await?;
            provider().sign(&key, message).await
        });
        signed.unwrap().to_vec()
    }

    fn authenticator_data(&self) -> Vec<u8> {
        let mut data = Sha256::digest(self.host).to_vec();
        data.extend([self.flags, 0, 0, 0, 1]);
        data
    }

    /// What it signs over this client data.
    ///
    /// # Panics
    /// If the secret is no key.
    #[must_use]
    pub fn assertion(&self, client_data: &str) -> Assertion {
        let authenticator_data = self.authenticator_data();
        let signed = [&authenticator_data[..], &Sha256::digest(client_data)].concat();
        Assertion {
            credential: self.credential.clone(),
            client_data: client_data.into(),
            authenticator_data,
            signature: self.sign(&signed),
        }
    }

    /// What it signs to approve this digest, in a frame of [`PAGE`].
    ///
    /// # Panics
    /// If the secret is no key.
    #[must_use]
    pub fn approves(&self, digest: &[u8; 32]) -> Assertion {
        self.assertion(&client_data(digest))
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
        Factor::Passkey(PasskeyAnswer {
            credential: self.credential.clone(),
            prf: SecretVec::new(self.prf(salt)),
            prf_at_creation: None,
            authenticator_data: self.authenticator_data(),
            public_key: self.public_key(),
        })
    }
}

/// What it signs with needs no randomness.
fn provider() -> SoftwareProvider {
    SoftwareProvider::new(|_| Err(CryptoError::Random))
}

/// Client data of an assertion for this challenge, in a frame of [`PAGE`].
#[must_use]
pub fn client_data(challenge: &[u8; 32]) -> String {
    let challenge = Base64UrlUnpadded::encode_string(challenge);
    format!(
        r#"{{"type":"webauthn.get","challenge":"{challenge}","origin":"{ENCLAVE}","crossOrigin":true,"topOrigin":"{PAGE}"}}"#
    )
}
