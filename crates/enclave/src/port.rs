//! Message ports: bindings, and the two ways a message leaves.

use js_sys::{Array, Function};
use kms_protocol::Value;
use wasm_bindgen::prelude::*;

use crate::convert;

#[wasm_bindgen]
extern "C" {
    /// One end of a channel.
    #[derive(Clone)]
    pub type MessagePort;

    #[wasm_bindgen(method, catch, js_name = postMessage)]
    pub(crate) fn post(
        this: &MessagePort,
        message: &JsValue,
        transfer: &Array,
    ) -> Result<(), JsValue>;

    #[wasm_bindgen(method, setter)]
    pub(crate) fn set_onmessage(this: &MessagePort, handler: Option<&Function>);

    #[wasm_bindgen(method, setter)]
    pub(crate) fn set_onmessageerror(this: &MessagePort, handler: Option<&Function>);

    #[wasm_bindgen(method, setter)]
    pub(crate) fn set_onclose(this: &MessagePort, handler: Option<&Function>);

    #[wasm_bindgen(method)]
    pub(crate) fn close(this: &MessagePort);

    /// What a port or a worker receives.
    pub(crate) type MessageEvent;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn data(this: &MessageEvent) -> JsValue;

    pub(crate) type MessageChannel;

    #[wasm_bindgen(constructor)]
    pub(crate) fn new() -> MessageChannel;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn port1(this: &MessageChannel) -> MessagePort;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn port2(this: &MessageChannel) -> MessagePort;
}

impl MessagePort {
    /// Sends a reply or an event. A port that is gone swallows it, so nothing can be
    /// reported here.
    pub(crate) fn send(&self, value: &Value) {
        let (message, transfer) = convert::to_js(value);
        let _ = self.post(&message, &transfer);
    }
}
