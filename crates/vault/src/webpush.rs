//! Messages for Web Push. They take no key of the vault: who receives one gave the key.

use kms_crypto::webpush::{AUTH_LEN, MAX_PAYLOAD, Subscription, encrypt};
use kms_crypto::{KeyKind, PublicKey};
use kms_protocol::{EncryptWebPushParams, ErrorCode, WebPushMessage};

use crate::enclave::Inner;
use crate::{Error, Ports};

impl<P: Ports> Inner<P> {
    /// Encrypts a message for a subscription.
    pub(crate) async fn encrypt_web_push(
        &self,
        params: EncryptWebPushParams,
    ) -> Result<WebPushMessage, Error> {
        let EncryptWebPushParams { p256dh, auth, payload, padded_len } = params;
        let auth: [u8; AUTH_LEN] = auth.try_into().map_err(|_| ErrorCode::InvalidParams)?;
        let padded_len = padded_len.map_or(0, |len| usize::try_from(len).unwrap_or(usize::MAX));
        if payload.len().max(padded_len) > MAX_PAYLOAD {
            return Err(Error::Code(ErrorCode::PayloadTooLarge));
        }
        let key = PublicKey::from_raw(KeyKind::EcP256Agreement, &p256dh)?;
        let receiver = Subscription { key: &key, auth: &auth };
        let body = encrypt(self.ports.crypto(), receiver, &payload, padded_len).await?;
        Ok(WebPushMessage { body })
    }
}
