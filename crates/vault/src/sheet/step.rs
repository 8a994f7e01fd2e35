//! Where a question stands, and how that looks.

use std::rc::Rc;

use kms_crypto::{SecretBytes, phrase};
use kms_protocol::{EnrolmentKind, ErrorCode, KeyId, Screen, StorageHealth};

use super::Fresh;
use super::key_action::KeyTask;
use super::keys::{KeyList, KeyPlace, ShownKey};
use super::log::LogPage;
use crate::backup::{OpenedBackup, Written};
use crate::enclave::Inner;
use crate::factor::Candidate;
use crate::lease::Request;
use crate::time::Moment;
use crate::tripwire::ReleaseNotice;
use crate::ui::{
    Action, Approval, BackupInfo, Ceremony, HeldLease, LogReady, Manage, NewPasskey, RestoreWhy,
    UiScreen, Why,
};
use crate::{Error, Ports, Store, random, time};

/// How long a new recovery phrase may take until it is enrolled, in milliseconds.
const PHRASE_MS: u64 = 20 * 60 * 1000;
/// How long an opened backup waits to be restored, in milliseconds.
const RESTORE_MS: u64 = 10 * 60 * 1000;

/// A step. What it holds is wiped when the question goes on or closes.
pub(super) enum Step<P: Ports> {
    /// Choosing how to protect a new vault.
    Setup(NewPasskey),
    /// What is to be known of the release before it opens the vault.
    Release { notice: Box<ReleaseNotice>, then: Then },
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
    BackupReady(Written),
    /// Choosing a backup and what opens it.
    Restore(RestoreWhy),
    /// A backup was opened; nothing has been changed yet.
    ConfirmRestore(Box<Restorable<P>>),
    /// Deleting the vault.
    Reset(Rc<Fresh>),
    /// Allowing or extending a lease.
    Lease(Rc<Fresh>, Rc<Request>),
    /// The keys of all sites.
    Keys(KeyList),
    /// One key.
    Key(Box<ShownKey>),
    /// The audit log.
    Audit(Box<LogPage>),
    /// The log waits to be saved; the way back leads to its page.
    LogReady(Box<LogPage>, LogReady),
    /// Approving what keys are used for.
    Approve(Approval),
}

/// A backup that waits to be restored, and what opened it.
pub(super) struct Restorable<P: Ports> {
    pub(super) backup: OpenedBackup<P>,
    pub(super) candidate: Candidate,
    pub(super) info: BackupInfo,
    /// When it was opened.
    pub(super) since: Moment,
}

/// What a page asks the person to look at.
pub(crate) enum Subject {
    /// The vault as a whole.
    Vault,
    /// The keys.
    Keys,
    /// One key, which belongs to the page that asks.
    Key(KeyId),
    /// The terms of a lease.
    Lease(Rc<Request>),
}

/// What an unlock is for.
#[derive(Clone)]
pub(super) enum Then {
    /// To use the vault.
    Enter,
    /// To do this.
    Do(Action),
    /// To enrol a phrase that was written down, which took longer than a fresh unlock lasts.
    Enrol(NewPhrase),
    /// To be asked for this lease.
    Lease(Rc<Request>),
    /// To do this with a key.
    Key(KeyTask),
}

/// A recovery phrase that is not enrolled yet.
#[derive(Clone)]
pub(super) struct NewPhrase {
    pub(super) entropy: Rc<SecretBytes<32>>,
    pub(super) place: Place,
    /// When it was drawn.
    pub(super) since: Moment,
}

/// Where a recovery phrase is to be enrolled.
#[derive(Clone)]
pub(super) enum Place {
    /// In a new vault.
    New,
    /// In the vault there is. The fresh unlock is dropped after its time; the phrase stays, so
    /// that it can be written down without haste.
    Existing(Option<Rc<Fresh>>),
}

/// What takes the place of a step that was left alone for too long.
pub(super) enum Instead {
    /// The choice of how to protect a new vault.
    Setup,
    /// Another fresh unlock.
    Unlock(Then),
    /// The choice of a backup.
    Restore,
}

impl NewPhrase {
    /// Wipes a fresh unlock that was kept for too long, and after a longer time all of it.
    fn expire(&mut self, now: Moment) -> Option<Instead> {
        if let Place::Existing(fresh) = &mut self.place {
            fresh.take_if(|fresh| fresh.is_stale(now));
        }
        if now.since(self.since) < PHRASE_MS {
            return None;
        }
        Some(match self.place {
            Place::New => Instead::Setup,
            Place::Existing(_) => {
                Instead::Unlock(Then::Do(Action::Add(EnrolmentKind::RecoveryPhrase)))
            }
        })
    }
}

impl Then {
    const fn why(&self) -> Why {
        match self {
            Then::Enter => Why::Unlock,
            Then::Enrol(_) => Why::Add,
            Then::Lease(_) => Why::Lease,
            Then::Key(task) => task.why,
            Then::Do(action) => match action {
                Action::Add(_) => Why::Add,
                Action::Rename(..) => Why::Rename,
                Action::Remove(_) => Why::Remove,
                Action::AutoLock(_) => Why::AutoLock,
                Action::Backup => Why::Backup,
                Action::Drill => Why::Drill,
                Action::Reset => Why::Reset,
                Action::Revoke(_) => Why::Revoke,
            },
        }
    }
}

impl<P: Ports> Step<P> {
    /// Wipes what was kept for too long; returns what to show instead, if that was needed.
    pub(super) fn expire(&mut self, now: Moment) -> Option<Instead> {
        let (fresh, then) = match self {
            Step::Phrase(new)
            | Step::ConfirmPhrase(new, _)
            | Step::Release { then: Then::Enrol(new), .. }
            | Step::Unlock { then: Then::Enrol(new), .. } => return new.expire(now),
            Step::ConfirmRestore(restorable) => {
                let late = now.since(restorable.since) >= RESTORE_MS;
                return late.then_some(Instead::Restore);
            }
            Step::AddPassphrase(fresh) => (fresh, Then::Do(Action::Add(EnrolmentKind::Passphrase))),
            Step::AddPasskey(fresh, _) => (fresh, Then::Do(Action::Add(EnrolmentKind::Passkey))),
            Step::Backup(fresh) => (fresh, Then::Do(Action::Backup)),
            Step::Reset(fresh) => (fresh, Then::Do(Action::Reset)),
            Step::Lease(fresh, request) => (fresh, Then::Lease(Rc::clone(request))),
            _ => return None,
        };
        fresh.is_stale(now).then_some(Instead::Unlock(then))
    }

    /// Whether a passphrase is being chosen in this step.
    pub(super) const fn takes_new_passphrase(&self) -> bool {
        matches!(self, Step::Setup(_) | Step::AddPassphrase(_) | Step::Backup(_))
    }
}

impl<P: Ports> Inner<P> {
    /// The first step of a question.
    pub(super) async fn first_step(
        &self,
        topic: Screen,
        subject: Subject,
    ) -> Result<Step<P>, Error> {
        match topic {
            Screen::Setup => self.setup_step(),
            Screen::Unlock => self.unlock_for(Then::Enter),
            Screen::Manage => match subject {
                Subject::Keys => self.keys_step(KeyPlace::default()).await,
                Subject::Key(key_id) => self.key_step(key_id, KeyPlace::default()).await,
                _ => Ok(self.manage_step().await),
            },
            Screen::Backup => self.unlock_step(Action::Backup),
            Screen::Restore => Ok(Step::Restore(RestoreWhy::Restore)),
            Screen::Reset => self.unlock_step(Action::Reset),
            Screen::Lease => match subject {
                Subject::Lease(request) => self.unlock_for(Then::Lease(request)),
                _ => Err(Error::Code(ErrorCode::Internal)),
            },
            // Opens with its step.
            Screen::Approve => Err(Error::Code(ErrorCode::Internal)),
        }
    }

    /// The step that chooses how to protect a new vault.
    pub(super) fn setup_step(&self) -> Result<Step<P>, Error> {
        Ok(Step::Setup(self.new_passkey()?))
    }

    /// The step that opens the vault again before an action.
    pub(super) fn unlock_step(&self, action: Action) -> Result<Step<P>, Error> {
        self.unlock_for(Then::Do(action))
    }

    /// The step that opens the vault; before it, what the person has to know of the release.
    pub(super) fn unlock_for(&self, then: Then) -> Result<Step<P>, Error> {
        if let Some(notice) = self.release_notice() {
            return Ok(Step::Release { notice: Box::new(notice), then });
        }
        Ok(Step::Unlock { challenge: random::bytes(self.ports.crypto())?, then })
    }

    /// The step that takes the place of one that was left alone for too long.
    pub(super) fn instead(&self, instead: Instead) -> Result<Step<P>, Error> {
        match instead {
            Instead::Setup => self.setup_step(),
            Instead::Unlock(then) => self.unlock_for(then),
            Instead::Restore => Ok(Step::Restore(RestoreWhy::Restore)),
        }
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
            Step::Release { notice, .. } => UiScreen::Release(notice.clone()),
            Step::Unlock { challenge, then } => self.unlock_screen(*challenge, then.why()),
            Step::Phrase(new) => UiScreen::Phrase(phrase::words(&new.entropy)),
            Step::ConfirmPhrase(_, positions) => UiScreen::ConfirmPhrase(*positions),
            Step::AddPassphrase(_) => UiScreen::AddPassphrase,
            Step::AddPasskey(_, passkey) => UiScreen::AddPasskey(passkey.clone()),
            Step::Manage(storage) => UiScreen::Manage(self.manage_screen(storage)),
            Step::Backup(_) => UiScreen::Backup { phrase: self.phrase_recipient().is_some() },
            Step::BackupReady(written) => {
                let name = format!("ats-kms-backup-{}.age", time::date(written.made));
                UiScreen::BackupReady { name, bytes: written.bytes }
            }
            Step::Restore(why) => UiScreen::Restore { why: *why },
            Step::ConfirmRestore(restorable) => UiScreen::ConfirmRestore(restorable.info),
            Step::Reset(_) => UiScreen::Reset,
            Step::Lease(_, request) => UiScreen::Lease(request.terms.clone()),
            Step::Keys(list) => UiScreen::Keys(list.rows.clone()),
            Step::Key(shown) => UiScreen::Key(Box::new(shown.details.clone())),
            Step::Audit(page) => UiScreen::Audit(page.rows.clone()),
            Step::LogReady(_, ready) => UiScreen::LogReady(ready.clone()),
            Step::Approve(approval) => UiScreen::Approve(approval.clone()),
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
            leases: self.held_leases(),
        }
    }

    fn held_leases(&self) -> Vec<HeldLease> {
        let held = self.unlocked().map(|vault| {
            let now = self.now_in(&vault);
            vault.settings.borrow().held_leases(now)
        });
        held.unwrap_or_default()
    }

    /// To whom a backup can be encrypted besides a passphrase.
    pub(super) fn phrase_recipient(&self) -> Option<[u8; 32]> {
        let vault = self.unlocked().ok()?;
        let header = self.header.borrow();
        vault.settings.borrow().recipient(header.as_ref()?)
    }
}
