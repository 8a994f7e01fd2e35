//! Keys that sign VAPID tokens.

use std::rc::Rc;

use kms_protocol::{CallerOrigin, KeyId, KeyUsage};

use super::LoadedKey;
use crate::state::UnlockedVault;
use crate::{Error, Ports};

impl<P: Ports> UnlockedVault<P> {
    /// The key of a site, if it may sign VAPID tokens. Such a key signs nothing else, so there is
    /// no way around the lease.
    pub(crate) async fn vapid_key(
        &self,
        ports: &P,
        origin: &CallerOrigin,
        key_id: &KeyId,
    ) -> Result<Rc<LoadedKey<P>>, Error> {
        let key = self.load(ports, key_id).await?;
        key.permits(origin, KeyUsage::Vapid)?;
        Ok(key)
    }
}
