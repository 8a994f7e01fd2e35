//! [`VaultLock`] over the Web Locks API.
//!
//! The lock only saves work: two tabs that commit at the same time are told apart by the
//! store's generation. So a request that the browser refuses, or does not grant in time, yields
//! a guard that holds nothing, and the missing API is found at boot.

use std::cell::Cell;

use js_sys::{Function, Promise};
use kms_vault::VaultLock;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;

use crate::clock::Timer;
use crate::js::{self, Deferred};

const NAME: &str = "ats-kms";

/// Longest wait for the others. A browser may keep the workers of a page that was left for its
/// way back, asleep and with the locks that they hold.
const LONGEST_MS: u32 = 2000;
/// The same after a wait that was in vain.
const IN_VAIN_MS: u32 = 50;

#[wasm_bindgen]
extern "C" {
    #[derive(Clone)]
    pub(crate) type LockManager;

    #[wasm_bindgen(method)]
    fn request(this: &LockManager, name: &str, granted: &Function) -> Promise;

    #[wasm_bindgen(method, js_name = request)]
    pub(crate) fn request_with(
        this: &LockManager,
        name: &str,
        options: &JsValue,
        granted: &Function,
    ) -> Promise;
}

/// The browser's lock manager, if it has one.
pub(crate) fn manager() -> Option<LockManager> {
    js::global("navigator").member("locks").map(JsCast::unchecked_into)
}

/// The lock that all tabs of this partition share.
pub(crate) struct WebLock {
    locks: LockManager,
    /// How long to wait next time.
    patience_ms: Cell<u32>,
}

/// Holds the lock until it is dropped, also while it is still waited for.
pub(crate) struct Guard(Function);

impl Guard {
    /// `release` settles the promise that keeps the lock.
    pub(crate) fn new(release: Function) -> Self {
        Self(release)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.call0(&JsValue::NULL); // a promise's resolver does not throw
    }
}

impl WebLock {
    pub(crate) fn new(locks: LockManager) -> Self {
        Self { locks, patience_ms: Cell::new(LONGEST_MS) }
    }
}

impl VaultLock for WebLock {
    type Guard = Guard;

    async fn acquire(&self) -> Guard {
        let Deferred { promise: held, resolve: release, .. } = Deferred::new();
        let guard = Guard::new(release);
        let granted = Deferred::new();
        let tell = granted.resolve.clone();
        let on_granted = Closure::once_into_js(move || {
            let _ = tell.call1(&JsValue::NULL, &JsValue::TRUE);
            held
        });
        let request = self.locks.request(NAME, on_granted.unchecked_ref());
        // The request settles when the lock is released, or at once if it is refused.
        js::then(&request, &granted.resolve, &granted.resolve);
        let _timer = Timer::new(granted.resolve, self.patience_ms.get());
        let in_time = js::settled(granted.promise).await == Ok(JsValue::TRUE);
        self.patience_ms.set(if in_time { LONGEST_MS } else { IN_VAIN_MS });
        guard
    }
}
