//! Finding keys: by id through the cache, and page by page.

use std::rc::Rc;

use kms_protocol::limits::MAX_PAGE;
use kms_protocol::{
    CallerOrigin, Cursor, ErrorCode, KeyId, KeyInfo, KeyPage, ListKeysParams, PublicKeyInfo,
    PublicKeyParams,
};

use super::cache::{LoadedKey, Signer, belongs};
use super::record::KeyRecord;
use crate::enclave::Inner;
use crate::seal;
use crate::session::Caller;
use crate::state::UnlockedVault;
use crate::{Error, Ports, RecordKey, Store, Table};

/// Most records that one page looks at; the rest is left to the next page.
const MAX_SCAN: u32 = 400;

impl<P: Ports> UnlockedVault<P> {
    /// The key, ready to be used.
    pub(super) async fn load(&self, ports: &P, key_id: &KeyId) -> Result<Rc<LoadedKey<P>>, Error> {
        let cached = self.cache.borrow_mut().find(key_id);
        match cached {
            Some(key) => Ok(key),
            None => self.load_anew(ports, key_id).await,
        }
    }

    async fn load_anew(&self, ports: &P, key_id: &KeyId) -> Result<Rc<LoadedKey<P>>, Error> {
        let record = self.read(ports, key_id).await?;
        let info = record.info(key_id, ports.crypto())?;
        self.still_open()?;
        let key = Rc::new(LoadedKey::new(info, record));
        self.cache.borrow_mut().insert(&key);
        Ok(key)
    }

    /// The private half of a version, ready to be used.
    pub(super) async fn signer(
        &self,
        ports: &P,
        (key, version): (&LoadedKey<P>, Option<u32>),
    ) -> Result<Rc<Signer<P>>, Error> {
        let version = key.record.version(version)?;
        if let Some(signer) = key.signer(version.number()) {
            return Ok(signer);
        }
        let secrets = self.secrets()?;
        let (spec, policy) = (key.info.spec, key.record.policy().digest());
        let context = seal::signing_key_context(
            &self.id,
            &key.info.key_id,
            version.number(),
            (spec, &policy),
        );
        let crypto = ports.crypto();
        let wrapped = version.wrapped()?;
        let signer = wrapped.unwrap_key(crypto, spec, &secrets.wrap, &context).await;
        let signer = Rc::new(signer.map_err(|_| ErrorCode::Unreadable)?);
        self.still_open()?;
        key.keep(version.number(), &signer);
        Ok(signer)
    }

    /// The record of a key, as it is stored now.
    pub(crate) async fn read(&self, ports: &P, key_id: &KeyId) -> Result<KeyRecord, Error> {
        let key = RecordKey::Text(key_id.as_str().into());
        let sealed = ports.store().read(Table::Keys, &key).await?;
        let sealed = sealed.ok_or(ErrorCode::NotFound)?;
        self.open_record(ports, key_id, &sealed).await
    }

    pub(super) async fn open_record(
        &self,
        ports: &P,
        key_id: &KeyId,
        sealed: &[u8],
    ) -> Result<KeyRecord, Error> {
        let secrets = self.secrets()?;
        let context = seal::key_context(&self.id, key_id);
        let plain = seal::open(ports.crypto(), &secrets.record, &context, sealed).await;
        let plain = plain.map_err(|_| ErrorCode::Unreadable)?;
        Ok(KeyRecord::decode(plain.expose())?)
    }

    /// A page of the caller's keys, in the order of their ids.
    pub(crate) async fn list_keys(
        &self,
        inner: &Inner<P>,
        caller: &Caller,
        params: ListKeysParams,
    ) -> Result<KeyPage, Error> {
        let limit = params.limit.unwrap_or(MAX_PAGE);
        if !(1..=MAX_PAGE).contains(&limit) {
            return Err(Error::Code(ErrorCode::InvalidParams));
        }
        let mut page = KeyPage { keys: Vec::new(), next: None };
        let mut after = params.cursor.map(|cursor| RecordKey::Text(cursor.as_str().into()));
        let mut scanned = 0;
        loop {
            // Never more than the page still needs, so that its last record is its cursor.
            let need = limit - u32::try_from(page.keys.len()).unwrap_or(limit);
            let records = inner.ports.store().list(Table::Keys, after.as_ref(), need).await?;
            let (asked, found) = (need as usize, records.len());
            for (key, sealed) in records {
                page.keys.extend(self.own(&inner.ports, &caller.origin, &key, &sealed).await?);
                after = Some(key);
            }
            scanned += need;
            if found < asked {
                break;
            }
            if page.keys.len() >= limit as usize || scanned >= MAX_SCAN {
                page.next = after.as_ref().map(cursor).transpose()?;
                break;
            }
        }
        self.still_open()?;
        Ok(page)
    }

    async fn own(
        &self,
        ports: &P,
        origin: &CallerOrigin,
        key: &RecordKey,
        sealed: &[u8],
    ) -> Result<Option<KeyInfo>, Error> {
        let RecordKey::Text(id) = key else { return Err(Error::Code(ErrorCode::Unreadable)) };
        let key_id = KeyId::new(id.as_str()).map_err(|_| ErrorCode::Unreadable)?;
        let record = self.open_record(ports, &key_id, sealed).await?;
        let info = record.info(&key_id, ports.crypto())?;
        Ok(belongs(&info, origin).is_ok().then_some(info))
    }
}

impl<P: Ports> Inner<P> {
    /// Everything public about a key of the caller.
    pub(crate) async fn describe_key(
        &self,
        caller: &Caller,
        key_id: &KeyId,
    ) -> Result<KeyInfo, Error> {
        let key = self.unlocked()?.load(&self.ports, key_id).await?;
        belongs(&key.info, &caller.origin)?;
        Ok(key.info.clone())
    }

    /// The public half of a key of the caller.
    pub(crate) async fn public_key(
        &self,
        caller: &Caller,
        params: &PublicKeyParams,
    ) -> Result<PublicKeyInfo, Error> {
        let key = self.unlocked()?.load(&self.ports, &params.key_id).await?;
        belongs(&key.info, &caller.origin)?;
        let public = key.record.version(params.version)?.public(key.info.spec)?;
        let jwk = public.jwk().ok_or(ErrorCode::UnsupportedAlgorithm)?;
        Ok(PublicKeyInfo { jwk, spki: public.spki() })
    }
}

fn cursor(key: &RecordKey) -> Result<Cursor, Error> {
    match key {
        RecordKey::Text(id) => Ok(Cursor::new(id.as_str())?),
        RecordKey::Number(_) => Err(Error::Code(ErrorCode::Unreadable)),
    }
}
