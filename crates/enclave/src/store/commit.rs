//! One transaction: compare the generation, then write everything or nothing.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::Uint8Array;
use kms_vault::{Batch, Generation, StoreError};
use wasm_bindgen::prelude::*;

use super::connection::IdbStore;
use super::idb::{Request, Transaction};
use super::{CONTROL, DEVICE_KEY, GENERATION, generation_of, key_to_js, unavailable};
use crate::provider::CryptoKey;

pub(super) async fn commit(
    store: &IdbStore,
    expect: Generation,
    batch: Batch<CryptoKey>,
) -> Result<Generation, StoreError> {
    let (connection, transaction) = store.begin("readwrite").await?;
    let control = transaction.table(CONTROL).map_err(unavailable)?;
    let current = control.get(&GENERATION.into()).map_err(unavailable)?;
    let refused = Rc::new(Cell::new(None));
    let step = Step { transaction: transaction.clone(), current, expect, batch };
    let on_read = step.when_read(Rc::clone(&refused));
    let end = connection.wait(&transaction, |resolve| transaction.set_oncomplete(resolve)).await;
    drop(on_read);
    match (refused.take(), end) {
        (Some(reason), _) => Err(reason),
        (None, Ok(())) => Ok(expect + 1),
        (None, Err(error)) => Err(error),
    }
}

/// What happens inside the transaction, in the event of its first request: nothing is
/// awaited there, because a transaction commits as soon as it has nothing to do.
struct Step {
    transaction: Transaction,
    current: Request,
    expect: Generation,
    batch: Batch<CryptoKey>,
}

impl Step {
    fn when_read(self, refused: Rc<Cell<Option<StoreError>>>) -> Closure<dyn FnMut()> {
        let request = self.current.clone();
        let on_read = Closure::once(move || {
            if let Err(reason) = self.compare().and_then(|()| self.write()) {
                refused.set(Some(reason));
                let _ = self.transaction.abort(); // fails only if it has ended already
            }
        });
        request.set_onsuccess(on_read.as_ref().unchecked_ref());
        on_read
    }

    fn compare(&self) -> Result<(), StoreError> {
        let current = generation_of(&self.current.result().map_err(unavailable)?)?;
        if current == self.expect { Ok(()) } else { Err(StoreError::Conflict) }
    }

    #[allow(clippy::cast_precision_loss)] // one commit per microsecond reaches 2^53 in 285 years
    fn write(&self) -> Result<(), StoreError> {
        for write in &self.batch.writes {
            let value = Uint8Array::new_from_slice(&write.value);
            self.put(write.table.name(), &value, &key_to_js(&write.key))?;
        }
        if let Some(key) = &self.batch.device_key {
            self.put(CONTROL, key, &DEVICE_KEY.into())?;
        }
        self.put(CONTROL, &JsValue::from_f64((self.expect + 1) as f64), &GENERATION.into())?;
        self.transaction.commit().map_err(unavailable)
    }

    fn put(&self, table: &str, value: &JsValue, key: &JsValue) -> Result<(), StoreError> {
        let table = self.transaction.table(table).map_err(unavailable)?;
        table.put(value, key).map(|_| ()).map_err(unavailable)
    }
}
