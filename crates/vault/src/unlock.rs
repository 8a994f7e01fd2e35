//! Unlocking with a passphrase.

use std::rc::Rc;

use kms_crypto::{CryptoProvider, SecretBytes};
use kms_protocol::ErrorCode;

use crate::attempts::Now;
use crate::audit::{Draft, Log, OK, open_head};
use crate::enclave::Inner;
use crate::enrol;
use crate::header::{EnrolmentRecord, Header};
use crate::sheet::Attempt;
use crate::state::{Secrets, UnlockedVault};
use crate::stored::{self, HEAD, header_write};
use crate::time::Moment;
use crate::{Clock, Error, Ports, Store, VaultLock, random};

/// What a right passphrase opened.
struct Opened<P: Ports> {
    secrets: Secrets<P>,
    /// The enrolment to store in place of the one that was used.
    enrolment: EnrolmentRecord,
}

impl<P: Ports> Inner<P> {
    /// Opens the vault. The attempt is charged before it is made.
    pub(crate) async fn unlock(
        self: &Rc<Self>,
        attempt: Attempt,
        passphrase: &[u8],
    ) -> Result<Rc<UnlockedVault<P>>, Error> {
        let header = self.charge_attempt().await?;
        let opened = self.open_any(&header, passphrase).await?;
        self.still_wanted(attempt)?;
        let vault = self.open_log(&header, opened.secrets).await?;
        self.journal.borrow_mut().attach(&vault);
        let settled = self.settle_attempt(&vault, opened.enrolment).await;
        if let Err(error) = settled.and_then(|()| self.still_wanted(attempt)) {
            self.journal.borrow_mut().detach(&vault);
            vault.wipe();
            return Err(error);
        }
        Ok(vault)
    }

    async fn charge_attempt(&self) -> Result<Header, Error> {
        let now = Moment::now(self.ports.clock());
        let wall_ms = self.ports.clock().now_ms();
        let charged = stored::change_header(&self.ports, |header| {
            let watched_ms = self.watch.known_ms(header.attempts, now);
            if let Some(retry_after_ms) = header.attempts.wait_ms(Now { wall_ms, watched_ms }) {
                return Err(Error::Wait { code: ErrorCode::UnlockDelayed, retry_after_ms });
            }
            header.attempts.charge(wall_ms);
            Ok(())
        });
        let header = charged.await?;
        self.watch.known_ms(header.attempts, now);
        Ok(header)
    }

    /// Tries the enrolments in turn; one wrong passphrase is one failure, whatever is tried.
    async fn open_any(&self, header: &Header, passphrase: &[u8]) -> Result<Opened<P>, Error> {
        let wrong = Error::Code(ErrorCode::UnlockFailed);
        if !enrol::is_possible(passphrase) {
            return Err(wrong);
        }
        let device = self.ports.store().device_key().await?.ok_or(wrong.clone())?;
        for enrolment in &header.enrolments {
            let key = enrol::unlock_key(&self.ports, enrolment, &device, passphrase).await?;
            let root = enrol::open_root(&self.ports, &header.vault_id, enrolment, &key).await;
            if let Ok(root) = root {
                let secrets = enrol::derive(&self.ports, &root).await?;
                let enrolment = if enrol::is_outdated(enrolment) {
                    self.renew(header, enrolment, (&device, passphrase, &root)).await?
                } else {
                    enrolment.clone()
                };
                return Ok(Opened { secrets, enrolment });
            }
        }
        Err(wrong)
    }

    /// Seals the RootKey again under today's Argon2id parameters and a fresh salt.
    async fn renew(
        &self,
        header: &Header,
        enrolment: &EnrolmentRecord,
        (device, passphrase, root): (
            &<P::Crypto as CryptoProvider>::DeviceKey,
            &[u8],
            &SecretBytes<32>,
        ),
    ) -> Result<EnrolmentRecord, Error> {
        let mut renewed = enrolment.renewed(random::bytes(self.ports.crypto())?);
        let key = match enrol::unlock_key(&self.ports, &renewed, device, passphrase).await {
            Ok(key) => key,
            // A device that cannot afford today's parameters keeps its old ones.
            Err(error) if error.code() == ErrorCode::OutOfMemory => return Ok(enrolment.clone()),
            Err(error) => return Err(error),
        };
        enrol::seal_root(&self.ports, &header.vault_id, &mut renewed, (&key, root)).await?;
        enrol::open_root(&self.ports, &header.vault_id, &renewed, &key).await?;
        Ok(renewed)
    }

    /// Reads the end of the log and checks it.
    async fn open_log(
        &self,
        header: &Header,
        secrets: Secrets<P>,
    ) -> Result<Rc<UnlockedVault<P>>, Error> {
        let now = Moment::now(self.ports.clock());
        let _exclusive = self.ports.lock().acquire().await;
        let generation = self.ports.store().generation().await?;
        let stored = stored::meta(&self.ports, HEAD).await?;
        let head = open_head(&header.vault_id, &secrets.audit, stored.as_deref())?;
        let log = Log::new(head, generation);
        let vault = Rc::new(UnlockedVault::new(header.vault_id, secrets, log, now));
        self.check_end(&vault).await?;
        Ok(vault)
    }

    /// Refunds the attempt and logs the unlock and the failures before it, in one batch.
    async fn settle_attempt(
        self: &Rc<Self>,
        vault: &Rc<UnlockedVault<P>>,
        enrolment: EnrolmentRecord,
    ) -> Result<(), Error> {
        let time = self.ports.clock().now_ms();
        let mut header = stored::header(&self.ports).await?.ok_or(ErrorCode::VaultCorrupt)?;
        if header.vault_id != vault.id {
            return Err(Error::Code(ErrorCode::VaultCorrupt));
        }
        let draft =
            |outcome| Draft { time, method: "vault.unlock", key_id: None, origin: None, outcome };
        let wrong = draft(ErrorCode::UnlockFailed.as_str());
        let before = vec![wrong; header.attempts.settle() as usize];
        let mut enrolment = enrolment;
        enrolment.last_used = Some(time);
        if let Some(slot) = header.enrolments.iter_mut().find(|slot| slot.id == enrolment.id) {
            *slot = enrolment;
        }
        *self.enrolments.borrow_mut() = header.publish()?;
        self.commit_after(before, draft(OK), vec![header_write(&header)]).await
    }
}
