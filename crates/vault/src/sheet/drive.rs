//! From an event of the person to the next step.

use std::future::ready;
use std::rc::Rc;

use futures_util::future::LocalBoxFuture;
use kms_crypto::{SecretVec, strength};
use kms_protocol::{Empty, ErrorCode, LockReason, Screen, Side};

use super::approve::Answered;
use super::manage;
use super::question::{Answer, Turn};
use super::step::{Place, Step, Then};
use crate::enclave::Inner;
use crate::factor::{Candidate, kind_of};
use crate::state::{Phase, UnlockedVault};
use crate::ui::{Action, Factor, NewPasskey, RestoreWhy, UiEvent};
use crate::{Error, Outbox, Ports, UiCommand};

/// What follows an event.
pub(super) enum Next<P: Ports> {
    /// The event does not fit: nothing happens.
    Keep(Step<P>),
    /// Another step.
    Go(Step<P>),
    /// A step, saying what was wrong.
    Again(Step<P>, Error),
    /// The end of the question.
    Done(Answer),
    /// The end of the question: the vault is open.
    Entered(Rc<UnlockedVault<P>>),
    /// The end of an action: the management page if the question began there, else the end.
    Acted,
    /// An error. The same step again if the person can do something about it, the management page
    /// if the question began there, else the end.
    Failed(Step<P>, Error),
}

/// The work on one event. Boxed: the many kinds of work would make one large state machine.
type Work<'a, P> = LocalBoxFuture<'a, Next<P>>;

impl<P: Ports> Inner<P> {
    /// Handles one event of the enclave's own user interface.
    pub(crate) async fn handle_ui(self: &Rc<Self>, view: Option<u32>, event: UiEvent) {
        match event {
            UiEvent::Activity => self.touch(),
            UiEvent::Hidden => self.lock(LockReason::Hidden, None).await,
            UiEvent::Lock => self.lock(LockReason::Requested, None).await,
            // A page that swaps one question for another must not get the answer to the first.
            _ if !self.is_shown(view) => {}
            UiEvent::Cancel => self.cancel(),
            UiEvent::Estimate(passphrase) => self.estimate(&passphrase),
            event => self.advance(view, event).await,
        }
    }

    fn estimate(&self, passphrase: &SecretVec) {
        let Some((turn, step)) = self.begin() else { return };
        let asked = step.takes_new_passphrase();
        self.keep(&turn, step);
        if asked {
            let score = strength::score(passphrase.expose());
            self.ports.outbox().ui(UiCommand::Strength(score));
        }
    }

    async fn advance(self: &Rc<Self>, view: Option<u32>, event: UiEvent) {
        self.expire_sheet();
        if !self.is_shown(view) {
            return;
        }
        let Some((mut turn, step)) = self.begin() else { return };
        match self.perform(&mut turn, step, event).await {
            Next::Keep(step) => {
                self.keep(&turn, step);
            }
            Next::Go(step) => self.go(&turn, step, None),
            Next::Again(step, error) => self.go(&turn, step, Some(&error)),
            Next::Done(outcome) => self.answer(&turn, &outcome),
            Next::Entered(vault) => {
                *self.phase.borrow_mut() = Phase::Unlocked(vault);
                self.answer(&turn, &Ok(()));
                self.broadcast("unlocked", &Empty {});
            }
            Next::Acted => self.acted(&turn).await,
            Next::Failed(step, error) => self.failed(&turn, step, error).await,
        }
    }

    fn perform<'a>(
        self: &'a Rc<Self>,
        turn: &'a mut Turn,
        step: Step<P>,
        event: UiEvent,
    ) -> Work<'a, P> {
        match (step, event) {
            (Step::Setup(new), UiEvent::Factor { enrolment: None, factor }) => {
                Box::pin(self.on_setup(turn, new, factor))
            }
            (Step::Release { notice, then }, UiEvent::Confirm) => {
                self.accept_release(&notice);
                Box::pin(ready(self.unlock_next(then)))
            }
            (step @ Step::Unlock { .. }, UiEvent::Factor { enrolment: Some(id), factor }) => {
                Box::pin(self.on_unlock(turn, step, (id, factor)))
            }
            (Step::ConfirmPhrase(new, positions), UiEvent::Words(words)) => {
                Box::pin(self.on_words(turn, (new, positions), words))
            }
            (Step::AddPassphrase(fresh), UiEvent::Factor { enrolment: None, factor }) => {
                Box::pin(self.on_passphrase(turn, fresh, factor))
            }
            (Step::AddPasskey(fresh, new), UiEvent::Factor { enrolment: None, factor }) => {
                Box::pin(self.on_passkey(turn, (fresh, new), factor))
            }
            (Step::Backup(fresh), UiEvent::Backup { phrase, passphrase }) => {
                Box::pin(self.on_backup(turn, fresh, (phrase, passphrase)))
            }
            (Step::Restore(why), UiEvent::Factor { enrolment: None, factor }) => {
                Box::pin(self.on_chosen(turn, why, factor))
            }
            (Step::ConfirmRestore(backup), UiEvent::Confirm) => {
                Box::pin(self.on_restore(turn, *backup))
            }
            (Step::BackupReady(written), UiEvent::Confirm) => {
                Box::pin(self.on_saved(turn, written))
            }
            (Step::Reset(fresh), UiEvent::Confirm) => Box::pin(self.on_reset(turn, fresh)),
            (Step::Lease(fresh, request), UiEvent::Confirm) => {
                Box::pin(self.on_lease(turn, fresh, request))
            }
            (Step::Approve(approval), UiEvent::Approve { digest, code, assertion }) => {
                let answered = Answered { digest, code, assertion };
                Box::pin(self.on_approve(turn, approval, answered))
            }
            (step @ Step::Manage(_), UiEvent::Open(part)) => Box::pin(self.on_part(step, part)),
            (Step::Keys(list), event) => Box::pin(self.on_keys(list, event)),
            (Step::Key(shown), event) => Box::pin(self.on_key(turn, shown, event)),
            (Step::Audit(page), UiEvent::Export) => Box::pin(self.on_export(turn, page)),
            (Step::Audit(page), event) => Box::pin(self.on_log(page, event)),
            (Step::Unlock { then: Then::Key(task), .. }, UiEvent::Back) => {
                Box::pin(self.to_key(task.key_id, task.place, None))
            }
            (step, UiEvent::Back) => Box::pin(ready(self.back(turn, step))),
            (step, event) => Box::pin(ready(self.turn_page(step, event))),
        }
    }

    /// The events that only lead to another step.
    fn turn_page(&self, step: Step<P>, event: UiEvent) -> Next<P> {
        match (step, event) {
            (Step::Setup(_), UiEvent::NewPhrase) => self.new_phrase(Place::New),
            (Step::Setup(_), UiEvent::Restore) => Next::Go(Step::Restore(RestoreWhy::Restore)),
            (Step::Phrase(new), UiEvent::Written) => self.ask_for_words(new),
            (Step::Manage(storage), UiEvent::Action(action)) => self.on_action(storage, action),
            (step, _) => Next::Keep(step),
        }
    }

    /// One screen back, where there is one.
    fn back(&self, turn: &Turn, step: Step<P>) -> Next<P> {
        match (turn.topic, step) {
            (_, Step::ConfirmPhrase(new, _)) => Next::Go(Step::Phrase(new)),
            (_, Step::LogReady(page, _)) => Next::Go(Step::Audit(page)),
            (_, Step::ConfirmRestore(_)) => Next::Go(Step::Restore(RestoreWhy::Restore)),
            (Screen::Setup, Step::Phrase(_) | Step::Restore(_)) => match self.setup_step() {
                Ok(step) => Next::Go(step),
                Err(error) => Next::Done(Err(error)),
            },
            (_, step @ (Step::Manage(_) | Step::BackupReady(_))) => Next::Keep(step),
            (Screen::Manage, _) => Next::Acted,
            (_, step) => Next::Keep(step),
        }
    }

    async fn on_setup(self: &Rc<Self>, turn: &Turn, new: NewPasskey, factor: Factor) -> Next<P> {
        let salt = match &factor {
            Factor::Passkey(_) => Some(new.salt),
            Factor::Passphrase(_) => None,
            // A phrase is made here, never brought along.
            Factor::Phrase(_) => return Next::Keep(Step::Setup(new)),
        };
        self.busy();
        let outcome = match Candidate::parse(factor, &self.config.host) {
            Ok(candidate) => self.set_up(turn.question, &candidate, salt).await,
            Err(code) => Err(Error::Code(code)),
        };
        match outcome {
            Ok(vault) => Next::Entered(vault),
            Err(error) => Next::Failed(Step::Setup(new), error),
        }
    }

    async fn on_unlock(
        self: &Rc<Self>,
        turn: &mut Turn,
        step: Step<P>,
        (id, factor): (kms_protocol::EnrolmentId, Factor),
    ) -> Next<P> {
        let known = self.header.borrow().as_ref().and_then(|header| {
            header.enrolment(id.as_str()).map(crate::header::EnrolmentRecord::kind)
        });
        let Step::Unlock { then, .. } = &step else { return Next::Keep(step) };
        if known != Some(kind_of(&factor)) {
            return Next::Keep(step);
        }
        let then = then.clone();
        let again = then.clone();
        self.busy();
        let candidate = match Candidate::parse(factor, &self.config.host) {
            Ok(candidate) => candidate,
            Err(code) => return Next::Failed(step, Error::Code(code)),
        };
        let what = (&id, &candidate);
        let outcome = match then {
            Then::Enter => {
                let unlocked = self.unlock(turn.question, what).await;
                unlocked.map(Next::Entered)
            }
            Then::Do(action) => match self.unlock_afresh(turn.question, what).await {
                Ok(fresh) => return self.act(turn, Rc::new(fresh), action).await,
                Err(error) => Err(error),
            },
            Then::Lease(request) => {
                let fresh = self.unlock_afresh(turn.question, what).await;
                fresh.map(|fresh| Next::Go(Step::Lease(Rc::new(fresh), request)))
            }
            Then::Key(task) => match self.unlock_afresh(turn.question, what).await {
                Ok(_) => return self.act_on_key(turn, task).await,
                Err(error) => Err(error),
            },
            Then::Enrol(new) => match self.unlock_afresh(turn.question, what).await {
                Ok(fresh) => return self.enrol_phrase(turn, new, Rc::new(fresh)).await,
                Err(error) => Err(error),
            },
        };
        match outcome {
            Ok(next) => next,
            Err(error) if is_of_the_release(&error) => match self.unlock_for(again) {
                Ok(step) => Next::Again(step, error),
                Err(error) => Next::Done(Err(error)),
            },
            Err(error) => Next::Failed(step, error),
        }
    }

    /// The step that opens the vault, or the end.
    fn unlock_next(&self, then: Then) -> Next<P> {
        match self.unlock_for(then) {
            Ok(step) => Next::Go(step),
            Err(error) => Next::Done(Err(error)),
        }
    }

    /// After an error.
    async fn failed(&self, turn: &Turn, step: Step<P>, error: Error) {
        use ErrorCode::{AuditCorrupt, Locked, NotInitialized, VaultCorrupt, VaultNewer};
        let code = error.code();
        let lost =
            matches!(code, Locked | NotInitialized | VaultCorrupt | AuditCorrupt | VaultNewer);
        if code.info().side == Side::Ui {
            self.go(turn, step, Some(&error));
        } else if turn.topic == Screen::Manage && !lost {
            drop(step);
            let step = self.manage_step().await;
            self.go(turn, step, Some(&error));
        } else {
            self.answer(turn, &Err(error));
        }
    }

    /// After an action.
    async fn acted(&self, turn: &Turn) {
        if turn.topic == Screen::Manage {
            let step = self.manage_step().await;
            self.go(turn, step, None);
        } else {
            self.answer(turn, &Ok(()));
        }
    }

    /// Work is under way.
    pub(super) fn busy(&self) {
        self.ports.outbox().ui(UiCommand::Busy);
    }

    /// The first step of an action after its fresh unlock, or all of it.
    async fn act(self: &Rc<Self>, turn: &Turn, fresh: Rc<super::Fresh>, action: Action) -> Next<P> {
        use kms_protocol::EnrolmentKind::{Passkey, Passphrase, RecoveryPhrase};
        let change = match action {
            Action::Add(Passphrase) => return Next::Go(Step::AddPassphrase(fresh)),
            Action::Add(Passkey) => match self.new_passkey() {
                Ok(new) => return Next::Go(Step::AddPasskey(fresh, new)),
                Err(error) => return Next::Done(Err(error)),
            },
            Action::Add(RecoveryPhrase) => return self.new_phrase(Place::Existing(Some(fresh))),
            Action::Backup => return Next::Go(Step::Backup(fresh)),
            Action::Drill => return Next::Go(Step::Restore(RestoreWhy::Drill)),
            Action::Reset => return Next::Go(Step::Reset(fresh)),
            Action::Rename(id, label) => manage::rename(id, label),
            Action::Remove(id) => manage::remove(id),
            Action::Revoke(id) => manage::revoke(id),
            Action::AutoLock(times) => self.set_auto_lock(times),
        };
        match self.change(turn, change).await {
            Ok(()) => Next::Acted,
            Err(error) => Next::Failed(self.manage_step().await, error),
        }
    }
}

/// Whether the release that runs is why the vault did not open.
const fn is_of_the_release(error: &Error) -> bool {
    use ErrorCode::{ReleaseChanged, ReleaseDeprecated, ReleaseRevoked};
    matches!(error, Error::Code(ReleaseChanged | ReleaseDeprecated | ReleaseRevoked))
}
