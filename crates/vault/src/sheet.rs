//! The sheet: the one question the enclave can put to the person at a time, and the
//! requests that wait for the answer.

use std::rc::Rc;

use futures_channel::oneshot;
use kms_protocol::{Attention, CallerOrigin, ErrorCode, Screen, event};

use crate::enclave::Inner;
use crate::session::Caller;
use crate::{Error, Outbox, Ports, SessionId, UiCommand};

/// What is asked, if anything.
#[derive(Default)]
pub(crate) struct Sheet {
    last: u64,
    question: Option<Question>,
}

struct Question {
    number: u64,
    screen: Screen,
    origin: Rc<CallerOrigin>,
    busy: bool,
    waiters: Vec<Waiter>,
}

struct Waiter {
    session: SessionId,
    done: oneshot::Sender<Result<(), Error>>,
}

/// A question that is being worked on.
#[derive(Clone, Copy)]
pub(crate) struct Attempt {
    /// Which question.
    pub(crate) number: u64,
    /// What it is about.
    pub(crate) screen: Screen,
}

impl Sheet {
    fn join(&mut self, caller: &Caller, screen: Screen) -> (oneshot::Receiver<Answer>, bool) {
        let (done, answer) = oneshot::channel();
        let waiter = Waiter { session: caller.session, done };
        match &mut self.question {
            Some(question) if question.screen == screen => {
                question.waiters.push(waiter);
                (answer, false)
            }
            other => {
                self.last += 1;
                let (number, origin) = (self.last, Rc::clone(&caller.origin));
                let waiters = vec![waiter];
                *other = Some(Question { number, screen, origin, busy: false, waiters });
                (answer, true)
            }
        }
    }

    fn has(&self, session: SessionId) -> bool {
        let waiters = self.question.iter().flat_map(|question| &question.waiters);
        waiters.into_iter().any(|waiter| waiter.session == session)
    }

    /// Whether this attempt's question is still open.
    fn is_open(&self, number: u64) -> bool {
        self.question.as_ref().is_some_and(|question| question.number == number)
    }
}

type Answer = Result<(), Error>;

impl<P: Ports> Inner<P> {
    /// Shows a screen on behalf of a caller and waits for the outcome.
    pub(crate) async fn ask(self: &Rc<Self>, caller: &Caller, screen: Screen) -> Answer {
        // Dropped after `answer`: when the request is aborted, nobody may wait any more.
        let _prune = PruneOnDrop(self);
        let (answer, opened) = self.sheet.borrow_mut().join(caller, screen);
        self.attention(caller.session, Some(screen));
        if opened {
            self.show(None, None);
        }
        answer.await.unwrap_or(Err(Error::Code(ErrorCode::UserCancelled)))
    }

    /// Takes the submitted answer for the open question, unless one is being worked on.
    pub(crate) fn begin_attempt(&self) -> Option<Attempt> {
        let mut sheet = self.sheet.borrow_mut();
        let question = sheet.question.as_mut().filter(|question| !question.busy)?;
        question.busy = true;
        let attempt = Attempt { number: question.number, screen: question.screen };
        drop(sheet);
        self.ports.outbox().ui(UiCommand::Busy);
        Some(attempt)
    }

    /// Fails if the person cancelled in the meantime.
    pub(crate) fn still_wanted(&self, attempt: Attempt) -> Result<(), Error> {
        let open = self.sheet.borrow().is_open(attempt.number);
        if open { Ok(()) } else { Err(Error::Code(ErrorCode::UserCancelled)) }
    }

    /// Shows the question again, saying what was wrong.
    pub(crate) fn ask_again(&self, attempt: Attempt, error: &Error) {
        if self.still_wanted(attempt).is_err() {
            return;
        }
        if let Some(question) = self.sheet.borrow_mut().question.as_mut() {
            question.busy = false;
        }
        let retry_after_ms = match error {
            Error::Wait { retry_after_ms, .. } => Some(*retry_after_ms),
            _ => None,
        };
        self.show(Some(error.code()), retry_after_ms);
        self.prune_sheet();
    }

    /// Closes the question of an attempt, if it is still open.
    pub(crate) fn answer(&self, attempt: Attempt, outcome: &Answer) {
        if self.still_wanted(attempt).is_ok() {
            self.close_sheet(outcome);
        }
    }

    /// Closes whatever question is open.
    pub(crate) fn close_sheet(&self, outcome: &Answer) {
        let Some(question) = self.sheet.borrow_mut().question.take() else { return };
        self.ports.outbox().ui(UiCommand::Hide);
        for waiter in question.waiters {
            self.attention(waiter.session, None);
            // The receiver is gone if the request was aborted in the meantime.
            let _aborted = waiter.done.send(outcome.clone());
        }
    }

    /// Ends the waiting requests of one session.
    pub(crate) fn dismiss(&self, session: SessionId) {
        let mut dismissed = Vec::new();
        if let Some(question) = self.sheet.borrow_mut().question.as_mut() {
            let (mine, others) =
                question.waiters.drain(..).partition(|waiter| waiter.session == session);
            question.waiters = others;
            dismissed = mine;
        }
        for waiter in dismissed {
            self.attention(session, None);
            let _aborted = waiter.done.send(Err(Error::Code(ErrorCode::UserCancelled)));
        }
        self.prune_sheet();
    }

    /// Closes the sheet when nobody waits for it any more.
    fn prune_sheet(&self) {
        let mut gone = Vec::new();
        let mut empty = false;
        if let Some(question) = self.sheet.borrow_mut().question.as_mut() {
            let (left, waiting) =
                question.waiters.drain(..).partition(|waiter| waiter.done.is_canceled());
            gone = left;
            question.waiters = waiting;
            empty = question.waiters.is_empty();
        }
        for waiter in gone {
            if !self.sheet.borrow().has(waiter.session) {
                self.attention(waiter.session, None);
            }
        }
        if empty {
            self.close_sheet(&Err(Error::Code(ErrorCode::UserCancelled)));
        }
    }

    fn show(&self, problem: Option<ErrorCode>, retry_after_ms: Option<u32>) {
        let shown = {
            let sheet = self.sheet.borrow();
            sheet.question.as_ref().map(|question| UiCommand::Show {
                screen: question.screen,
                origin: CallerOrigin::clone(&question.origin),
                problem,
                retry_after_ms,
            })
        };
        if let Some(command) = shown {
            self.ports.outbox().ui(command);
        }
    }

    fn attention(&self, session: SessionId, screen: Option<Screen>) {
        let attention = Attention { visible: screen.is_some(), screen };
        self.ports.outbox().event(session, event("attention", attention));
    }
}

struct PruneOnDrop<'a, P: Ports>(&'a Inner<P>);

impl<P: Ports> Drop for PruneOnDrop<'_, P> {
    fn drop(&mut self) {
        self.0.prune_sheet();
    }
}
