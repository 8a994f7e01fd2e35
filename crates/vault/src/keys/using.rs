//! The way of every use of a key: permitted, done, and logged or counted as the key demands. A use
//! of a cached key with deferred audit touches no storage.

use std::borrow::Cow;
use std::rc::Rc;

use kms_crypto::software::secret_of;
use kms_crypto::{PublicKey, SecretBytes};
use kms_protocol::{ErrorCode, KeyId, KeyUsage, Method, PolicyRule};

use super::cache::{Handle, LoadedKey};
use super::change::KeyChange;
use super::index::VaultClock;
use super::record::KeyRecord;
use crate::audit::{Change, Draft, Naming, OK, Use};
use crate::enclave::Inner;
use crate::session::Caller;
use crate::state::UnlockedVault;
use crate::time::Now;
use crate::{Clock, Error, Ports, seal};

/// A use of a key, for its policy and for the log.
pub(super) struct Operation<'a> {
    pub(super) method: Method,
    pub(super) usage: KeyUsage,
    pub(super) key_id: KeyId,
    /// The latest version if absent.
    pub(super) version: Option<u32>,
    /// A version that is read beside it.
    reads: Option<u32>,
    pub(super) caller: &'a Caller,
    /// What a person is shown of it, if the policy of the key asks for that.
    pub(super) shown: Option<Show<'a>>,
    /// Whether nothing is asked of which a person cannot be shown all.
    pub(super) only_whole: bool,
    /// What the record of the key learns by it.
    notes: Option<Note>,
    /// What the log says that it is about, as far as it is known.
    about: Option<Naming>,
}

/// What a person is shown: what the key is used on, or facts about it. Worked out only when
/// somebody is asked.
pub(super) type Show<'a> = &'a dyn Fn() -> Cow<'a, [u8]>;

/// What a record learns by a use, in the batch of its entry. It may be asked for more than once and
/// refuse.
pub(super) type Note = Rc<dyn Fn(&mut KeyRecord) -> Result<(), Error>>;

/// A key that may be used, and the version of it that is.
pub(super) struct Permitted<'a, P: Ports> {
    pub(super) vault: &'a UnlockedVault<P>,
    pub(super) key: &'a LoadedKey<P>,
    pub(super) version: u32,
}

impl<P: Ports> Permitted<'_, P> {
    /// The private or secret half, ready to be used.
    pub(super) async fn handle(&self, ports: &P) -> Result<Rc<Handle<P>>, Error> {
        self.vault.handle(ports, (self.key, Some(self.version))).await
    }

    /// The secret key itself. Only one whose policy lets it leave is asked for this.
    pub(super) async fn secret(&self, ports: &P) -> Result<SecretBytes<32>, Error> {
        let (secrets, spec) = (self.vault.secrets()?, self.key.info.spec);
        let policy = self.key.record.policy().digest();
        let (key_id, what) = (&self.key.info.key_id, (spec, &policy));
        let context = seal::signing_key_context(&self.vault.id, key_id, self.version, what);
        let wrapped = self.key.record.version(Some(self.version))?.wrapped()?;
        let opened = wrapped.open(ports.crypto(), &secrets.wrap, &context).await;
        let secret = opened.and_then(|form| secret_of(spec.into(), form.expose()));
        Ok(secret.map_err(|_| ErrorCode::Unreadable)?)
    }

    /// Whether the policy of the key has a use.
    pub(super) fn is_for(&self, usage: KeyUsage) -> bool {
        self.key.info.usage.contains(&usage)
    }

    /// The public half.
    pub(super) fn public(&self) -> Result<PublicKey, Error> {
        Ok(self.key.record.version(Some(self.version))?.public(self.key.info.spec)?)
    }
}

impl<'a> Operation<'a> {
    /// What a method does with a version of a key, the latest if none is named. Which use that is
    /// stands in the table of methods.
    pub(super) fn new(
        caller: &'a Caller,
        method: Method,
        (key_id, version): (KeyId, Option<u32>),
    ) -> Result<Self, Error> {
        let usage = method.key_rule().and_then(|rule| rule.usage).ok_or(ErrorCode::Internal)?;
        Ok(Self {
            method,
            usage,
            key_id,
            version,
            reads: None,
            caller,
            shown: None,
            only_whole: false,
            notes: None,
            about: None,
        })
    }

    /// The same for another use than the one that the method is named for.
    pub(super) fn with(self, usage: KeyUsage) -> Self {
        Self { usage, ..self }
    }

    /// The same, of which a person can be shown what the key is used on.
    pub(super) fn showing(self, shown: Show<'a>) -> Self {
        Self { shown: Some(shown), ..self }
    }

    /// The same, of which a person is shown all or which is refused.
    pub(super) fn showing_all(self, shown: Show<'a>) -> Self {
        Self { only_whole: true, ..self.showing(shown) }
    }

    /// The same, of which the record of the key learns something.
    pub(super) fn noting(self, notes: Note) -> Self {
        Self { notes: Some(notes), ..self }
    }

    /// The same, about something that the broker's log names.
    pub(super) fn about(self, about: &Naming) -> Self {
        Self { about: Some(about.clone()), ..self }
    }

    /// The same with this version.
    pub(super) fn of_version(self, version: u32) -> Self {
        Self { version: Some(version), ..self }
    }

    /// The same, which also reads what a version has made.
    pub(super) fn reading(self, version: Option<u32>) -> Self {
        Self { reads: version, ..self }
    }

    /// The use of a key, to be looked at again if the key changes before its entry is written.
    fn of<P: Ports>(&self, key: &LoadedKey<P>, now: Now) -> Use {
        let (origin, usage, reads) = (Rc::clone(&self.caller.origin), self.usage, self.reads);
        // The latest version may be another one by then.
        let version = self.version.or(Some(key.info.version));
        let permits = move |record: &KeyRecord| {
            record.permits(&origin, (usage, version), now)?;
            reads.map_or(Ok(()), |version| record.may_read(Some(version)))
        };
        Use {
            key_id: self.key_id.clone(),
            current: Rc::clone(&key.current),
            permits: Box::new(permits),
        }
    }
}

impl<P: Ports> Inner<P> {
    /// Uses a key of the caller: the one way to do so. What `work` returns is released when the use
    /// is logged.
    pub(super) async fn using<T>(
        self: &Rc<Self>,
        operation: Operation<'_>,
        work: impl AsyncFnOnce(Permitted<'_, P>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let vault = self.unlocked()?;
        let key = self.permitted(&vault, &operation).await?;
        let (operation, key) = self.confirmed(&vault, (operation, key)).await?;
        let version = operation.version.unwrap_or(key.info.version);
        let result = work(Permitted { vault: &vault, key: &key, version }).await;
        self.log(&vault, operation, &key, result).await
    }

    /// The key, if the caller may use it so. Refusals are logged too.
    pub(super) async fn permitted(
        self: &Rc<Self>,
        vault: &UnlockedVault<P>,
        operation: &Operation<'_>,
    ) -> Result<Rc<LoadedKey<P>>, Error> {
        self.journal_ready().await.map_err(unlogged)?;
        let loaded = self.load(vault, &operation.key_id).await;
        let permitted = loaded.and_then(|key| {
            (operation.of(&key, self.now_in(vault)).permits)(&key.record)?;
            Ok(key)
        });
        match permitted {
            Ok(key) => Ok(key),
            Err(error) => Err(self.refuse(vault, self.draft(operation, OK), error).await),
        }
    }

    /// Logs a refusal and gives it back. That the period of its policy is over the record of a key
    /// learns in the batch of the first such entry: no clock that is set back begins it again.
    pub(crate) async fn refuse(
        self: &Rc<Self>,
        vault: &UnlockedVault<P>,
        draft: Draft,
        error: Error,
    ) -> Error {
        let draft = draft.failed(error.code());
        let over = error == Error::Denied(PolicyRule::NotAfter);
        let Some(key_id) = draft.key_id.clone().filter(|_| over) else {
            self.defer(draft);
            return error;
        };
        if self.load(vault, &key_id).await.is_ok_and(|key| key.record.is_over()) {
            self.defer(draft);
            return error;
        }
        let edit = |record: &mut KeyRecord, _: &mut VaultClock| {
            record.end_period();
            Ok(())
        };
        let change = KeyChange::edit(key_id, Box::new(edit));
        match self.commit_change(draft.clone(), Change::Key(change)).await {
            Ok(()) => error,
            Err(failed @ Error::Store(_)) => unlogged(failed),
            Err(_) => {
                self.defer(draft);
                error
            }
        }
    }

    /// Releases a result when it is logged as the key demands.
    async fn log<T>(
        self: &Rc<Self>,
        vault: &UnlockedVault<P>,
        operation: Operation<'_>,
        key: &LoadedKey<P>,
        result: Result<T, Error>,
    ) -> Result<T, Error> {
        vault.still_open()?;
        match result {
            Ok(value) if key.record.counts(operation.usage) || operation.notes.is_some() => {
                self.count(vault, &operation, key).await?;
                vault.still_open()?;
                Ok(value)
            }
            Ok(value) if key.is_durable() || self.is_failing() => {
                let draft = self.draft(&operation, OK);
                let used = operation.of(key, self.now_in(vault));
                self.commit_use(draft, used).await.map_err(unlogged)?;
                vault.still_open()?;
                Ok(value)
            }
            // It may have been disabled while it was used.
            Ok(value) if key.current.get() => {
                self.defer(self.draft(&operation, OK));
                Ok(value)
            }
            Ok(value) => {
                let used = operation.of(key, self.now_in(vault));
                let now = self.load(vault, &operation.key_id).await;
                let permitted = now.and_then(|now| (used.permits)(&now.record));
                let outcome = permitted.as_ref().err().map_or(OK, |error| error.code().as_str());
                self.defer(self.draft(&operation, outcome));
                permitted.map(|()| value)
            }
            Err(error) => {
                self.defer(self.draft(&operation, error.code().as_str()));
                Err(error)
            }
        }
    }

    /// Counts a use in the batch of its entry, and notes what the record learns by it. What is one
    /// use too many is refused there, however many were under way.
    async fn count(
        self: &Rc<Self>,
        vault: &UnlockedVault<P>,
        operation: &Operation<'_>,
        key: &LoadedKey<P>,
    ) -> Result<(), Error> {
        let draft = self.draft(operation, OK);
        let (now, used) = (draft.time, operation.of(key, self.now_in(vault)));
        let (usage, notes) = (operation.usage, operation.notes.clone());
        let edit = move |record: &mut KeyRecord, _: &mut VaultClock| {
            (used.permits)(record)?;
            notes.as_ref().map_or(Ok(()), |note| note(record))?;
            if record.counts(usage) {
                record.count(now);
            }
            Ok(())
        };
        let change = KeyChange::edit(operation.key_id.clone(), Box::new(edit));
        let counted = self.commit_change(draft.clone(), Change::Key(change)).await;
        if let Err(error @ (Error::Code(_) | Error::Denied(_))) = &counted {
            self.defer(draft.failed(error.code()));
        }
        counted.map_err(unlogged)
    }

    pub(super) fn draft(&self, operation: &Operation<'_>, outcome: &'static str) -> Draft {
        Draft {
            time: self.ports.clock().now_ms(),
            method: operation.method.name(),
            key_id: Some(operation.key_id.clone()),
            origin: Some(Rc::clone(&operation.caller.origin)),
            outcome,
            about: operation.about.as_ref().and_then(Naming::now),
        }
    }
}

/// What the store said matters to the log; the caller learns that nothing was done.
pub(crate) fn unlogged(error: Error) -> Error {
    match error {
        Error::Store(_) => Error::Code(ErrorCode::AuditUnavailable),
        other => other,
    }
}
