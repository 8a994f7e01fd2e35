//! Making a vault, and finding out at start whether there is one.

use std::rc::Rc;

use kms_crypto::{CryptoProvider, SecretBytes};
use kms_protocol::{EnrolmentId, ErrorCode};

use crate::audit::{Draft, Head, Log, OK, head_write, link_write};
use crate::enclave::Inner;
use crate::enrol;
use crate::header::{EnrolmentRecord, Header};
use crate::sheet::Attempt;
use crate::state::{Phase, Secrets, UnlockedVault};
use crate::stored::{self, HEAD, header_write};
use crate::time::Moment;
use crate::{Batch, Clock, Error, Generation, Ports, Store, StoreError, VaultLock, Write, random};

/// Tries of the first commit.
const TRIES: u32 = 4;

/// A vault that is ready to be written.
struct NewVault<P: Ports> {
    header: Header,
    secrets: Secrets<P>,
    device: <P::Crypto as CryptoProvider>::DeviceKey,
    writes: Vec<Write>,
    head: Head,
}

impl<P: Ports> Inner<P> {
    /// Reads the header and decides the phase.
    pub(crate) async fn start(&self) -> Result<(), Error> {
        if self.unlocked().is_ok() {
            return Ok(());
        }
        let found = self.find_vault().await;
        *self.phase.borrow_mut() = match &found {
            Ok(true) => Phase::Locked,
            Ok(false) => Phase::Uninitialized,
            Err(error) => Phase::Faulted(error.code()),
        };
        found.map(|_| ())
    }

    async fn find_vault(&self) -> Result<bool, Error> {
        if let Some(header) = stored::header(&self.ports).await? {
            *self.enrolments.borrow_mut() = header.publish()?;
            self.watch.known_ms(header.attempts, Moment::now(self.ports.clock()));
            return Ok(true);
        }
        // A log without a header: the header was removed. Never make a new vault over it.
        match stored::meta(&self.ports, HEAD).await? {
            Some(_) => Err(Error::Code(ErrorCode::VaultCorrupt)),
            None => Ok(false),
        }
    }

    /// Makes a vault that this passphrase opens, and opens it.
    pub(crate) async fn set_up(
        self: &Rc<Self>,
        attempt: Attempt,
        passphrase: &[u8],
    ) -> Result<Rc<UnlockedVault<P>>, Error> {
        enrol::check_new_passphrase(passphrase)?;
        let vault = self.prepare(passphrase).await?;
        self.still_wanted(attempt)?;
        let now = Moment::now(self.ports.clock());
        let written = self.write_new(&vault).await;
        if let Err(Error::Code(ErrorCode::AlreadyInitialized)) = written {
            // Another tab was faster: this one finds its vault.
            self.start().await?;
        }
        let generation = written?;
        *self.enrolments.borrow_mut() = vault.header.publish()?;
        *self.phase.borrow_mut() = Phase::Locked;
        let log = Log::new(vault.head, generation);
        let opened = UnlockedVault::new(vault.header.vault_id, vault.secrets, log, now);
        let opened = Rc::new(opened);
        self.still_wanted(attempt)?;
        self.journal.borrow_mut().attach(&opened);
        Ok(opened)
    }

    async fn prepare(&self, passphrase: &[u8]) -> Result<NewVault<P>, Error> {
        let crypto = self.ports.crypto();
        let now = self.ports.clock().now_ms();
        let root = SecretBytes::<32>::try_new_with(|out| crypto.fill_random(out))?;
        let mut header = Header::new(random::bytes(crypto)?, now);
        let id = EnrolmentId::new(random::id(crypto)?)?;
        let mut enrolment = EnrolmentRecord::passphrase(&id, random::bytes(crypto)?, now);
        let device = crypto.generate_device_key().await?;
        let key = enrol::unlock_key(&self.ports, &enrolment, &device, passphrase).await?;
        let vault_id = header.vault_id;
        enrol::seal_root(&self.ports, &vault_id, &mut enrolment, (&key, &root)).await?;
        drop(root);
        // The enrolment is proved by opening the RootKey with what will be stored.
        let root = enrol::open_root(&self.ports, &vault_id, &enrolment, &key).await?;
        let secrets = enrol::derive(&self.ports, &root).await?;
        drop(root);
        header.enrolments.push(enrolment);
        let method = "vault.setup";
        let draft = Draft { time: now, method, key_id: None, origin: None, outcome: OK };
        let (link, head) = draft.link(Head::default());
        let entry = link_write(&self.ports, &vault_id, &secrets, (head.count, &link)).await?;
        let writes =
            vec![header_write(&header), entry, head_write(&vault_id, &secrets.audit, head)];
        Ok(NewVault { header, secrets, device, writes, head })
    }

    /// One batch holds everything, so there is never half a vault.
    async fn write_new(&self, vault: &NewVault<P>) -> Result<Generation, Error> {
        let _exclusive = self.ports.lock().acquire().await;
        let mut last = StoreError::Conflict;
        for _ in 0..TRIES {
            let generation = self.ports.store().generation().await?;
            match stored::header(&self.ports).await? {
                Some(header) if header == vault.header => return Ok(generation),
                Some(_) => return Err(Error::Code(ErrorCode::AlreadyInitialized)),
                None => {}
            }
            let device_key = Some(vault.device.clone());
            let batch = Batch { writes: vault.writes.clone(), device_key };
            match self.ports.store().commit(generation, batch).await {
                Ok(generation) => return Ok(generation),
                Err(error) if may_retry(error) => last = error,
                Err(error) => return Err(error.into()),
            }
        }
        Err(last.into())
    }
}

fn may_retry(error: StoreError) -> bool {
    matches!(error, StoreError::Conflict | StoreError::Unknown | StoreError::ConnectionLost)
}
