//! Listing keys, page by page.

use std::collections::BTreeMap;

use kms_protocol::limits::MAX_PAGE;
use kms_protocol::{
    CallerOrigin, Cursor, ErrorCode, KeyAlias, KeyId, KeyInfo, KeyPage, ListKeysParams,
};

use super::cache::belongs;
use crate::enclave::Inner;
use crate::session::Caller;
use crate::state::UnlockedVault;
use crate::{Error, Ports, RecordKey, Store, Table, VaultLock};

/// Most records that one page looks at; the rest is left to the next page.
const MAX_SCAN: u32 = 400;

/// Records that follow one another.
struct Scan {
    /// Those that the index knows, with their generations.
    found: Vec<(KeyId, u64, Vec<u8>)>,
    /// How many others there are, or should be.
    unreadable: u32,
    /// The last one, if others may follow.
    last: Option<String>,
}

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
        let read = || self.page(&vault, (&caller.origin, &params), limit);
        let mut page = self.consistent(&vault, read).await?;
        if page.unreadable > 0 {
            // Another tab may have written what this one does not know yet.
            let _exclusive = self.ports.lock().acquire().await;
            self.refresh_if_behind(&vault).await?;
            page = read().await?;
        }
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
        let mut page = KeyPage { keys: Vec::new(), next: None, unreadable: 0 };
        let mut after = params.cursor.as_ref().map(|cursor| cursor.as_str().to_owned());
        let mut scanned = 0;
        loop {
            // Never more than the page still needs, so that its last record is its cursor.
            let need = limit - u32::try_from(page.keys.len()).unwrap_or(limit);
            let Scan { found, unreadable, last } = self.scan(vault, after.as_deref(), need).await?;
            page.unreadable += unreadable;
            for (key_id, generation, sealed) in found {
                match self.info(vault, (&key_id, generation), &sealed).await {
                    Ok(info) => page.keys.extend(Some(info).filter(wanted)),
                    // Or the vault was locked just now: then nothing is shown.
                    Err(_) => page.unreadable += 1,
                }
            }
            scanned += need;
            let Some(last) = last else { break };
            if page.keys.len() >= limit as usize || scanned >= MAX_SCAN {
                page.next = Some(Cursor::new(last).map_err(|_| ErrorCode::Unreadable)?);
                break;
            }
            after = Some(last);
        }
        Ok(page)
    }

    /// The next records, as the index knows them. One that it does not know, and one that it knows
    /// and that is not there, is counted and hides no other.
    async fn scan(
        &self,
        vault: &UnlockedVault<P>,
        after: Option<&str>,
        need: u32,
    ) -> Result<Scan, Error> {
        let key = after.map(|after| RecordKey::Text(after.into()));
        let records = self.ports.store().list(Table::Keys, key.as_ref(), need).await?;
        let last = match records.last().filter(|_| records.len() == need as usize) {
            Some((RecordKey::Text(id), _)) => Some(id.clone()),
            // Behind a record that is none of ours nothing could be found.
            Some((RecordKey::Number(_), _)) => return Err(Error::Code(ErrorCode::Unreadable)),
            None => None,
        };
        let indexed = vault.indexed(&self.ports, (after, last.as_deref())).await?;
        let mut indexed: BTreeMap<_, _> = indexed.into_iter().collect();
        let mut scan = Scan { found: Vec::with_capacity(records.len()), unreadable: 0, last };
        for (key, sealed) in records {
            let known = match key {
                RecordKey::Text(id) => indexed.remove(&id).zip(KeyId::new(id).ok()),
                RecordKey::Number(_) => None,
            };
            match known {
                Some((generation, id)) => scan.found.push((id, generation, sealed)),
                None => scan.unreadable += 1,
            }
        }
        scan.unreadable += u32::try_from(indexed.len()).unwrap_or(u32::MAX);
        Ok(scan)
    }

    pub(super) async fn info(
        &self,
        vault: &UnlockedVault<P>,
        (key_id, generation): (&KeyId, u64),
        sealed: &[u8],
    ) -> Result<KeyInfo, Error> {
        let record = vault.open_record(&self.ports, (key_id, generation), sealed).await?;
        let mut info = record.info(key_id, self.ports.crypto())?;
        let latest = record.version(None)?;
        info.protection = vault.holder(&self.ports, (key_id, &record), latest).await?;
        Ok(info)
    }
}

/// Whether a key passes the filters of a listing.
fn passes(info: &KeyInfo, filters: &ListKeysParams) -> bool {
    let alias = info.alias.as_ref().map_or("", KeyAlias::as_str);
    filters.spec.is_none_or(|spec| info.spec == spec)
        && filters.state.is_none_or(|state| info.state == state)
        && filters.alias_prefix.as_ref().is_none_or(|prefix| alias.starts_with(prefix.as_str()))
}
