//! One transaction: compare the generation, then write everything or nothing.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::{Function, Uint8Array};
use kms_vault::{Batch, Generation, StoreError, Table};
use wasm_bindgen::prelude::*;

use super::connection::IdbStore;
use super::idb::{ObjectStore, Request, Transaction};
use super::{CONTROL, DEVICE_KEY, GENERATION, generation_of, handle, key_to_js, unavailable};
use crate::js::Dict;
use crate::provider::CryptoKey;

pub(super) async fn commit(
    store: &IdbStore,
    expect: Generation,
    batch: Batch<CryptoKey>,
) -> Result<Generation, StoreError> {
    let (connection, transaction) = store.begin("readwrite").await?;
    let control = transaction.table(CONTROL).map_err(unavailable)?;
    let current = control.get(&GENERATION.into()).map_err(unavailable)?;
    let steps = Steps { transaction: transaction.clone(), refused: Rc::default() };
    let on_stored = steps.when_stored();
    let on_read = steps.when_read(current, expect, batch, on_stored.as_ref().unchecked_ref());
    let end = connection.wait(&transaction, |resolve| transaction.set_oncomplete(resolve)).await;
    drop((on_read, on_stored));
    match (steps.refused.take(), end) {
        (Some(reason), _) => Err(reason),
        (None, Ok(())) => Ok(expect + 1),
        (None, Err(error)) => Err(error),
    }
}

/// What happens inside the transaction, in the events of its requests: nothing is awaited
/// there, because a transaction commits as soon as it has nothing to do.
#[derive(Clone)]
struct Steps {
    transaction: Transaction,
    refused: Rc<Cell<Option<StoreError>>>,
}

impl Steps {
    fn when_read(
        &self,
        current: Request,
        expect: Generation,
        batch: Batch<CryptoKey>,
        on_stored: &Function,
    ) -> Closure<dyn FnMut()> {
        let (steps, request, on_stored) = (self.clone(), current.clone(), on_stored.clone());
        let on_read = Closure::once(move || {
            let compared = compare(&current, expect);
            steps.or_abort(compared.and_then(|()| steps.write(expect, &batch, &on_stored)));
        });
        request.set_onsuccess(on_read.as_ref().unchecked_ref());
        on_read
    }

    /// A device key that was put but does not come back would lock its vault for good.
    fn when_stored(&self) -> Closure<dyn FnMut(Dict)> {
        let steps = self.clone();
        Closure::new(move |event: Dict| {
            let request: Request = event.at("target").unchecked_into();
            let stored = request.result().map_err(unavailable).and_then(handle);
            steps.or_abort(stored.and_then(|_| steps.finish()));
        })
    }

    fn or_abort(&self, step: Result<(), StoreError>) {
        if let Err(reason) = step {
            self.refused.set(Some(reason));
            let _ = self.transaction.abort(); // fails only if it has ended already
        }
    }

    #[allow(clippy::cast_precision_loss)] // one commit per microsecond reaches 2^53 in 285 years
    fn write(
        &self,
        expect: Generation,
        batch: &Batch<CryptoKey>,
        on_stored: &Function,
    ) -> Result<(), StoreError> {
        if batch.clear {
            self.clear()?;
        }
        for write in &batch.writes {
            let value = Uint8Array::new_from_slice(&write.value);
            self.put(write.table.name(), &value, &key_to_js(&write.key))?;
        }
        self.put(CONTROL, &JsValue::from_f64((expect + 1) as f64), &GENERATION.into())?;
        let Some(key) = &batch.device_key else { return self.finish() };
        self.put(CONTROL, key, &DEVICE_KEY.into())?;
        let stored = self.table(CONTROL)?.get(&DEVICE_KEY.into()).map_err(unavailable)?;
        stored.set_onsuccess(on_stored);
        Ok(())
    }

    /// Everything but the generation, which goes on.
    fn clear(&self) -> Result<(), StoreError> {
        for table in Table::ALL {
            self.table(table.name())?.clear().map_err(unavailable)?;
        }
        self.table(CONTROL)?.delete(&DEVICE_KEY.into()).map(drop).map_err(unavailable)
    }

    fn put(&self, table: &str, value: &JsValue, key: &JsValue) -> Result<(), StoreError> {
        self.table(table)?.put(value, key).map(drop).map_err(unavailable)
    }

    fn table(&self, name: &str) -> Result<ObjectStore, StoreError> {
        self.transaction.table(name).map_err(unavailable)
    }

    fn finish(&self) -> Result<(), StoreError> {
        self.transaction.commit().map_err(unavailable)
    }
}

fn compare(current: &Request, expect: Generation) -> Result<(), StoreError> {
    let current = generation_of(&current.result().map_err(unavailable)?)?;
    if current == expect { Ok(()) } else { Err(StoreError::Conflict) }
}
