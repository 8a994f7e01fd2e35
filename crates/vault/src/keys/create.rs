//! Creating keys, and new versions of them.

use std::rc::Rc;

use kms_crypto::Envelope;
use kms_protocol::{AuditMode, CreateKeyParams, ErrorCode, KeyId, KeyInfo, KeySpec, Method};

use super::cache::{Handle, LoadedKey};
use super::change::{By, KeyChange};
use super::index::VaultClock;
use super::record::{FIRST, KeyRecord, NewKey, PolicyRecord, VersionRecord};
use crate::audit::{Change, Draft, OK};
use crate::enclave::Inner;
use crate::seal;
use crate::session::Caller;
use crate::state::UnlockedVault;
use crate::{Clock, Error, Ports, random};

/// Where a version is wrapped to.
struct Place<'a> {
    key_id: &'a KeyId,
    spec: KeySpec,
    policy: &'a PolicyRecord,
    number: u32,
}

impl<P: Ports> Inner<P> {
    /// Generates a key for the caller. It exists when its record and its audit entry are
    /// stored, in one batch.
    pub(crate) async fn create_key(
        self: &Rc<Self>,
        caller: &Caller,
        params: CreateKeyParams,
    ) -> Result<KeyInfo, Error> {
        let vault = self.unlocked()?;
        self.journal_ready().await?;
        let created = self.ports.clock().now_ms();
        let CreateKeyParams { spec, label, alias, audit, policy } = params;
        let audit = audit.unwrap_or(AuditMode::Durable);
        let policy = PolicyRecord::new(&caller.origin, (spec, audit), policy)?;
        let key_id = KeyId::new(random::id(self.ports.crypto())?)?;
        let place = Place { key_id: &key_id, spec, policy: &policy, number: FIRST };
        let (version, handle) = vault.generate(&self.ports, place, created).await?;
        let record = KeyRecord::new(NewKey { spec, label, alias, created, policy }, version);
        let info = record.info(&key_id, self.ports.crypto())?;
        let key = Rc::new(LoadedKey::new(info, record.clone()));
        key.keep(FIRST, &handle);
        let draft = Draft {
            time: created,
            method: "keys.create",
            key_id: Some(key_id.clone()),
            origin: Some(Rc::clone(&caller.origin)),
            outcome: OK,
        };
        let change = KeyChange::create(key_id, record);
        self.commit_change(draft, Change::Key(change)).await?;
        vault.still_open()?;
        vault.cache.borrow_mut().insert(&key);
        self.tell_keys_changed(&key.info);
        Ok(key.info.clone())
    }

    /// Adds a version to a key of the caller.
    pub(crate) async fn rotate_key(
        self: &Rc<Self>,
        caller: &Caller,
        key_id: KeyId,
    ) -> Result<KeyInfo, Error> {
        self.rotate_key_by(By::Site(Rc::clone(&caller.origin)), key_id).await
    }

    /// Adds a version to a key of the vault, if it is for somebody to change.
    pub(crate) async fn rotate_key_by(
        self: &Rc<Self>,
        by: By,
        key_id: KeyId,
    ) -> Result<KeyInfo, Error> {
        let made = self.next_version(&by, &key_id).await;
        let edit = move |record: &mut KeyRecord, _: &mut VaultClock| {
            record.add_version(made.as_ref().map_err(Error::clone)?)
        };
        self.change_key_by(by, (Method::RotateKey, key_id), Box::new(edit)).await
    }

    async fn next_version(&self, by: &By, key_id: &KeyId) -> Result<VersionRecord, Error> {
        let vault = self.unlocked()?;
        let key = self.load(&vault, key_id).await?;
        let rule = Method::RotateKey.key_rule().ok_or(ErrorCode::Internal)?;
        by.may(self, (&key.record, &rule))?;
        let number = key.record.next_version()?;
        let place = Place { key_id, spec: key.info.spec, policy: key.record.policy(), number };
        let created = self.ports.clock().now_ms();
        Ok(vault.generate(&self.ports, place, created).await?.0)
    }
}

impl<P: Ports> UnlockedVault<P> {
    async fn generate(
        &self,
        ports: &P,
        place: Place<'_>,
        created: u64,
    ) -> Result<(VersionRecord, Rc<Handle<P>>), Error> {
        let secrets = self.secrets()?;
        let Place { key_id, spec, policy, number } = place;
        let policy = policy.digest();
        let context = seal::signing_key_context(&self.id, key_id, number, (spec, &policy));
        let made = Envelope::generate_key(ports.crypto(), spec, &secrets.wrap, &context).await?;
        let version = VersionRecord::new(number, created, (made.public.as_ref(), &made.envelope));
        Ok((version, Rc::new(made.key)))
    }
}
