//! Who holds a key: the browser, or the enclave where that does not take this one.

use kms_crypto::CryptoProvider;
use kms_protocol::{ErrorCode, KeyId, KeyInfo, Protection};

use super::record::{KeyRecord, VersionRecord};
use crate::state::UnlockedVault;
use crate::{Error, Ports};

impl<P: Ports> UnlockedVault<P> {
    /// A key as callers see it, with who holds each of its versions.
    pub(super) async fn with_holders(
        &self,
        ports: &P,
        key_id: &KeyId,
        record: &KeyRecord,
    ) -> Result<KeyInfo, Error> {
        let mut info = record.info(key_id, ports.crypto())?;
        for (version, shown) in record.versions().iter().zip(&mut info.versions) {
            info.protection = self.holder(ports, (key_id, record), version).await?;
            shown.protection = Some(info.protection);
        }
        Ok(info)
    }

    /// Who holds a version, found out by taking it out of its envelope. One that does not come out,
    /// or is destroyed, nobody holds: it is of the class of its kind. So is each of a kind that the
    /// enclave holds, and no secret comes into its memory to say so.
    pub(super) async fn holder(
        &self,
        ports: &P,
        key: (&KeyId, &KeyRecord),
        version: &VersionRecord,
    ) -> Result<Protection, Error> {
        let of_kind = ports.crypto().protection(key.1.spec()?.into());
        if of_kind == Protection::Enclave {
            return Ok(of_kind);
        }
        let unwrapped = self.unwrap(ports, key, version).await;
        if let Err(Error::Code(ErrorCode::Unreadable | ErrorCode::InvalidKeyState)) = unwrapped {
            return Ok(of_kind);
        }
        Ok(ports.crypto().held_by(&unwrapped?))
    }
}

/// Notes who holds the one version of a new key.
pub(super) fn hold(info: &mut KeyInfo, holder: Protection) {
    info.protection = holder;
    info.versions.iter_mut().for_each(|version| version.protection = Some(holder));
}
