//! What is asked, on whose behalf, and who waits for the answer.

use std::cell::Cell;
use std::rc::Rc;

use futures_channel::oneshot;
use futures_util::future::{Either, LocalBoxFuture, select};
use kms_protocol::{Attention, CallerOrigin, ErrorCode, Method, Screen, event};

use super::step::{Step, Subject};
use crate::enclave::Inner;
use crate::session::Caller;
use crate::time::Moment;
use crate::ui::{Approval, View};
use crate::{Error, Outbox, Ports, SessionId, UiCommand};

/// What is asked, if anything.
pub(crate) struct Sheet<P: Ports> {
    last: u64,
    /// How often a screen was shown.
    shown: Cell<u32>,
    question: Option<Question<P>>,
}

impl<P: Ports> Default for Sheet<P> {
    fn default() -> Self {
        Self { last: 0, shown: Cell::new(0), question: None }
    }
}

impl<P: Ports> Sheet<P> {
    /// Whether the person is asked or shown something.
    pub(crate) fn is_open(&self) -> bool {
        self.question.is_some()
    }
}

struct Question<P: Ports> {
    number: u64,
    topic: Screen,
    origin: Rc<CallerOrigin>,
    /// Where it stands; absent while an event is being worked on.
    step: Option<Step<P>>,
    /// Dropped with the question: ends work that nobody wants any more.
    running: Option<oneshot::Sender<()>>,
    waiters: Vec<Waiter>,
}

struct Waiter {
    session: SessionId,
    done: oneshot::Sender<Answer>,
}

/// How a question ended.
pub(crate) type Answer = Result<(), Error>;

/// An event that is being worked on.
pub(super) struct Turn {
    /// Which question it belongs to.
    pub(super) question: u64,
    /// What that is about.
    pub(super) topic: Screen,
    /// The page that asks.
    pub(super) origin: Rc<CallerOrigin>,
    /// Resolves when the question is closed.
    closed: oneshot::Receiver<()>,
}

impl Turn {
    /// Waits for long work only as long as the question is open.
    pub(super) async fn while_open<T>(
        &mut self,
        work: LocalBoxFuture<'_, Result<T, Error>>,
    ) -> Result<T, Error> {
        match select(work, &mut self.closed).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right(_) => Err(Error::Code(ErrorCode::UserCancelled)),
        }
    }
}

impl<P: Ports> Sheet<P> {
    /// Adds a waiter to the open question, if it is about the same.
    fn join(&mut self, caller: &Caller, topic: Screen) -> Joined {
        let (done, answer) = oneshot::channel();
        match &mut self.question {
            None => Joined::Free,
            // What is allowed to one request is not allowed to another.
            Some(question) if question.topic == topic && topic != Screen::Lease => {
                question.waiters.push(Waiter { session: caller.session, done });
                Joined::Waiting(answer)
            }
            Some(_) => Joined::Taken,
        }
    }

    fn open(
        &mut self,
        caller: &Caller,
        (topic, step): (Screen, Step<P>),
    ) -> oneshot::Receiver<Answer> {
        let (done, answer) = oneshot::channel();
        self.open_for(caller, (topic, step), vec![done]);
        answer
    }

    fn open_for(
        &mut self,
        caller: &Caller,
        (topic, step): (Screen, Step<P>),
        waiters: Vec<oneshot::Sender<Answer>>,
    ) {
        let session = caller.session;
        self.last += 1;
        self.question = Some(Question {
            number: self.last,
            topic,
            origin: Rc::clone(&caller.origin),
            step: Some(step),
            running: None,
            waiters: waiters.into_iter().map(|done| Waiter { session, done }).collect(),
        });
    }

    fn has(&self, session: SessionId) -> bool {
        let waiters = self.question.iter().flat_map(|question| &question.waiters);
        waiters.into_iter().any(|waiter| waiter.session == session)
    }

    fn open_question(&mut self, number: u64) -> Option<&mut Question<P>> {
        self.question.as_mut().filter(|question| question.number == number)
    }
}

enum Joined {
    /// The question is open; this resolves with its end.
    Waiting(oneshot::Receiver<Answer>),
    /// Something else is being asked.
    Taken,
    /// Nothing is.
    Free,
}

impl<P: Ports> Inner<P> {
    /// Asks the person on behalf of a caller and waits for the outcome. One thing at a time:
    /// no page can swap what the person is looking at for something else.
    pub(crate) async fn ask(self: &Rc<Self>, caller: &Caller, method: Method) -> Answer {
        self.ask_about(caller, method, Subject::Vault).await
    }

    /// The same, with what the person is to see first, or is asked for.
    pub(crate) async fn ask_about(
        self: &Rc<Self>,
        caller: &Caller,
        method: Method,
        subject: Subject,
    ) -> Answer {
        // Dropped after `answer`: when the request is aborted, nobody may wait any more.
        let _prune = PruneOnDrop(self);
        let Some(topic) = topic_of(method) else { return Err(Error::Code(ErrorCode::Internal)) };
        let taken = Err(Error::Code(ErrorCode::TooManyRequests));
        let mut joined = self.sheet.borrow_mut().join(caller, topic);
        if let Joined::Free = joined {
            // Another tab may have made or deleted the vault since this one looked.
            self.look_again().await?;
            self.admits(method.policy().needs)?;
            let step = self.first_step(topic, subject).await?;
            // It may have been locked meanwhile.
            self.admits(method.policy().needs)?;
            joined = self.sheet.borrow_mut().join(caller, topic);
            if let Joined::Free = joined {
                let answer = self.sheet.borrow_mut().open(caller, (topic, step));
                self.show(None);
                joined = Joined::Waiting(answer);
            }
        }
        let Joined::Waiting(answer) = joined else { return taken };
        self.attention(caller.session, Some(topic));
        answer.await.unwrap_or(Err(Error::Code(ErrorCode::UserCancelled)))
    }

    /// Asks the person to approve operations of one caller. Such a question is never joined: its
    /// answer is for what it shows. Gives the waiters back where something else is being asked.
    pub(crate) fn open_approval(
        &self,
        caller: &Caller,
        approval: Approval,
        waiters: Vec<oneshot::Sender<Answer>>,
    ) -> Option<(Error, Vec<oneshot::Sender<Answer>>)> {
        let mut sheet = self.sheet.borrow_mut();
        if sheet.question.is_some() {
            return Some((Error::Code(ErrorCode::TooManyRequests), waiters));
        }
        sheet.open_for(caller, (Screen::Approve, Step::Approve(approval)), waiters);
        drop(sheet);
        self.show(None);
        self.attention(caller.session, Some(Screen::Approve));
        None
    }

    /// Waits for the answer to a question. When the request is aborted before, nobody waits for it
    /// any more.
    pub(crate) async fn answered(&self, answer: oneshot::Receiver<Answer>) -> Answer {
        let _prune = PruneOnDrop(self);
        answer.await.unwrap_or(Err(Error::Code(ErrorCode::UserCancelled)))
    }

    /// Takes the step of the open question out, unless one is being worked on.
    pub(super) fn begin(&self) -> Option<(Turn, Step<P>)> {
        let mut sheet = self.sheet.borrow_mut();
        let question = sheet.question.as_mut()?;
        let step = question.step.take()?;
        let (running, closed) = oneshot::channel();
        question.running = Some(running);
        let (number, topic, origin) =
            (question.number, question.topic, Rc::clone(&question.origin));
        Some((Turn { question: number, topic, origin, closed }, step))
    }

    /// Puts a step in place, without showing it. It is dropped if the question was closed.
    pub(super) fn keep(&self, turn: &Turn, step: Step<P>) -> bool {
        let mut sheet = self.sheet.borrow_mut();
        let Some(question) = sheet.open_question(turn.question) else { return false };
        question.step = Some(step);
        question.running = None;
        true
    }

    /// Shows a step, saying what was wrong.
    pub(super) fn go(&self, turn: &Turn, step: Step<P>, problem: Option<&Error>) {
        if self.keep(turn, step) {
            self.show(problem);
            self.prune_sheet();
        }
    }

    /// Fails if the person closed the sheet in the meantime.
    pub(crate) fn still_wanted(&self, question: u64) -> Result<(), Error> {
        let open = self.sheet.borrow_mut().open_question(question).is_some();
        if open { Ok(()) } else { Err(Error::Code(ErrorCode::UserCancelled)) }
    }

    /// Closes the question of a turn, if it is still open.
    pub(super) fn answer(&self, turn: &Turn, outcome: &Answer) {
        if self.still_wanted(turn.question).is_ok() {
            self.close_sheet(outcome);
        }
    }

    /// The person closes the sheet: nothing is wrong with that on the management page.
    pub(super) fn cancel(&self) {
        let topic = self.sheet.borrow().question.as_ref().map(|question| question.topic);
        let outcome = match topic {
            Some(Screen::Manage) => Ok(()),
            _ => Err(Error::Code(ErrorCode::UserCancelled)),
        };
        self.close_sheet(&outcome);
    }

    /// Closes whatever question is open.
    pub(crate) fn close_sheet(&self, outcome: &Answer) {
        let Some(question) = self.sheet.borrow_mut().question.take() else { return };
        self.ports.outbox().ui(UiCommand::Hide);
        if question.topic == Screen::Approve {
            self.note_decision(&question.origin, outcome);
        }
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

    /// Wipes what the sheet has kept for too long. It is closed if nothing can take its place.
    pub(crate) fn expire_sheet(&self) {
        let now = Moment::now(self.ports.clock());
        let expired = {
            let mut sheet = self.sheet.borrow_mut();
            let step = sheet.question.as_mut().and_then(|question| question.step.as_mut());
            step.and_then(|step| {
                let instead = self.instead(step.expire(now)?);
                Some(instead.map(|instead| *step = instead))
            })
        };
        match expired {
            None => {}
            Some(Ok(())) => self.show(None),
            Some(Err(error)) => self.close_sheet(&Err(error)),
        }
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

    /// Whether this is the number of the screen that was shown last.
    pub(super) fn is_shown(&self, view: Option<u32>) -> bool {
        view == Some(self.sheet.borrow().shown.get())
    }

    fn show(&self, problem: Option<&Error>) {
        let shown = {
            let sheet = self.sheet.borrow();
            let question = sheet.question.as_ref();
            question.and_then(|question| {
                let screen = self.screen(question.step.as_ref()?);
                let origin = CallerOrigin::clone(&question.origin);
                let number = sheet.shown.get().wrapping_add(1);
                sheet.shown.set(number);
                let retry_after_ms = match problem {
                    Some(Error::Wait { retry_after_ms, .. }) => Some(*retry_after_ms),
                    _ => None,
                };
                let problem = problem.map(Error::code);
                Some(View { number, origin, problem, retry_after_ms, screen })
            })
        };
        if let Some(view) = shown {
            self.ports.outbox().ui(UiCommand::Show(view));
        }
    }

    fn attention(&self, session: SessionId, screen: Option<Screen>) {
        let attention = Attention { visible: screen.is_some(), screen };
        self.ports.outbox().event(session, event("attention", attention));
    }
}

/// What a method asks the person.
const fn topic_of(method: Method) -> Option<Screen> {
    Some(match method {
        Method::Setup => Screen::Setup,
        Method::Unlock => Screen::Unlock,
        Method::Manage | Method::ManageKeys => Screen::Manage,
        Method::Backup => Screen::Backup,
        Method::Restore => Screen::Restore,
        Method::Reset => Screen::Reset,
        Method::CreateLease | Method::ExtendLease => Screen::Lease,
        _ => return None,
    })
}

struct PruneOnDrop<'a, P: Ports>(&'a Inner<P>);

impl<P: Ports> Drop for PruneOnDrop<'_, P> {
    fn drop(&mut self) {
        self.0.prune_sheet();
    }
}
