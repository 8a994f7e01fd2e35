//! What the browser tells of its storage.

use futures_util::future::join;
use js_sys::Promise;
use kms_protocol::StorageHealth;
use wasm_bindgen::prelude::*;

use super::integer;
use crate::js::{self, Dict};

#[wasm_bindgen]
extern "C" {
    type StorageManager;

    #[wasm_bindgen(method, catch)]
    fn persisted(this: &StorageManager) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn estimate(this: &StorageManager) -> Result<Promise, JsValue>;
}

/// Whatever an engine does not tell is absent.
pub(super) async fn read(partitioned: Option<bool>) -> StorageHealth {
    let nothing = StorageHealth { persisted: None, partitioned, usage: None, quota: None };
    let Some(storage) = js::global("navigator").member("storage") else { return nothing };
    let storage: StorageManager = storage.unchecked_into();
    let (persisted, estimate) = join(answer(storage.persisted()), answer(storage.estimate())).await;
    let persisted = persisted.and_then(|value| value.as_bool());
    let Some(estimate) = estimate.filter(JsValue::is_object) else {
        return StorageHealth { persisted, ..nothing };
    };
    let bytes = |name| integer(&estimate.unchecked_ref::<Dict>().at(name)).ok();
    StorageHealth { persisted, partitioned, usage: bytes("usage"), quota: bytes("quota") }
}

async fn answer(call: Result<Promise, JsValue>) -> Option<JsValue> {
    js::settled(call.ok()?).await.ok()
}
