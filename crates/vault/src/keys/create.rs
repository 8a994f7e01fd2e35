//! Creating keys.

use std::rc::Rc;

use kms_crypto::Envelope;
use kms_protocol::{
    AuditMode, CreateKeyParams, Empty, ErrorCode, KeyId, KeyInfo, KeySpec, KeyUsage, event,
};

use super::LoadedKey;
use super::record::{KeyRecord, NewKey, PolicyRecord, VERSION};
use crate::audit::{Draft, OK};
use crate::enclave::Inner;
use crate::seal;
use crate::session::Caller;
use crate::state::UnlockedVault;
use crate::{Clock, Error, Outbox, Ports, RecordKey, Table, Write, random};

/// Uses of a key that names none.
const USAGE: [KeyUsage; 2] = [KeyUsage::Sign, KeyUsage::Verify];

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
        let usage = params.usage.unwrap_or_else(|| USAGE.into());
        check_usage(params.spec, &usage)?;
        let policy = PolicyRecord::of(&caller.origin, &usage, audit);
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

/// Refuses uses that repeat each other, or that together would be a way around a lease.
fn check_usage(spec: KeySpec, usage: &[KeyUsage]) -> Result<(), ErrorCode> {
    let has = |wanted: KeyUsage| usage.contains(&wanted);
    let differs = |(at, one): (usize, &KeyUsage)| !usage.iter().take(at).any(|known| known == one);
    let unique = !usage.is_empty() && usage.iter().enumerate().all(differs);
    let lent = has(KeyUsage::Vapid);
    let fits = !lent || (spec == KeySpec::EcP256 && !has(KeyUsage::Sign));
    if unique && fits { Ok(()) } else { Err(ErrorCode::InvalidParams) }
}

impl<P: Ports> UnlockedVault<P> {
    async fn generate(&self, ports: &P, new: NewKey) -> Result<(Rc<LoadedKey<P>>, Write), Error> {
        let crypto = ports.crypto();
        let secrets = self.secrets()?;
        let key_id = KeyId::new(random::id(crypto)?)?;
        let policy = new.policy.digest();
        let spec = new.spec;
        let context = seal::signing_key_context(&self.id, &key_id, VERSION, (spec, &policy));
        let made = Envelope::generate_signing_key(crypto, spec, &secrets.wrap, &context).await?;
        let record = KeyRecord::new(new, &made.public, &made.envelope);
        let context = seal::key_context(&self.id, &key_id);
        let value = seal::seal(crypto, &secrets.record, &context, &record.encode()).await?;
        let info = record.info(&key_id, crypto)?;
        let write =
            Write { table: Table::Keys, key: RecordKey::Text(key_id.as_str().into()), value };
        Ok((Rc::new(LoadedKey { info, public: made.public, signer: made.signer }), write))
    }
}
