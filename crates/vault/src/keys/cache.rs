//! Handles of keys that were used lately. Unwrapping per operation would cost twice the time.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use kms_crypto::CryptoProvider;
use kms_protocol::{AuditMode, CallerOrigin, ErrorCode, KeyId, KeyInfo};

use super::record::KeyRecord;
use crate::Ports;
use crate::map::Map;

/// Most keys that are kept.
const CAPACITY: usize = 1024;

/// A handle of a private or secret key, of the provider of these ports.
pub(crate) type Handle<P> = <<P as Ports>::Crypto as CryptoProvider>::Key;

/// A key that was read and whose versions are unwrapped when they are used.
pub(crate) struct LoadedKey<P: Ports> {
    pub(crate) info: KeyInfo,
    pub(crate) record: KeyRecord,
    /// Whether nothing is known to have changed since it was read.
    pub(crate) current: Rc<Cell<bool>>,
    handles: RefCell<Map<u32, Rc<Handle<P>>>>,
}

impl<P: Ports> LoadedKey<P> {
    /// A key that was read just now.
    pub(crate) fn new(info: KeyInfo, record: KeyRecord) -> Self {
        Self { info, record, current: Rc::new(Cell::new(true)), handles: RefCell::default() }
    }

    /// Whether entries are written before results are released.
    pub(crate) fn is_durable(&self) -> bool {
        self.info.audit == AuditMode::Durable
    }

    /// The handle of a version, if it is here.
    pub(crate) fn handle(&self, version: u32) -> Option<Rc<Handle<P>>> {
        self.handles.borrow().get(&version).cloned()
    }

    /// Keeps the handle of a version.
    pub(crate) fn keep(&self, version: u32, handle: &Rc<Handle<P>>) {
        self.handles.borrow_mut().insert(version, Rc::clone(handle));
    }
}

/// Whether a key belongs to a caller.
pub(crate) fn belongs(info: &KeyInfo, origin: &CallerOrigin) -> Result<(), ErrorCode> {
    if info.caller_origins.contains(origin) { Ok(()) } else { Err(ErrorCode::NotFound) }
}

/// A bounded cache that drops what was not used for longest. What it drops is not current any
/// more: whoever still holds it looks again before it counts.
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
        self.forget(&key.info.key_id);
        if self.keys.len() >= CAPACITY {
            let oldest = self.keys.iter().min_by_key(|(_, (used, _))| *used);
            if let Some(oldest) = oldest.map(|(id, _)| id.clone()) {
                self.forget(&oldest);
            }
        }
        self.clock += 1;
        self.keys.insert(key.info.key_id.clone(), (self.clock, Rc::clone(key)));
    }

    /// Drops a key that has changed.
    pub(crate) fn forget(&mut self, key_id: &KeyId) {
        if let Some((_, key)) = self.keys.remove(key_id) {
            key.current.set(false);
        }
    }

    /// Drops everything: another tab has changed keys.
    pub(crate) fn clear(&mut self) {
        for (_, key) in self.keys.take_where(|_| true) {
            key.current.set(false);
        }
    }
}
