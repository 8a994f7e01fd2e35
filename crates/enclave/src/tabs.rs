//! [`Tabs`] over the Web Locks API.
//!
//! Every tab holds the same lock, shared. One that locks its vault steals it, which rejects the
//! requests of all others at once, wherever their scripts are.

use std::cell::RefCell;

use js_sys::Function;
use kms_vault::{Clock, Tabs};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;

use crate::clock::BrowserClock;
use crate::js::{self, Deferred};
use crate::lock::{Guard, LockManager};

const NAME: &str = "ats-kms-open";

/// Pause before a refused request is told of; without it a browser that refuses every one would
/// keep this worker busy.
const REFUSED_MS: u32 = 1000;

/// The tabs that share this partition.
pub(crate) struct WebTabs {
    locks: LockManager,
    /// Ends the present hold without a word.
    let_go: RefCell<Option<Function>>,
}

impl WebTabs {
    pub(crate) fn new(locks: LockManager) -> Self {
        Self { locks, let_go: RefCell::default() }
    }

    /// Holds the lock until it is stolen, which is an error, or until this tab lets go.
    async fn hold(&self) -> Result<JsValue, JsValue> {
        let Deferred { promise: held, resolve: release, .. } = Deferred::new();
        let _guard = Guard::new(release);
        let ended = Deferred::new();
        let on_granted = Closure::once_into_js(move || held);
        let shared = js::dict([("mode", &"shared".into())]);
        let request = self.locks.request_with(NAME, &shared, on_granted.unchecked_ref());
        js::then(&request, &ended.resolve, &ended.reject);
        self.let_go.replace(Some(ended.resolve));
        js::settled(ended.promise).await
    }
}

impl Tabs for WebTabs {
    fn announce_lock(&self) {
        // A resolver is granted the lock and returns nothing, so the lock is free again at once.
        let done = Deferred::new().resolve;
        let steal = js::dict([("steal", &JsValue::TRUE)]);
        let request = self.locks.request_with(NAME, &steal, &done);
        js::then(&request, &done, &done);
        // Our own lock was just stolen: before that is told, the next request waits for the lock.
        if let Some(let_go) = self.let_go.take() {
            let _ = let_go.call0(&JsValue::UNDEFINED);
        }
    }

    async fn lock_announced(&self) {
        loop {
            match self.hold().await {
                Ok(_) => {}
                Err(error) if js::error_name(&error) == "AbortError" => return,
                // Who cannot hear the others must not stay open.
                Err(_) => return BrowserClock.sleep(REFUSED_MS).await,
            }
        }
    }
}
