//! Listing keys, page by page.

use kms_protocol::limits::MAX_PAGE;
use kms_protocol::{
    CallerOrigin, Cursor, ErrorCode, KeyAlias, KeyId, KeyInfo, KeyPage, ListKeysParams,
};

use super::cache::belongs;
use crate::enclave::Inner;
use crate::session::Caller;
use crate::state::UnlockedVault;
use crate::{Error, Ports, RecordKey, Store, Table};

/// Most records that one page looks at; the rest is left to the next page.
const MAX_SCAN: u32 = 400;

impl<P: Ports> Inner<P> {
    /// A page of the caller's keys, in the order of their ids.
    pub(crate) async fn list_keys(
        &self,
        caller: &Caller,
        params: ListKeysParams,
    ) -> Result<KeyPage, Error> {
        let limit = params.limit.unwrap_or(MAX_PAGE);
        if !(1..=MAX_PAGE).contains(&limit) {
            return Err(Error::Code(ErrorCode::InvalidParams));
        }
        let vault = self.unlocked()?;
        let _turn = self.paging.lock().await;
        let page = self.consistent(&vault, || self.page(&vault, (&caller.origin, &params), limit));
        let page = page.await?;
        vault.still_open()?;
        Ok(page)
    }

    async fn page(
        &self,
        vault: &UnlockedVault<P>,
        (origin, params): (&CallerOrigin, &ListKeysParams),
        limit: u32,
    ) -> Result<KeyPage, Error> {
        let wanted = |info: &KeyInfo| belongs(info, origin).is_ok() && passes(info, params);
        let mut page = KeyPage { keys: Vec::new(), next: None };
        let mut after = params.cursor.as_ref().map(|cursor| cursor.as_str().to_owned());
        let mut scanned = 0;
        loop {
            // Never more than the page still needs, so that its last record is its cursor.
            let need = limit - u32::try_from(page.keys.len()).unwrap_or(limit);
            let found = self.scan(vault, after.as_deref(), need).await?;
            let last = found.len() < need as usize;
            for (key_id, generation, sealed) in found {
                let place = (&key_id, generation);
                let info = self.info(vault, place, &sealed).await?;
                page.keys.extend(Some(info).filter(wanted));
                after = Some(key_id.as_str().into());
            }
            scanned += need;
            if last {
                break;
            }
            if page.keys.len() >= limit as usize || scanned >= MAX_SCAN {
                page.next = after.map(Cursor::new).transpose()?;
                break;
            }
        }
        Ok(page)
    }

    /// The next records. There must be as many as the index knows, no more and no others.
    async fn scan(
        &self,
        vault: &UnlockedVault<P>,
        after: Option<&str>,
        need: u32,
    ) -> Result<Vec<(KeyId, u64, Vec<u8>)>, Error> {
        let unreadable = Error::Code(ErrorCode::Unreadable);
        let key = after.map(|after| RecordKey::Text(after.into()));
        let records = self.ports.store().list(Table::Keys, key.as_ref(), need).await?;
        let whole = records.len() == need as usize;
        let last = match records.last() {
            Some((RecordKey::Text(id), _)) if whole => Some(id.as_str()),
            _ => None,
        };
        let indexed = vault.indexed(&self.ports, (after, last)).await?;
        if indexed.len() != records.len() {
            return Err(unreadable);
        }
        let mut found = Vec::with_capacity(records.len());
        for ((id, generation), (key, sealed)) in indexed.into_iter().zip(records) {
            if key != RecordKey::Text(id.clone()) {
                return Err(unreadable);
            }
            found.push((KeyId::new(id)?, generation, sealed));
        }
        Ok(found)
    }

    pub(super) async fn info(
        &self,
        vault: &UnlockedVault<P>,
        (key_id, generation): (&KeyId, u64),
        sealed: &[u8],
    ) -> Result<KeyInfo, Error> {
        let record = vault.open_record(&self.ports, (key_id, generation), sealed).await?;
        Ok(record.info(key_id, self.ports.crypto())?)
    }
}

/// Whether a key passes the filters of a listing.
fn passes(info: &KeyInfo, filters: &ListKeysParams) -> bool {
    let alias = info.alias.as_ref().map_or("", KeyAlias::as_str);
    filters.spec.is_none_or(|spec| info.spec == spec)
        && filters.state.is_none_or(|state| info.state == state)
        && filters.alias_prefix.as_ref().is_none_or(|prefix| alias.starts_with(prefix.as_str()))
}
