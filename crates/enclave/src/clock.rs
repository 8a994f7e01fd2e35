//! [`Clock`] over the worker's clocks and timers.

use js_sys::Function;
use kms_vault::Clock;
use wasm_bindgen::prelude::*;

use crate::js::{self, Deferred};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = Date, js_name = now)]
    fn date_now() -> f64;

    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;

    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(handler: &Function, ms: u32) -> f64;

    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(id: f64);
}

/// The browser's clocks.
pub(crate) struct BrowserClock;

/// Calls a promise's resolver after a time, or when it is dropped: a promise that never
/// settled would keep its callbacks in our memory for good.
pub(crate) struct Timer {
    id: f64,
    handler: Function,
}

impl Timer {
    pub(crate) fn new(handler: Function, ms: u32) -> Self {
        Self { id: set_timeout(&handler, ms), handler }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        clear_timeout(self.id);
        let _ = self.handler.call0(&JsValue::UNDEFINED); // resolvers do not throw
    }
}

impl Clock for BrowserClock {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // milliseconds since 1970
    fn now_ms(&self) -> u64 {
        date_now() as u64
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    fn monotonic_ms(&self) -> u64 {
        performance_now() as u64
    }

    async fn sleep(&self, ms: u32) {
        let Deferred { promise, resolve, .. } = Deferred::new();
        let _timer = Timer::new(resolve, ms);
        let _ = js::settled(promise).await; // it is only ever resolved
    }
}
