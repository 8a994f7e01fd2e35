//! Keys that sign VAPID tokens.

use std::rc::Rc;

use kms_protocol::{CallerOrigin, ErrorCode, KeyId, KeySpec, KeyUsage};

use super::LoadedKey;
use crate::state::UnlockedVault;
use crate::{Error, Ports};

impl<P: Ports> UnlockedVault<P> {
    /// The key of a site, if it may sign VAPID tokens: on P-256 only (RFC 8292, section 2).
    pub(crate) async fn vapid_key(
        &self,
        ports: &P,
        origin: &CallerOrigin,
        key_id: &KeyId,
    ) -> Result<Rc<LoadedKey<P>>, Error> {
        let key = self.load(ports, key_id).await?;
        key.permits(origin, KeyUsage::Sign)?;
        if key.info.spec == KeySpec::EcP256 {
            Ok(key)
        } else {
            Err(Error::Code(ErrorCode::PolicyDenied))
        }
    }
}
