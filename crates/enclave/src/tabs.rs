//! [`Tabs`] over the Web Locks API.
//!
//! Every tab holds the same lock, shared. One that locks its vault steals it, which rejects the
//! requests of all others at once, wherever their scripts are.

use std::cell::RefCell;

use js_sys::{Function, Promise};
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
    hold: RefCell<Option<Hold>>,
    /// End of a hold that nobody waits for yet.
    next: RefCell<Option<Promise>>,
}

/// The lock, held or waited for.
struct Hold {
    /// Settles the promise of its end.
    end: Function,
    _guard: Guard,
}

impl WebTabs {
    pub(crate) fn new(locks: LockManager) -> Self {
        Self { locks, hold: RefCell::default(), next: RefCell::default() }
    }

    /// Asks for the lock. The promise gives an error once it is stolen or refused, and nothing
    /// when this tab itself lets go.
    fn request(&self) -> Promise {
        let Deferred { promise: held, resolve: release, .. } = Deferred::new();
        // Never rejected, because it may settle before anybody waits for it.
        let Deferred { promise: ended, resolve: end, .. } = Deferred::new();
        let on_granted = Closure::once_into_js(move || held);
        let shared = js::dict([("mode", &"shared".into())]);
        let request = self.locks.request_with(NAME, &shared, on_granted.unchecked_ref());
        js::then(&request, &end, &end);
        self.hold.replace(Some(Hold { end, _guard: Guard::new(release) }));
        ended
    }
}

impl Tabs for WebTabs {
    fn announce_lock(&self) {
        // A resolver is granted the lock and returns nothing, so the lock is free again at once.
        let done = Deferred::new().resolve;
        let steal = js::dict([("steal", &JsValue::TRUE)]);
        let request = self.locks.request_with(NAME, &steal, &done);
        js::then(&request, &done, &done);
        // Our own lock was just stolen. Before that is told the hold has ended, without an error.
        if let Some(hold) = self.hold.take() {
            let _ = hold.end.call0(&JsValue::UNDEFINED); // resolvers do not throw
        }
    }

    async fn lock_announced(&self) {
        loop {
            let ended = self.next.take().unwrap_or_else(|| self.request());
            let Some(error) = js::settled(ended).await.ok().filter(JsValue::is_object) else {
                continue;
            };
            if js::error_name(&error) == "AbortError" {
                // At once: what is announced while the caller locks is not to be missed.
                self.next.replace(Some(self.request()));
            } else {
                // Who cannot hear the others must not stay open.
                BrowserClock.sleep(REFUSED_MS).await;
            }
            return;
        }
    }
}
