//! A store in memory that can fail at any call, before or after it had its effect.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use kms_protocol::StorageHealth;
use kms_vault::{Batch, Generation, RecordKey, Store, StoreError, Table};

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Refused with nothing written.
    Fail,
    /// A write is applied and reported as unknown; a read fails.
    FailButApplied,
    /// A write is not applied and reported as unknown; a read fails.
    Lost,
    /// A write meets another generation; a read fails.
    Conflict,
    /// The connection is lost before the effect; the next call works again.
    ConnectionLost,
    /// The process dies before the effect: every later call fails too.
    CrashBefore,
    /// The process dies after the effect: every later call fails too.
    CrashAfter,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Fault; 7] = [
        Fault::Fail,
        Fault::FailButApplied,
        Fault::Lost,
        Fault::Conflict,
        Fault::ConnectionLost,
        Fault::CrashBefore,
        Fault::CrashAfter,
    ];

    /// Whether a caller who met it may be told this. A person who gave up is told the cause in the
    /// enclave's own user interface.
    #[must_use]
    pub fn explains(self, code: &str) -> bool {
        let own = match self {
            Fault::Fail => "storage_quota",
            Fault::FailButApplied | Fault::Lost => "storage_unknown",
            Fault::Conflict => "storage_conflict",
            Fault::ConnectionLost => "storage_lost",
            Fault::CrashBefore | Fault::CrashAfter => "storage_unavailable",
        };
        [own, "audit_unavailable", "user_cancelled"].contains(&code)
    }

    fn applies(self) -> bool {
        matches!(self, Fault::FailButApplied | Fault::CrashAfter)
    }

    fn error(self) -> StoreError {
        match self {
            Fault::Fail => StoreError::QuotaExceeded,
            Fault::FailButApplied | Fault::Lost => StoreError::Unknown,
            Fault::Conflict => StoreError::Conflict,
            Fault::ConnectionLost => StoreError::ConnectionLost,
            Fault::CrashBefore | Fault::CrashAfter => StoreError::Unavailable,
        }
    }

    fn crashes(self) -> bool {
        matches!(self, Fault::CrashBefore | Fault::CrashAfter)
    }
}

/// What is on disk: survives every crash and is shared by all tabs.
pub struct Disk<D> {
    tables: BTreeMap<(Table, RecordKey), Vec<u8>>,
    device: Option<D>,
    generation: Generation,
}

impl<D> Default for Disk<D> {
    fn default() -> Self {
        Self { tables: BTreeMap::new(), device: None, generation: 0 }
    }
}

/// One connection to a disk.
pub struct MemoryStore<D> {
    disk: Rc<RefCell<Disk<D>>>,
    plan: Rc<RefCell<Plan>>,
}

#[derive(Default)]
struct Plan {
    calls: u64,
    longest_list: usize,
    commits: u64,
    fault: Option<(u64, Fault)>,
    /// Another one, counted in calls after the first.
    second_fault: Option<(u64, Fault)>,
    commit_fault: Option<(u64, Fault)>,
    fired: bool,
    crashed: bool,
    slow_health: bool,
    /// What happens just before a call.
    meanwhile: Option<(u64, Box<dyn FnOnce()>)>,
}

impl<D> Default for MemoryStore<D> {
    fn default() -> Self {
        Self { disk: Rc::default(), plan: Rc::default() }
    }
}

impl<D> Clone for MemoryStore<D> {
    /// The same connection.
    fn clone(&self) -> Self {
        Self { disk: Rc::clone(&self.disk), plan: Rc::clone(&self.plan) }
    }
}

impl<D: Clone> MemoryStore<D> {
    /// A new connection to the same disk, as after a restart.
    #[must_use]
    pub fn reopen(&self) -> Self {
        Self { disk: Rc::clone(&self.disk), plan: Rc::default() }
    }

    /// A copy of the disk, as a stolen profile would be.
    #[must_use]
    pub fn copied(&self) -> Self {
        let disk = self.disk.borrow();
        let (tables, device) = (disk.tables.clone(), disk.device.clone());
        let copy = Disk { tables, device, generation: disk.generation };
        Self { disk: Rc::new(RefCell::new(copy)), plan: Rc::default() }
    }

    /// Fails the `call`-th call from now (1 is the next).
    pub fn fail_at(&self, call: u64, fault: Fault) {
        let mut plan = self.plan.borrow_mut();
        plan.fault = Some((plan.calls + call, fault));
        plan.fired = false;
    }

    /// Fails another call, that many after the first one that fails.
    pub fn fail_again(&self, later: u64, fault: Fault) {
        self.plan.borrow_mut().second_fault = Some((later, fault));
    }

    /// Lets something happen just before the `call`-th call from now (1 is the next).
    pub fn meanwhile(&self, call: u64, act: impl FnOnce() + 'static) {
        let mut plan = self.plan.borrow_mut();
        plan.meanwhile = Some((plan.calls + call, Box::new(act)));
    }

    /// Fails the `commit`-th commit from now (1 is the next).
    pub fn fail_commit(&self, commit: u64, fault: Fault) {
        let mut plan = self.plan.borrow_mut();
        plan.commit_fault = Some((plan.commits + commit, fault));
        plan.fired = false;
    }

    /// Removes the plan; returns whether the fault fired.
    #[allow(clippy::must_use_candidate)] // often healed whether it fired or not
    pub fn heal(&self) -> bool {
        let mut plan = self.plan.borrow_mut();
        plan.fault = None;
        plan.second_fault = None;
        plan.crashed = false;
        plan.fired
    }

    /// Lets the health of the storage take a turn of the event loop, as in a browser.
    pub fn slow_health(&self) {
        self.plan.borrow_mut().slow_health = true;
    }

    /// How many calls were made on this connection.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.plan.borrow().calls
    }

    /// The most records that one call has brought on this connection.
    #[must_use]
    pub fn longest_list(&self) -> usize {
        self.plan.borrow().longest_list
    }

    /// How many batches were asked for on this connection.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.plan.borrow().commits
    }

    /// Number of the last batch on disk.
    #[must_use]
    pub fn disk_generation(&self) -> Generation {
        self.disk.borrow().generation
    }

    /// Keys of a table.
    #[must_use]
    pub fn keys(&self, table: Table) -> Vec<RecordKey> {
        let disk = self.disk.borrow();
        disk.tables.keys().filter(|(t, _)| *t == table).map(|(_, key)| key.clone()).collect()
    }

    /// Reads behind the vault's back.
    #[must_use]
    pub fn peek(&self, table: Table, key: &RecordKey) -> Option<Vec<u8>> {
        self.disk.borrow().tables.get(&(table, key.clone())).cloned()
    }

    /// Writes behind the vault's back; `None` deletes.
    pub fn poke(&self, table: Table, key: &RecordKey, value: Option<Vec<u8>>) {
        let mut disk = self.disk.borrow_mut();
        match value {
            Some(value) => disk.tables.insert((table, key.clone()), value),
            None => disk.tables.remove(&(table, key.clone())),
        };
    }

    /// Sets the number of the last batch.
    pub fn poke_generation(&self, generation: Generation) {
        self.disk.borrow_mut().generation = generation;
    }

    /// Deletes everything behind the vault's back, as a browser that needs room.
    pub fn evict(&self) {
        *self.disk.borrow_mut() = Disk::default();
    }

    /// Replaces the device key, as in another profile.
    pub fn poke_device(&self, device: Option<D>) {
        self.disk.borrow_mut().device = device;
    }

    /// Every stored byte, for searches.
    #[must_use]
    pub fn dump(&self) -> Vec<Vec<u8>> {
        self.disk.borrow().tables.values().cloned().collect()
    }

    fn call<T>(
        &self,
        effect: impl FnOnce(&mut Disk<D>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let fault = self.plan.borrow_mut().next()?;
        let act = self.plan.borrow_mut().due();
        if let Some(act) = act {
            act();
        }
        match fault {
            None => effect(&mut self.disk.borrow_mut()),
            Some(fault) => {
                if fault.applies() {
                    let _lost = effect(&mut self.disk.borrow_mut());
                }
                Err(fault.error())
            }
        }
    }
}

impl Plan {
    fn begin_commit(&mut self) {
        self.commits += 1;
        if let Some((at, fault)) = self.commit_fault
            && at == self.commits
        {
            self.fault = Some((self.calls + 1, fault));
        }
    }

    fn due(&mut self) -> Option<Box<dyn FnOnce()>> {
        let calls = self.calls;
        self.meanwhile.take_if(|(at, _)| *at == calls).map(|(_, act)| act)
    }

    fn next(&mut self) -> Result<Option<Fault>, StoreError> {
        self.calls += 1;
        if self.crashed {
            return Err(StoreError::Unavailable);
        }
        let due = self.fault.filter(|(at, _)| *at == self.calls).map(|(_, fault)| fault);
        self.fired |= due.is_some();
        self.crashed = due.is_some_and(Fault::crashes);
        if due.is_some() {
            self.fault = self.second_fault.take().map(|(later, fault)| (self.calls + later, fault));
        }
        Ok(due)
    }
}

impl<D: Clone> Store for MemoryStore<D> {
    type Device = D;

    async fn generation(&self) -> Result<Generation, StoreError> {
        self.call(|disk| Ok(disk.generation))
    }

    async fn read(&self, table: Table, key: &RecordKey) -> Result<Option<Vec<u8>>, StoreError> {
        self.call(|disk| Ok(disk.tables.get(&(table, key.clone())).cloned()))
    }

    async fn list(
        &self,
        table: Table,
        after: Option<&RecordKey>,
        limit: u32,
    ) -> Result<Vec<(RecordKey, Vec<u8>)>, StoreError> {
        let listed = self.call(|disk| {
            let all = disk.tables.iter().filter(|((t, _), _)| *t == table);
            let behind = all.filter(|((_, key), _)| after.is_none_or(|after| key > after));
            let page = behind.take(limit as usize);
            let page = page.map(|((_, key), value)| (key.clone(), value.clone()));
            Ok(page.collect::<Vec<_>>())
        })?;
        let mut plan = self.plan.borrow_mut();
        plan.longest_list = plan.longest_list.max(listed.len());
        Ok(listed)
    }

    async fn commit(&self, expect: Generation, batch: Batch<D>) -> Result<Generation, StoreError> {
        self.plan.borrow_mut().begin_commit();
        self.call(|disk| {
            if disk.generation != expect {
                return Err(StoreError::Conflict);
            }
            if batch.clear {
                disk.tables.clear();
                disk.device = None;
            }
            for write in batch.writes {
                disk.tables.insert((write.table, write.key), write.value);
            }
            disk.device = batch.device_key.or_else(|| disk.device.take());
            disk.generation += 1;
            Ok(disk.generation)
        })
    }

    async fn device_key(&self) -> Result<Option<D>, StoreError> {
        self.call(|disk| Ok(disk.device.clone()))
    }

    async fn health(&self) -> StorageHealth {
        let mut waits = self.plan.borrow().slow_health;
        let turn = poll_fn(|context| {
            if !std::mem::take(&mut waits) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        });
        turn.await;
        let used: usize = self.disk.borrow().tables.values().map(Vec::len).sum();
        StorageHealth {
            persisted: Some(false),
            partitioned: Some(true),
            usage: u64::try_from(used).ok(),
            quota: Some(1 << 30),
        }
    }
}
