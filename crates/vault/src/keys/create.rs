//! Creating keys, and new versions of them.

use std::rc::Rc;

use kms_crypto::{CryptoProvider, Envelope, SecretBytes};
use kms_protocol::{
    AuditMode, CreateKeyParams, ErrorCode, KeyId, KeyInfo, KeyOrigin, KeySpec, Method,
};

use super::cache::{Handle, LoadedKey};
use super::change::{By, KeyChange};
use super::index::VaultClock;
use super::protection::hold;
use super::record::{FIRST, KeyRecord, NewKey, PolicyRecord, VersionRecord};
use crate::audit::{Change, Draft, OK};
use crate::enclave::Inner;
use crate::seal;
use crate::session::Caller;
use crate::state::UnlockedVault;
use crate::{Clock, Error, Ports, random};

/// Where a version is wrapped to.
pub(super) struct Place<'a> {
    key_id: &'a KeyId,
    spec: KeySpec,
    policy: &'a PolicyRecord,
    number: u32,
}

/// A key that a caller asked for and that may be made.
pub(super) struct Plan {
    key_id: KeyId,
    new: NewKey,
}

/// The first version of a key that is not stored yet, and its handle.
pub(super) type Made<P> = (VersionRecord, Rc<Handle<P>>);

impl Plan {
    /// The spec of the key.
    pub(super) fn spec(&self) -> KeySpec {
        self.new.spec
    }

    /// Its policy.
    pub(super) fn policy(&self) -> &PolicyRecord {
        &self.new.policy
    }

    fn place(&self) -> Place<'_> {
        let (spec, policy) = (self.new.spec, &self.new.policy);
        Place { key_id: &self.key_id, spec, policy, number: FIRST }
    }
}

impl<P: Ports> Inner<P> {
    /// Generates a key for the caller.
    pub(crate) async fn create_key(
        self: &Rc<Self>,
        caller: &Caller,
        params: CreateKeyParams,
    ) -> Result<KeyInfo, Error> {
        let vault = self.unlocked()?;
        self.journal_ready().await?;
        let plan = self.plan(caller, params, KeyOrigin::Generated)?;
        let made = vault.generate(&self.ports, plan.place(), plan.new.created).await?;
        self.store_new(caller, &vault, plan, made).await
    }

    /// What a new key is to be, if it may be that.
    pub(super) fn plan(
        &self,
        caller: &Caller,
        params: CreateKeyParams,
        origin: KeyOrigin,
    ) -> Result<Plan, Error> {
        let created = self.ports.clock().now_ms();
        let CreateKeyParams { spec, label, alias, audit, policy } = params;
        let audit = audit.unwrap_or(AuditMode::Durable);
        let policy = PolicyRecord::new(&caller.origin, (spec, audit), policy)?;
        // Whoever made it elsewhere could approve without this person.
        if origin != KeyOrigin::Generated && policy.usage()?.iter().any(|usage| usage.is_personal())
        {
            return Err(ErrorCode::InvalidParams.into());
        }
        let key_id = KeyId::new(random::id(self.ports.crypto())?)?;
        Ok(Plan { key_id, new: NewKey { spec, label, alias, created, origin, policy } })
    }

    /// Stores a new key. It exists when its record and its audit entry are stored, in one batch.
    pub(super) async fn store_new(
        self: &Rc<Self>,
        caller: &Caller,
        vault: &Rc<UnlockedVault<P>>,
        plan: Plan,
        (version, handle): Made<P>,
    ) -> Result<KeyInfo, Error> {
        let Plan { key_id, new } = plan;
        let draft = Draft {
            time: new.created,
            method: "keys.create",
            key_id: Some(key_id.clone()),
            origin: Some(Rc::clone(&caller.origin)),
            outcome: OK,
            about: None,
        };
        let record = KeyRecord::new(new, version);
        let mut info = record.info(&key_id, self.ports.crypto())?;
        hold(&mut info, self.ports.crypto().held_by(&handle));
        let key = Rc::new(LoadedKey::new(info, record.clone()));
        key.keep(FIRST, &handle);
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
    /// Makes the first version of a key from a secret.
    pub(super) async fn import(
        &self,
        ports: &P,
        plan: &Plan,
        secret: SecretBytes<32>,
    ) -> Result<Made<P>, Error> {
        let secrets = self.secrets()?;
        let Place { key_id, spec, policy, number } = plan.place();
        let policy = policy.digest();
        let context = seal::signing_key_context(&self.id, key_id, number, (spec, &policy));
        let what = (spec.into(), secret);
        let made = Envelope::import_key(ports.crypto(), what, &secrets.wrap, &context).await?;
        let (public, created) = (made.public.as_ref(), plan.new.created);
        let version = VersionRecord::new(number, created, (public, &made.envelope));
        Ok((version, Rc::new(made.key)))
    }

    async fn generate(&self, ports: &P, place: Place<'_>, created: u64) -> Result<Made<P>, Error> {
        let secrets = self.secrets()?;
        let Place { key_id, spec, policy, number } = place;
        let policy = policy.digest();
        let context = seal::signing_key_context(&self.id, key_id, number, (spec, &policy));
        let made = Envelope::generate_key(ports.crypto(), spec, &secrets.wrap, &context).await?;
        let version = VersionRecord::new(number, created, (made.public.as_ref(), &made.envelope));
        Ok((version, Rc::new(made.key)))
    }
}
