//! The named types of the wire that are about using keys.

use crate::schema::{FieldDoc, Shape, TypeDoc, TypeRef, Wire, add, doc};
use crate::{ErrorCode, Fields, FromValue, IntoValue, KeyId, Value};

record! {
    /// Parameters of `sign`.
    SignParams {
        /// Which key.
        key_id: KeyId => "keyId",
        /// What to sign, at most 1 MiB; hashed by the algorithm itself.
        data: Vec<u8> => "data",
        /// With which version; the latest if absent.
        version: Option<u32> => "version",
    }
}

record! {
    /// A signature.
    Signature {
        /// 64 bytes.
        signature: Vec<u8> => "signature",
        /// The version that signed.
        version: u32 => "version",
    }
}

record! {
    /// Parameters of `verify`.
    VerifyParams {
        /// Which key.
        key_id: KeyId => "keyId",
        /// What was signed.
        data: Vec<u8> => "data",
        /// 64 bytes; any other length is simply not valid.
        signature: Vec<u8> => "signature",
        /// Against which version; the latest if absent.
        version: Option<u32> => "version",
    }
}

record! {
    /// Outcome of a verification.
    Verdict {
        /// Whether the signature is valid.
        valid: bool => "valid",
    }
}
