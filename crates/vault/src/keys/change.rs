//! Changing keys. A change is worked out on the record as it is stored when its batch is written,
//! and anew whenever that batch has to be tried again.

use std::rc::Rc;

use kms_protocol::{
    Empty, ErrorCode, KeyId, KeyInfo, Method, MinVersionsParams, TrimKeyParams, UpdateKeyParams,
    event,
};

use super::index::{IndexEdit, Root, VaultClock};
use super::record::KeyRecord;
use crate::audit::{Change, Draft, Head, OK};
use crate::enclave::Inner;
use crate::session::Caller;
use crate::state::UnlockedVault;
use crate::{Clock, Error, Outbox, Ports, RecordKey, Table, Write, seal};

/// A change of a record, by the clock of the vault; it may be asked for more than once and refuse
/// each time.
pub(crate) type KeyEdit = Box<dyn Fn(&mut KeyRecord, &mut VaultClock) -> Result<(), Error>>;

/// The writes of a change, and the index as it is then.
type Written = (Vec<Write>, Root);

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
    /// A change of a key that exists.
    pub(super) fn edit(key_id: KeyId, edit: KeyEdit) -> Self {
        Self { key_id, what: What::Edit(edit) }
    }

    /// A new key.
    pub(crate) fn create(key_id: KeyId, record: KeyRecord) -> Self {
        Self { key_id, what: What::Create(Box::new(record)) }
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
        (method, key_id): (Method, KeyId),
        edit: KeyEdit,
    ) -> Result<KeyInfo, Error> {
        let vault = self.unlocked()?;
        self.journal_ready().await?;
        let origin = Rc::clone(&caller.origin);
        let draft = Draft {
            time: self.ports.clock().now_ms(),
            method: method.name(),
            key_id: Some(key_id.clone()),
            origin: Some(Rc::clone(&origin)),
            outcome: OK,
        };
        let rule = method.key_rule().ok_or(ErrorCode::Internal)?;
        let edit: KeyEdit = Box::new(move |record, clock| {
            record.admits(&origin, &rule)?;
            edit(record, clock)
        });
        let change = KeyChange::edit(key_id.clone(), edit);
        let changed = self.commit_change(draft.clone(), Change::Key(change)).await;
        if let Err(error @ (Error::Code(_) | Error::Denied(_))) = &changed {
            self.defer(draft.failed(error.code()));
        }
        changed?;
        vault.still_open()?;
        let info = self.load(&vault, &key_id).await?.info.clone();
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
        (change, head): (&KeyChange, &mut Head),
    ) -> Result<Result<Written, Error>, Error> {
        let mut index = IndexEdit::of(vault);
        let written = match self.try_change(vault, change, &mut index).await {
            Ok(record) => self.written(vault, (change, &record, &mut index), head).await,
            Err(error) => Err(error),
        };
        match written {
            // What is at hand may be older than what is stored.
            Err(refusal @ (Error::Code(_) | Error::Denied(_))) => {
                vault.cache.borrow_mut().forget(&change.key_id);
                Ok(Err(refusal))
            }
            Err(failure) => Err(failure),
            Ok(writes) => Ok(Ok((writes, index.root))),
        }
    }

    async fn try_change(
        &self,
        vault: &UnlockedVault<P>,
        change: &KeyChange,
        index: &mut IndexEdit,
    ) -> Result<KeyRecord, Error> {
        let place = (vault, &self.ports);
        let (before, record) = match &change.what {
            What::Create(record) => (None, (**record).clone()),
            What::Edit(edit) => {
                let mut record = vault.read(&self.ports, &change.key_id).await?;
                let before = record.alias();
                edit(&mut record, index.clock())?;
                (before, record)
            }
        };
        index.rename(place, &change.key_id, (before, record.alias())).await?;
        Ok(record)
    }

    async fn written(
        &self,
        vault: &UnlockedVault<P>,
        (change, record, index): (&KeyChange, &KeyRecord, &mut IndexEdit),
        head: &mut Head,
    ) -> Result<Vec<Write>, Error> {
        let (place, crypto) = ((vault, &self.ports), self.ports.crypto());
        let generation = index.advance(place, (&change.key_id, record.due())).await?;
        let mut writes = index.writes(place, head).await?;
        let secrets = vault.secrets()?;
        let context = seal::key_context(&vault.id, &change.key_id, generation);
        let value = seal::seal(crypto, &secrets.record, &context, &record.encode()).await?;
        let key = RecordKey::Text(change.key_id.as_str().into());
        writes.push(Write { table: Table::Keys, key, value });
        Ok(writes)
    }
}
