//! Changing keys. A change is worked out on the record as it is stored when its batch is written,
//! and anew whenever that batch has to be tried again.

use std::rc::Rc;

use kms_protocol::{
    CallerOrigin, Empty, ErrorCode, KeyId, KeyInfo, KeyRule, Method, MinVersionsParams,
    TrimKeyParams, UpdateKeyParams, event,
};

use super::edits::KeyEdits;
use super::index::VaultClock;
use super::record::KeyRecord;
use crate::audit::{Change, Draft, OK};
use crate::enclave::Inner;
use crate::session::Caller;
use crate::state::UnlockedVault;
use crate::{Clock, Error, Outbox, Ports};

/// A change of a record, by the clock of the vault; it may be asked for more than once and refuse
/// each time.
pub(crate) type KeyEdit = Box<dyn Fn(&mut KeyRecord, &mut VaultClock) -> Result<(), Error>>;

/// A change of one key.
pub(crate) struct KeyChange {
    pub(crate) key_id: KeyId,
    pub(super) what: What,
}

pub(super) enum What {
    Create(Box<KeyRecord>),
    Edit(KeyEdit),
}

impl KeyChange {
    /// A change of a key that exists.
    pub(super) fn edit(key_id: KeyId, edit: KeyEdit) -> Self {
        Self { key_id, what: What::Edit(edit) }
    }

    /// A new key.
    pub(crate) fn create(key_id: KeyId, record: KeyRecord) -> Self {
        Self { key_id, what: What::Create(Box::new(record)) }
    }
}

/// Who changes a key.
pub(crate) enum By {
    /// A site: only keys that it made.
    Site(Rc<CallerOrigin>),
    /// The person, in the enclave's own user interface: every key of the vault. With the question
    /// that has to be open still when the change is written.
    Person(u64),
}

impl By {
    /// Who asked, as the log says it.
    fn origin(&self) -> Option<Rc<CallerOrigin>> {
        match self {
            By::Site(origin) => Some(Rc::clone(origin)),
            By::Person(_) => None,
        }
    }

    /// Fails unless the rule lets them change this key.
    pub(super) fn may<P: Ports>(
        &self,
        inner: &Inner<P>,
        (record, rule): (&KeyRecord, &KeyRule),
    ) -> Result<(), Error> {
        match self {
            By::Site(origin) => record.admits(origin, rule),
            By::Person(question) => {
                inner.still_wanted(*question)?;
                record.admits_in_state(rule)
            }
        }
    }
}

impl<P: Ports> Inner<P> {
    /// Changes label and alias.
    pub(crate) async fn update_key(
        self: &Rc<Self>,
        caller: &Caller,
        params: UpdateKeyParams,
    ) -> Result<KeyInfo, Error> {
        let UpdateKeyParams { key_id, label, alias } = params;
        let edit = move |record: &mut KeyRecord, _: &mut VaultClock| {
            record.rename(label.as_ref(), alias.as_ref());
            Ok(())
        };
        self.change_key(caller, (Method::UpdateKey, key_id), Box::new(edit)).await
    }

    /// Raises the minimum versions.
    pub(crate) async fn set_min_versions(
        self: &Rc<Self>,
        caller: &Caller,
        params: MinVersionsParams,
    ) -> Result<KeyInfo, Error> {
        let key_id = params.key_id.clone();
        let edit =
            move |record: &mut KeyRecord, _: &mut VaultClock| record.raise_min_versions(&params);
        self.change_key(caller, (Method::SetMinVersions, key_id), Box::new(edit)).await
    }

    /// Deletes old versions.
    pub(crate) async fn trim_key(
        self: &Rc<Self>,
        caller: &Caller,
        params: TrimKeyParams,
    ) -> Result<KeyInfo, Error> {
        let least = params.min_available_version;
        let edit = move |record: &mut KeyRecord, _: &mut VaultClock| record.trim(least);
        self.change_key(caller, (Method::TrimKey, params.key_id), Box::new(edit)).await
    }

    /// Lets a key be used, or not.
    pub(crate) async fn set_enabled(
        self: &Rc<Self>,
        caller: &Caller,
        (key_id, enabled): (KeyId, bool),
    ) -> Result<KeyInfo, Error> {
        let method = if enabled { Method::EnableKey } else { Method::DisableKey };
        let edit = move |record: &mut KeyRecord, _: &mut VaultClock| {
            record.set_enabled(enabled);
            Ok(())
        };
        self.change_key(caller, (method, key_id), Box::new(edit)).await
    }

    /// Changes a key of the caller and tells what became of it.
    pub(crate) async fn change_key(
        self: &Rc<Self>,
        caller: &Caller,
        what: (Method, KeyId),
        edit: KeyEdit,
    ) -> Result<KeyInfo, Error> {
        self.change_key_by(By::Site(Rc::clone(&caller.origin)), what, edit).await
    }

    /// Changes a key of the vault, if it is for somebody to change, and tells what became of it.
    pub(crate) async fn change_key_by(
        self: &Rc<Self>,
        by: By,
        (method, key_id): (Method, KeyId),
        edit: KeyEdit,
    ) -> Result<KeyInfo, Error> {
        let vault = self.unlocked()?;
        self.journal_ready().await?;
        let draft = Draft {
            time: self.ports.clock().now_ms(),
            method: method.name(),
            key_id: Some(key_id.clone()),
            origin: by.origin(),
            outcome: OK,
            about: None,
        };
        let rule = method.key_rule().ok_or(ErrorCode::Internal)?;
        let inner = Rc::clone(self);
        let edit: KeyEdit = Box::new(move |record, clock| {
            by.may(&inner, (record, &rule))?;
            edit(record, clock)
        });
        let change = KeyChange::edit(key_id.clone(), edit);
        let changed = self.commit_change(draft.clone(), Change::Key(change)).await;
        if let Err(error @ (Error::Code(_) | Error::Denied(_))) = &changed {
            self.defer(draft.failed(error.code()));
        }
        changed?;
        vault.still_open()?;
        let key = self.load(&vault, &key_id).await?;
        let info = vault.with_holders(&self.ports, &key_id, &key.record).await?;
        vault.still_open()?;
        self.tell_keys_changed(&info);
        Ok(info)
    }

    /// Tells the pages that may use a key.
    pub(super) fn tell_keys_changed(&self, info: &KeyInfo) {
        for origin in &info.caller_origins {
            let sessions = self.sessions.borrow().of(origin);
            for session in sessions {
                self.ports.outbox().event(session, event("keys_changed", Empty {}));
            }
        }
    }

    /// Adds a change to those of a batch. The inner error is a refusal of the change itself, after
    /// which the others are not to be written.
    pub(crate) async fn apply(
        &self,
        vault: &UnlockedVault<P>,
        change: &KeyChange,
        edits: &mut KeyEdits,
    ) -> Result<Result<(), Error>, Error> {
        match edits.add((vault, &self.ports), change).await {
            // What is at hand may be older than what is stored.
            Err(refusal @ (Error::Code(_) | Error::Denied(_))) => {
                vault.cache.borrow_mut().forget(&change.key_id);
                Ok(Err(refusal))
            }
            added => added.map(Ok),
        }
    }
}
