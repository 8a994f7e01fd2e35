//! From an event of the person to the next step.

use std::rc::Rc;

use kms_crypto::{SecretVec, strength};
use kms_protocol::{Empty, ErrorCode, LockReason, Screen, Side};

use super::question::{Answer, Turn};
use super::step::{NewPhrase, Step, Then};
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
}

impl<P: Ports> Inner<P> {
    /// Handles one event of the enclave's own user interface.
    pub(crate) async fn handle_ui(self: &Rc<Self>, event: UiEvent) {
        match event {
            UiEvent::Activity => self.touch(),
            UiEvent::Hidden => self.lock(LockReason::Hidden, None).await,
            UiEvent::Lock => self.lock(LockReason::Requested, None).await,
            UiEvent::Cancel => self.cancel(),
            UiEvent::Estimate(passphrase) => self.estimate(&passphrase),
            event => self.advance(event).await,
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

    async fn advance(self: &Rc<Self>, event: UiEvent) {
        self.expire_fresh();
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
        }
    }

    async fn perform(self: &Rc<Self>, turn: &mut Turn, step: Step<P>, event: UiEvent) -> Next<P> {
        match (step, event) {
            (Step::Setup(new), UiEvent::Factor { enrolment: None, factor }) => {
                self.on_setup(turn, new, factor).await
            }
            (Step::Setup(_), UiEvent::NewPhrase) => self.new_phrase(None),
            (Step::Setup(_), UiEvent::Restore) => Next::Go(Step::Restore(RestoreWhy::Restore)),
            (step @ Step::Unlock { .. }, UiEvent::Factor { enrolment: Some(id), factor }) => {
                self.on_unlock(turn, step, (id, factor)).await
            }
            (Step::Phrase(new), UiEvent::Written) => self.ask_for_words(new),
            (Step::ConfirmPhrase(new, _), UiEvent::Back) => Next::Go(Step::Phrase(new)),
            (Step::ConfirmPhrase(new, positions), UiEvent::Words(words)) => {
                self.on_words(turn, (new, positions), &words).await
            }
            (Step::Manage(storage), UiEvent::Action(action)) => self.on_action(storage, action),
            (Step::AddPassphrase(fresh), UiEvent::Factor { enrolment: None, factor }) => {
                self.on_passphrase(turn, fresh, factor).await
            }
            (Step::AddPasskey(fresh, new), UiEvent::Factor { enrolment: None, factor }) => {
                self.on_passkey(turn, (fresh, new), factor).await
            }
            (Step::Backup(fresh), UiEvent::Backup { phrase, passphrase }) => {
                self.on_backup(turn, fresh, (phrase, passphrase)).await
            }
            (Step::BackupReady { .. }, UiEvent::Confirm) => self.saved(turn).await,
            (Step::Restore(why), UiEvent::Factor { enrolment: None, factor }) => {
                self.on_chosen(turn, why, factor).await
            }
            (Step::ConfirmRestore(backup), UiEvent::Confirm) => {
                self.on_restore(turn, *backup).await
            }
            (Step::ConfirmRestore(_), UiEvent::Back) => {
                Next::Go(Step::Restore(RestoreWhy::Restore))
            }
            (Step::Reset(fresh), UiEvent::Confirm) => self.on_reset(turn, fresh).await,
            (step, UiEvent::Back) => self.back(turn, step).await,
            (step, _) => Next::Keep(step),
        }
    }

    /// One screen back, where there is one.
    async fn back(&self, turn: &Turn, step: Step<P>) -> Next<P> {
        match (turn.topic, step) {
            (Screen::Setup, Step::Phrase(_) | Step::Restore(_)) => match self.setup_step() {
                Ok(step) => Next::Go(step),
                Err(error) => Next::Done(Err(error)),
            },
            (_, step @ (Step::Manage(_) | Step::BackupReady { .. })) => Next::Keep(step),
            (Screen::Manage, _) => Next::Go(self.manage_step().await),
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
            Err(error) => self.failed(turn, Step::Setup(new), error).await,
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
        self.busy();
        let candidate = match Candidate::parse(factor, &self.config.host) {
            Ok(candidate) => candidate,
            Err(code) => return self.failed(turn, step, Error::Code(code)).await,
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
        };
        match outcome {
            Ok(next) => next,
            Err(error) => self.failed(turn, step, error).await,
        }
    }

    /// After an error: the same step again if the person can do something about it, the
    /// management page if the question began there, else the end.
    pub(super) async fn failed(&self, turn: &Turn, step: Step<P>, error: Error) -> Next<P> {
        use ErrorCode::{AuditCorrupt, Locked, NotInitialized, VaultCorrupt, VaultNewer};
        let code = error.code();
        if code.info().side == Side::Ui {
            return Next::Again(step, error);
        }
        let lost =
            matches!(code, Locked | NotInitialized | VaultCorrupt | AuditCorrupt | VaultNewer);
        if turn.topic == Screen::Manage && !lost {
            return Next::Again(self.manage_step().await, error);
        }
        Next::Done(Err(error))
    }

    /// After an action: the management page if the question began there, else the end.
    pub(super) async fn after_action(&self, turn: &Turn) -> Next<P> {
        if turn.topic == Screen::Manage {
            Next::Go(self.manage_step().await)
        } else {
            Next::Done(Ok(()))
        }
    }

    /// Work is under way.
    pub(super) fn busy(&self) {
        self.ports.outbox().ui(UiCommand::Busy);
    }

    /// The first step of an action, after its fresh unlock.
    async fn act(self: &Rc<Self>, turn: &Turn, fresh: Rc<super::Fresh>, action: Action) -> Next<P> {
        use kms_protocol::EnrolmentKind::{Passkey, Passphrase, RecoveryPhrase};
        match action {
            Action::Add(Passphrase) => Next::Go(Step::AddPassphrase(fresh)),
            Action::Add(Passkey) => match self.new_passkey() {
                Ok(new) => Next::Go(Step::AddPasskey(fresh, new)),
                Err(error) => Next::Done(Err(error)),
            },
            Action::Add(RecoveryPhrase) => self.new_phrase(Some(fresh)),
            Action::Backup => Next::Go(Step::Backup(fresh)),
            Action::Drill => Next::Go(Step::Restore(RestoreWhy::Drill)),
            Action::Reset => Next::Go(Step::Reset(fresh)),
            Action::Rename(id, label) => self.rename(turn, &id, label).await,
            Action::Remove(id) => self.remove(turn, &id).await,
            Action::AutoLock(times) => self.set_auto_lock(turn, times).await,
        }
    }

    /// Shows a new recovery phrase.
    fn new_phrase(&self, fresh: Option<Rc<super::Fresh>>) -> Next<P> {
        match self.draw_phrase() {
            Ok(entropy) => Next::Go(Step::Phrase(NewPhrase { entropy, fresh })),
            Err(error) => Next::Done(Err(error)),
        }
    }
}
