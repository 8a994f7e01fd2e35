//! Where a question stands, and how that looks.

use std::rc::Rc;

use kms_crypto::{SecretBytes, phrase};
use kms_protocol::{EnrolmentKind, Screen, StorageHealth};

use super::Fresh;
use crate::backup::OpenedBackup;
use crate::enclave::Inner;
use crate::factor::Candidate;
use crate::time::Moment;
use crate::ui::{Action, BackupInfo, Ceremony, Manage, NewPasskey, RestoreWhy, UiScreen, Why};
use crate::{Error, Ports, Store, random};

/// A step. What it holds is wiped when the question goes on or closes.
pub(super) enum Step<P: Ports> {
    /// Choosing how to protect a new vault.
    Setup(NewPasskey),
    /// Opening the vault.
    Unlock { challenge: [u8; 32], then: Then },
    /// A new recovery phrase is shown.
    Phrase(NewPhrase),
    /// Some of its words are asked for.
    ConfirmPhrase(NewPhrase, [u8; 3]),
    /// Choosing another passphrase.
    AddPassphrase(Rc<Fresh>),
    /// Making another passkey.
    AddPasskey(Rc<Fresh>, NewPasskey),
    /// The management page.
    Manage(StorageHealth),
    /// Choosing how to encrypt a backup.
    Backup(Rc<Fresh>),
    /// A backup waits to be saved.
    BackupReady { name: String, bytes: u64 },
    /// Choosing a backup and what opens it.
    Restore(RestoreWhy),
    /// A backup was opened; nothing has been changed yet.
    ConfirmRestore(Box<Restorable<P>>),
    /// Deleting the vault.
    Reset(Rc<Fresh>),
}

/// A backup that waits to be restored, and what opened it.
pub(super) struct Restorable<P: Ports> {
    pub(super) backup: OpenedBackup<P>,
    pub(super) candidate: Candidate,
    pub(super) info: BackupInfo,
}

/// What an unlock is for.
#[derive(Clone)]
pub(super) enum Then {
    /// To use the vault.
    Enter,
    /// To do this.
    Do(Action),
}

/// A recovery phrase that is not enrolled yet.
#[derive(Clone)]
pub(super) struct NewPhrase {
    pub(super) entropy: Rc<SecretBytes<32>>,
    /// For an existing vault, else for a new one.
    pub(super) fresh: Option<Rc<Fresh>>,
}

impl Then {
    const fn why(&self) -> Why {
        match self {
            Then::Enter => Why::Unlock,
            Then::Do(action) => match action {
                Action::Add(_) => Why::Add,
                Action::Rename(..) => Why::Rename,
                Action::Remove(_) => Why::Remove,
                Action::AutoLock(_) => Why::AutoLock,
                Action::Backup => Why::Backup,
                Action::Drill => Why::Drill,
                Action::Reset => Why::Reset,
            },
        }
    }
}

impl<P: Ports> Step<P> {
    /// What to ask a fresh unlock for again, if the one in this step was kept for too long.
    pub(super) fn expired(&self, now: Moment) -> Option<Action> {
        let (fresh, action) = match self {
            Step::Phrase(new) | Step::ConfirmPhrase(new, _) => {
                (new.fresh.as_ref()?, Action::Add(EnrolmentKind::RecoveryPhrase))
            }
            Step::AddPassphrase(fresh) => (fresh, Action::Add(EnrolmentKind::Passphrase)),
            Step::AddPasskey(fresh, _) => (fresh, Action::Add(EnrolmentKind::Passkey)),
            Step::Backup(fresh) => (fresh, Action::Backup),
            Step::Reset(fresh) => (fresh, Action::Reset),
            _ => return None,
        };
        fresh.is_stale(now).then_some(action)
    }

    /// Whether a passphrase is being chosen in this step.
    pub(super) const fn takes_new_passphrase(&self) -> bool {
        matches!(self, Step::Setup(_) | Step::AddPassphrase(_) | Step::Backup(_))
    }
}

impl<P: Ports> Inner<P> {
    /// The first step of a question.
    pub(super) async fn first_step(&self, topic: Screen) -> Result<Step<P>, Error> {
        match topic {
            Screen::Setup => self.setup_step(),
            Screen::Unlock => Ok(Step::Unlock {
                challenge: random::bytes(self.ports.crypto())?,
                then: Then::Enter,
            }),
            Screen::Manage => Ok(self.manage_step().await),
            Screen::Backup => self.unlock_step(Action::Backup),
            Screen::Restore => Ok(Step::Restore(RestoreWhy::Restore)),
            Screen::Reset => self.unlock_step(Action::Reset),
        }
    }

    /// The step that chooses how to protect a new vault.
    pub(super) fn setup_step(&self) -> Result<Step<P>, Error> {
        Ok(Step::Setup(self.new_passkey()?))
    }

    /// The step that opens the vault again before an action.
    pub(super) fn unlock_step(&self, action: Action) -> Result<Step<P>, Error> {
        let challenge = random::bytes(self.ports.crypto())?;
        Ok(Step::Unlock { challenge, then: Then::Do(action) })
    }

    /// The management page.
    pub(super) async fn manage_step(&self) -> Step<P> {
        Step::Manage(self.ports.store().health().await)
    }

    /// Input of the ceremony for a passkey that is not enrolled yet.
    pub(super) fn new_passkey(&self) -> Result<NewPasskey, Error> {
        let crypto = self.ports.crypto();
        let header = self.header.borrow();
        let exclude = header.iter().flat_map(|header| header.credentials().cloned()).collect();
        Ok(NewPasskey {
            challenge: random::bytes(crypto)?,
            user: random::bytes(crypto)?,
            salt: random::bytes(crypto)?,
            exclude,
        })
    }

    /// How a step looks.
    pub(super) fn screen(&self, step: &Step<P>) -> UiScreen {
        match step {
            Step::Setup(passkey) => UiScreen::Setup(passkey.clone()),
            Step::Unlock { challenge, then } => self.unlock_screen(*challenge, then.why()),
            Step::Phrase(new) => UiScreen::Phrase(phrase::words(&new.entropy)),
            Step::ConfirmPhrase(_, positions) => UiScreen::ConfirmPhrase(*positions),
            Step::AddPassphrase(_) => UiScreen::AddPassphrase,
            Step::AddPasskey(_, passkey) => UiScreen::AddPasskey(passkey.clone()),
            Step::Manage(storage) => UiScreen::Manage(self.manage_screen(storage)),
            Step::Backup(_) => UiScreen::Backup { phrase: self.phrase_recipient().is_some() },
            Step::BackupReady { name, bytes } => {
                UiScreen::BackupReady { name: name.clone(), bytes: *bytes }
            }
            Step::Restore(why) => UiScreen::Restore { why: *why },
            Step::ConfirmRestore(restorable) => UiScreen::ConfirmRestore(restorable.info),
            Step::Reset(_) => UiScreen::Reset,
        }
    }

    fn unlock_screen(&self, challenge: [u8; 32], why: Why) -> UiScreen {
        let passkeys = self.header.borrow().as_ref().map(crate::header::Header::passkeys);
        let ceremony = Ceremony { challenge, passkeys: passkeys.unwrap_or_default() };
        UiScreen::Unlock { why, enrolments: self.enrolments(), ceremony }
    }

    fn manage_screen(&self, storage: &StorageHealth) -> Manage {
        Manage {
            enrolments: self.enrolments(),
            auto_lock: self.auto_lock(),
            longest: self.config.auto_lock.clone(),
            backup: self.backup_health(),
            storage: storage.clone(),
        }
    }

    /// To whom a backup can be encrypted besides a passphrase.
    pub(super) fn phrase_recipient(&self) -> Option<[u8; 32]> {
        let vault = self.unlocked().ok()?;
        let header = self.header.borrow();
        vault.settings.borrow().recipient(header.as_ref()?)
    }
}
