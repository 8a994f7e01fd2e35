//! Finding keys by their ids, through the cache.

use std::rc::Rc;

use kms_crypto::PublicKey;
use kms_protocol::{ErrorCode, KeyId, KeyInfo, PublicKeyInfo, PublicKeyParams};

use super::cache::{Handle, LoadedKey, belongs};
use super::index;
use super::record::{KeyRecord, VersionRecord};
use crate::enclave::Inner;
use crate::seal;
use crate::session::Caller;
use crate::state::UnlockedVault;
use crate::{Error, Ports, RecordKey, Store, Table, VaultLock};

impl<P: Ports> UnlockedVault<P> {
    async fn load_anew(&self, ports: &P, key_id: &KeyId) -> Result<Rc<LoadedKey<P>>, Error> {
        let record = self.read(ports, key_id).await?;
        let info = record.info(key_id, ports.crypto())?;
        self.still_open()?;
        let key = Rc::new(LoadedKey::new(info, record));
        self.cache.borrow_mut().insert(&key);
        Ok(key)
    }

    /// The private or secret half of a version, ready to be used.
    pub(super) async fn handle(
        &self,
        ports: &P,
        (key, version): (&LoadedKey<P>, Option<u32>),
    ) -> Result<Rc<Handle<P>>, Error> {
        let version = key.record.version(version)?;
        if let Some(handle) = key.handle(version.number()) {
            return Ok(handle);
        }
        let handle = self.unwrap(ports, (&key.info.key_id, &key.record), version).await?;
        let handle = Rc::new(handle);
        self.still_open()?;
        key.keep(version.number(), &handle);
        Ok(handle)
    }

    /// A handle of the private or secret half of a version.
    pub(super) async fn unwrap(
        &self,
        ports: &P,
        (key_id, record): (&KeyId, &KeyRecord),
        version: &VersionRecord,
    ) -> Result<Handle<P>, Error> {
        let secrets = self.secrets()?;
        let (spec, policy) = (record.spec()?, record.policy().digest());
        let context =
            seal::signing_key_context(&self.id, key_id, version.number(), (spec, &policy));
        let (crypto, wrapped) = (ports.crypto(), version.wrapped()?);
        let handle = wrapped.unwrap_key(crypto, spec, &secrets.wrap, &context).await;
        Ok(handle.map_err(|_| ErrorCode::Unreadable)?)
    }

    /// The record of a key, as it is stored now and as the index knows it.
    pub(crate) async fn read(&self, ports: &P, key_id: &KeyId) -> Result<KeyRecord, Error> {
        let root = self.index.borrow().clone();
        let bucket = self.bucket(ports, &root, index::bucket_of(key_id.as_str())).await?;
        let key = RecordKey::Text(key_id.as_str().into());
        let sealed = ports.store().read(Table::Keys, &key).await?;
        match (bucket.generation(key_id), sealed) {
            (Some(generation), Some(sealed)) => {
                self.open_record(ports, (key_id, generation), &sealed).await
            }
            (None, None) => Err(Error::Code(ErrorCode::NotFound)),
            // It was removed, or put where none was made.
            _ => Err(Error::Code(ErrorCode::Unreadable)),
        }
    }

    pub(super) async fn open_record(
        &self,
        ports: &P,
        (key_id, generation): (&KeyId, u64),
        sealed: &[u8],
    ) -> Result<KeyRecord, Error> {
        let secrets = self.secrets()?;
        let context = seal::key_context(&self.id, key_id, generation);
        let plain = seal::open(ports.crypto(), &secrets.record, &context, sealed).await;
        let plain = plain.map_err(|_| ErrorCode::Unreadable)?;
        Ok(KeyRecord::decode(plain.expose())?)
    }
}

impl<P: Ports> Inner<P> {
    /// The key, ready to be used.
    pub(crate) async fn load(
        &self,
        vault: &UnlockedVault<P>,
        key_id: &KeyId,
    ) -> Result<Rc<LoadedKey<P>>, Error> {
        let cached = vault.cache.borrow_mut().find(key_id);
        match cached {
            Some(key) => Ok(key),
            None => self.consistent(vault, || vault.load_anew(&self.ports, key_id)).await,
        }
    }

    /// Reads something of keys. Where that does not fit what this tab knows, another one may have
    /// written: then again, under the lock and with what is stored now.
    pub(super) async fn consistent<T>(
        &self,
        vault: &UnlockedVault<P>,
        read: impl AsyncFn() -> Result<T, Error>,
    ) -> Result<T, Error> {
        match read().await {
            Err(Error::Code(ErrorCode::NotFound | ErrorCode::Unreadable)) => {}
            done => return done,
        }
        let _exclusive = self.ports.lock().acquire().await;
        self.refresh_if_behind(vault).await?;
        read().await
    }

    /// Everything public about a key of the caller.
    pub(crate) async fn describe_key(
        &self,
        caller: &Caller,
        key_id: &KeyId,
    ) -> Result<KeyInfo, Error> {
        let vault = self.unlocked()?;
        let key = self.load(&vault, key_id).await?;
        belongs(&key.info, &caller.origin)?;
        let info = vault.with_holders(&self.ports, key_id, &key.record).await?;
        vault.still_open()?;
        Ok(info)
    }

    /// The public half of a key of the caller.
    pub(crate) async fn public_key(
        &self,
        caller: &Caller,
        params: &PublicKeyParams,
    ) -> Result<PublicKeyInfo, Error> {
        let key = self.load(&*self.unlocked()?, &params.key_id).await?;
        belongs(&key.info, &caller.origin)?;
        let public = key.record.version(params.version)?.public(key.info.spec)?;
        publish(&public)
    }
}

/// A public key as callers see it.
pub(super) fn publish(public: &PublicKey) -> Result<PublicKeyInfo, Error> {
    Ok(PublicKeyInfo {
        jwk: public.jwk(),
        spki: public.spki(),
        pem: public.pem()?,
        raw: public.raw().to_vec(),
    })
}
