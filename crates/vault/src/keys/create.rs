//! Creating keys.

use std::rc::Rc;

use kms_crypto::Envelope;
use kms_protocol::{AuditMode, CreateKeyParams, Empty, KeyId, KeyInfo, event};

use super::LoadedKey;
use super::record::{KeyRecord, NewKey, PolicyRecord, VERSION};
use crate::audit::{Draft, OK};
use crate::enclave::Inner;
use crate::seal;
use crate::session::Caller;
use crate::state::UnlockedVault;
use crate::{Clock, Error, Outbox, Ports, RecordKey, Table, Write, random};

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
        let audit = params.audit.unwrap_or(AuditMode::Durable);
        let policy = PolicyRecord::of(&caller.origin, audit);
        let new = NewKey { spec: params.spec, label: params.label, created, policy };
        let (key, write) = vault.generate(&self.ports, new).await?;
        let draft = Draft {
            time: created,
            method: "keys.create",
            key_id: Some(key.info.key_id.clone()),
            origin: Some(Rc::clone(&caller.origin)),
            outcome: OK,
        };
        self.commit(draft, vec![write]).await?;
        vault.still_open()?;
        vault.cache.borrow_mut().insert(&key);
        let sessions = self.sessions.borrow().of(&caller.origin);
        for session in sessions {
            self.ports.outbox().event(session, event("keys_changed", Empty {}));
        }
        Ok(key.info.clone())
    }
}

impl<P: Ports> UnlockedVault<P> {
    async fn generate(&self, ports: &P, new: NewKey) -> Result<(Rc<LoadedKey<P>>, Write), Error> {
        let crypto = ports.crypto();
        let secrets = self.secrets()?;
        let key_id = KeyId::new(random::id(crypto)?)?;
        let policy = new.policy.digest();
        let spec = new.spec;
        let context = seal::signing_key_context(&self.id, &key_id, VERSION, (spec, &policy));
        let made = Envelope::generate_key(crypto, spec, &secrets.wrap, &context).await?;
        let record = KeyRecord::new(new, made.public.as_ref(), &made.envelope);
        let context = seal::key_context(&self.id, &key_id);
        let value = seal::seal(crypto, &secrets.record, &context, &record.encode()).await?;
        let info = record.info(&key_id, crypto)?;
        let write =
            Write { table: Table::Keys, key: RecordKey::Text(key_id.as_str().into()), value };
        Ok((Rc::new(LoadedKey { info, public: record.public()?, signer: made.key }), write))
    }
}
