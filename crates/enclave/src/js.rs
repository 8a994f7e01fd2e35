//! The few plain JavaScript operations everything else is made of.

use js_sys::futures::JsFuture;
use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// An object used as a dictionary.
    #[wasm_bindgen(extends = Object, typescript_type = "any")]
    #[derive(Clone)]
    pub(crate) type Dict;

    #[wasm_bindgen(constructor, js_class = "Object")]
    pub(crate) fn new() -> Dict;

    #[wasm_bindgen(method, structural, indexing_getter)]
    pub(crate) fn at(this: &Dict, key: &str) -> JsValue;

    #[wasm_bindgen(method, structural, indexing_getter)]
    pub(crate) fn at_name(this: &Dict, key: &JsValue) -> JsValue;

    #[wasm_bindgen(method, structural, indexing_setter)]
    pub(crate) fn put(this: &Dict, key: &str, value: &JsValue);

    /// Stores a view of our own memory: only for dictionaries that a call reads, and copies,
    /// before it returns.
    #[wasm_bindgen(method, structural, indexing_setter)]
    pub(crate) fn put_view(this: &Dict, key: &str, value: &[u8]);

    #[wasm_bindgen(js_namespace = Promise, js_name = withResolvers)]
    fn with_resolvers() -> Resolvers;

    type Resolvers;

    #[wasm_bindgen(method, getter)]
    fn promise(this: &Resolvers) -> Promise;

    #[wasm_bindgen(method, getter)]
    fn resolve(this: &Resolvers) -> Function;

    #[wasm_bindgen(method, getter)]
    fn reject(this: &Resolvers) -> Function;

    type Thenable;

    #[wasm_bindgen(method, js_name = then)]
    fn subscribe(this: &Thenable, on_value: &Function, on_error: &Function) -> JsValue;

    /// Own enumerable string keys, in order.
    #[wasm_bindgen(js_namespace = Object, js_name = keys)]
    pub(crate) fn own_keys(object: &JsValue) -> Array;

    #[wasm_bindgen(js_namespace = Object, js_name = getPrototypeOf)]
    pub(crate) fn prototype_of(object: &JsValue) -> JsValue;

    #[wasm_bindgen(thread_local_v2, js_namespace = Object, js_name = prototype)]
    static OBJECT_PROTOTYPE: JsValue;

    #[wasm_bindgen(thread_local_v2, js_namespace = Array, js_name = prototype)]
    static ARRAY_PROTOTYPE: JsValue;

    #[wasm_bindgen(thread_local_v2, js_namespace = Uint8Array, js_name = prototype)]
    static BYTES_PROTOTYPE: JsValue;

    #[wasm_bindgen(thread_local_v2, js_namespace = ArrayBuffer, js_name = prototype)]
    static BUFFER_PROTOTYPE: JsValue;
}

/// What an object of the structured clone algorithm is, if it is one we take.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A plain object.
    Plain,
    /// An array.
    Array,
    /// A `Uint8Array`.
    Bytes,
    /// An `ArrayBuffer` (not a shared one).
    Buffer,
    /// Anything else.
    Other,
}

/// Tells objects apart by their prototype, which a page on another origin cannot forge:
/// structured clone makes every object anew in this realm.
pub(crate) fn kind(object: &JsValue) -> Kind {
    let prototype = prototype_of(object);
    let is = |known: &'static wasm_bindgen::JsThreadLocal<JsValue>| known.with(|p| *p == prototype);
    match () {
        () if is(&OBJECT_PROTOTYPE) => Kind::Plain,
        () if is(&BYTES_PROTOTYPE) => Kind::Bytes,
        () if is(&ARRAY_PROTOTYPE) => Kind::Array,
        () if is(&BUFFER_PROTOTYPE) => Kind::Buffer,
        () => Kind::Other,
    }
}

/// An object of the given members.
pub(crate) fn dict<const N: usize>(members: [(&str, &JsValue); N]) -> Dict {
    let object = Dict::new();
    for (name, value) in members {
        object.put(name, value);
    }
    object
}

/// The `name` of a thrown value (`DOMException` or `Error`); its text is never read.
pub(crate) fn error_name(error: &JsValue) -> String {
    if error.is_object() {
        error.unchecked_ref::<Dict>().at("name").as_string().unwrap_or_default()
    } else {
        String::new()
    }
}

/// Type of an event that settled a promise.
pub(crate) fn event_type(event: &JsValue) -> String {
    if event.is_object() {
        event.unchecked_ref::<Dict>().at("type").as_string().unwrap_or_default()
    } else {
        String::new()
    }
}

/// A global of the worker; undefined if there is none or the browser refuses it.
pub(crate) fn global(name: &str) -> Dict {
    let value = Reflect::get(&js_sys::global(), &JsValue::from_str(name));
    value.unwrap_or(JsValue::UNDEFINED).unchecked_into()
}

impl Dict {
    /// A member that is an object or a function.
    pub(crate) fn member(&self, name: &str) -> Option<Dict> {
        let present = |value: &JsValue| value.is_object() || value.is_function();
        if !present(self) {
            return None;
        }
        let value = self.at(name);
        present(&value).then(|| value.unchecked_into())
    }
}

/// A promise with the functions that settle it.
pub(crate) struct Deferred {
    pub(crate) promise: Promise,
    pub(crate) resolve: Function,
    pub(crate) reject: Function,
}

impl Deferred {
    pub(crate) fn new() -> Self {
        let all = with_resolvers();
        Self { promise: all.promise(), resolve: all.resolve(), reject: all.reject() }
    }
}

/// Waits for a promise.
pub(crate) async fn settled(promise: Promise) -> Result<JsValue, JsValue> {
    JsFuture::from(promise).await
}

/// Calls one of two functions when a promise settles.
pub(crate) fn then(promise: &Promise, on_value: &Function, on_error: &Function) {
    promise.unchecked_ref::<Thenable>().subscribe(on_value, on_error);
}
