//! The named types of the wire that are about the life of keys.

use crate::schema::{FieldDoc, Shape, TypeDoc, TypeRef, Wire, add, doc};
use crate::{
    CallerOrigin, ErrorCode, Fields, FromValue, IntoValue, KeyAlias, KeyId, KeyUsage, Label, Value,
};

tokens! {
    /// Which rule of a policy refused an operation.
    PolicyRule {
        /// The operation is not among those that the key is for.
        Operation => "operation",
        /// The version is older than the oldest one that may be used, or a minimum would be lowered.
        MinVersion => "min_version",
        /// The policy does not allow the use yet.
        NotBefore => "not_before",
        /// The policy does not allow the use any more.
        NotAfter => "not_after",
        /// The key was used as often as it may.
        MaxUses => "max_uses",
        /// The key was used as often as it may in this period.
        Rate => "rate",
        /// Only the site that made the key may change it.
        Owner => "owner",
    }
}

tokens! {
    /// Whether a person confirms each use of a private key.
    Confirmation {
        /// Nobody is asked.
        None => "none",
        /// The enclave's own user interface shows what is to be done, and waits for the person.
        Sheet => "sheet",
    }
}

record! {
    /// How often a key may be used.
    RateLimit {
        /// Uses in a period, at least 1.
        uses: u32 => "uses",
        /// Length of a period in milliseconds, from a second to 31 days.
        period_ms: u64 => "periodMs",
    }
}

record! {
    /// What may be done with a key. Whatever is not allowed here is refused, and it never changes.
    KeyPolicy {
        /// What it may be used for; at least one use, each one that its spec is for.
        operations: Vec<KeyUsage> => "operations",
        /// Further sites that may use it, at most 7; only the calling one if absent.
        caller_origins: Option<Vec<CallerOrigin>> => "callerOrigins",
        /// No use before, in milliseconds since 1970-01-01T00:00Z by the clock of the device.
        not_before: Option<u64> => "notBefore",
        /// No use from then on.
        not_after: Option<u64> => "notAfter",
        /// Most uses of the private key, at least 1.
        max_uses: Option<u64> => "maxUses",
        /// Most uses of the private key in a period.
        rate: Option<RateLimit> => "rate",
        /// Whether a person confirms each use of the private key; `none` if absent.
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
    /// Parameters of `keys.schedule_deletion`.
    ScheduleDeletionParams {
        /// Which key.
        key_id: KeyId => "keyId",
        /// Days to wait, 7 to 30; 30 if absent.
        days: Option<u32> => "days",
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

record! {
    /// Parameters of `keys.manage`.
    ManageKeysParams {
        /// Which key the person sees first; it must be one of the calling site. The list of all
        /// keys if absent.
        key_id: Option<KeyId> => "keyId",
    }
}
