//! Making a backup, and deleting the vault.

use std::rc::Rc;

use kms_crypto::{Argon2Params, SecretVec, backup_key, strength};
use kms_protocol::ErrorCode;

use super::Fresh;
use super::drive::Next;
use super::question::Turn;
use super::step::Step;
use crate::audit::Edited;
use crate::backup::{self, Written};
use crate::enclave::Inner;
use crate::factor::check_new_passphrase;
use crate::header::VaultId;
use crate::ports::{BackupKdf, PassphraseRecipient, Recipients};
use crate::state::Phase;
use crate::stored::{self, History, may_retry};
use crate::{Batch, Error, Ports, Store, StoreError, VaultLock, enrol, random};

/// Least score of a passphrase that protects a file: what the screen does not call weak.
const STRONG_ENOUGH: u8 = 60;
/// Tries of the batch that deletes the vault.
const TRIES: u32 = 4;

impl<P: Ports> Inner<P> {
    /// Makes a backup.
    pub(super) async fn on_backup(
        self: &Rc<Self>,
        turn: &mut Turn,
        fresh: Rc<Fresh>,
        (to_phrase, passphrase): (bool, Option<SecretVec>),
    ) -> Next<P> {
        let phrase = self.phrase_recipient().filter(|_| to_phrase);
        // Nothing to encrypt it to: not what the screen offers.
        if phrase.is_some() != to_phrase || (phrase.is_none() && passphrase.is_none()) {
            return Next::Keep(Step::Backup(fresh));
        }
        self.busy();
        match self.back_up(turn, &fresh, (phrase, passphrase)).await {
            Ok(step) => Next::Go(step),
            Err(error) => Next::Failed(Step::Backup(fresh), error),
        }
    }

    async fn back_up(
        self: &Rc<Self>,
        turn: &mut Turn,
        fresh: &Fresh,
        (phrase, passphrase): (Option<[u8; 32]>, Option<SecretVec>),
    ) -> Result<Step<P>, Error> {
        let vault = self.unlocked()?;
        self.flush().await?;
        let passphrase = match passphrase {
            Some(passphrase) => Some(self.passphrase_recipient(&passphrase).await?),
            None => None,
        };
        self.still_wanted(turn.question)?;
        let recipients = Recipients { phrase, passphrase };
        let written = backup::write(&self.ports, &vault.id, fresh.root(), recipients);
        let written = turn.while_open(Box::pin(written)).await?;
        vault.still_open()?;
        Ok(Step::BackupReady(written))
    }

    /// The person has saved the file: only now is it a backup.
    pub(super) async fn on_saved(self: &Rc<Self>, turn: &Turn, written: Written) -> Next<P> {
        self.busy();
        let edit = move |edited: &mut Edited| Ok(edited.header.note_backup(written.made)?);
        match self.change(turn, ("vault.backup", Box::new(edit))).await {
            Ok(()) => Next::Acted,
            // Another tab has made one of that very date, so this one will never count.
            Err(error) if error.code() == ErrorCode::StorageConflict => Next::Done(Err(error)),
            Err(error) => Next::Failed(Step::BackupReady(written), error),
        }
    }

    async fn passphrase_recipient(
        &self,
        passphrase: &SecretVec,
    ) -> Result<PassphraseRecipient, Error> {
        check_new_passphrase(passphrase.expose())?;
        // A file is guessed at wherever it was copied to, without a device key and at any speed.
        if strength::score(passphrase.expose()) < STRONG_ENOUGH {
            return Err(Error::Code(ErrorCode::WeakPassphrase));
        }
        let salt: [u8; 16] = random::bytes(self.ports.crypto())?;
        let params = Argon2Params::DEFAULT;
        let secret = enrol::stretch(&self.ports, passphrase.expose(), (params, &salt)).await?;
        let kdf = BackupKdf {
            salt,
            memory_kib: params.memory_kib(),
            iterations: params.iterations(),
            parallelism: params.parallelism(),
        };
        Ok(PassphraseRecipient { kdf, key: backup_key::of_passphrase(&secret) })
    }

    /// Deletes the vault.
    pub(super) async fn on_reset(self: &Rc<Self>, turn: &Turn, fresh: Rc<Fresh>) -> Next<P> {
        self.busy();
        if let Err(error) = self.delete(turn, fresh.vault_id()).await {
            return Next::Failed(Step::Reset(fresh), error);
        }
        // The question first: closing the vault would end it as if the vault had been locked.
        drop(fresh);
        self.answer(turn, &Ok(()));
        self.leave();
        self.header.borrow_mut().take();
        *self.phase.borrow_mut() = Phase::Uninitialized;
        Next::Done(Ok(()))
    }

    /// One batch deletes every record and the device key. What stays tells a later restore
    /// whether its file is the newest.
    async fn delete(&self, turn: &Turn, vault_id: &VaultId) -> Result<(), Error> {
        let _exclusive = self.ports.lock().acquire().await;
        let mut last = StoreError::Conflict;
        let mut in_doubt = false;
        for _ in 0..TRIES {
            let generation = self.ports.store().generation().await?;
            let header = match stored::header(&self.ports).await? {
                Some(header) if header.vault_id == *vault_id => header,
                // The last try did it after all.
                None if in_doubt => return Ok(()),
                _ => return Err(Error::Code(ErrorCode::NotInitialized)),
            };
            let before = stored::history(&self.ports).await?;
            // The lock may have been long in coming.
            self.still_wanted(turn.question)?;
            let own =
                header.last_backup.map(|last_backup| History { vault_id: *vault_id, last_backup });
            let known = stored::remember(before, own);
            let writes = stored::history_write(&known).into_iter().collect();
            let batch = Batch { clear: true, writes, device_key: None };
            match self.ports.store().commit(generation, batch).await {
                Ok(_) => return Ok(()),
                Err(error) if may_retry(error) => {
                    in_doubt |= error != StoreError::Conflict;
                    last = error;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(last.into())
    }
}
