//! Bindings of the part of IndexedDB that is used.

use js_sys::{Array, Function};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    pub(crate) type Factory;

    #[wasm_bindgen(method, catch)]
    pub(crate) fn open(this: &Factory, name: &str, version: u32) -> Result<Request, JsValue>;

    /// An `IDBRequest` or `IDBOpenDBRequest`.
    #[derive(Clone)]
    pub(crate) type Request;

    #[wasm_bindgen(method, catch, getter)]
    pub(crate) fn result(this: &Request) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch, getter)]
    pub(crate) fn error(this: &Request) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, setter)]
    pub(crate) fn set_onsuccess(this: &Request, handler: &Function);

    #[wasm_bindgen(method, setter)]
    pub(crate) fn set_onerror(this: &Request, handler: &Function);

    #[wasm_bindgen(method, setter)]
    pub(crate) fn set_onupgradeneeded(this: &Request, handler: &Function);

    #[derive(Clone)]
    pub(crate) type Database;

    #[wasm_bindgen(method, catch, js_name = createObjectStore)]
    pub(crate) fn create_object_store(this: &Database, name: &str) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(crate) fn transaction(
        this: &Database,
        tables: &Array,
        mode: &str,
        options: &JsValue,
    ) -> Result<Transaction, JsValue>;

    #[wasm_bindgen(method)]
    pub(crate) fn close(this: &Database);

    #[wasm_bindgen(method, js_name = addEventListener)]
    pub(crate) fn listen(this: &Database, event: &str, handler: &Function);

    #[wasm_bindgen(method, js_name = removeEventListener)]
    pub(crate) fn unlisten(this: &Database, event: &str, handler: &Function);

    #[derive(Clone)]
    pub(crate) type Transaction;

    #[wasm_bindgen(method, getter, js_name = error)]
    pub(crate) fn failure(this: &Transaction) -> JsValue;

    #[wasm_bindgen(method, setter)]
    pub(crate) fn set_oncomplete(this: &Transaction, handler: &Function);

    #[wasm_bindgen(method, setter)]
    pub(crate) fn set_onabort(this: &Transaction, handler: &Function);

    #[wasm_bindgen(method, catch)]
    pub(crate) fn abort(this: &Transaction) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(crate) fn commit(this: &Transaction) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = objectStore)]
    pub(crate) fn table(this: &Transaction, name: &str) -> Result<ObjectStore, JsValue>;

    pub(crate) type ObjectStore;

    #[wasm_bindgen(method, catch)]
    pub(crate) fn get(this: &ObjectStore, key: &JsValue) -> Result<Request, JsValue>;

    #[wasm_bindgen(method, catch, js_name = getAll)]
    pub(crate) fn values(
        this: &ObjectStore,
        range: &JsValue,
        limit: u32,
    ) -> Result<Request, JsValue>;

    #[wasm_bindgen(method, catch, js_name = getAllKeys)]
    pub(crate) fn keys(this: &ObjectStore, range: &JsValue, limit: u32)
    -> Result<Request, JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(crate) fn put(
        this: &ObjectStore,
        value: &JsValue,
        key: &JsValue,
    ) -> Result<Request, JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(crate) fn delete(this: &ObjectStore, key: &JsValue) -> Result<Request, JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(crate) fn clear(this: &ObjectStore) -> Result<Request, JsValue>;

    /// `IDBKeyRange.lowerBound`.
    #[wasm_bindgen(catch, js_namespace = IDBKeyRange, js_name = lowerBound)]
    pub(crate) fn lower_bound(key: &JsValue, open: bool) -> Result<JsValue, JsValue>;
}
