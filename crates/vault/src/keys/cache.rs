//! Handles of keys that were used lately. Unwrapping per operation would cost twice the time.

use std::rc::Rc;

use kms_crypto::{CryptoProvider, PublicKey};
use kms_protocol::{AuditMode, CallerOrigin, ErrorCode, KeyId, KeyInfo, KeyUsage};

use crate::Ports;
use crate::map::Map;

/// Most handles that are kept.
const CAPACITY: usize = 1024;

/// A key that is ready to be used.
pub(crate) struct LoadedKey<P: Ports> {
    pub(crate) info: KeyInfo,
    pub(crate) public: PublicKey,
    pub(crate) signer: <P::Crypto as CryptoProvider>::Key,
}

impl<P: Ports> LoadedKey<P> {
    /// Whether a caller may use the key in this way. A key of another site does not exist.
    pub(crate) fn permits(&self, origin: &CallerOrigin, usage: KeyUsage) -> Result<(), ErrorCode> {
        belongs(&self.info, origin)?;
        let allowed = self.info.usage.contains(&usage);
        if allowed { Ok(()) } else { Err(ErrorCode::PolicyDenied) }
    }

    /// Whether entries are written before results are released.
    pub(crate) fn is_durable(&self) -> bool {
        self.info.audit == AuditMode::Durable
    }
}

/// Whether a key belongs to a caller.
pub(crate) fn belongs(info: &KeyInfo, origin: &CallerOrigin) -> Result<(), ErrorCode> {
    if info.caller_origins.contains(origin) { Ok(()) } else { Err(ErrorCode::NotFound) }
}

/// A bounded cache that drops what was not used for longest.
pub(crate) struct Cache<P: Ports> {
    keys: Map<KeyId, (u64, Rc<LoadedKey<P>>)>,
    clock: u64,
}

impl<P: Ports> Default for Cache<P> {
    fn default() -> Self {
        Self { keys: Map::default(), clock: 0 }
    }
}

impl<P: Ports> Cache<P> {
    /// The key, if it is here.
    pub(crate) fn find(&mut self, key_id: &KeyId) -> Option<Rc<LoadedKey<P>>> {
        let (used, key) = self.keys.get_mut(key_id)?;
        self.clock += 1;
        *used = self.clock;
        Some(Rc::clone(key))
    }

    /// Keeps a key.
    pub(crate) fn insert(&mut self, key: &Rc<LoadedKey<P>>) {
        if self.keys.len() >= CAPACITY {
            let oldest = self.keys.iter().min_by_key(|(_, (used, _))| *used);
            if let Some(oldest) = oldest.map(|(id, _)| id.clone()) {
                self.keys.remove(&oldest);
            }
        }
        self.clock += 1;
        self.keys.insert(key.info.key_id.clone(), (self.clock, Rc::clone(key)));
    }
}
