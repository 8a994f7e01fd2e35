//! The keys of all sites, for the person who owns them. No method of a page leads here.

use kms_protocol::{CallerOrigin, ErrorCode, KeyId, KeyInfo, Label};

use super::cache::belongs;
use super::find::publish;
use crate::enclave::Inner;
use crate::state::UnlockedVault;
use crate::ui::{KeyDetails, KeyRow};
use crate::{Error, Ports, RecordKey, Store, Table, VaultLock};

/// Most keys of one page.
const PAGE: u32 = 20;

/// A page of keys.
pub(crate) struct Overview {
    pub(crate) rows: Vec<KeyRow>,
    /// The last of them, if others follow.
    pub(crate) more: Option<RecordKey>,
}

impl<P: Ports> Inner<P> {
    /// The keys that follow `after`, in the order of their ids. One that cannot be read, or that is
    /// missing, is listed as such and hides no other.
    pub(crate) async fn overview(
        &self,
        vault: &UnlockedVault<P>,
        after: Option<&RecordKey>,
    ) -> Result<Overview, Error> {
        let page = self.page_of_all(vault, after).await?;
        if !page.rows.iter().any(|row| matches!(row, KeyRow::Unreadable(_))) {
            return Ok(page);
        }
        // Another tab may have written what this one does not know yet.
        let exclusive = self.ports.lock().acquire().await;
        self.refresh_if_behind(vault).await?;
        drop(exclusive);
        self.page_of_all(vault, after).await
    }

    async fn page_of_all(
        &self,
        vault: &UnlockedVault<P>,
        after: Option<&RecordKey>,
    ) -> Result<Overview, Error> {
        let mut records = self.ports.store().list(Table::Keys, after, PAGE + 1).await?;
        let more = records.len() > PAGE as usize;
        records.truncate(PAGE as usize);
        let last = records.last().map(|(key, _)| key.clone()).filter(|_| more);
        let mut indexed = vault.indexed(&self.ports, (id_of(after), id_of(last.as_ref()))).await?;
        let mut rows = Vec::with_capacity(records.len());
        for (key, sealed) in records {
            let known = indexed.iter().position(|(id, _)| Some(id.as_str()) == id_of(Some(&key)));
            let generation = known.map(|at| indexed.remove(at).1);
            let row = self.row(vault, (&key, generation), &sealed).await?;
            rows.push((key, row));
        }
        for (id, _) in indexed.into_iter().take(PAGE as usize) {
            let missing = KeyRow::Unreadable(KeyId::new(id.as_str()).ok());
            rows.push((RecordKey::Text(id), missing));
        }
        rows.sort_by(|(one, _), (other, _)| one.cmp(other));
        vault.still_open()?;
        Ok(Overview { rows: rows.into_iter().map(|(_, row)| row).collect(), more: last })
    }

    async fn row(
        &self,
        vault: &UnlockedVault<P>,
        (key, generation): (&RecordKey, Option<u64>),
        sealed: &[u8],
    ) -> Result<KeyRow, Error> {
        let Some(key_id) = id_of(Some(key)).and_then(|id| KeyId::new(id).ok()) else {
            return Ok(KeyRow::Unreadable(None));
        };
        let opened = match generation {
            Some(generation) => self.info(vault, (&key_id, generation), sealed).await,
            None => Err(Error::Code(ErrorCode::Unreadable)),
        };
        match opened {
            Ok(info) => Ok(KeyRow::Key(Box::new(info))),
            // Or the vault was locked just now: then nothing is shown.
            Err(_) => Ok(KeyRow::Unreadable(Some(key_id))),
        }
    }

    /// Everything public about a key, as it is stored now.
    pub(crate) async fn details(
        &self,
        vault: &UnlockedVault<P>,
        key_id: &KeyId,
    ) -> Result<KeyDetails, Error> {
        let record = self.consistent(vault, || vault.read(&self.ports, key_id)).await?;
        let key = vault.with_holders(&self.ports, key_id, &record).await?;
        let mut public = Vec::with_capacity(record.versions().len());
        for version in record.versions() {
            public.extend(version.half(key.spec)?.as_ref().map(publish).transpose()?);
        }
        vault.still_open()?;
        Ok(KeyDetails { key, public })
    }

    /// Whether a key is one of a site's. One that cannot be read is nobody's.
    pub(crate) async fn is_of(
        &self,
        vault: &UnlockedVault<P>,
        key_id: &KeyId,
        origin: &CallerOrigin,
    ) -> Result<bool, Error> {
        let info = self.known(vault, key_id).await?;
        Ok(info.is_some_and(|info| belongs(&info, origin).is_ok()))
    }

    /// The label of a key, if it has one and can be read.
    pub(crate) async fn label(
        &self,
        vault: &UnlockedVault<P>,
        key_id: &KeyId,
    ) -> Result<Option<Label>, Error> {
        Ok(self.known(vault, key_id).await?.and_then(|info| info.label))
    }

    async fn known(
        &self,
        vault: &UnlockedVault<P>,
        key_id: &KeyId,
    ) -> Result<Option<KeyInfo>, Error> {
        match self.load(vault, key_id).await {
            Ok(key) => Ok(Some(key.info.clone())),
            Err(Error::Code(ErrorCode::NotFound | ErrorCode::Unreadable)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The id that a record of keys is named by.
fn id_of(key: Option<&RecordKey>) -> Option<&str> {
    match key {
        Some(RecordKey::Text(id)) => Some(id),
        _ => None,
    }
}
