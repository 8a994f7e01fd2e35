//! [`Store`] over IndexedDB.
//!
//! The tables of the vault are object stores with keys of their own; one more, `control`,
//! holds what the store itself needs: the generation and the handle of the device key.

mod commit;
mod connection;
mod health;
mod idb;

use js_sys::{Array, Uint8Array};
use kms_protocol::StorageHealth;
use kms_vault::{Batch, Generation, RecordKey, Store, StoreError, Table};
use wasm_bindgen::{JsCast, JsValue};

pub(crate) use connection::IdbStore;
use idb::Transaction;

use crate::js::{self, Kind};
use crate::provider::CryptoKey;

/// Object store of the store's own records.
const CONTROL: &str = "control";
/// Where the generation is.
const GENERATION: &str = "generation";
/// Where the handle of the device key is.
const DEVICE_KEY: &str = "deviceKey";

impl Store for IdbStore {
    type Device = CryptoKey;

    async fn generation(&self) -> Result<Generation, StoreError> {
        generation_of(&self.get(CONTROL, &GENERATION.into()).await?)
    }

    async fn read(&self, table: Table, key: &RecordKey) -> Result<Option<Vec<u8>>, StoreError> {
        let value = self.get(table.name(), &key_to_js(key)).await?;
        if value.is_undefined() { Ok(None) } else { record(&value).map(Some) }
    }

    async fn list(
        &self,
        table: Table,
        after: Option<&RecordKey>,
        limit: u32,
    ) -> Result<Vec<(RecordKey, Vec<u8>)>, StoreError> {
        let range = match after {
            Some(key) => idb::lower_bound(&key_to_js(key), true).map_err(unavailable)?,
            None => JsValue::UNDEFINED,
        };
        let (keys, values) = self.get_all(table.name(), &range, limit).await?;
        keys.iter().zip(values.iter()).map(|(k, v)| Ok((key_from_js(&k)?, record(&v)?))).collect()
    }

    async fn commit(
        &self,
        expect: Generation,
        batch: Batch<CryptoKey>,
    ) -> Result<Generation, StoreError> {
        commit::commit(self, expect, batch).await
    }

    async fn device_key(&self) -> Result<Option<CryptoKey>, StoreError> {
        let value = self.get(CONTROL, &DEVICE_KEY.into()).await?;
        if value.is_undefined() {
            return Ok(None);
        }
        handle(value).map(Some)
    }

    async fn health(&self) -> StorageHealth {
        health::read(self.partitioned).await
    }
}

impl IdbStore {
    async fn get(&self, table: &str, key: &JsValue) -> Result<JsValue, StoreError> {
        let (db, transaction) = self.begin("readonly").await?;
        let request = transaction.table(table).and_then(|t| t.get(key)).map_err(unavailable)?;
        db.wait(&transaction, |resolve| request.set_onsuccess(resolve)).await?;
        request.result().map_err(unavailable)
    }

    async fn get_all(
        &self,
        table: &str,
        range: &JsValue,
        limit: u32,
    ) -> Result<(Array, Array), StoreError> {
        let (db, transaction) = self.begin("readonly").await?;
        let table = transaction.table(table).map_err(unavailable)?;
        let keys = table.keys(range, limit).map_err(unavailable)?;
        let values = table.values(range, limit).map_err(unavailable)?;
        db.wait(&transaction, |resolve| values.set_onsuccess(resolve)).await?;
        let array = |request: idb::Request| {
            let result = request.result().map_err(unavailable)?;
            result.dyn_into::<Array>().map_err(|_| StoreError::Corrupt)
        };
        Ok((array(keys)?, array(values)?))
    }
}

/// A stored device key. An engine that cannot restore the handle gives `null`, not an error.
fn handle(value: JsValue) -> Result<CryptoKey, StoreError> {
    if value.is_object() { Ok(value.unchecked_into()) } else { Err(StoreError::Unsupported) }
}

#[allow(clippy::cast_precision_loss)] // sequence numbers stay far below 2^53
fn key_to_js(key: &RecordKey) -> JsValue {
    match key {
        RecordKey::Number(number) => JsValue::from_f64(*number as f64),
        RecordKey::Text(text) => JsValue::from_str(text),
    }
}

fn key_from_js(key: &JsValue) -> Result<RecordKey, StoreError> {
    match key.as_string() {
        Some(text) => Ok(RecordKey::Text(text)),
        None => integer(key).map(RecordKey::Number),
    }
}

fn generation_of(value: &JsValue) -> Result<Generation, StoreError> {
    if value.is_undefined() { Ok(0) } else { integer(value) }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // range checked
fn integer(value: &JsValue) -> Result<u64, StoreError> {
    match value.as_f64() {
        Some(n) if (0.0..=js_sys::Number::MAX_SAFE_INTEGER).contains(&n) && n.fract() == 0.0 => {
            Ok(n as u64)
        }
        _ => Err(StoreError::Corrupt),
    }
}

fn record(value: &JsValue) -> Result<Vec<u8>, StoreError> {
    if !value.is_object() || js::kind(value) != Kind::Bytes {
        return Err(StoreError::Corrupt);
    }
    Ok(value.unchecked_ref::<Uint8Array>().to_vec())
}

/// A call that failed before anything was written.
fn unavailable(error: impl Into<JsValue>) -> StoreError {
    match js::error_name(&error.into()).as_str() {
        "QuotaExceededError" => StoreError::QuotaExceeded,
        "NotFoundError" => StoreError::Corrupt,
        // Only the device key is no plain data.
        "DataCloneError" => StoreError::Unsupported,
        _ => StoreError::Unavailable,
    }
}

/// A transaction that was aborted. Only a full disk is certain to have left nothing behind:
/// an engine whose storage process died reports an abort as well.
fn aborted(transaction: &Transaction) -> StoreError {
    match js::error_name(&transaction.failure()).as_str() {
        "QuotaExceededError" => StoreError::QuotaExceeded,
        _ => StoreError::Unknown,
    }
}
