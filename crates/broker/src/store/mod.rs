//! The store: the log, and the state in memory that is never ahead of it for others.

mod own;
mod postgres;
mod seal;
mod turns;

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;

use kms_token::SpiffeId;
use tokio::sync::watch;

use crate::log::{Chain, Event, MAX_LINE};
use crate::state::{State, Waits};
use crate::{Error, Problem};

pub use own::Disk;
pub use postgres::{Database, Postgres};
pub use seal::Seal;
pub use turns::Ledger;
use turns::{Turn, Turns};

/// What tells the time: seconds since 1970-01-01T00:00Z.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// For so long what was noted waits for a decision to be written with.
const SOON: Duration = Duration::from_millis(20);

/// By how many seconds the clock may be behind the log.
const BEHIND_S: u64 = 5;

/// Most notes that wait for a turn. What comes then is not in the log.
const MOST_NOTES: usize = 4096;

/// The store.
pub struct Store {
    shared: Arc<Shared>,
    clock: Clock,
    durable: watch::Receiver<Durable>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

/// How many lines would outlast a loss of power; none of those to come once it has failed.
#[derive(Clone, Copy, Debug, Default)]
struct Durable {
    size: u64,
    /// Counts how often lines were lost that somebody had waited for.
    term: u64,
    failed: bool,
}

struct Shared {
    inner: Mutex<Inner>,
    wake: Condvar,
    /// Where several brokers write the log.
    turns: Option<Turns>,
}

struct Inner {
    state: State,
    chain: Chain,
    pending: Vec<Row>,
    /// Whether somebody waits for what is pending.
    awaited: bool,
    standing: Standing,
    /// How many wait for a turn.
    waiting: usize,
    /// How many turns have begun, or failed to.
    tried: u64,
    /// What is to be written with the next turn.
    notes: Vec<Event>,
    /// Whether the state has something that was not written.
    ahead: bool,
    term: u64,
}

/// What may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// Decisions: always, where one broker writes the log.
    Deciding,
    /// Nothing yet: it is not this broker's turn.
    Waiting,
    /// Nothing any more.
    Closing,
    /// Nothing any more: what is in the log is not known, or not what it was.
    Failed,
}

/// A line, newline included, and what belongs to it but may not be in the log.
#[derive(Debug)]
pub struct Row {
    /// The line.
    pub line: String,
    /// What waits beside the log.
    pub waits: Option<Waits>,
}

/// What [`replay`] makes of a log.
#[derive(Debug)]
pub struct Replayed {
    /// The state.
    pub state: State,
    /// The log's end and tree.
    pub chain: Chain,
    /// Bytes of whole lines. What is behind was never acknowledged.
    pub len: u64,
}

impl Store {
    /// Opens the log of a broker, or begins one, and makes the state from it. Two brokers never have the
    /// same log.
    pub fn open(path: &Path, broker: &SpiffeId, clock: Clock) -> Result<Self, Error> {
        let failed = |error| Error::file(path, error);
        let new = !path.exists();
        let mut options = OpenOptions::new();
        let mut file =
            options.read(true).append(true).create(true).mode(0o600).open(path).map_err(failed)?;
        if file.try_lock().is_err() {
            return Err(Error::Checkpoint("another broker has this log"));
        }
        if new && let Some(parent) = path.parent() {
            File::open(parent).and_then(|parent| parent.sync_all()).map_err(failed)?;
        }
        let replayed = replay(BufReader::new(&file), broker)?;
        if file.metadata().map_err(failed)?.len() > replayed.len {
            file.set_len(replayed.len).and_then(|()| file.sync_all()).map_err(failed)?;
        }
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        Ok(Self::start(file, replayed, clock))
    }

    /// Goes on with a log that was read.
    pub fn start(disk: impl Disk, replayed: Replayed, clock: Clock) -> Self {
        let size = replayed.chain.size();
        let shared = Arc::new(Shared::new(Inner::new(replayed, Standing::Deciding), None));
        let (sender, durable) = watch::channel(Durable { size, ..Durable::default() });
        let writing = Arc::clone(&shared);
        let writer = std::thread::spawn(move || own::write(&writing, disk, &sender));
        Self { shared, clock, durable, writer: Mutex::new(Some(writer)) }
    }

    /// Takes part in a log that other brokers write too. `state` is that of a log without lines.
    pub fn join(ledger: impl Ledger, state: State, clock: Clock) -> Result<Self, Error> {
        let (turns, closed) = Turns::new();
        let replayed = Replayed::new(state);
        let shared = Arc::new(Shared::new(Inner::new(replayed, Standing::Waiting), Some(turns)));
        let (sender, durable) = watch::channel(Durable::default());
        let (says, said) = std::sync::mpsc::channel();
        let (writing, watched) = (Arc::clone(&shared), Arc::clone(&clock));
        let writer = std::thread::spawn(move || {
            turns::run(&writing, (ledger, watched), &sender, closed, &says);
        });
        let store = Self { shared, clock, durable, writer: Mutex::new(Some(writer)) };
        said.recv().unwrap_or(Err(Error::Checkpoint("cannot be read"))).map(|()| store)
    }

    /// Decides something. Its events are in the state at once, so that the next decision knows of them,
    /// and on the disk before this returns.
    pub async fn decide<T>(
        &self,
        decision: impl FnOnce(&mut State, u64) -> Result<(T, Vec<Event>), Problem>,
    ) -> Result<T, Problem> {
        let turn = self.turn().await;
        let (value, size, term) = self.decide_now(decision)?;
        drop(turn);
        self.shared.wake.notify_one();
        let mut durable = self.durable.clone();
        let ended = |now: &Durable| now.failed || now.term != term;
        let reached = durable.wait_for(|now| ended(now) || now.size >= size).await;
        match reached {
            Ok(durable) if !ended(&durable) => Ok(value),
            _ => Err(Problem::STORE),
        }
    }

    fn decide_now<T>(
        &self,
        decision: impl FnOnce(&mut State, u64) -> Result<(T, Vec<Event>), Problem>,
    ) -> Result<(T, u64, u64), Problem> {
        let mut inner = self.lock_deciding()?;
        let now_s = self.now(&inner)?;
        inner.state.prune(now_s);
        let (value, events) = decision(&mut inner.state, now_s)?;
        for event in events {
            inner.append(event, now_s)?;
        }
        inner.awaited = true;
        Ok((value, inner.chain.size(), inner.term))
    }

    /// Waits until the state has everything that was in the log when this was called.
    pub async fn fresh(&self) -> Result<(), Problem> {
        let turn = self.turn().await;
        let current = self.lock_deciding().map(drop);
        drop(turn);
        current
    }

    /// Notes something that nobody waits for: it goes to the disk with the next decision, or soon.
    pub fn note(&self, event: Event) {
        let Ok(mut inner) = self.lock() else { return };
        if let Some(turns) = &self.shared.turns {
            if inner.notes.len() < MOST_NOTES {
                inner.notes.push(event);
            }
            turns.wanted.notify_one();
        } else if let Ok(now_s) = self.now(&inner) {
            let first = inner.pending.is_empty();
            if inner.append(event, now_s).is_err() || first {
                self.shared.wake.notify_one();
            }
        }
    }

    /// Looks at the state.
    pub fn look<T>(
        &self,
        look: impl FnOnce(&State, u64) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let mut inner = self.lock()?;
        let now_s = self.now(&inner)?;
        inner.state.prune(now_s);
        look(&inner.state, now_s)
    }

    /// Looks at the log: at its tree and how much of it is on the disk.
    pub fn chain<T>(&self, look: impl FnOnce(&Chain, u64) -> T) -> Result<T, Problem> {
        let size = self.durable.borrow().size;
        Ok(look(&self.lock()?.chain, size))
    }

    /// Writes what is pending and ends.
    pub fn close(&self) {
        if let Ok(mut inner) = self.shared.inner.lock()
            && inner.standing != Standing::Failed
        {
            inner.standing = Standing::Closing;
        }
        self.shared.wake.notify_one();
        if let Some(turns) = &self.shared.turns {
            turns.wanted.notify_one();
        }
        let writer = self.writer.lock().ok().and_then(|mut writer| writer.take());
        if let Some(writer) = writer {
            // It ended by itself when it failed, and has said so.
            let _ = writer.join();
        }
    }

    fn lock(&self) -> Result<MutexGuard<'_, Inner>, Problem> {
        let inner = self.shared.inner.lock().map_err(|_| Problem::STORE)?;
        if inner.ends() { Err(Problem::STORE) } else { Ok(inner) }
    }

    fn lock_deciding(&self) -> Result<MutexGuard<'_, Inner>, Problem> {
        let inner = self.lock()?;
        if inner.standing == Standing::Deciding { Ok(inner) } else { Err(Problem::STORE) }
    }

    /// The turn of this broker, where several write the log.
    async fn turn(&self) -> Option<Turn<'_>> {
        let turns = self.shared.turns.as_ref()?;
        Some(turns.wait(&self.shared).await)
    }

    fn now(&self, inner: &Inner) -> Result<u64, Problem> {
        inner.now((self.clock)())
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

impl Shared {
    fn new(inner: Inner, turns: Option<Turns>) -> Self {
        Self { inner: Mutex::new(inner), wake: Condvar::new(), turns }
    }
}

impl Inner {
    fn new(Replayed { state, chain, .. }: Replayed, standing: Standing) -> Self {
        Self {
            state,
            chain,
            pending: Vec::new(),
            awaited: false,
            standing,
            waiting: 0,
            tried: 0,
            notes: Vec::new(),
            ahead: false,
            term: 0,
        }
    }

    fn ends(&self) -> bool {
        matches!(self.standing, Standing::Closing | Standing::Failed)
    }

    fn now(&self, clock_s: u64) -> Result<u64, Problem> {
        let last = self.chain.at();
        if clock_s.saturating_add(BEHIND_S) < last {
            Err(Problem::CLOCK)
        } else {
            Ok(clock_s.max(last))
        }
    }

    /// An event that does not fit the state is a fault of the broker: it stops deciding.
    fn append(&mut self, event: Event, now_s: u64) -> Result<(), Problem> {
        let applied = self.state.apply(&event, now_s);
        let waits = self.state.waits(&event);
        let written =
            applied.and_then(|()| self.chain.write(now_s, event).map_err(|_| Problem::STORE));
        if written.is_err() {
            self.standing = Standing::Failed;
        }
        let line = written.map_err(|_| Problem::STORE)?;
        self.pending.push(Row { line, waits });
        Ok(())
    }
}

impl Replayed {
    fn new(state: State) -> Self {
        Self { state, chain: Chain::default(), len: 0 }
    }
}

/// Reads a log from its beginning. A last line without its newline is left out: it was never
/// acknowledged.
pub fn replay(mut log: impl BufRead, broker: &SpiffeId) -> Result<Replayed, Error> {
    let mut replayed = Replayed::new(State::new(broker.clone()));
    let mut text = Vec::new();
    loop {
        text.clear();
        let seq = replayed.chain.size();
        let read = io::Read::take(&mut log, MAX_LINE as u64).read_until(b'\n', &mut text);
        read.map_err(|_| Error::Log(seq, "cannot be read"))?;
        let Some(whole) = text.strip_suffix(b"\n") else {
            let torn = text.len() < MAX_LINE;
            return if torn { Ok(replayed) } else { Err(Error::Log(seq, "too long")) };
        };
        let line = replayed.chain.read(whole)?;
        replayed.state.prune(line.at);
        let applied = replayed.state.apply(&line.what, line.at);
        applied.map_err(|_| Error::Log(seq, "cannot follow"))?;
        replayed.len += text.len() as u64;
    }
}
