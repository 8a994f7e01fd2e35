//! The journal: the one writer of an unlocked vault. Operations queue their audit entry,
//! with the records they write; everything that waits is committed in one batch.

use std::cell::Cell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use futures_channel::oneshot;
use futures_util::FutureExt;
use futures_util::future::{Either, LocalBoxFuture, Shared, select};
use kms_protocol::{ErrorCode, KeyId};

use super::edit::{Change, Edit};
use super::entry::{Draft, Mark};
use super::log::Failure;
use crate::enclave::Inner;
use crate::header::VaultId;
use crate::keys::KeyRecord;
use crate::state::UnlockedVault;
use crate::{Error, Ports, VaultLock};

/// Most entries of one batch.
const MAX_GROUP: usize = 256;
/// Most entries that may wait in memory before operations have to wait for a write.
const MAX_WAITING: usize = 1024;

/// An entry that waits to be written.
pub(crate) struct Item {
    pub(crate) draft: Draft,
    /// A change that goes with the entry. Changes of keys may share a batch, others are written
    /// alone.
    pub(crate) change: Option<Change>,
    /// Which key the operation used.
    pub(crate) used: Option<Use>,
    /// Who holds a result back until the entry is written.
    done: Option<oneshot::Sender<Result<(), Error>>>,
    /// Whether it was refused in a batch with others.
    apart: Cell<bool>,
}

/// Whether a record permits a use.
type Permits = Box<dyn Fn(&KeyRecord) -> Result<(), Error>>;

/// A key that was used, and what the use has to be permitted by.
pub(crate) struct Use {
    pub(crate) key_id: KeyId,
    /// Whether the key is still as it was when it was used.
    pub(crate) current: Rc<Cell<bool>>,
    /// Whether a record of the key permits the use.
    pub(crate) permits: Permits,
}

impl Item {
    /// Whether the key that was used may have changed since.
    pub(super) fn is_doubtful(&self) -> bool {
        self.used.as_ref().is_some_and(|used| !used.current.get())
    }

    /// Lets it be tried alone.
    pub(super) fn set_apart(&self) {
        self.apart.set(true);
    }

    fn stands_alone(&self) -> bool {
        self.change.is_some() || self.is_doubtful() || self.apart.get()
    }

    /// Whether it may share a batch with other changes of keys.
    fn changes_key(&self) -> bool {
        matches!(self.change, Some(Change::Key(_))) && self.used.is_none() && !self.apart.get()
    }
}

/// The writer at work. Several may wait for it; any of them drives it.
type Writing = Shared<LocalBoxFuture<'static, Result<(), Error>>>;

/// The queue and its writer.
pub(crate) struct Journal<P: Ports> {
    writer: Option<Rc<UnlockedVault<P>>>,
    /// The vault that was written to last.
    owner: Option<VaultId>,
    queue: VecDeque<Item>,
    running: Option<Writing>,
    /// Whether the last write failed.
    failing: bool,
    /// The last batch whose outcome is not known: its last entry, and how many entries at the
    /// front of the queue it held.
    doubt: Option<(Mark, usize)>,
    waker: Cell<Option<Waker>>,
}

impl<P: Ports> Default for Journal<P> {
    fn default() -> Self {
        Self {
            writer: None,
            owner: None,
            queue: VecDeque::new(),
            running: None,
            failing: false,
            doubt: None,
            waker: Cell::new(None),
        }
    }
}

impl<P: Ports> Journal<P> {
    /// Lets entries be written with the keys of this vault. What waits for another one, which
    /// is gone, belongs to nobody.
    pub(crate) fn attach(&mut self, vault: &Rc<UnlockedVault<P>>) {
        if self.owner.is_some_and(|owner| owner != vault.id) {
            self.queue.clear();
            self.doubt = None;
            self.failing = false;
        }
        self.owner = Some(vault.id);
        self.writer = Some(Rc::clone(vault));
    }

    /// Stops writing with the keys of this vault; what waits stays for the next unlock.
    pub(crate) fn detach(&mut self, vault: &Rc<UnlockedVault<P>>) {
        if self.writer.as_ref().is_some_and(|writer| Rc::ptr_eq(writer, vault)) {
            self.writer = None;
        }
    }

    fn push(&mut self, item: Item) {
        self.queue.push_back(item);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// The next entries to write. Results nobody waits for any more are not released, so
    /// their operation did not happen and is not written.
    fn take_group(&mut self) -> Vec<Item> {
        self.queue.retain(|item| !item.done.as_ref().is_some_and(oneshot::Sender::is_canceled));
        let changes = self.queue.iter().take_while(|item| item.changes_key()).count();
        let plain = self.queue.iter().take_while(|item| !item.stands_alone()).count();
        let count = changes.max(plain).clamp(self.queue.len().min(1), MAX_GROUP);
        self.queue.drain(..count).collect()
    }

    /// Puts entries back in front of the others.
    fn put_back(&mut self, group: Vec<Item>) {
        group.into_iter().rev().for_each(|item| self.queue.push_front(item));
    }

    /// Ends all operations whose results are held back; entries of operations that were
    /// released already stay, in order. Returns how many of them were in `group`.
    fn give_up(&mut self, group: Vec<Item>, error: &Error) -> usize {
        let waiting = std::mem::take(&mut self.queue);
        let kept = group.iter().filter(|item| item.done.is_none()).count();
        for item in group.into_iter().chain(waiting) {
            match item.done {
                Some(done) => {
                    let _aborted = done.send(Err(error.clone()));
                }
                None => self.queue.push_back(item),
            }
        }
        kept
    }
}

impl<P: Ports> Inner<P> {
    /// Queues an entry that is written within 250 ms.
    pub(crate) fn defer(&self, draft: Draft) {
        let item = Item { draft, change: None, used: None, done: None, apart: Cell::new(false) };
        self.journal.borrow_mut().push(item);
    }

    /// Fails closed: when entries cannot be written, nothing that needs one is done.
    pub(crate) async fn journal_ready(self: &Rc<Self>) -> Result<(), Error> {
        self.must_be_whole()?;
        let ready = {
            let journal = self.journal.borrow();
            !journal.failing && journal.queue.len() < MAX_WAITING
        };
        if ready { Ok(()) } else { self.flush().await }
    }

    /// Whether the last write failed: until one succeeds nothing is released before its entry is on disk.
    pub(crate) fn is_failing(&self) -> bool {
        self.journal.borrow().failing
    }

    /// Queues the entry of a use of a key and returns when it is on disk.
    pub(crate) async fn commit_use(self: &Rc<Self>, draft: Draft, used: Use) -> Result<(), Error> {
        self.commit_item(draft, None, Some(used)).await
    }

    /// Queues a change with its entry and returns when it is on disk.
    pub(crate) async fn commit_change(
        self: &Rc<Self>,
        draft: Draft,
        change: Change,
    ) -> Result<(), Error> {
        self.commit_item(draft, Some(change), None).await
    }

    /// Queues a change of header and settings with its entry and returns when it is on disk.
    pub(crate) async fn commit_edit(
        self: &Rc<Self>,
        draft: Draft,
        edit: Edit,
    ) -> Result<(), Error> {
        self.commit_item(draft, Some(Change::Vault(edit)), None).await
    }

    /// The same for a change that a key was used for.
    pub(crate) async fn commit_edit_by(
        self: &Rc<Self>,
        draft: Draft,
        edit: Edit,
        used: Use,
    ) -> Result<(), Error> {
        self.commit_item(draft, Some(Change::Vault(edit)), Some(used)).await
    }

    async fn commit_item(
        self: &Rc<Self>,
        draft: Draft,
        change: Option<Change>,
        used: Option<Use>,
    ) -> Result<(), Error> {
        self.must_be_whole()?;
        let (done, written) = oneshot::channel();
        let item = Item { draft, change, used, done: Some(done), apart: Cell::new(false) };
        self.journal.borrow_mut().push(item);
        let running = self.writing();
        // Whoever waits drives the writer; when one waiter goes away another one does.
        let outcome = match select(written, running).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right((_, written)) => written.await,
        };
        outcome.unwrap_or(Err(Error::Code(ErrorCode::AuditUnavailable)))
    }

    /// Writes everything that waits.
    pub(crate) async fn flush(self: &Rc<Self>) -> Result<(), Error> {
        let idle = {
            let journal = self.journal.borrow();
            journal.queue.is_empty() && journal.running.is_none()
        };
        if idle { Ok(()) } else { self.writing().await }
    }

    /// Returns when there are entries to write.
    pub(crate) async fn entries_wait(&self) {
        poll_fn(|context| {
            let journal = self.journal.borrow();
            if journal.queue.is_empty() {
                journal.waker.set(Some(context.waker().clone()));
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
        .await;
    }

    fn writing(self: &Rc<Self>) -> Writing {
        let mut journal = self.journal.borrow_mut();
        if let Some(running) = &journal.running {
            return running.clone();
        }
        let inner = Rc::clone(self);
        let running = async move {
            let outcome = inner.write_all().await;
            inner.journal.borrow_mut().running = None;
            outcome
        };
        let running = running.boxed_local().shared();
        journal.running = Some(running.clone());
        running
    }

    /// Writes group after group until nothing waits.
    async fn write_all(&self) -> Result<(), Error> {
        loop {
            // Before the lock: whoever drives this may have what it waited for, and go away.
            self.queue_settles().await;
            let _exclusive = self.ports.lock().acquire().await;
            // Only now: the vault may have been locked, and opened again, in the meantime.
            let Some(vault) = self.journal.borrow().writer.clone() else {
                let locked = Error::Code(ErrorCode::Locked);
                self.journal.borrow_mut().give_up(Vec::new(), &locked);
                return Err(locked);
            };
            let doubt = self.journal.borrow_mut().doubt.take();
            if let Some((mark, kept)) = doubt {
                self.resolve(&vault, mark, kept).await?;
            }
            let group = self.journal.borrow_mut().take_group();
            if group.is_empty() {
                self.journal.borrow_mut().failing = false;
                return Ok(());
            }
            match self.append(&vault, &group).await {
                Ok(()) => release(group, &Ok(())),
                // Nothing is wrong with the log: the others go on.
                Err(failure) if failure.refused => release(group, &Err(failure.error)),
                // Another tab has changed keys: each use of one is looked at alone.
                Err(failure) if failure.split => self.journal.borrow_mut().put_back(group),
                Err(failure) => return Err(self.write_failed(group, failure)),
            }
        }
    }

    /// Returns when a turn has passed in which nothing was queued, so that the requests of a
    /// batch share a commit. Each waiter that drives the writer may have queued an entry.
    async fn queue_settles(&self) {
        let mut last = 0;
        poll_fn(|context| {
            let waiting = self.journal.borrow().queue.len();
            if waiting == std::mem::replace(&mut last, waiting) || waiting >= MAX_GROUP {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    /// Finds out whether the batch in doubt was written after all.
    async fn resolve(
        &self,
        vault: &Rc<UnlockedVault<P>>,
        mark: Mark,
        kept: usize,
    ) -> Result<(), Error> {
        let written = match self.refresh(vault).await {
            Ok(()) => self.contains(vault, mark).await,
            Err(error) => Err(error),
        };
        match written {
            Ok(true) => {
                self.journal.borrow_mut().queue.drain(..kept);
                Ok(())
            }
            Ok(false) => Ok(()),
            Err(error) => {
                let failure = Failure::of(error, None);
                let error = self.write_failed(Vec::new(), failure);
                self.journal.borrow_mut().doubt = Some((mark, kept));
                Err(error)
            }
        }
    }

    fn write_failed(&self, group: Vec<Item>, failure: Failure) -> Error {
        let Failure { error, doubt, .. } = failure;
        let mut journal = self.journal.borrow_mut();
        let kept = journal.give_up(group, &error);
        journal.failing = true;
        journal.doubt = doubt.map(|mark| (mark, kept));
        drop(journal);
        if let ErrorCode::AuditCorrupt | ErrorCode::VaultCorrupt = error.code() {
            self.fault(error.code());
        }
        error
    }
}

fn release(group: Vec<Item>, outcome: &Result<(), Error>) {
    for done in group.into_iter().filter_map(|item| item.done) {
        // The receiver is gone if the request was aborted while the batch was written.
        let _aborted = done.send(outcome.clone());
    }
}
