//! Locking: on request, by timer, when the page goes away, on a fault.

use std::pin::pin;
use std::rc::Rc;

use futures_util::future::select;
use kms_protocol::{ErrorCode, LockReason, LockedEvent};

use crate::audit::{Draft, OK};
use crate::enclave::Inner;
use crate::session::Caller;
use crate::state::{Phase, UnlockedVault};
use crate::time::Moment;
use crate::{Clock, Error, Ports};

/// How long audit entries may take before the keys are dropped, or the timers run, all the same.
const PATIENCE_MS: u32 = 1000;
/// How soon deferred audit entries are written.
const DEFERRED_MS: u32 = 250;

impl<P: Ports> Inner<P> {
    /// Locks the vault. From the first instant no operation finds it open; the handles are
    /// dropped as soon as the last audit entries are written.
    pub(crate) async fn lock(self: &Rc<Self>, reason: LockReason, caller: Option<&Caller>) {
        let Some(vault) = self.close(Phase::Locked) else {
            self.close_sheet(&Err(Error::Code(ErrorCode::Locked)));
            return;
        };
        // Also when the request that asked for the lock is aborted in the middle.
        let _drop_keys = DropKeys { inner: self, vault };
        self.announce(reason);
        let method = match reason {
            LockReason::Requested => "vault.lock",
            _ => "vault.auto_lock",
        };
        let origin = caller.map(|caller| Rc::clone(&caller.origin));
        let time = self.ports.clock().now_ms();
        self.defer(Draft { time, method, key_id: None, origin, outcome: OK });
        self.flush_for_a_while().await;
    }

    /// Stops for good: the stored state cannot be trusted.
    pub(crate) fn fault(&self, code: ErrorCode) {
        if let Some(vault) = self.close(Phase::Faulted(code)) {
            self.drop_keys(&vault);
            self.announce(LockReason::Fault);
        }
    }

    /// Locks the vault if a timer says so.
    pub(crate) async fn lock_if_due(self: &Rc<Self>) {
        let now = Moment::now(self.ports.clock());
        let due = match &*self.phase.borrow() {
            Phase::Unlocked(vault) => vault.due(&self.config.auto_lock, now),
            _ => None,
        };
        if let Some(reason) = due {
            self.lock(reason, None).await;
        }
    }

    /// Notes activity of the person.
    pub(crate) fn touch(&self) {
        if let Phase::Unlocked(vault) = &*self.phase.borrow() {
            vault.touch(Moment::now(self.ports.clock()));
        }
    }

    pub(crate) async fn tick(self: &Rc<Self>) {
        self.lock_if_due().await;
        let now = self.ports.clock().monotonic_ms();
        self.sessions.borrow_mut().expire(now);
        self.flush_for_a_while().await;
    }

    pub(crate) async fn run(self: &Rc<Self>) {
        loop {
            self.entries_wait().await;
            self.ports.clock().sleep(DEFERRED_MS).await;
            let _kept = self.flush().await;
        }
    }

    /// Writes what waits, unless it takes long: a store that hangs, or a tab that keeps the lock,
    /// must not hold up locking or the timers. What is not written is kept and tried again;
    /// operations are refused until it succeeds.
    async fn flush_for_a_while(self: &Rc<Self>) {
        let write = pin!(self.flush());
        let patience = pin!(self.ports.clock().sleep(PATIENCE_MS));
        select(write, patience).await;
    }

    fn close(&self, next: Phase<P>) -> Option<Rc<UnlockedVault<P>>> {
        let mut phase = self.phase.borrow_mut();
        let Phase::Unlocked(vault) = &*phase else { return None };
        let vault = Rc::clone(vault);
        *phase = next;
        Some(vault)
    }

    fn announce(&self, reason: LockReason) {
        self.sessions.borrow_mut().abort_unlocked();
        self.close_sheet(&Err(Error::Code(ErrorCode::Locked)));
        self.broadcast("locked", &LockedEvent { reason });
    }

    fn drop_keys(&self, vault: &Rc<UnlockedVault<P>>) {
        self.journal.borrow_mut().detach(vault);
        vault.wipe();
    }
}

/// Drops the keys of a vault however the last write of its log ends.
struct DropKeys<'a, P: Ports> {
    inner: &'a Inner<P>,
    vault: Rc<UnlockedVault<P>>,
}

impl<P: Ports> Drop for DropKeys<'_, P> {
    fn drop(&mut self) {
        self.inner.drop_keys(&self.vault);
    }
}
