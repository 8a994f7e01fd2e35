//! Connected pages: their origin, their rate, and the requests that wait for an answer.

use std::rc::Rc;

use futures_channel::oneshot;
use kms_protocol::limits::MAX_IN_FLIGHT;
use kms_protocol::{CallerOrigin, ErrorCode, RequestId};

use crate::approval::Group;
use crate::map::Map;
use crate::rate::TokenBucket;
use crate::{Error, SessionId};

/// Who asks.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) session: SessionId,
    pub(crate) origin: Rc<CallerOrigin>,
    /// The calls that came in the same message.
    pub(crate) group: Rc<Group>,
}

/// All sessions.
#[derive(Default)]
pub(crate) struct Sessions {
    last: u32,
    serial: u64,
    open: Map<SessionId, Session>,
}

struct Session {
    origin: Rc<CallerOrigin>,
    bucket: TokenBucket,
    in_flight: Map<RequestId, InFlight>,
}

struct InFlight {
    serial: u64,
    abort: oneshot::Sender<ErrorCode>,
    deadline: u64,
    unlocked: bool,
}

/// What is known of a request that is admitted.
pub(crate) struct Admission<'a> {
    pub(crate) id: &'a RequestId,
    /// Whether it ends when the vault is locked.
    pub(crate) unlocked: bool,
    pub(crate) deadline_ms: u32,
    pub(crate) now_ms: u64,
}

impl Sessions {
    /// Adds a session.
    pub(crate) fn connect(&mut self, origin: CallerOrigin, now_ms: u64) -> SessionId {
        self.last += 1;
        let session = SessionId(self.last);
        let bucket = TokenBucket::new(now_ms);
        let opened = Session { origin: Rc::new(origin), bucket, in_flight: Map::default() };
        self.open.insert(session, opened);
        session
    }

    /// Removes a session; whatever it waited for ends.
    pub(crate) fn disconnect(&mut self, session: SessionId) {
        self.open.remove(&session);
    }

    /// Who this session is, if it is still connected: for the calls of one message.
    pub(crate) fn caller(&self, session: SessionId) -> Option<Caller> {
        let origin = Rc::clone(&self.open.get(&session)?.origin);
        Some(Caller { session, origin, group: Rc::default() })
    }

    /// Counts one request against the rate.
    pub(crate) fn charge(&mut self, session: SessionId, now_ms: u64) -> Result<(), Error> {
        let session = self.open.get_mut(&session).ok_or(ErrorCode::Closed)?;
        let wait =
            |retry_after_ms| Error::Wait { code: ErrorCode::TooManyRequests, retry_after_ms };
        session.bucket.take(now_ms).map_err(wait)
    }

    /// Notes that a request waits, under a serial number; the receiver tells when it must stop.
    pub(crate) fn admit(
        &mut self,
        session: SessionId,
        admission: &Admission<'_>,
    ) -> Result<(u64, oneshot::Receiver<ErrorCode>), ErrorCode> {
        let session = self.open.get_mut(&session).ok_or(ErrorCode::Closed)?;
        if session.in_flight.get(admission.id).is_some() {
            return Err(ErrorCode::InvalidRequest);
        }
        if session.in_flight.len() >= MAX_IN_FLIGHT {
            return Err(ErrorCode::TooManyRequests);
        }
        let (abort, aborted) = oneshot::channel();
        let deadline = admission.now_ms.saturating_add(admission.deadline_ms.into());
        self.serial += 1;
        let serial = self.serial;
        let waiting = InFlight { serial, abort, deadline, unlocked: admission.unlocked };
        session.in_flight.insert(admission.id.clone(), waiting);
        Ok((serial, aborted))
    }

    /// Forgets a request that was answered, but not a later one that has its id.
    pub(crate) fn settle(&mut self, session: SessionId, id: &RequestId, serial: u64) {
        if let Some(session) = self.open.get_mut(&session)
            && session.in_flight.get(id).is_some_and(|waiting| waiting.serial == serial)
        {
            session.in_flight.remove(id);
        }
    }

    /// Ends one request of a session.
    pub(crate) fn cancel(&mut self, session: SessionId, id: &RequestId) {
        let waiting = self.open.get_mut(&session).and_then(|open| open.in_flight.remove(id));
        if let Some(waiting) = waiting {
            // The receiver is gone only if the request was answered in this very turn.
            let _answered = waiting.abort.send(ErrorCode::Aborted);
        }
    }

    /// Ends every request that ends when the vault is locked.
    pub(crate) fn abort_unlocked(&mut self) {
        self.abort_where(ErrorCode::Locked, |waiting| waiting.unlocked);
    }

    /// Ends every request whose deadline has passed.
    pub(crate) fn expire(&mut self, now_ms: u64) {
        self.abort_where(ErrorCode::DeadlineExceeded, |waiting| waiting.deadline <= now_ms);
    }

    /// Every session.
    pub(crate) fn all(&self) -> Vec<SessionId> {
        self.open.iter().map(|(id, _)| *id).collect()
    }

    /// Every session of an origin.
    pub(crate) fn of(&self, origin: &CallerOrigin) -> Vec<SessionId> {
        let same = self.open.iter().filter(|(_, session)| *session.origin == *origin);
        same.map(|(id, _)| *id).collect()
    }

    fn abort_where(&mut self, code: ErrorCode, matches: impl Fn(&InFlight) -> bool) {
        for session in self.open.values_mut() {
            for waiting in session.in_flight.take_where(&matches) {
                let _answered = waiting.abort.send(code);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin() -> CallerOrigin {
        CallerOrigin::new("https://a.example").unwrap()
    }

    fn admit(sessions: &mut Sessions, session: SessionId, id: &str) -> Result<u64, ErrorCode> {
        let id = RequestId::new(id).unwrap();
        let unlocked = true;
        let admission = Admission { id: &id, unlocked, deadline_ms: 10, now_ms: 0 };
        sessions.admit(session, &admission).map(|(serial, _)| serial)
    }

    #[test]
    fn a_waiting_id_is_refused_and_an_answered_one_is_not() {
        let mut sessions = Sessions::default();
        let session = sessions.connect(origin(), 0);
        let id = RequestId::new("a").unwrap();
        let first = admit(&mut sessions, session, "a").unwrap();
        assert_eq!(admit(&mut sessions, session, "a"), Err(ErrorCode::InvalidRequest));
        sessions.settle(session, &id, first);
        let second = admit(&mut sessions, session, "a").unwrap();
        sessions.settle(session, &id, first);
        assert_eq!(admit(&mut sessions, session, "a"), Err(ErrorCode::InvalidRequest));
        sessions.settle(session, &id, second);
        assert!(admit(&mut sessions, session, "a").is_ok());
    }

    #[test]
    fn requests_in_flight_are_bounded_per_session() {
        let mut sessions = Sessions::default();
        let session = sessions.connect(origin(), 0);
        let other = sessions.connect(origin(), 0);
        for n in 0..MAX_IN_FLIGHT {
            assert!(admit(&mut sessions, session, &format!("r{n}")).is_ok());
        }
        assert_eq!(admit(&mut sessions, session, "more"), Err(ErrorCode::TooManyRequests));
        assert!(admit(&mut sessions, other, "more").is_ok());
    }

    #[test]
    fn deadlines_end_requests() {
        let mut sessions = Sessions::default();
        let session = sessions.connect(origin(), 0);
        let id = RequestId::new("a").unwrap();
        let unlocked = false;
        let admission = Admission { id: &id, unlocked, deadline_ms: 10, now_ms: 5 };
        let (_, mut aborted) = sessions.admit(session, &admission).unwrap();
        sessions.expire(14);
        assert_eq!(aborted.try_recv(), Ok(None));
        sessions.expire(15);
        assert_eq!(aborted.try_recv(), Ok(Some(ErrorCode::DeadlineExceeded)));
    }
}
