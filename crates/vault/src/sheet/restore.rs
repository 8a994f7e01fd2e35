//! Opening a backup: to become the vault of this browser, or to prove that it opens.

use std::rc::Rc;

use kms_crypto::CryptoProvider;
use kms_protocol::ErrorCode;

use super::drive::Next;
use super::question::Turn;
use super::step::{Restorable, Step};
use crate::audit::{Draft, Edited};
use crate::backup::{self, OpenedBackup};
use crate::enclave::Inner;
use crate::enrol::{self, Home};
use crate::factor::Candidate;
use crate::header::Header;
use crate::state::{Phase, UnlockedVault};
use crate::time::Moment;
use crate::tripwire::KnownRelease;
use crate::ui::{Factor, RestoreWhy};
use crate::{Clock, Error, Ports, stored};

impl<P: Ports> Inner<P> {
    /// A file was chosen, and what opens it.
    pub(super) async fn on_chosen(
        self: &Rc<Self>,
        turn: &mut Turn,
        why: RestoreWhy,
        factor: Factor,
    ) -> Next<P> {
        // Passkeys belong to a browser, backups do not.
        if let Factor::Passkey(_) = &factor {
            return Next::Keep(Step::Restore(why));
        }
        self.busy();
        let outcome = match why {
            RestoreWhy::Restore => self.open_backup(turn, factor).await,
            RestoreWhy::Drill => match self.drill(turn, &factor).await {
                Ok(()) => return Next::Acted,
                Err(error) => Err(error),
            },
        };
        match outcome {
            Ok(restorable) => Next::Go(Step::ConfirmRestore(Box::new(restorable))),
            Err(error) => Next::Failed(Step::Restore(why), error),
        }
    }

    async fn open_backup(&self, turn: &mut Turn, factor: Factor) -> Result<Restorable<P>, Error> {
        let backup = turn.while_open(Box::pin(backup::open(&self.ports, &factor))).await?;
        let candidate = Candidate::parse(factor, &self.config.host)?;
        let info = backup.info(self.newer_than(&backup).await?);
        let since = Moment::now(self.ports.clock());
        Ok(Restorable { backup, candidate, info, since })
    }

    /// When this browser made a later backup of the same vault, if it knows of one.
    async fn newer_than(&self, backup: &OpenedBackup<P>) -> Result<Option<u64>, Error> {
        let known = stored::history(&self.ports).await?;
        let same = known.iter().find(|known| known.vault_id == backup.vault_id);
        Ok(same.map(|known| known.last_backup).filter(|last| *last > backup.created))
    }

    /// Reads all of a backup of this vault.
    async fn drill(self: &Rc<Self>, turn: &mut Turn, factor: &Factor) -> Result<(), Error> {
        let vault = self.unlocked()?;
        let backup = turn.while_open(Box::pin(backup::open(&self.ports, factor))).await?;
        if backup.vault_id != vault.id {
            return Err(Error::Code(ErrorCode::BackupOtherVault));
        }
        let created = backup.created;
        turn.while_open(Box::pin(backup.drill(&self.ports))).await?;
        vault.still_open()?;
        let done = self.ports.clock().now_ms();
        let edit = move |edited: &mut Edited| {
            // What it lacks would be missed: it proves nothing of the backup that counts. That may
            // have been made in another tab, so the stored header says which one it is.
            if edited.header.last_backup.is_some_and(|last| last > created) {
                return Err(Error::Code(ErrorCode::BackupOutdated));
            }
            edited.header.last_drill = Some(done);
            Ok(())
        };
        self.change(turn, ("vault.drill", Box::new(edit))).await
    }

    /// Makes the opened backup the vault of this browser.
    pub(super) async fn on_restore(
        self: &Rc<Self>,
        turn: &mut Turn,
        restorable: Restorable<P>,
    ) -> Next<P> {
        self.busy();
        match self.restore(turn, restorable).await {
            Ok(vault) => Next::Entered(vault),
            Err(error) => Next::Failed(Step::Restore(RestoreWhy::Restore), error),
        }
    }

    async fn restore(
        self: &Rc<Self>,
        turn: &mut Turn,
        restorable: Restorable<P>,
    ) -> Result<Rc<UnlockedVault<P>>, Error> {
        self.must_not_be_revoked()?;
        let Restorable { backup, candidate, .. } = restorable;
        let vault_id = backup.vault_id;
        let device = self.ports.crypto().generate_device_key().await?;
        // What opened the file becomes the first enrolment, bound to this browser.
        let home = Home { vault_id: &vault_id, device: &device, root: &backup.root };
        let enrolment =
            enrol::create((&self.ports, &self.config.names), &home, &candidate, None).await?;
        let id = enrolment.id.clone();
        let mut header = Header::new(vault_id, backup.vault_created);
        // Asked again: what this browser knows may have grown while the person looked at it.
        header.last_backup = Some(self.newer_than(&backup).await?.unwrap_or(backup.created));
        header.add(enrolment)?;
        let secrets = enrol::derive(&self.ports, &backup.root).await?;
        self.still_wanted(turn.question)?;
        let restored =
            turn.while_open(Box::pin(backup.restore(&self.ports, &header, device))).await;
        if restored.is_err() {
            // Another tab may have been faster.
            self.look_again().await?;
        }
        restored?;
        self.note_header(header);
        *self.phase.borrow_mut() = Phase::Locked;
        let vault = self.open_log(&vault_id, secrets).await?;
        self.journal.borrow_mut().attach(&vault);
        let logged = self.log_restore(id, candidate.recipient()).await;
        let ready = match logged {
            Ok(()) => self.index_ready(&vault).await,
            Err(error) => Err(error),
        };
        if let Err(error) = ready.and_then(|()| self.still_wanted(turn.question)) {
            self.drop_keys(&vault);
            return Err(error);
        }
        Ok(vault)
    }

    async fn log_restore(
        self: &Rc<Self>,
        id: String,
        recipient: Option<[u8; 32]>,
    ) -> Result<(), Error> {
        let time = self.ports.clock().now_ms();
        let (config, running) = (self.config.clone(), KnownRelease::running(&self.config));
        let edit = move |edited: &mut Edited| {
            // The person brings the vault to this release on purpose; the log tells from which.
            edited.check_revoked(&config)?;
            edited.note_release(&running);
            // Recipients of the browser that made the backup are none of this one.
            edited.settings.forget_strangers(&edited.header);
            edited.settings.end_leases();
            if let Some(key) = recipient {
                edited.settings.set_recipient(&id, key);
            }
            if let Some(slot) = edited.header.enrolment_mut(&id) {
                slot.last_used = Some(time);
            }
            Ok(())
        };
        self.commit_edit(Draft::internal("vault.restore", time), Box::new(edit)).await
    }
}
