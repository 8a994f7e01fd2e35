//! Messages for Web Push (RFC 8291): one record of `aes128gcm` (RFC 8188), over the port.
//!
//! The key of the sender is made for one message, so nothing of it is kept. The steps between the
//! agreement and the cipher are here, once for both providers.

use crate::{
    CryptoError, CryptoProvider, NONCE_LEN, PublicKey, SecretBytes, SharedSecret, TAG_LEN, hkdf,
};

/// Longest payload that every push service takes: what is left of 4096 bytes (RFC 8291, section 4).
pub const MAX_PAYLOAD: usize = MAX_BODY - HEADER_LEN - 1 - TAG_LEN;

/// Length of the secret that the receiver gives the sender (RFC 8291, section 3.2).
pub const AUTH_LEN: usize = 16;

const MAX_BODY: usize = 4096;
/// The record size in the header: as the body is the only record, it is not longer.
const RECORD_SIZE: [u8; 4] = [0, 0, 0x10, 0];
const SALT_LEN: usize = 16;
/// Length of an uncompressed point of P-256, which is the key id.
const POINT_LEN: u8 = 65;
/// Salt, record size, length of the key id, and key id (RFC 8188, section 2.1).
const HEADER_LEN: usize = SALT_LEN + RECORD_SIZE.len() + 1 + POINT_LEN as usize;
/// Ends the data of the last record (RFC 8188, section 2).
const DELIMITER: u8 = 2;

/// Whom a message is for: what a browser gives for a subscription.
#[derive(Clone, Copy)]
pub struct Subscription<'a> {
    /// The receiver's public key, for agreement on P-256.
    pub key: &'a PublicKey,
    /// The receiver's secret, which a push service does not know.
    pub auth: &'a [u8; AUTH_LEN],
}

/// Encrypts a message. Zeros make it as long as `padded_len`; no longer than it is if that is
/// less. More than [`MAX_PAYLOAD`] bytes are [`CryptoError::InvalidParameters`].
pub async fn encrypt<P: CryptoProvider>(
    provider: &P,
    receiver: Subscription<'_>,
    payload: &[u8],
    padded_len: usize,
) -> Result<Vec<u8>, CryptoError> {
    let len = payload.len().max(padded_len);
    if len > MAX_PAYLOAD {
        return Err(CryptoError::InvalidParameters);
    }
    let (sender, secret) = provider.agree_once(receiver.key).await?;
    let mut salt = [0; SALT_LEN];
    provider.fill_random(&mut salt)?;
    let (key, nonce) = schedule(&secret, (receiver, &sender), &salt)?;
    let mut record = Vec::with_capacity(len + 1);
    record.extend_from_slice(payload);
    record.push(DELIMITER);
    record.resize(len + 1, 0);
    let sealed = provider.seal_once(&key, &nonce, &record).await?;
    Ok([&salt[..], &RECORD_SIZE, &[POINT_LEN], sender.raw(), &sealed].concat())
}

/// Key and nonce of the one record (RFC 8291, section 3.4).
fn schedule(
    secret: &SharedSecret,
    (receiver, sender): (Subscription<'_>, &PublicKey),
    salt: &[u8; SALT_LEN],
) -> Result<(SecretBytes<16>, [u8; NONCE_LEN]), CryptoError> {
    let info = [b"WebPush: info\0", receiver.key.raw(), sender.raw()].concat();
    let ikm: SecretBytes<32> = secret.derive(receiver.auth, &info)?;
    let expand = |info: &[u8], out: &mut [u8]| hkdf::derive_into(salt, &[ikm.expose()], info, out);
    let key =
        SecretBytes::try_new_with(|out| expand(b"Content-Encoding: aes128gcm\0", &mut out[..]))?;
    let mut nonce = [0; NONCE_LEN];
    expand(b"Content-Encoding: nonce\0", &mut nonce)?;
    Ok((key, nonce))
}
