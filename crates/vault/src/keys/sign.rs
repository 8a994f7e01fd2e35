//! Using keys. A signature by a cached key with deferred audit touches no storage.

use std::rc::Rc;

use kms_crypto::CryptoProvider;
use kms_protocol::{
    CallerOrigin, ErrorCode, KeyId, KeyUsage, SignParams, Signature, Verdict, VerifyParams,
};

use super::LoadedKey;
use crate::audit::{Draft, OK};
use crate::enclave::Inner;
use crate::session::Caller;
use crate::state::UnlockedVault;
use crate::{Clock, Error, Ports};

/// An operation on a key, for the log.
struct Operation<'a> {
    method: &'static str,
    usage: KeyUsage,
    key_id: KeyId,
    origin: &'a Rc<CallerOrigin>,
}

impl<P: Ports> Inner<P> {
    /// Signs with a key of the caller.
    pub(crate) async fn sign(
        self: &Rc<Self>,
        caller: &Caller,
        params: SignParams,
    ) -> Result<Signature, Error> {
        let vault = self.unlocked()?;
        let origin = &caller.origin;
        let usage = KeyUsage::Sign;
        let operation = Operation { method: "sign", usage, key_id: params.key_id, origin };
        let key = self.permitted(&vault, &operation).await?;
        let signature = self.ports.crypto().sign(&key.signer, &params.data).await;
        let signature = self.log(&vault, operation, &key, signature.map_err(Error::from)).await?;
        Ok(Signature { signature: signature.to_vec() })
    }

    /// Verifies with a key of the caller.
    pub(crate) async fn verify(
        self: &Rc<Self>,
        caller: &Caller,
        params: VerifyParams,
    ) -> Result<Verdict, Error> {
        let vault = self.unlocked()?;
        let origin = &caller.origin;
        let usage = KeyUsage::Verify;
        let operation = Operation { method: "verify", usage, key_id: params.key_id, origin };
        let key = self.permitted(&vault, &operation).await?;
        let valid = self.ports.crypto().verify(&key.public, &params.data, &params.signature).await;
        let valid = self.log(&vault, operation, &key, valid.map_err(Error::from)).await?;
        Ok(Verdict { valid })
    }

    /// The key, if the caller may use it so. Refusals are logged too.
    async fn permitted(
        self: &Rc<Self>,
        vault: &UnlockedVault<P>,
        operation: &Operation<'_>,
    ) -> Result<Rc<LoadedKey<P>>, Error> {
        self.journal_ready().await.map_err(unlogged)?;
        let loaded = vault.load(&self.ports, &operation.key_id).await;
        let permitted = loaded.and_then(|key| {
            key.permits(operation.origin, operation.usage)?;
            Ok(key)
        });
        if let Err(error) = &permitted {
            self.defer(self.draft(operation, error.code().as_str()));
        }
        permitted
    }

    /// Releases a result when it is logged as the key demands.
    async fn log<T>(
        self: &Rc<Self>,
        vault: &UnlockedVault<P>,
        operation: Operation<'_>,
        key: &LoadedKey<P>,
        result: Result<T, Error>,
    ) -> Result<T, Error> {
        vault.still_open()?;
        match result {
            Ok(value) if key.is_durable() => {
                let draft = self.draft(&operation, OK);
                self.commit(draft, Vec::new()).await.map_err(unlogged)?;
                vault.still_open()?;
                Ok(value)
            }
            Ok(value) => {
                self.defer(self.draft(&operation, OK));
                Ok(value)
            }
            Err(error) => {
                self.defer(self.draft(&operation, error.code().as_str()));
                Err(error)
            }
        }
    }

    fn draft(&self, operation: &Operation<'_>, outcome: &'static str) -> Draft {
        Draft {
            time: self.ports.clock().now_ms(),
            method: operation.method,
            key_id: Some(operation.key_id.clone()),
            origin: Some(Rc::clone(operation.origin)),
            outcome,
        }
    }
}

/// What the store said matters to the log; the caller learns that nothing was done.
pub(crate) fn unlogged(error: Error) -> Error {
    match error {
        Error::Store(_) => Error::Code(ErrorCode::AuditUnavailable),
        other => other,
    }
}
