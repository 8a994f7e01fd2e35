//! The streams that are open.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use kms_protocol::limits::{MAX_ALL_STREAMS, MAX_STREAMS, STREAM_IDLE_MS};
use kms_protocol::{CallerOrigin, ErrorCode, KeyId, KeyUsage, StreamId};

use crate::map::Map;
use crate::state::{SealingKey, UnlockedVault};
use crate::time::Moment;
use crate::{Ports, SessionId};

/// A stream that is open.
pub(super) struct Stream<P: Ports> {
    /// Its own key.
    pub(super) key: Rc<SealingKey<P>>,
    /// What the key of the vault was used for.
    pub(super) usage: KeyUsage,
    pub(super) key_id: KeyId,
    pub(super) version: u32,
    /// Who opened it.
    pub(super) origin: Rc<CallerOrigin>,
    /// Whether nothing is known to have changed of that key.
    pub(super) current: RefCell<Rc<Cell<bool>>>,
    /// Chunks that it has had.
    pub(super) chunks: Cell<u64>,
    pub(super) used: Cell<Moment>,
}

impl<P: Ports> Stream<P> {
    fn is_idle(&self, now: Moment) -> bool {
        now.since(self.used.get()) >= STREAM_IDLE_MS
    }
}

/// A place in the table: taken when a stream is asked for, so that no more can be asked for than
/// there are places.
struct Seat<P: Ports> {
    session: SessionId,
    stream: Option<Rc<Stream<P>>>,
}

/// All streams of an unlocked vault. They end with it.
pub(crate) struct Streams<P: Ports>(Map<StreamId, Seat<P>>);

impl<P: Ports> Default for Streams<P> {
    fn default() -> Self {
        Self(Map::default())
    }
}

impl<P: Ports> Streams<P> {
    /// Takes a place for a stream.
    pub(super) fn reserve(&mut self, session: SessionId, id: StreamId) -> Result<(), ErrorCode> {
        let own = self.0.iter().filter(|(_, seat)| seat.session == session).count();
        if own >= MAX_STREAMS || self.0.len() >= MAX_ALL_STREAMS {
            return Err(ErrorCode::TooManyRequests);
        }
        self.0.insert(id, Seat { session, stream: None });
        Ok(())
    }

    /// Puts a stream into its place, if that was not taken away meanwhile.
    pub(super) fn seat(&mut self, id: &StreamId, stream: Stream<P>) -> Result<(), ErrorCode> {
        let seat = self.0.get_mut(id).ok_or(ErrorCode::StreamNotFound)?;
        seat.stream = Some(Rc::new(stream));
        Ok(())
    }

    /// A stream of a session.
    pub(super) fn find(
        &self,
        (session, id): (SessionId, &StreamId),
        now: Moment,
    ) -> Result<Rc<Stream<P>>, ErrorCode> {
        let seat = self.0.get(id).filter(|seat| seat.session == session);
        let stream = seat.and_then(|seat| seat.stream.as_ref());
        let stream = stream.filter(|stream| !stream.is_idle(now));
        stream.cloned().ok_or(ErrorCode::StreamNotFound)
    }

    /// Ends a stream, or gives back its place.
    pub(super) fn end(&mut self, id: &StreamId) {
        self.0.remove(id);
    }

    /// Ends the streams of a session.
    pub(crate) fn leave(&mut self, session: SessionId) {
        self.0.take_where(|seat| seat.session == session).for_each(drop);
    }

    /// Ends the streams that nobody has written to for long.
    pub(crate) fn expire(&mut self, now: Moment) {
        let idle = |seat: &Seat<P>| seat.stream.as_ref().is_some_and(|stream| stream.is_idle(now));
        self.0.take_where(idle).for_each(drop);
    }
}

/// Ends a stream however the work on it ends, also when it is given up in the middle; unless that
/// is taken back.
pub(super) struct EndOnDrop<'a, P: Ports> {
    vault: &'a UnlockedVault<P>,
    id: &'a StreamId,
    armed: Cell<bool>,
}

impl<'a, P: Ports> EndOnDrop<'a, P> {
    /// A guard of this stream.
    pub(super) fn new(vault: &'a UnlockedVault<P>, id: &'a StreamId) -> Self {
        Self { vault, id, armed: Cell::new(true) }
    }

    /// The work was done, and more may follow.
    pub(super) fn not_now(&self) {
        self.armed.set(false);
    }
}

impl<P: Ports> Drop for EndOnDrop<'_, P> {
    fn drop(&mut self) {
        if self.armed.get() {
            self.vault.streams.borrow_mut().end(self.id);
        }
    }
}
