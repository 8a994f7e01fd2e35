//! A log that several brokers write, one after the other. Who has the turn first reads what the others
//! have written, then decides, and ends the turn when all of it is written: each decision is made with
//! everything that was decided before, by whichever broker.

use std::io;
use std::sync::Arc;
use std::sync::mpsc;

use kms_tlog::leaf_hash;
use tokio::sync::{Notify, OwnedRwLockWriteGuard, RwLock, RwLockReadGuard, watch};
use tokio::task::yield_now;
use tokio::time::timeout;

use super::{Clock, Durable, Inner, Replayed, Row, SOON, Shared, Standing};
use crate::Error;
use crate::state::{State, Waits};

/// Where the lines of several brokers are. After an error everything of the turn is given up; what was
/// written of it is not known.
pub trait Ledger: Send + 'static {
    /// Begins a turn: until it ends, nobody else writes.
    fn begin(&mut self) -> impl Future<Output = io::Result<()>>;

    /// Lines from a position on, as many as come at once; none if there are no more.
    fn read(&mut self, from: u64) -> impl Future<Output = io::Result<Vec<Row>>>;

    /// Writes lines from a position on, and ends the turn. Returns once all of them would outlast a loss
    /// of power, or none is there.
    fn end(&mut self, from: u64, rows: &[Row]) -> impl Future<Output = io::Result<()>>;
}

/// What decisions wait for.
pub(super) struct Turns {
    /// Closed by the writer, but for the time in which decisions are made.
    gate: Arc<RwLock<()>>,
    /// Says that there is something to do.
    pub(super) wanted: Notify,
}

/// A decision that may be made now.
pub(super) struct Turn<'a> {
    _counted: Counted<'a>,
    _gate: RwLockReadGuard<'a, ()>,
}

/// Counts who waits; also somebody who then does not wait any more.
struct Counted<'a>(&'a Shared);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        if let Ok(mut inner) = self.0.inner.lock() {
            inner.waiting -= 1;
        }
    }
}

impl Turns {
    /// Closed.
    pub(super) fn new() -> (Self, Option<OwnedRwLockWriteGuard<()>>) {
        let gate = Arc::new(RwLock::new(()));
        let closed = Arc::clone(&gate).try_write_owned().ok();
        (Self { gate, wanted: Notify::new() }, closed)
    }

    /// Waits for a turn that has begun since; it may have failed.
    pub(super) async fn wait<'a>(&'a self, shared: &'a Shared) -> Turn<'a> {
        let since = shared.inner.lock().map_or(0, |mut inner| {
            inner.waiting += 1;
            inner.tried
        });
        let counted = Counted(shared);
        loop {
            self.wanted.notify_one();
            let gate = self.gate.read().await;
            let now = shared.inner.lock().map(|inner| (inner.standing, inner.tried));
            // After a turn that has failed the gate may be open still.
            if now.map_or(true, |(now, tried)| now != Standing::Waiting || tried > since) {
                return Turn { _counted: counted, _gate: gate };
            }
            drop(gate);
            yield_now().await;
        }
    }

    /// Returns when a turn is wanted; whether it is the last one.
    async fn wanted(&self, shared: &Shared) -> Option<bool> {
        loop {
            let noted = {
                let inner = shared.inner.lock().ok()?;
                match inner.standing {
                    Standing::Failed => return None,
                    Standing::Closing => return (!inner.notes.is_empty()).then_some(true),
                    _ if inner.waiting > 0 => return Some(false),
                    _ => !inner.notes.is_empty(),
                }
            };
            let wanted = self.wanted.notified();
            if !noted {
                wanted.await;
            } else if timeout(SOON, wanted).await.is_err() {
                return Some(false);
            }
        }
    }
}

/// Takes turns until the store is closed. What the first one, in which the log is read, came to is said
/// at once.
pub(super) fn run(
    shared: &Shared,
    (ledger, clock): (impl Ledger, Clock),
    durable: &watch::Sender<Durable>,
    closed: Option<OwnedRwLockWriteGuard<()>>,
    says: &mpsc::Sender<Result<(), Error>>,
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let (Ok(runtime), Some(turns), Some(closed)) = (runtime, &shared.turns, closed) else { return };
    let mut writer = Writer { shared, ledger, clock, durable, silent: false };
    runtime.block_on(async {
        let begun = match writer.catch_up().await {
            Ok(()) => writer.ledger.end(0, &[]).await.map_err(Error::Net),
            Err(error) => Err(error),
        };
        let well = begun.is_ok();
        // Who is not there to hear it has given up.
        let _ = says.send(begun);
        if well {
            writer.take_turns(turns, closed).await;
        }
    });
}

struct Writer<'a, L> {
    shared: &'a Shared,
    ledger: L,
    clock: Clock,
    durable: &'a watch::Sender<Durable>,
    /// Whether it was said that the ledger cannot be reached.
    silent: bool,
}

impl<L: Ledger> Writer<'_, L> {
    async fn take_turns(&mut self, turns: &Turns, mut closed: OwnedRwLockWriteGuard<()>) {
        while let Some(last) = turns.wanted(self.shared).await {
            let begun = self.catch_up().await;
            let well = begun.is_ok();
            self.report(begun);
            self.open(well);
            drop(closed);
            // All who were let in have decided when it is closed again.
            closed = Arc::clone(&turns.gate).write_owned().await;
            if well {
                self.write().await;
            }
            if last {
                break;
            }
        }
        self.shut();
    }

    /// Begins a turn and follows the lines of the others.
    async fn catch_up(&mut self) -> Result<(), Error> {
        self.ledger.begin().await.map_err(Error::Net)?;
        let new = self.with(|inner| inner.ahead.then(|| inner.state.anew()))?;
        match new {
            None => self.follow().await?,
            Some(state) => self.read_again(state).await?,
        }
        self.with(|inner| {
            let size = inner.chain.size();
            self.durable.send_modify(|durable| durable.size = size);
        })
    }

    /// Reads what is new. The last line that is known has to be there still.
    async fn follow(&mut self) -> Result<(), Error> {
        let (size, last) = self.with(|inner| {
            let size = inner.chain.size();
            (size, size.checked_sub(1).and_then(|last| inner.chain.leaf(last)))
        })?;
        let mut from = size - u64::from(last.is_some());
        let mut known = last;
        loop {
            let rows = self.ledger.read(from).await.map_err(Error::Net)?;
            let mut rows = rows.iter();
            if let Some(known) = known.take() {
                let there = rows.next().map(|row| leaf_hash(row.line.trim_end().as_bytes()));
                if there != Some(known) {
                    return Err(Error::Checkpoint("it is not the log that it was"));
                }
                from += 1;
            }
            if rows.len() == 0 {
                return Ok(());
            }
            from += rows.len() as u64;
            self.with(|inner| {
                let Inner { state, chain, .. } = inner;
                rows.try_for_each(|row| follow(state, chain, row))
            })??;
        }
    }

    /// Makes the state anew: it had something that may not have been written.
    async fn read_again(&mut self, state: State) -> Result<(), Error> {
        let mut new = Replayed::new(state);
        loop {
            let rows = self.ledger.read(new.chain.size()).await.map_err(Error::Net)?;
            if rows.is_empty() {
                break;
            }
            for row in &rows {
                follow(&mut new.state, &mut new.chain, row)?;
            }
        }
        let written = self.durable.borrow().size;
        self.with(|inner| {
            if new.chain.root(written) != inner.chain.root(written) {
                return Err(Error::Checkpoint("it is not the log that it was"));
            }
            (inner.state, inner.chain, inner.ahead) = (new.state, new.chain, false);
            Ok(())
        })?
    }

    /// Lets decisions be made, if the turn has begun. Notes come first.
    fn open(&self, well: bool) {
        // Who finds the lock poisoned refuses as well.
        let _ = self.with(|inner| {
            inner.tried += 1;
            if !well {
                return;
            }
            if inner.standing == Standing::Waiting {
                inner.standing = Standing::Deciding;
            }
            let Ok(now_s) = inner.now((self.clock)()) else { return };
            inner.state.prune(now_s);
            for event in std::mem::take(&mut inner.notes) {
                // One that does not fit stops the store by itself.
                let _ = inner.append(event, now_s);
            }
        });
    }

    /// Ends the turn with what was decided.
    async fn write(&mut self) {
        let taken = self.with(|inner| {
            if inner.standing == Standing::Deciding {
                inner.standing = Standing::Waiting;
            }
            (std::mem::take(&mut inner.pending), inner.chain.size())
        });
        let Ok((rows, size)) = taken else { return };
        let from = size - rows.len() as u64;
        let written = self.ledger.end(from, &rows).await.map_err(Error::Net);
        if written.is_ok() {
            self.durable.send_modify(|durable| durable.size = size);
        } else if !rows.is_empty() {
            let term = self.with(|inner| {
                (inner.ahead, inner.term) = (true, inner.term + 1);
                inner.term
            });
            self.durable.send_modify(|durable| durable.term = term.unwrap_or(u64::MAX));
        }
        self.report(written);
    }

    /// Nothing is decided any more.
    fn shut(&self) {
        // Who finds the lock poisoned refuses as well.
        let _ = self.with(|inner| inner.standing = Standing::Failed);
        self.durable.send_modify(|durable| durable.failed = true);
    }

    /// Says what went wrong; a log that is another one than before is not gone on with.
    fn report(&mut self, done: Result<(), Error>) {
        match done {
            Ok(()) => self.silent = false,
            Err(error) => {
                let passing = matches!(error, Error::Net(_));
                if !self.silent || !passing {
                    eprintln!("nothing is decided: {error}");
                }
                self.silent = true;
                if !passing {
                    self.shut();
                }
            }
        }
    }

    fn with<T>(&self, look: impl FnOnce(&mut Inner) -> T) -> Result<T, Error> {
        let inner = self.shared.inner.lock();
        Ok(look(&mut *inner.map_err(|_| Error::Checkpoint("cannot be written"))?))
    }
}

/// Does what a line of another broker says.
fn follow(state: &mut State, chain: &mut crate::log::Chain, row: &Row) -> Result<(), Error> {
    let seq = chain.size();
    let line = chain.read(row.line.trim_end().as_bytes())?;
    state.prune(line.at);
    let waits = match &row.waits {
        Some(Waits::For { text, .. }) => Some(text.as_str()),
        _ => None,
    };
    let followed = state.apply(&line.what, line.at);
    let followed = followed.and_then(|()| state.resume(&line.what, line.at, waits));
    followed.map_err(|_| Error::Log(seq, "cannot follow"))
}
