//! Using keys. A signature by a cached key with deferred audit touches no storage.

use std::rc::Rc;

use kms_crypto::{CryptoProvider, SIGNATURE_LEN};
use kms_protocol::{
    CallerOrigin, ErrorCode, KeyId, KeyUsage, SignParams, Signature, Verdict, VerifyParams,
};

use super::cache::LoadedKey;
use super::change::KeyChange;
use super::index::VaultClock;
use super::record::KeyRecord;
use crate::audit::{Change, Draft, OK, Use};
use crate::enclave::Inner;
use crate::session::Caller;
use crate::state::UnlockedVault;
use crate::{Clock, Error, Ports};

/// An operation on a key, for the log.
struct Operation<'a> {
    method: &'static str,
    usage: KeyUsage,
    key_id: KeyId,
    version: Option<u32>,
    origin: &'a Rc<CallerOrigin>,
}

impl Operation<'_> {
    /// The use of a key, to be looked at again if the key changes before its entry is written.
    fn of<P: Ports>(&self, key: &LoadedKey<P>, now_ms: u64) -> Use {
        let (origin, usage, version) = (Rc::clone(self.origin), self.usage, self.version);
        // The latest version may be another one by then.
        let version = version.or(Some(key.info.version));
        Use {
            key_id: self.key_id.clone(),
            current: Rc::clone(&key.current),
            permits: Box::new(move |record| record.permits(&origin, (usage, version), now_ms)),
        }
    }
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
        let SignParams { key_id, data, version } = params;
        let operation = Operation { method: "sign", usage, key_id, version, origin };
        let key = self.permitted(&vault, &operation).await?;
        let signed = self.sign_with(&vault, (&key, version), &data).await;
        let signature = self.log(&vault, operation, &key, signed).await?;
        let version = version.unwrap_or(key.info.version);
        Ok(Signature { signature: signature.to_vec(), version })
    }

    async fn sign_with(
        &self,
        vault: &UnlockedVault<P>,
        key: (&LoadedKey<P>, Option<u32>),
        data: &[u8],
    ) -> Result<[u8; SIGNATURE_LEN], Error> {
        let handle = vault.handle(&self.ports, key).await?;
        Ok(self.ports.crypto().sign(&handle, data).await?)
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
        let VerifyParams { key_id, data, signature, version } = params;
        let operation = Operation { method: "verify", usage, key_id, version, origin };
        let key = self.permitted(&vault, &operation).await?;
        let public = key.record.version(version)?.public(key.info.spec)?;
        let valid = self.ports.crypto().verify(&public, &data, &signature).await;
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
        let loaded = self.load(vault, &operation.key_id).await;
        let permitted = loaded.and_then(|key| {
            let now = self.ports.clock().now_ms();
            let (usage, version) = (operation.usage, operation.version);
            key.record.permits(operation.origin, (usage, version), now)?;
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
            Ok(value) if key.record.counts(operation.usage) => {
                self.count(&operation, key).await?;
                vault.still_open()?;
                Ok(value)
            }
            Ok(value) if key.is_durable() => {
                let draft = self.draft(&operation, OK);
                let used = operation.of(key, draft.time);
                self.commit_use(draft, used).await.map_err(unlogged)?;
                vault.still_open()?;
                Ok(value)
            }
            // It may have been disabled while it was used.
            Ok(value) if key.current.get() => {
                self.defer(self.draft(&operation, OK));
                Ok(value)
            }
            Ok(value) => {
                let used = operation.of(key, self.ports.clock().now_ms());
                let now = self.load(vault, &operation.key_id).await;
                let permitted = now.and_then(|now| (used.permits)(&now.record));
                let outcome = permitted.as_ref().err().map_or(OK, |error| error.code().as_str());
                self.defer(self.draft(&operation, outcome));
                permitted.map(|()| value)
            }
            Err(error) => {
                self.defer(self.draft(&operation, error.code().as_str()));
                Err(error)
            }
        }
    }

    /// Counts a use in the batch of its entry. What is one use too many is refused there, however
    /// many were under way.
    async fn count(
        self: &Rc<Self>,
        operation: &Operation<'_>,
        key: &LoadedKey<P>,
    ) -> Result<(), Error> {
        let draft = self.draft(operation, OK);
        let (now, used) = (draft.time, operation.of(key, draft.time));
        let edit = move |record: &mut KeyRecord, _: &mut VaultClock| {
            (used.permits)(record)?;
            record.count(now);
            Ok(())
        };
        let change = KeyChange::edit(operation.key_id.clone(), Box::new(edit));
        let counted = self.commit_change(draft.clone(), Change::Key(change)).await;
        if let Err(error @ (Error::Code(_) | Error::Denied(_))) = &counted {
            self.defer(draft.failed(error.code()));
        }
        counted.map_err(unlogged)
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
