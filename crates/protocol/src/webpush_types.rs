//! The named types of the wire that are about messages for Web Push.

use crate::schema::{FieldDoc, Shape, TypeDoc, TypeRef, Wire, add, doc};
use crate::{ErrorCode, Fields, FromValue, IntoValue, Value};

record! {
    /// Parameters of `webpush.encrypt`: a message, and what a browser gives for a subscription.
    EncryptWebPushParams {
        /// The receiver's public key, `getKey('p256dh')` of the subscription: an uncompressed point.
        p256dh: Vec<u8> => "p256dh",
        /// The receiver's authentication secret, `getKey('auth')`: 16 bytes.
        auth: Vec<u8> => "auth",
        /// The message, at most 3993 bytes.
        payload: Vec<u8> => "payload",
        /// Length that a shorter message is padded to, at most 3993; not padded if absent. A push
        /// service sees the length.
        padded_len: Option<u32> => "paddedLength",
    }
}

record! {
    /// A message for Web Push.
    WebPushMessage {
        /// The body of the request to the push service, in the content encoding `aes128gcm`.
        body: Vec<u8> => "body",
    }
}
