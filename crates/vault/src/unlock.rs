//! Opening the vault with a factor: for a page, or afresh before something that matters.

use std::rc::Rc;

use kms_crypto::SecretBytes;
use kms_protocol::{EnrolmentId, ErrorCode};

use crate::attempts::{Now, Ticket};
use crate::audit::{Draft, Edited, Head, Log, StoredHead, open_head};
use crate::enclave::Inner;
use crate::enrol::{self, DeviceKey, Home};
use crate::factor::Candidate;
use crate::header::{EnrolmentRecord, Header, Method, VaultId};
use crate::keys::Root;
use crate::settings::Settings;
use crate::sheet::Fresh;
use crate::state::{Secrets, UnlockedVault};
use crate::stored::{self, HEAD};
use crate::time::Moment;
use crate::tripwire::KnownRelease;
use crate::{Clock, Error, Ports, Store, VaultLock};

/// What a right factor opened.
struct Opened {
    vault_id: VaultId,
    root: SecretBytes<32>,
    ticket: Ticket,
    /// The enrolment that was used.
    used: EnrolmentRecord,
    /// The one to store in its place.
    renewed: EnrolmentRecord,
    /// Of a recovery phrase.
    recipient: Option<[u8; 32]>,
}

impl<P: Ports> Inner<P> {
    /// Opens the vault for use.
    pub(crate) async fn unlock(
        self: &Rc<Self>,
        question: u64,
        (id, candidate): (&EnrolmentId, &Candidate),
    ) -> Result<Rc<UnlockedVault<P>>, Error> {
        let opened = self.open(id, candidate).await?;
        self.still_wanted(question)?;
        let vault = self.enter(question, &opened, "vault.unlock").await?;
        let ready = self.index_ready(&vault).await;
        if let Err(error) = ready.and_then(|()| self.still_wanted(question)) {
            self.drop_keys(&vault);
            return Err(error);
        }
        Ok(vault)
    }

    /// Opens the RootKey again, whether the vault is open or not.
    pub(crate) async fn unlock_afresh(
        self: &Rc<Self>,
        question: u64,
        (id, candidate): (&EnrolmentId, &Candidate),
    ) -> Result<Fresh, Error> {
        let method = "vault.fresh_unlock";
        let opened = self.open(id, candidate).await?;
        self.still_wanted(question)?;
        if let Ok(vault) = self.unlocked() {
            if vault.id != opened.vault_id {
                return Err(Error::Code(ErrorCode::VaultCorrupt));
            }
            self.settle(&vault, &opened, method).await?;
        } else {
            // Only a reset asks while the vault is locked. It must also be possible where the
            // log is damaged: what opened the RootKey is proof enough.
            match self.enter(question, &opened, method).await {
                Ok(vault) => self.drop_keys(&vault),
                Err(Error::Code(ErrorCode::AuditCorrupt | ErrorCode::VaultCorrupt)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Fresh::new(opened.vault_id, opened.root, Moment::now(self.ports.clock())))
    }

    /// Opens the RootKey. The attempt is charged before it is made.
    async fn open(&self, id: &EnrolmentId, candidate: &Candidate) -> Result<Opened, Error> {
        let device = self.device_key().await?;
        let (header, ticket) = self.charge_attempt(id).await?;
        let vault_id = header.vault_id;
        let failed = || Error::Code(ErrorCode::UnlockFailed);
        let used = header.enrolment(id.as_str()).cloned().ok_or_else(failed)?;
        self.heed(&header);
        self.note_header(header);
        let key = enrol::unlock_key(&self.ports, &used, &device, candidate).await?;
        let root = enrol::open_root(&self.ports, &vault_id, &used, &key).await;
        let root = root.map_err(|_| failed())?;
        let home = Home { vault_id: &vault_id, device: &device, root: &root };
        let outdated = matches!(&used.method, Method::Passphrase(kdf) if kdf.is_outdated());
        let mut renewed = used.clone();
        if outdated {
            renewed = enrol::renew(&self.ports, &home, (&used, candidate)).await?;
        }
        if renewed.unbound {
            renewed = enrol::rebind(&self.ports, &home, (renewed, &key)).await?;
        }
        let recipient = candidate.recipient();
        Ok(Opened { vault_id, root, ticket, used, renewed, recipient })
    }

    /// The device key. Without it no factor opens the vault, so that is no wrong attempt.
    async fn device_key(&self) -> Result<DeviceKey<P>, Error> {
        if let Some(device) = self.ports.store().device_key().await? {
            return Ok(device);
        }
        let code = match stored::header(&self.ports).await? {
            Some(_) => ErrorCode::DeviceKeyLost,
            None => ErrorCode::NotInitialized,
        };
        Err(Error::Code(code))
    }

    async fn charge_attempt(&self, id: &EnrolmentId) -> Result<(Header, Ticket), Error> {
        let now = Moment::now(self.ports.clock());
        let wall_ms = self.ports.clock().now_ms();
        let mut ticket = None;
        let charged = stored::change_header(&self.ports, |header| {
            let slot = header.enrolment_mut(id.as_str()).ok_or(ErrorCode::UnlockFailed)?;
            let watched_ms = self.watch.known_ms(&slot.id, slot.attempts, now);
            if let Some(retry_after_ms) = slot.attempts.wait_ms(Now { wall_ms, watched_ms }) {
                return Err(Error::Wait { code: ErrorCode::UnlockDelayed, retry_after_ms });
            }
            ticket = Some(slot.attempts.charge(wall_ms));
            Ok(())
        });
        let header = charged.await?;
        self.watch_attempts(&header);
        let ticket = ticket.ok_or(ErrorCode::Internal)?;
        Ok((header, ticket))
    }

    /// Opens the log with what the RootKey derives, and settles the attempt.
    async fn enter(
        self: &Rc<Self>,
        question: u64,
        opened: &Opened,
        method: &'static str,
    ) -> Result<Rc<UnlockedVault<P>>, Error> {
        let secrets = enrol::derive(&self.ports, &opened.root).await?;
        let vault = self.open_log(&opened.vault_id, secrets).await?;
        self.journal.borrow_mut().attach(&vault);
        let settled = self.settle(&vault, opened, method).await;
        if let Err(error) = settled.and_then(|()| self.still_wanted(question)) {
            self.drop_keys(&vault);
            return Err(error);
        }
        Ok(vault)
    }

    /// Reads the end of the log and checks it; the rest is checked later.
    pub(crate) async fn open_log(
        &self,
        vault_id: &VaultId,
        secrets: Secrets<P>,
    ) -> Result<Rc<UnlockedVault<P>>, Error> {
        let now = Moment::now(self.ports.clock());
        let _exclusive = self.ports.lock().acquire().await;
        let generation = self.ports.store().generation().await?;
        let stored = stored::meta(&self.ports, HEAD).await?;
        let stored = open_head(vault_id, &secrets.audit, stored.as_deref())?;
        let settings = Settings::read(&self.ports, vault_id, (&secrets, stored.settings())).await?;
        let index = Root::read(&self.ports, vault_id, (&secrets, stored.index())).await?;
        let head = match &stored {
            StoredHead::Tree(head) => head.clone(),
            StoredHead::Chain(_) => Head::default(),
        };
        let state = (Log::new(head, generation), settings, index);
        let vault = Rc::new(UnlockedVault::new(*vault_id, secrets, state, now));
        self.open_end(&vault, &stored).await?;
        Ok(vault)
    }

    /// Refunds the attempt and logs it and the failures before it, in one batch.
    async fn settle(
        self: &Rc<Self>,
        vault: &UnlockedVault<P>,
        opened: &Opened,
        method: &'static str,
    ) -> Result<(), Error> {
        let time = self.ports.clock().now_ms();
        let (used, renewed) = (opened.used.clone(), opened.renewed.clone());
        let (ticket, recipient) = (opened.ticket, opened.recipient);
        let (config, deprecated) = (self.config.clone(), self.tripwire.deprecation());
        let (running, accepted) = (KnownRelease::running(&self.config), self.accepted_release());
        let edit = move |edited: &mut Edited| {
            edited.settings.check(&edited.header)?;
            edited.check_revoked(&config)?;
            match deprecated {
                Some(false) => return Err(Error::Code(ErrorCode::ReleaseDeprecated)),
                Some(true) => edited.also.push("vault.release.deprecated"),
                None => {}
            }
            if edited.settings.is_surprised_by(&running, accepted.as_ref()) {
                return Err(Error::Code(ErrorCode::ReleaseChanged));
            }
            edited.note_release(&running);
            // It may have been removed while the factor was being checked.
            let slot = edited.header.enrolment_mut(&used.id).ok_or(ErrorCode::UnlockFailed)?;
            if slot.envelope == used.envelope {
                let (label, attempts) = (slot.label.clone(), slot.attempts);
                *slot = EnrolmentRecord { label, attempts, ..renewed.clone() };
            }
            slot.last_used = Some(time);
            edited.settings.note_time(time);
            edited.wrong = slot.attempts.settle(ticket);
            if let Some(recipient) = recipient {
                edited.settings.set_recipient(&used.id, recipient);
            }
            Ok(())
        };
        let settled = self.commit_edit(Draft::internal(method, time), Box::new(edit)).await;
        // Where that was refused, the person is asked about what the settings say.
        self.note_sealed_release(vault.settings.borrow().release.clone());
        if settled == Err(Error::Code(ErrorCode::ReleaseRevoked)) {
            self.tripwire.revoke();
        }
        settled
    }
}
