//! Locking: on request, by timer, when the page goes away, with the other tabs, on a fault.

use std::pin::pin;
use std::rc::Rc;

use futures_util::future::{join, select};
use kms_protocol::{ErrorCode, LockReason, LockedEvent};

use crate::audit::Draft;
use crate::enclave::Inner;
use crate::session::Caller;
use crate::state::{Phase, UnlockedVault};
use crate::time::Moment;
use crate::{Clock, Error, Ports, Tabs};

/// How long audit entries may take before the keys are dropped, or the timers run, all the same.
const PATIENCE_MS: u32 = 1000;
/// How soon deferred audit entries are written.
const DEFERRED_MS: u32 = 250;

impl<P: Ports> Inner<P> {
    /// Locks the vault. From the first instant no operation finds it open; the handles are
    /// dropped as soon as the last audit entries are written.
    pub(crate) async fn lock(self: &Rc<Self>, reason: LockReason, caller: Option<&Caller>) {
        let closed = self.close(Phase::Locked);
        if concerns_every_tab(reason, closed.is_some()) {
            self.ports.tabs().announce_lock();
        }
        let Some(vault) = closed else {
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
        self.defer(Draft { origin, ..Draft::internal(method, self.ports.clock().now_ms()) });
        self.flush_for_a_while().await;
    }

    /// Stops for good: the stored state cannot be trusted.
    pub(crate) fn fault(&self, code: ErrorCode) {
        if let Some(vault) = self.close(Phase::Faulted(code)) {
            self.drop_keys(&vault);
            self.ports.tabs().announce_lock();
            self.announce(LockReason::Fault);
        }
    }

    /// Drops the keys of a vault that was deleted: there is no log to write to any more.
    pub(crate) fn leave(&self) {
        self.ports.tabs().announce_lock();
        if let Some(vault) = self.close(Phase::Uninitialized) {
            self.drop_keys(&vault);
            self.announce(LockReason::Requested);
        }
    }

    /// Another tab was locked, or has deleted the vault.
    async fn lock_with_others(self: &Rc<Self>) {
        if self.unlocked().is_ok() {
            self.lock(LockReason::OtherTab, None).await;
        }
        // What cannot be read now is read when the person is asked next.
        let _looked = self.look_again().await;
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

    /// Notes activity of the person; where the vault should be locked by now, it comes too late.
    pub(crate) fn touch(&self) {
        let now = Moment::now(self.ports.clock());
        if let Phase::Unlocked(vault) = &*self.phase.borrow()
            && vault.due(&self.config.auto_lock, now).is_none()
        {
            vault.touch(now);
        }
    }

    pub(crate) async fn tick(self: &Rc<Self>) {
        self.lock_if_due().await;
        self.expire_sheet();
        let now = self.ports.clock().monotonic_ms();
        self.sessions.borrow_mut().expire(now);
        if let Ok(vault) = self.unlocked() {
            vault.streams.borrow_mut().expire(Moment::now(self.ports.clock()));
        }
        self.flush_for_a_while().await;
        self.check_in_background().await;
    }

    pub(crate) async fn run(self: &Rc<Self>) {
        let entries = async {
            loop {
                self.entries_wait().await;
                self.ports.clock().sleep(DEFERRED_MS).await;
                let _kept = self.flush().await;
            }
        };
        let tabs = async {
            loop {
                self.ports.tabs().lock_announced().await;
                self.lock_with_others().await;
            }
        };
        join(entries, tabs).await;
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

    /// Wipes a vault and stops writing with its keys.
    pub(crate) fn drop_keys(&self, vault: &Rc<UnlockedVault<P>>) {
        self.journal.borrow_mut().detach(vault);
        vault.wipe();
    }
}

/// Whether the other tabs lock too. Who asks for the lock means every tab, also from one that is
/// locked already. A tab that nobody uses or that is closed says nothing about the one in use.
const fn concerns_every_tab(reason: LockReason, was_open: bool) -> bool {
    match reason {
        LockReason::Requested => true,
        LockReason::Absolute | LockReason::Fault => was_open,
        LockReason::Idle | LockReason::Hidden | LockReason::OtherTab => false,
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
