//! The states of the vault. What uses a key exists only on [`UnlockedVault`].

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use kms_crypto::{CryptoProvider, SecretBytes};
use kms_protocol::{AutoLock, ErrorCode, KeyId, LockReason, Needs, VaultState};

use crate::audit::{CheckpointKey, Log};
use crate::enclave::Inner;
use crate::header::VaultId;
use crate::keys::{Cache, Root, Streams};
use crate::settings::Settings;
use crate::time::{Moment, Now};
use crate::{Clock, Error, Ports};

/// Which state the vault is in.
pub(crate) enum Phase<P: Ports> {
    /// There is no vault.
    Uninitialized,
    /// There is one and its keys are sealed.
    Locked,
    /// Its keys can be used.
    Unlocked(Rc<UnlockedVault<P>>),
    /// Its state cannot be trusted or not be read, for this reason.
    Faulted(ErrorCode),
}

impl<P: Ports> Phase<P> {
    /// Whether a method with this need may run: the one place where states are checked.
    pub(crate) fn admits(&self, needs: Needs) -> Result<(), ErrorCode> {
        match (needs, self) {
            (Needs::Nothing, _)
            | (Needs::NoVault, Phase::Uninitialized)
            | (Needs::Vault, Phase::Locked | Phase::Unlocked(_))
            | (Needs::Unlocked, Phase::Unlocked(_)) => Ok(()),
            (_, Phase::Faulted(code)) => Err(*code),
            (Needs::NoVault, _) => Err(ErrorCode::AlreadyInitialized),
            (_, Phase::Uninitialized) => Err(ErrorCode::NotInitialized),
            (_, _) => Err(ErrorCode::Locked),
        }
    }

    /// The state as callers see it.
    pub(crate) fn public_state(&self) -> Result<VaultState, ErrorCode> {
        match self {
            Phase::Uninitialized => Ok(VaultState::Uninitialized),
            Phase::Locked => Ok(VaultState::Locked),
            Phase::Unlocked(_) => Ok(VaultState::Unlocked),
            Phase::Faulted(code) => Err(*code),
        }
    }
}

/// A vault whose keys can be used, until [`UnlockedVault::wipe`].
pub(crate) struct UnlockedVault<P: Ports> {
    pub(crate) id: VaultId,
    secrets: RefCell<Option<Secrets<P>>>,
    pub(crate) cache: RefCell<Cache<P>>,
    pub(crate) streams: RefCell<Streams<P>>,
    pub(crate) log: Log,
    /// As they were last read or written here.
    pub(crate) settings: RefCell<Settings>,
    /// As it was last read or written here.
    pub(crate) index: RefCell<Root>,
    opened: Moment,
    used: Cell<Moment>,
}

/// A sealing key of the provider of these ports.
pub(crate) type SealingKey<P> = <<P as Ports>::Crypto as CryptoProvider>::SealingKey;
/// A signing key of it.
type SigningKey<P> = <<P as Ports>::Crypto as CryptoProvider>::Key;

/// What is derived from the RootKey. The RootKey itself is gone when this exists.
pub(crate) struct Secrets<P: Ports> {
    /// Seals records and audit entries.
    pub(crate) record: Rc<SealingKey<P>>,
    /// Wraps private keys.
    pub(crate) wrap: Rc<SealingKey<P>>,
    /// Authenticates the head of the audit log.
    pub(crate) audit: Rc<SecretBytes<32>>,
    /// Signs checkpoints of it.
    pub(crate) checkpoint: Rc<CheckpointKey<SigningKey<P>>>,
}

impl<P: Ports> Clone for Secrets<P> {
    fn clone(&self) -> Self {
        Self {
            record: Rc::clone(&self.record),
            wrap: Rc::clone(&self.wrap),
            audit: Rc::clone(&self.audit),
            checkpoint: Rc::clone(&self.checkpoint),
        }
    }
}

impl<P: Ports> UnlockedVault<P> {
    /// A vault that was opened just now.
    pub(crate) fn new(
        id: VaultId,
        secrets: Secrets<P>,
        (log, settings, index): (Log, Settings, Root),
        now: Moment,
    ) -> Self {
        Self {
            id,
            secrets: RefCell::new(Some(secrets)),
            cache: RefCell::default(),
            streams: RefCell::default(),
            log,
            settings: RefCell::new(settings),
            index: RefCell::new(index),
            opened: now,
            used: Cell::new(now),
        }
    }

    /// The handles, for one operation.
    pub(crate) fn secrets(&self) -> Result<Secrets<P>, Error> {
        self.secrets.borrow().clone().ok_or(Error::Code(ErrorCode::Locked))
    }

    /// Fails when the vault was locked while an operation waited.
    pub(crate) fn still_open(&self) -> Result<(), Error> {
        let open = self.secrets.borrow().is_some();
        if open { Ok(()) } else { Err(Error::Code(ErrorCode::Locked)) }
    }

    /// Notes that keys have changed.
    pub(crate) fn note_keys(&self, key_ids: &[KeyId], root: Root) {
        *self.index.borrow_mut() = root;
        let mut cache = self.cache.borrow_mut();
        for key_id in key_ids {
            cache.forget(key_id);
        }
    }

    /// Drops every handle and wipes every secret.
    pub(crate) fn wipe(&self) {
        *self.cache.borrow_mut() = Cache::default();
        *self.streams.borrow_mut() = Streams::default();
        self.secrets.borrow_mut().take();
    }

    /// The time, which does not go back while the vault is open.
    pub(crate) fn now(&self, clock: &impl Clock) -> Now {
        Now::since(self.opened, Moment::now(clock))
    }

    /// Notes activity.
    pub(crate) fn touch(&self, now: Moment) {
        self.used.set(now);
    }

    /// Why the vault must be locked now, if it must; `longest` are the times of the release.
    pub(crate) fn due(&self, longest: &AutoLock, now: Moment) -> Option<LockReason> {
        let limits = self.settings.borrow().auto_lock(longest);
        if now.since(self.opened) >= limits.absolute_ms.into() {
            Some(LockReason::Absolute)
        } else if now.since(self.used.get()) >= limits.idle_ms.into() {
            Some(LockReason::Idle)
        } else {
            None
        }
    }
}

impl<P: Ports> Inner<P> {
    /// Checks the state a method needs; using the vault counts as activity.
    pub(crate) fn admits(&self, needs: Needs) -> Result<(), Error> {
        let phase = self.phase.borrow();
        phase.admits(needs)?;
        if let (Needs::Unlocked, Phase::Unlocked(vault)) = (needs, &*phase) {
            vault.touch(Moment::now(self.ports.clock()));
        }
        Ok(())
    }

    /// The times of automatic locking: those that were set, where they can be read.
    pub(crate) fn auto_lock(&self) -> AutoLock {
        let longest = &self.config.auto_lock;
        match &*self.phase.borrow() {
            Phase::Unlocked(vault) => vault.settings.borrow().auto_lock(longest),
            _ => longest.clone(),
        }
    }

    /// The unlocked vault.
    pub(crate) fn unlocked(&self) -> Result<Rc<UnlockedVault<P>>, Error> {
        let phase = self.phase.borrow();
        phase.admits(Needs::Unlocked)?;
        match &*phase {
            Phase::Unlocked(vault) => Ok(Rc::clone(vault)),
            _ => Err(Error::Code(ErrorCode::Locked)),
        }
    }
}
