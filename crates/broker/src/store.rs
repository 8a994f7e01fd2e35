//! The store: the log on the disk, and the state in memory that is never ahead of it for others.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;

use kms_token::SpiffeId;
use tokio::sync::watch;

use crate::log::{Chain, Event, MAX_LINE};
use crate::state::State;
use crate::{Error, Problem};

/// Where lines go.
pub trait Disk: Send + 'static {
    /// Writes bytes at the end.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Returns once everything that was written would outlast a loss of power.
    fn sync(&mut self) -> io::Result<()>;
}

impl Disk for File {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

/// What tells the time: seconds since 1970-01-01T00:00Z.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// For so long what was noted waits for a decision to be written with.
const SOON: Duration = Duration::from_millis(20);

/// By how many seconds the clock may be behind the log.
const BEHIND_S: u64 = 5;

/// The store.
pub struct Store {
    shared: Arc<Shared>,
    clock: Clock,
    durable: watch::Receiver<Durable>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

/// How many lines are on the disk; none of those to come once it has failed.
#[derive(Clone, Copy, Debug, Default)]
struct Durable {
    size: u64,
    failed: bool,
}

struct Shared {
    inner: Mutex<Inner>,
    wake: Condvar,
}

struct Inner {
    state: State,
    chain: Chain,
    pending: Vec<u8>,
    /// Whether somebody waits for what is pending.
    awaited: bool,
    failed: bool,
    closing: bool,
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
        let Replayed { state, chain, .. } = replayed;
        let size = chain.size();
        let inner = Inner {
            state,
            chain,
            pending: Vec::new(),
            awaited: false,
            failed: false,
            closing: false,
        };
        let shared = Arc::new(Shared { inner: Mutex::new(inner), wake: Condvar::new() });
        let (sender, durable) = watch::channel(Durable { size, failed: false });
        let writing = Arc::clone(&shared);
        let writer = std::thread::spawn(move || write(&writing, disk, &sender));
        Self { shared, clock, durable, writer: Mutex::new(Some(writer)) }
    }

    /// Decides something. Its events are in the state at once, so that the next decision knows of them,
    /// and on the disk before this returns.
    pub async fn decide<T>(
        &self,
        decision: impl FnOnce(&mut State, u64) -> Result<(T, Vec<Event>), Problem>,
    ) -> Result<T, Problem> {
        let (value, size) = {
            let mut inner = self.lock()?;
            let now_s = self.now(&inner)?;
            inner.state.prune(now_s);
            let (value, events) = decision(&mut inner.state, now_s)?;
            for event in events {
                inner.append(event, now_s)?;
            }
            inner.awaited = true;
            (value, inner.chain.size())
        };
        self.shared.wake.notify_one();
        let mut durable = self.durable.clone();
        let reached = durable.wait_for(|durable| durable.failed || durable.size >= size).await;
        match reached {
            Ok(durable) if !durable.failed => Ok(value),
            _ => Err(Problem::STORE),
        }
    }

    /// Notes something that nobody waits for: it goes to the disk with the next decision, or soon.
    pub fn note(&self, event: Event) {
        if let Ok(mut inner) = self.lock()
            && let Ok(now_s) = self.now(&inner)
        {
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
        if let Ok(mut inner) = self.shared.inner.lock() {
            inner.closing = true;
        }
        self.shared.wake.notify_one();
        let writer = self.writer.lock().ok().and_then(|mut writer| writer.take());
        if let Some(writer) = writer {
            // It ended by itself when it failed, and has said so.
            let _ = writer.join();
        }
    }

    fn lock(&self) -> Result<MutexGuard<'_, Inner>, Problem> {
        let inner = self.shared.inner.lock().map_err(|_| Problem::STORE)?;
        if inner.failed || inner.closing { Err(Problem::STORE) } else { Ok(inner) }
    }

    fn now(&self, inner: &Inner) -> Result<u64, Problem> {
        let (now, last) = ((self.clock)(), inner.chain.at());
        if now.saturating_add(BEHIND_S) < last { Err(Problem::CLOCK) } else { Ok(now.max(last)) }
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

impl Inner {
    /// An event that does not fit the state is a fault of the broker: it stops deciding.
    fn append(&mut self, event: Event, now_s: u64) -> Result<(), Problem> {
        let applied = self.state.apply(&event, now_s);
        let written =
            applied.and_then(|()| self.chain.write(now_s, event).map_err(|_| Problem::STORE));
        self.failed |= written.is_err();
        self.pending.extend_from_slice(written.map_err(|_| Problem::STORE)?.as_bytes());
        Ok(())
    }
}

/// Writes what is pending, again and again, with one sync for all of it.
fn write(shared: &Shared, mut disk: impl Disk, durable: &watch::Sender<Durable>) {
    let ends = |inner: &Inner| inner.closing || inner.failed;
    let idle = |inner: &mut Inner| inner.pending.is_empty() && !ends(inner);
    // What only was noted waits for what somebody waits for: one sync is for both.
    let alone = |inner: &mut Inner| !inner.awaited && !ends(inner);
    while let Ok(inner) = shared.inner.lock()
        && let Ok(inner) = shared.wake.wait_while(inner, idle)
        && let Ok((mut inner, _)) = shared.wake.wait_timeout_while(inner, SOON, alone)
    {
        inner.awaited = false;
        let bytes = std::mem::take(&mut inner.pending);
        let (size, ends) = (inner.chain.size(), ends(&inner));
        drop(inner);
        let written = bytes.is_empty() || disk.append(&bytes).and_then(|()| disk.sync()).is_ok();
        if !written {
            // What is on the disk is not known any more.
            if let Ok(mut inner) = shared.inner.lock() {
                inner.failed = true;
            }
            durable.send_modify(|durable| durable.failed = true);
            return;
        }
        durable.send_modify(|durable| durable.size = size);
        if ends {
            return;
        }
    }
}

/// Reads a log from its beginning. A last line without its newline is left out: it was never
/// acknowledged.
pub fn replay(mut log: impl BufRead, broker: &SpiffeId) -> Result<Replayed, Error> {
    let mut replayed =
        Replayed { state: State::new(broker.clone()), chain: Chain::default(), len: 0 };
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
