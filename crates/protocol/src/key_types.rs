//! The named types of the wire that are about what keys are, and about their life.

use crate::schema::{FieldDoc, Shape, TypeDoc, TypeRef, Wire, add, doc};
use crate::{
    CallerOrigin, ErrorCode, Fields, FromValue, IntoValue, JwtTemplate, KeyAlias, KeyId, Label,
    Value,
};

tokens! {
    /// What a key is: algorithm and size.
    KeySpec {
        /// Ed25519 signatures (RFC 8032).
        Ed25519 => "ed25519",
        /// ECDSA on P-256 with SHA-256, signatures as `r ‖ s` (FIPS 186-5, RFC 7518 section 3.4).
        EcP256 => "ec-p256",
        /// Key agreement on Curve25519 (RFC 7748).
        X25519 => "x25519",
        /// Key agreement on P-256 (SP 800-56A, section 5.7.1.2).
        EcP256Agreement => "ec-p256-agreement",
        /// AES-256-GCM (SP 800-38D).
        Aes256 => "aes-256",
        /// HMAC with SHA-256 (RFC 2104) and a key of 256 bits.
        HmacSha256 => "hmac-sha256",
        /// HPKE in base mode with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-256-GCM (RFC
        /// 9180).
        HpkeX25519 => "hpke-x25519",
        /// The same with X-Wing (draft-connolly-cfrg-xwing-kem-06), which joins X25519 and ML-KEM-768
        /// (FIPS 203): what is sealed today stays sealed when quantum computers break X25519.
        HpkeXWing => "hpke-x-wing",
    }
}

tokens! {
    /// What a key may be used for.
    KeyUsage {
        /// Making signatures.
        Sign => "sign",
        /// Checking signatures.
        Verify => "verify",
        /// Signing tokens whose claims the template of the key allows.
        Jwt => "jwt",
        /// Signing VAPID tokens (RFC 8292) under a lease, and nothing else.
        Vapid => "vapid",
        /// Signing what a person approves that a workload does, and statements about that. The
        /// person is asked about each use, and the audit mode is `durable`.
        Approve => "approve",
        /// Encrypting, and encrypting again with the latest version.
        Encrypt => "encrypt",
        /// Decrypting.
        Decrypt => "decrypt",
        /// Making data keys that come out wrapped.
        DataKey => "data_key",
        /// Making and unwrapping data keys that come out bare.
        DataKeyPlaintext => "data_key_plaintext",
        /// Making message authentication codes.
        Mac => "mac",
        /// Checking them.
        VerifyMac => "verify_mac",
        /// Deriving keys of the vault.
        Derive => "derive",
        /// Agreeing on secrets, which become keys of the vault.
        Agree => "agree",
        /// Wrapping other keys.
        Wrap => "wrap",
        /// Unwrapping keys into the vault.
        Unwrap => "unwrap",
        /// Receiving keys that are sealed to the public half.
        Import => "import",
        /// Leaving the vault, wrapped or sealed. Whoever unwraps or opens it elsewhere has the key, and
        /// no policy binds it there.
        Export => "export",
        /// Sealing to the public half.
        Seal => "seal",
        /// Opening what was sealed to the public half.
        Open => "open",
    }
}

tokens! {
    /// Life of a key (SP 800-57 part 1, section 7, under AWS KMS names).
    KeyState {
        /// May be used.
        Enabled => "enabled",
        /// May not be used until it is enabled again.
        Disabled => "disabled",
        /// May not be used and waits for its deletion, which can still be cancelled.
        PendingDeletion => "pending-deletion",
        /// Its private half is gone for ever; what was public about it stays.
        Destroyed => "destroyed",
    }
}

tokens! {
    /// Where the key came from.
    KeyOrigin {
        /// Generated in this vault.
        Generated => "generated",
        /// Derived from another key of this vault, or agreed on with one.
        Derived => "derived",
        /// Made elsewhere, or taken out of a vault and brought in again.
        Imported => "imported",
    }
}

tokens! {
    /// Who keeps the private key from being read.
    Protection {
        /// The browser: a non-extractable `CryptoKey`.
        Browser => "browser",
        /// The enclave's own code in wasm, because the browser lacks the algorithm.
        Enclave => "enclave",
    }
}

record! {
    /// Who protects new keys of each spec in this browser.
    ProtectionMap {
        /// For `ed25519`.
        ed25519: Protection => "ed25519",
        /// For `ec-p256`.
        ec_p256: Protection => "ec-p256",
        /// For `x25519`.
        x25519: Protection => "x25519",
        /// For `ec-p256-agreement`.
        ec_p256_agreement: Protection => "ec-p256-agreement",
        /// For `aes-256`.
        aes_256: Protection => "aes-256",
        /// For `hmac-sha256`.
        hmac_sha256: Protection => "hmac-sha256",
        /// For `hpke-x25519`.
        hpke_x25519: Protection => "hpke-x25519",
        /// For `hpke-x-wing`.
        hpke_x_wing: Protection => "hpke-x-wing",
    }
}

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
        /// The template does not name a claim, or the enclave writes it.
        JwtClaim => "jwt_claim",
        /// A claim has another type than the template says.
        JwtType => "jwt_type",
        /// A claim has another value than the one that is fixed.
        JwtFixed => "jwt_fixed",
        /// A claim is missing that every token has.
        JwtRequired => "jwt_required",
        /// The audience is none of the template's, or not named.
        JwtAudience => "jwt_audience",
        /// The token would live longer than the template lets it, or not at all.
        JwtLife => "jwt_life",
    }
}

tokens! {
    /// Whether a person confirms each use of a private or secret key.
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
        /// No use from then on, and none after a use was refused for it, whatever the clock says later.
        not_after: Option<u64> => "notAfter",
        /// Most uses of the private or secret key, at least 1.
        max_uses: Option<u64> => "maxUses",
        /// Most uses of the private or secret key in a period.
        rate: Option<RateLimit> => "rate",
        /// Whether a person confirms each use of the private or secret key; `none` if absent.
        confirmation: Option<Confirmation> => "confirmation",
        /// What its tokens say: there is one if `operations` has `jwt`, and only then.
        jwt: Option<Box<JwtTemplate>> => "jwt",
    }
}

record! {
    /// A version of a key.
    KeyVersion {
        /// Its number, from 1.
        version: u32 => "version",
        /// RFC 7638 thumbprint of its public key; absent where there is none.
        kid: Option<String> => "kid",
        /// When it was made, in milliseconds since 1970-01-01T00:00Z.
        created: u64 => "created",
        /// Who protects it; absent in a list of keys.
        protection: Option<Protection> => "protection",
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
        /// Oldest version that may read what was made; unchanged if absent.
        min_decryption_version: Option<u32> => "minDecryptionVersion",
        /// Oldest version that may make something; unchanged if absent.
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
