//! Keys that sign VAPID tokens.

use std::rc::Rc;

use kms_crypto::PublicKey;
use kms_protocol::{CallerOrigin, KeyId, KeyUsage, Label};

use super::cache::{Handle, LoadedKey};
use crate::audit::Use;
use crate::enclave::Inner;
use crate::state::UnlockedVault;
use crate::time::Now;
use crate::{Error, Ports};

/// The latest version of such a key, ready to be used.
pub(crate) struct VapidKey<P: Ports> {
    key: Rc<LoadedKey<P>>,
    pub(crate) public: PublicKey,
    pub(crate) signer: Rc<Handle<P>>,
}

impl<P: Ports> VapidKey<P> {
    /// Its name for people.
    pub(crate) fn label(&self) -> Option<Label> {
        self.key.info.label.clone()
    }

    /// The use of the key, to be looked at again if the key changes before its entry is written.
    pub(crate) fn used_by(&self, origin: &Rc<CallerOrigin>, now: Now) -> Use {
        let (origin, version) = (Rc::clone(origin), Some(self.key.info.version));
        let what = (KeyUsage::Vapid, version);
        Use {
            key_id: self.key.info.key_id.clone(),
            current: Rc::clone(&self.key.current),
            permits: Box::new(move |record| record.permits(&origin, what, now)),
        }
    }
}

impl<P: Ports> Inner<P> {
    /// The key of a site, if it may sign VAPID tokens. Such a key signs nothing else, so there is
    /// no way around the lease.
    pub(crate) async fn vapid_key(
        &self,
        vault: &UnlockedVault<P>,
        origin: &CallerOrigin,
        key_id: &KeyId,
    ) -> Result<VapidKey<P>, Error> {
        let key = self.load(vault, key_id).await?;
        key.record.permits(origin, (KeyUsage::Vapid, None), self.now_in(vault))?;
        let public = key.record.version(None)?.public(key.info.spec)?;
        let signer = vault.handle(&self.ports, (&key, None)).await?;
        Ok(VapidKey { key, public, signer })
    }
}
