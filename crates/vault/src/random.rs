//! Random names and salts.

use base64ct::{Base64UrlUnpadded, Encoding};
use kms_crypto::CryptoProvider;

use crate::Error;

/// Random bytes that are not secret.
pub(crate) fn bytes<const N: usize>(crypto: &impl CryptoProvider) -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    crypto.fill_random(&mut bytes)?;
    Ok(bytes)
}

/// A random name: 16 bytes in base64url.
pub(crate) fn id(crypto: &impl CryptoProvider) -> Result<String, Error> {
    Ok(Base64UrlUnpadded::encode_string(&bytes::<16>(crypto)?))
}
