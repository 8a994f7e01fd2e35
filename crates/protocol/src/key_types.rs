//! The named types of the wire that are about the life of keys.

use crate::schema::{FieldDoc, Shape, TypeDoc, TypeRef, Wire, add, doc};
use crate::{ErrorCode, Fields, FromValue, IntoValue, KeyAlias, KeyId, Label, Value};

tokens! {
    /// Which rule of a policy refused an operation.
    PolicyRule {
        /// The operation is not among those that the key is for.
        Operation => "operation",
        /// The version is older than the oldest one that may be used, or a minimum would be lowered.
        MinVersion => "min_version",
        /// Only the site that made the key may change it.
        Owner => "owner",
    }
}

tokens! {
    /// Whether a person confirms each use of a key that makes something new.
    Confirmation {
        /// Nobody is asked.
        None => "none",
        /// The enclave's own user interface shows what is to be done, and waits for the person.
        Sheet => "sheet",
    }
}

record! {
    /// What a new key may be used for, beyond what its site asks at every call. It never changes.
    KeyPolicy {
        /// Whether a person confirms each use; `none` if absent.
        confirmation: Option<Confirmation> => "confirmation",
    }
}

record! {
    /// A version of a key.
    KeyVersion {
        /// Its number, from 1.
        version: u32 => "version",
        /// RFC 7638 thumbprint of its public key.
        kid: String => "kid",
        /// When it was made, in milliseconds since 1970-01-01T00:00Z.
        created: u64 => "created",
    }
}

record! {
    /// Parameters of `keys.public_key`.
    PublicKeyParams {
        /// Which key.
        key_id: KeyId => "keyId",
        /// Which version; the latest if absent.
        version: Option<u32> => "version",
    }
}

record! {
    /// Parameters of `keys.update`.
    UpdateKeyParams {
        /// Which key.
        key_id: KeyId => "keyId",
        /// The new name for people; none if absent.
        label: Option<Label> => "label",
        /// The new name for programs; none if absent.
        alias: Option<KeyAlias> => "alias",
    }
}

record! {
    /// Parameters of `keys.set_min_versions`.
    MinVersionsParams {
        /// Which key.
        key_id: KeyId => "keyId",
        /// Oldest version that may decrypt, or verify; unchanged if absent.
        min_decryption_version: Option<u32> => "minDecryptionVersion",
        /// Oldest version that may encrypt, or sign; unchanged if absent.
        min_encryption_version: Option<u32> => "minEncryptionVersion",
    }
}

record! {
    /// Parameters of `keys.trim`.
    TrimKeyParams {
        /// Which key.
        key_id: KeyId => "keyId",
        /// Oldest version that stays.
        min_available_version: u32 => "minAvailableVersion",
    }
}
