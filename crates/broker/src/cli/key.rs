//! Keys of operators, and what they sign.

use std::path::Path;

use base64ct::{Base64, Encoding};
use ed25519_dalek::{Signer as _, SigningKey};
use kms_broker::Error;
use kms_crypto::{KeyKind, PublicKey, SIGNATURE_LEN};
use kms_token::{Id, Refusal, Signer, SpiffeId, Statement, state};
use zeroize::Zeroizing;

use super::now;

/// A key from a file.
pub(super) struct FileKey {
    secret: SigningKey,
    pub(super) public: PublicKey,
}

/// A statement, signed.
pub(super) async fn sign(
    key: &FileKey,
    broker: &SpiffeId,
    statement: &Statement,
) -> Result<String, Error> {
    state(key, broker, statement, (random()?, now())).await.map_err(refused)
}

/// A new name.
pub(super) fn random() -> Result<Id, Error> {
    let mut name = [0; 16];
    let random = rustls::crypto::ring::default_provider().secure_random;
    random.fill(&mut name).map_err(|_| refused(Refusal::Signer))?;
    Ok(Id::new(name))
}

#[allow(clippy::needless_pass_by_value)] // as `map_err` has it
pub(super) fn refused(refusal: Refusal) -> Error {
    Error::Config(refusal.to_string())
}

impl FileKey {
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let failed = |error| Error::file(path, error);
        let text = Zeroizing::new(std::fs::read_to_string(path).map_err(failed)?);
        let mut seed = Zeroizing::new([0; 32]);
        let read = Base64::decode(text.trim_end(), &mut *seed).map(<[u8]>::len);
        let wrong = || Error::Config(format!("{}: not an Ed25519 seed", path.display()));
        if read != Ok(32) {
            return Err(wrong());
        }
        let secret = SigningKey::from_bytes(&seed);
        let raw = secret.verifying_key().to_bytes();
        let public = PublicKey::from_raw(KeyKind::Ed25519, &raw).map_err(|_| wrong())?;
        Ok(Self { secret, public })
    }
}

impl Signer for FileKey {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    async fn sign(&self, input: &[u8]) -> Result<[u8; SIGNATURE_LEN], Refusal> {
        Ok(self.secret.sign(input).to_bytes())
    }
}
