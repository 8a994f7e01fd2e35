//! The management page: enrolments and automatic locking.

use std::rc::Rc;

use kms_protocol::{AutoLock, EnrolmentId, ErrorCode, Label, LeaseId, StorageHealth};

use super::Fresh;
use super::drive::Next;
use super::question::Turn;
use super::step::Step;
use crate::audit::{Draft, Edit, Edited};
use crate::enclave::Inner;
use crate::enrol::{self, Home};
use crate::factor::Candidate;
use crate::lease::Request;
use crate::settings::check_auto_lock;
use crate::ui::{Action, Factor, NewPasskey};
use crate::{Clock, Error, Ports, Store};

impl<P: Ports> Inner<P> {
    /// Every action begins with a fresh unlock, unless it is seen at once that it is impossible.
    pub(super) fn on_action(&self, storage: StorageHealth, action: Action) -> Next<P> {
        let possible = match (&action, &*self.header.borrow()) {
            (Action::Add(_), Some(header)) => header.has_room(),
            (Action::Remove(id), Some(header)) => header.may_remove(id.as_str()),
            (Action::Rename(id, _), Some(header)) if header.enrolment(id.as_str()).is_none() => {
                Err(ErrorCode::InvalidParams)
            }
            (Action::AutoLock(times), _) => check_auto_lock(times, &self.config),
            _ => Ok(()),
        };
        match possible.map_err(Error::from).and_then(|()| self.unlock_step(action)) {
            Ok(step) => Next::Go(step),
            Err(error) => Next::Again(Step::Manage(storage), error),
        }
    }

    /// A passphrase for another enrolment.
    pub(super) async fn on_passphrase(
        self: &Rc<Self>,
        turn: &Turn,
        fresh: Rc<Fresh>,
        factor: Factor,
    ) -> Next<P> {
        let Factor::Passphrase(passphrase) = factor else {
            return Next::Keep(Step::AddPassphrase(fresh));
        };
        self.busy();
        let candidate = Candidate::Passphrase(passphrase);
        match self.enrol(turn, &fresh, &candidate, None).await {
            Ok(()) => Next::Acted,
            Err(error) => Next::Failed(Step::AddPassphrase(fresh), error),
        }
    }

    /// The answer of a new passkey.
    pub(super) async fn on_passkey(
        self: &Rc<Self>,
        turn: &Turn,
        (fresh, new): (Rc<Fresh>, NewPasskey),
        factor: Factor,
    ) -> Next<P> {
        let Factor::Passkey(_) = &factor else {
            return Next::Keep(Step::AddPasskey(fresh, new));
        };
        self.busy();
        let added = match Candidate::parse(factor, &self.config.host) {
            Ok(candidate) => self.enrol(turn, &fresh, &candidate, Some(new.salt)).await,
            Err(code) => Err(Error::Code(code)),
        };
        match added {
            Ok(()) => Next::Acted,
            Err(error) => Next::Failed(Step::AddPasskey(fresh, new), error),
        }
    }

    /// Adds an enrolment to the vault.
    pub(super) async fn enrol(
        self: &Rc<Self>,
        turn: &Turn,
        fresh: &Fresh,
        candidate: &Candidate,
        salt: Option<[u8; 32]>,
    ) -> Result<(), Error> {
        candidate.check_new()?;
        let vault = self.unlocked()?;
        let device = self.ports.store().device_key().await?.ok_or(ErrorCode::VaultCorrupt)?;
        let home = Home { vault_id: &vault.id, device: &device, root: fresh.root() };
        let enrolment =
            enrol::create((&self.ports, &self.config.names), &home, candidate, salt).await?;
        self.still_wanted(turn.question)?;
        let (recipient, signer) = (candidate.recipient(), candidate.signer(&enrolment.id));
        let edit = move |edited: &mut Edited| {
            if let Some(key) = recipient {
                edited.settings.set_recipient(&enrolment.id, key);
            }
            if let Some(signer) = signer.clone() {
                edited.settings.add_signer(signer);
            }
            Ok(edited.header.add(enrolment.clone())?)
        };
        self.change(turn, ("vault.enrol.add", Box::new(edit))).await
    }

    /// The person allows a lease.
    pub(super) async fn on_lease(
        self: &Rc<Self>,
        turn: &Turn,
        fresh: Rc<Fresh>,
        request: Rc<Request>,
    ) -> Next<P> {
        self.busy();
        match self.grant_lease(turn.question, &request).await {
            Ok(()) => Next::Acted,
            Err(error) => Next::Failed(Step::Lease(fresh, request), error),
        }
    }

    /// Sets the times of automatic locking.
    pub(super) fn set_auto_lock(&self, times: AutoLock) -> Change {
        let allowed = check_auto_lock(&times, &self.config);
        let edit = move |edited: &mut Edited| {
            allowed?;
            edited.settings.set_auto_lock(&times);
            Ok(())
        };
        ("vault.settings", Box::new(edit))
    }

    /// Changes header and settings of the unlocked vault, with an audit entry, unless the person
    /// has closed the sheet by the time it is written.
    pub(super) async fn change(
        self: &Rc<Self>,
        turn: &Turn,
        (method, edit): Change,
    ) -> Result<(), Error> {
        self.unlocked()?;
        let draft = Draft::internal(method, self.ports.clock().now_ms());
        let (inner, question) = (Rc::clone(self), turn.question);
        let wanted = move |edited: &mut Edited| {
            inner.still_wanted(question)?;
            edit(edited)
        };
        self.commit_edit(draft, Box::new(wanted)).await
    }
}

/// A change of the vault and the name of its audit entry.
pub(super) type Change = (&'static str, Edit);

/// Gives an enrolment another name.
pub(super) fn rename(id: EnrolmentId, label: Label) -> Change {
    let edit = move |edited: &mut Edited| {
        let slot = edited.header.enrolment_mut(id.as_str()).ok_or(ErrorCode::InvalidParams)?;
        slot.label = label.as_str().into();
        Ok(())
    };
    ("vault.enrol.rename", Box::new(edit))
}

/// Ends a lease.
pub(super) fn revoke(id: LeaseId) -> Change {
    let edit = move |edited: &mut Edited| Ok(edited.settings.revoke_any(&id)?);
    ("leases.revoke", Box::new(edit))
}

/// Removes an enrolment, never the last one.
pub(super) fn remove(id: EnrolmentId) -> Change {
    let edit = move |edited: &mut Edited| {
        edited.header.remove(id.as_str())?;
        edited.settings.note_removal(id.as_str());
        Ok(())
    };
    ("vault.enrol.remove", Box::new(edit))
}
