//! Making a vault, and finding out whether there is one.

use std::rc::Rc;

use kms_crypto::{CryptoProvider, SecretBytes};
use kms_protocol::ErrorCode;

use crate::audit::{Draft, Head, Log, head_write, link_write};
use crate::enclave::Inner;
use crate::enrol::{self, DeviceKey, Home};
use crate::factor::Candidate;
use crate::header::Header;
use crate::keys::Root;
use crate::settings::Settings;
use crate::state::{Phase, Secrets, UnlockedVault};
use crate::stored::{self, HEAD, header_write, may_retry};
use crate::time::Moment;
use crate::tripwire::KnownRelease;
use crate::{Batch, Clock, Error, Generation, Ports, Store, StoreError, VaultLock, Write, random};

/// Tries of the first commit.
const TRIES: u32 = 4;

/// A vault that is ready to be written.
struct NewVault<P: Ports> {
    header: Header,
    settings: Settings,
    secrets: Secrets<P>,
    device: DeviceKey<P>,
    writes: Vec<Write>,
    head: Head,
}

impl<P: Ports> Inner<P> {
    /// Reads the header and decides the phase.
    pub(crate) async fn start(&self) -> Result<(), Error> {
        let looked = self.look().await;
        if let Err(error) = &looked {
            *self.phase.borrow_mut() = Phase::Faulted(error.code());
        }
        looked
    }

    /// Finds out what another tab may have done: made a vault, or deleted it. An unlocked vault
    /// stays as it is, and so does the phase when the storage cannot be read. What was found
    /// damaged is not trusted again before the next start.
    pub(crate) async fn look_again(&self) -> Result<(), Error> {
        match self.damage() {
            Some(code) => Err(Error::Code(code)),
            None => self.look().await,
        }
    }

    /// Why the stored state cannot be trusted, if that was found out.
    fn damage(&self) -> Option<ErrorCode> {
        match &*self.phase.borrow() {
            Phase::Faulted(code @ (ErrorCode::AuditCorrupt | ErrorCode::VaultCorrupt)) => {
                Some(*code)
            }
            _ => None,
        }
    }

    async fn look(&self) -> Result<(), Error> {
        if self.unlocked().is_ok() {
            return Ok(());
        }
        let damage = self.damage();
        let found = self.find_vault().await?;
        // It may have been opened, or found damaged, while it was read.
        if self.unlocked().is_err() && self.damage() == damage {
            *self.phase.borrow_mut() = if found { Phase::Locked } else { Phase::Uninitialized };
        }
        Ok(())
    }

    async fn find_vault(&self) -> Result<bool, Error> {
        let mut found = stored::header(&self.ports).await?;
        if found.is_none() && stored::meta(&self.ports, HEAD).await?.is_some() {
            // Another tab may have made both since. Else the header was removed: never make a
            // new vault over a log.
            found = stored::header(&self.ports).await?;
            if found.is_none() {
                return Err(Error::Code(ErrorCode::VaultCorrupt));
            }
        }
        let Some(header) = found else {
            self.header.borrow_mut().take();
            return Ok(false);
        };
        self.watch_attempts(&header);
        self.heed(&header);
        self.note_header(header);
        Ok(true)
    }

    /// Makes a vault that this candidate opens, and opens it.
    pub(crate) async fn set_up(
        self: &Rc<Self>,
        question: u64,
        candidate: &Candidate,
        salt: Option<[u8; 32]>,
    ) -> Result<Rc<UnlockedVault<P>>, Error> {
        self.must_not_be_revoked()?;
        candidate.check_new()?;
        let vault = self.prepare(candidate, salt).await?;
        self.still_wanted(question)?;
        let now = Moment::now(self.ports.clock());
        let written = self.write_new(question, &vault).await;
        if let Err(Error::Code(ErrorCode::AlreadyInitialized)) = written {
            // Another tab was faster: this one finds its vault.
            self.look_again().await?;
        }
        let generation = written?;
        let vault_id = vault.header.vault_id;
        self.note_header(vault.header);
        *self.phase.borrow_mut() = Phase::Locked;
        let log = Log::new(vault.head, generation);
        log.note_whole();
        let state = (log, vault.settings, Root::default());
        let opened = Rc::new(UnlockedVault::new(vault_id, vault.secrets, state, now));
        self.still_wanted(question)?;
        self.journal.borrow_mut().attach(&opened);
        Ok(opened)
    }

    async fn prepare(
        &self,
        candidate: &Candidate,
        salt: Option<[u8; 32]>,
    ) -> Result<NewVault<P>, Error> {
        let crypto = self.ports.crypto();
        let now = self.ports.clock().now_ms();
        let root = SecretBytes::<32>::try_new_with(|out| crypto.fill_random(out))?;
        let mut header = Header::new(random::bytes(crypto)?, now);
        let vault_id = header.vault_id;
        let device = crypto.generate_device_key().await?;
        let home = Home { vault_id: &vault_id, device: &device, root: &root };
        let enrolment =
            enrol::create((&self.ports, &self.config.names), &home, candidate, salt).await?;
        let secrets = enrol::derive(&self.ports, &root).await?;
        drop(root);
        let mut settings = Settings::default();
        if let Some(recipient) = candidate.recipient() {
            settings.set_recipient(&enrolment.id, recipient);
        }
        if let Some(signer) = candidate.signer(&enrolment.id) {
            settings.add_signer(signer);
        }
        header.add(enrolment)?;
        header.release = Some(KnownRelease::running(&self.config));
        settings.release.clone_from(&header.release);
        let mut head = Head { settings: 1, index: 1, ..Head::default() };
        let link = Draft::internal("vault.setup", now).entry(1, random::bytes(crypto)?);
        head.push(link.leaf());
        let writes = vec![
            header_write(&header),
            settings.write(&self.ports, &vault_id, (&secrets, head.settings)).await?,
            Root::default().write(&self.ports, &vault_id, (&secrets, head.index)).await?,
            link_write(&self.ports, &vault_id, &secrets, (head.count(), &link)).await?,
            head_write(&vault_id, &secrets.audit, &head),
        ];
        Ok(NewVault { header, settings, secrets, device, writes, head })
    }

    /// One batch holds everything, so there is never half a vault.
    async fn write_new(&self, question: u64, vault: &NewVault<P>) -> Result<Generation, Error> {
        let _exclusive = self.ports.lock().acquire().await;
        let mut last = StoreError::Conflict;
        for _ in 0..TRIES {
            let generation = self.ports.store().generation().await?;
            match stored::header(&self.ports).await? {
                Some(header) if header == vault.header => return Ok(generation),
                Some(_) => return Err(Error::Code(ErrorCode::AlreadyInitialized)),
                None => {}
            }
            let batch = self.first_batch(vault).await?;
            // The lock may have been long in coming.
            self.still_wanted(question)?;
            match self.ports.store().commit(generation, batch).await {
                Ok(generation) => return Ok(generation),
                Err(error) if may_retry(error) => last = error,
                Err(error) => return Err(error.into()),
            }
        }
        Err(last.into())
    }

    /// Clears what an interrupted restore may have left behind, but keeps what is remembered of
    /// a deleted vault.
    async fn first_batch(&self, vault: &NewVault<P>) -> Result<Batch<DeviceKey<P>>, Error> {
        if stored::meta(&self.ports, HEAD).await?.is_some() {
            return Err(Error::Code(ErrorCode::VaultCorrupt));
        }
        let mut writes = vault.writes.clone();
        writes.extend(stored::history_write(&stored::history(&self.ports).await?));
        Ok(Batch { clear: true, writes, device_key: Some(vault.device.clone()) })
    }
}
