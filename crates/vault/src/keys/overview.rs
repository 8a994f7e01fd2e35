//! The keys of all sites, for the person who owns them. No method of a page leads here.

use kms_protocol::{CallerOrigin, ErrorCode, KeyId, KeyInfo, Label, PublicKeyInfo};

use super::cache::belongs;
use crate::state::UnlockedVault;
use crate::ui::{KeyDetails, KeyRow};
use crate::{Error, Ports, RecordKey, Store, Table};

/// Most keys of one page.
const PAGE: u32 = 20;

/// A page of keys.
pub(crate) struct Overview {
    pub(crate) rows: Vec<KeyRow>,
    /// The last of them, if others follow.
    pub(crate) more: Option<RecordKey>,
}

impl<P: Ports> UnlockedVault<P> {
    /// The keys that follow `after`, in the order of their ids. One that cannot be read is listed
    /// as such and hides no other.
    pub(crate) async fn overview(
        &self,
        ports: &P,
        after: Option<&RecordKey>,
    ) -> Result<Overview, Error> {
        let mut records = ports.store().list(Table::Keys, after, PAGE + 1).await?;
        let more = records.len() > PAGE as usize;
        records.truncate(PAGE as usize);
        let last = records.last().map(|(key, _)| key.clone()).filter(|_| more);
        let mut rows = Vec::with_capacity(records.len());
        for (key, sealed) in records {
            rows.push(self.row(ports, &key, &sealed).await?);
        }
        self.still_open()?;
        Ok(Overview { rows, more: last })
    }

    async fn row(&self, ports: &P, key: &RecordKey, sealed: &[u8]) -> Result<KeyRow, Error> {
        let key_id = match key {
            RecordKey::Text(id) => KeyId::new(id.as_str()).ok(),
            RecordKey::Number(_) => None,
        };
        let Some(key_id) = key_id else { return Ok(KeyRow::Unreadable(None)) };
        match self.publish(ports, &key_id, sealed).await {
            Ok(info) => Ok(KeyRow::Key(Box::new(info))),
            Err(Error::Code(ErrorCode::Unreadable)) => Ok(KeyRow::Unreadable(Some(key_id))),
            Err(error) => Err(error),
        }
    }

    async fn publish(&self, ports: &P, key_id: &KeyId, sealed: &[u8]) -> Result<KeyInfo, Error> {
        let record = self.open_record(ports, key_id, sealed).await?;
        Ok(record.info(key_id, ports.crypto())?)
    }

    /// Everything public about a key, as it is stored now.
    pub(crate) async fn details(&self, ports: &P, key_id: &KeyId) -> Result<KeyDetails, Error> {
        let record = self.read(ports, key_id).await?;
        let key = record.info(key_id, ports.crypto())?;
        let mut public = Vec::with_capacity(record.versions().len());
        for version in record.versions() {
            let half = version.public(key.spec)?;
            let jwk = half.jwk().ok_or(ErrorCode::UnsupportedAlgorithm)?;
            public.push(PublicKeyInfo { jwk, spki: half.spki() });
        }
        self.still_open()?;
        Ok(KeyDetails { key, public })
    }

    /// Whether a key is one of a site's. One that cannot be read is nobody's.
    pub(crate) async fn is_of(
        &self,
        ports: &P,
        key_id: &KeyId,
        origin: &CallerOrigin,
    ) -> Result<bool, Error> {
        let info = self.known(ports, key_id).await?;
        Ok(info.is_some_and(|info| belongs(&info, origin).is_ok()))
    }

    /// The label of a key, if it has one and can be read.
    pub(crate) async fn label(&self, ports: &P, key_id: &KeyId) -> Result<Option<Label>, Error> {
        Ok(self.known(ports, key_id).await?.and_then(|info| info.label))
    }

    async fn known(&self, ports: &P, key_id: &KeyId) -> Result<Option<KeyInfo>, Error> {
        match self.load(ports, key_id).await {
            Ok(key) => Ok(Some(key.info.clone())),
            Err(Error::Code(ErrorCode::NotFound | ErrorCode::Unreadable)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
