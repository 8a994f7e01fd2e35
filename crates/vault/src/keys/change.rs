//! Changing keys. A change is worked out on the record as it is stored when its batch is written,
//! and anew whenever that batch has to be tried again.

use std::rc::Rc;

use kms_protocol::{
    CallerOrigin, Empty, ErrorCode, KeyId, KeyInfo, MinVersionsParams, TrimKeyParams,
    UpdateKeyParams, event,
};

use super::record::KeyRecord;
use crate::audit::{Change, Draft, OK};
use crate::enclave::Inner;
use crate::session::Caller;
use crate::state::UnlockedVault;
use crate::{Clock, Error, Outbox, Ports, RecordKey, Table, Write, seal};

/// A change of a record; it may be asked for more than once and refuse each time.
pub(crate) type KeyEdit = Box<dyn Fn(&mut KeyRecord) -> Result<(), Error>>;

/// A change of one key.
pub(crate) struct KeyChange {
    pub(crate) key_id: KeyId,
    what: What,
}

enum What {
    Create(Box<KeyRecord>),
    Edit(KeyEdit),
}

impl KeyChange {
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
}

impl<P: Ports> Inner<P> {
    /// Changes label and alias.
    pub(crate) async fn update_key(
        self: &Rc<Self>,
        caller: &Caller,
        params: UpdateKeyParams,
    ) -> Result<KeyInfo, Error> {
        let UpdateKeyParams { key_id, label, alias } = params;
        let edit = move |record: &mut KeyRecord| record.rename(label.as_ref(), alias.as_ref());
        self.change_key(caller, ("keys.update", key_id), Box::new(edit)).await
    }

    /// Raises the minimum versions.
    pub(crate) async fn set_min_versions(
        self: &Rc<Self>,
        caller: &Caller,
        params: MinVersionsParams,
    ) -> Result<KeyInfo, Error> {
        let key_id = params.key_id.clone();
        let edit = move |record: &mut KeyRecord| record.raise_min_versions(&params);
        self.change_key(caller, ("keys.set_min_versions", key_id), Box::new(edit)).await
    }

    /// Deletes old versions.
    pub(crate) async fn trim_key(
        self: &Rc<Self>,
        caller: &Caller,
        params: TrimKeyParams,
    ) -> Result<KeyInfo, Error> {
        let least = params.min_available_version;
        let edit = move |record: &mut KeyRecord| record.trim(least);
        self.change_key(caller, ("keys.trim", params.key_id), Box::new(edit)).await
    }

    /// Changes a key of the caller and tells what became of it.
    pub(crate) async fn change_key(
        self: &Rc<Self>,
        caller: &Caller,
        what: (&'static str, KeyId),
        edit: KeyEdit,
    ) -> Result<KeyInfo, Error> {
        self.change_key_by(By::Site(Rc::clone(&caller.origin)), what, edit).await
    }

    /// Changes a key of the vault, if it is for somebody to change, and tells what became of it.
    pub(crate) async fn change_key_by(
        self: &Rc<Self>,
        by: By,
        (method, key_id): (&'static str, KeyId),
        edit: KeyEdit,
    ) -> Result<KeyInfo, Error> {
        let vault = self.unlocked()?;
        self.journal_ready().await?;
        let draft = Draft {
            time: self.ports.clock().now_ms(),
            method,
            key_id: Some(key_id.clone()),
            origin: by.origin(),
            outcome: OK,
        };
        let inner = Rc::clone(self);
        let edit: KeyEdit = Box::new(move |record| {
            match &by {
                By::Site(origin) => record.owned_by(origin)?,
                By::Person(question) => inner.still_wanted(*question)?,
            }
            edit(record)
        });
        let change = KeyChange { key_id: key_id.clone(), what: What::Edit(edit) };
        let changed = self.commit_change(draft.clone(), Change::Key(change)).await;
        if let Err(error @ (Error::Code(_) | Error::Denied(_))) = &changed {
            self.defer(draft.failed(error.code()));
        }
        changed?;
        vault.still_open()?;
        let info = vault.load(&self.ports, &key_id).await?.info.clone();
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

    /// The writes of a change. The inner error is a refusal of the change itself.
    pub(crate) async fn key_writes(
        &self,
        vault: &UnlockedVault<P>,
        change: &KeyChange,
    ) -> Result<Result<Vec<Write>, Error>, Error> {
        let record = match &change.what {
            What::Create(record) => (**record).clone(),
            What::Edit(edit) => {
                let mut record = match vault.read(&self.ports, &change.key_id).await {
                    Err(Error::Code(code @ (ErrorCode::NotFound | ErrorCode::Unreadable))) => {
                        return Ok(Err(Error::Code(code)));
                    }
                    read => read?,
                };
                if let Err(refusal) = edit(&mut record) {
                    // What is at hand may be older than what is stored.
                    vault.cache.borrow_mut().forget(&change.key_id);
                    return Ok(Err(refusal));
                }
                record
            }
        };
        let secrets = vault.secrets()?;
        let context = seal::key_context(&vault.id, &change.key_id);
        let crypto = self.ports.crypto();
        let value = seal::seal(crypto, &secrets.record, &context, &record.encode()).await?;
        let key = RecordKey::Text(change.key_id.as_str().into());
        Ok(Ok(vec![Write { table: Table::Keys, key, value }]))
    }
}
