//! Encryption, and data keys.

use std::rc::Rc;

use kms_crypto::{CryptoProvider, SecretBytes, SecretVec};
use kms_protocol::limits::MAX_PLAINTEXT;
use kms_protocol::{
    Ciphertext, DataKey, DecryptDataKeyParams, DecryptParams, EncryptParams, EncryptionContext,
    ErrorCode, GenerateDataKeyParams, KeyUsage, Method, Plaintext, PolicyRule,
};

use super::ciphertext::Form;
use super::facts::Facts;
use super::using::{Operation, Permitted};
use crate::enclave::Inner;
use crate::session::Caller;
use crate::{Error, Ports};

/// Length in bytes of a data key.
const DATA_KEY_LEN: usize = 32;

/// Entries of the log from which on nothing is encrypted under a key any more. An AES-GCM key may be
/// used with 2³² random nonces (SP 800-38D, section 8.3), and each use is an entry, so that half of
/// that bounds every key of the vault. The other half is for what this log does not know: entries
/// that a crash took, and uses by a copy of the vault that was restored elsewhere.
const MAX_LOG: u64 = 1 << 31;

/// Fails if the log is so long that a key may have used up its nonces.
fn nonces_left(entries: u64) -> Result<(), Error> {
    if entries < MAX_LOG { Ok(()) } else { Err(Error::Denied(PolicyRule::MaxUses)) }
}

/// Fails if what becomes of the plaintext could not come back.
pub(super) fn fits(plaintext: &[u8]) -> Result<(), Error> {
    let fits = plaintext.len() <= MAX_PLAINTEXT;
    if fits { Ok(()) } else { Err(Error::Code(ErrorCode::PayloadTooLarge)) }
}

impl<P: Ports> Permitted<'_, P> {
    /// Encrypts with the version that is used.
    pub(super) async fn encrypt(
        &self,
        ports: &P,
        (form, context): (Form, &EncryptionContext),
        plaintext: &[u8],
    ) -> Result<Vec<u8>, Error> {
        nonces_left(self.vault.log.head().count())?;
        let aad = form.aad((&self.key.info.key_id, self.version), context);
        let handle = self.handle(ports).await?;
        let encrypted = ports.crypto().encrypt(&handle, &aad, plaintext).await?;
        Ok(form.join(self.version, &encrypted))
    }

    /// Decrypts with the version that the ciphertext names.
    pub(super) async fn decrypt(
        &self,
        ports: &P,
        (form, context): (Form, &EncryptionContext),
        ciphertext: &[u8],
    ) -> Result<SecretVec, Error> {
        let (version, encrypted) = form.split(ciphertext).ok_or(ErrorCode::InvalidCiphertext)?;
        let aad = form.aad((&self.key.info.key_id, version), context);
        let handle = self.vault.handle(ports, (self.key, Some(version))).await?;
        Ok(ports.crypto().decrypt(&handle, &aad, encrypted).await?)
    }
}

/// The version that a ciphertext names. What names none is refused only after the policy was asked.
pub(super) fn version_of(form: Form, ciphertext: &[u8]) -> Option<u32> {
    form.split(ciphertext).map(|(version, _)| version)
}

impl<P: Ports> Inner<P> {
    /// Encrypts with a key of the caller.
    pub(crate) async fn encrypt(
        self: &Rc<Self>,
        caller: &Caller,
        params: EncryptParams,
    ) -> Result<Ciphertext, Error> {
        let EncryptParams { key_id, plaintext, context, version } = params;
        fits(&plaintext)?;
        let context = context.unwrap_or_default();
        let what = (Form::Data, &context);
        let shown = || Facts::default().data("plaintext", &plaintext).context(&context).told();
        let operation = Operation::new(caller, Method::Encrypt, (key_id, version))?.showing(&shown);
        self.using(operation, async |permitted| {
            let ciphertext = permitted.encrypt(&self.ports, what, &plaintext).await?;
            Ok(Ciphertext { ciphertext, version: permitted.version })
        })
        .await
    }

    /// Decrypts with a key of the caller.
    pub(crate) async fn decrypt(
        self: &Rc<Self>,
        caller: &Caller,
        params: DecryptParams,
    ) -> Result<Plaintext, Error> {
        let DecryptParams { key_id, ciphertext, context } = params;
        let context = context.unwrap_or_default();
        let what = (Form::Data, &context);
        let version = version_of(Form::Data, &ciphertext);
        let shown = || Facts::default().bytes("ciphertext", &ciphertext).context(&context).told();
        let operation = Operation::new(caller, Method::Decrypt, (key_id, version))?.showing(&shown);
        self.using(operation, async |permitted| {
            let plaintext = permitted.decrypt(&self.ports, what, &ciphertext).await?;
            Ok(Plaintext { plaintext: plaintext.expose().to_vec(), version: permitted.version })
        })
        .await
    }

    /// Encrypts again with the latest version.
    pub(crate) async fn rewrap(
        self: &Rc<Self>,
        caller: &Caller,
        params: DecryptParams,
    ) -> Result<Ciphertext, Error> {
        let DecryptParams { key_id, ciphertext, context } = params;
        let context = context.unwrap_or_default();
        let what = (Form::Data, &context);
        let shown = || Facts::default().bytes("ciphertext", &ciphertext).context(&context).told();
        let operation = Operation::new(caller, Method::Rewrap, (key_id, None))?.showing(&shown);
        let operation = operation.reading(version_of(Form::Data, &ciphertext));
        self.using(operation, async |permitted| {
            let plaintext = permitted.decrypt(&self.ports, what, &ciphertext).await?;
            let ciphertext = permitted.encrypt(&self.ports, what, plaintext.expose()).await?;
            Ok(Ciphertext { ciphertext, version: permitted.version })
        })
        .await
    }

    /// Makes a data key under a key of the caller.
    pub(crate) async fn generate_data_key(
        self: &Rc<Self>,
        caller: &Caller,
        params: GenerateDataKeyParams,
    ) -> Result<DataKey, Error> {
        let GenerateDataKeyParams { key_id, context, with_plaintext } = params;
        let context = context.unwrap_or_default();
        let what = (Form::DataKey, &context);
        let bare = with_plaintext.unwrap_or(false);
        let usage = if bare { KeyUsage::DataKeyPlaintext } else { KeyUsage::DataKey };
        let shown = || {
            let told = if bare { "goes to the site" } else { "stays wrapped" };
            Facts::default().line("plaintext", told).context(&context).told()
        };
        let operation = Operation::new(caller, Method::GenerateDataKey, (key_id, None))?;
        let operation = operation.with(usage).showing(&shown);
        self.using(operation, async |permitted| {
            let fill = |out: &mut [u8; DATA_KEY_LEN]| self.ports.crypto().fill_random(out);
            let key = SecretBytes::try_new_with(fill)?;
            let wrapped = permitted.encrypt(&self.ports, what, key.expose()).await?;
            let plaintext = bare.then(|| key.expose().to_vec());
            Ok(DataKey { wrapped, plaintext, version: permitted.version })
        })
        .await
    }

    /// Unwraps a data key of the caller.
    pub(crate) async fn decrypt_data_key(
        self: &Rc<Self>,
        caller: &Caller,
        params: DecryptDataKeyParams,
    ) -> Result<Plaintext, Error> {
        let DecryptDataKeyParams { key_id, wrapped, context } = params;
        let context = context.unwrap_or_default();
        let what = (Form::DataKey, &context);
        let version = version_of(Form::DataKey, &wrapped);
        let shown = || Facts::default().bytes("wrapped", &wrapped).context(&context).told();
        let operation = Operation::new(caller, Method::DecryptDataKey, (key_id, version))?;
        let operation = operation.showing(&shown);
        self.using(operation, async |permitted| {
            let plaintext = permitted.decrypt(&self.ports, what, &wrapped).await?;
            Ok(Plaintext { plaintext: plaintext.expose().to_vec(), version: permitted.version })
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_runs_out_of_nonces() {
        assert_eq!(nonces_left(MAX_LOG - 1), Ok(()));
        for entries in [MAX_LOG, u64::MAX] {
            assert_eq!(nonces_left(entries), Err(Error::Denied(PolicyRule::MaxUses)));
        }
    }
}
