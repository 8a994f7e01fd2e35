//! The named types of the wire.

use crate::schema::{FieldDoc, Shape, TypeDoc, TypeRef, Wire, add, doc};
use crate::{
    AuditedAuthorization, CallerOrigin, Cursor, EnrolmentId, ErrorCode, Fields, FromValue,
    IntoValue, KeyAlias, KeyId, KeyOrigin, KeyPolicy, KeySpec, KeyState, KeyUsage, KeyVersion,
    Label, Nonce, Protection, ProtectionMap, Value,
};

tokens! {
    /// Whether the vault exists and whether its keys can be used.
    VaultState {
        /// There is no vault in this partition.
        Uninitialized => "uninitialized",
        /// There is a vault and its keys cannot be used.
        Locked => "locked",
        /// Keys can be used.
        Unlocked => "unlocked",
    }
}

tokens! {
    /// When the audit entry of an operation is on disk.
    AuditMode {
        /// Before the result is released. The default.
        Durable => "durable",
        /// Within 250 ms; a crash in between loses the entry, not the chain.
        Deferred => "deferred",
    }
}

tokens! {
    /// What opens a vault.
    EnrolmentKind {
        /// A passphrase, through Argon2id (RFC 9106).
        Passphrase => "passphrase",
        /// A passkey with the PRF extension (Web Authentication level 3, section 10.1.4).
        Passkey => "passkey",
        /// A recovery phrase of 24 words (BIP-39).
        RecoveryPhrase => "recovery-phrase",
    }
}

tokens! {
    /// A page of the enclave's own user interface.
    Screen {
        /// Choosing a passphrase for a new vault.
        Setup => "setup",
        /// Unlocking a vault.
        Unlock => "unlock",
        /// Enrolments, locking, backups.
        Manage => "manage",
        /// Making a backup.
        Backup => "backup",
        /// Restoring a backup.
        Restore => "restore",
        /// Deleting the vault.
        Reset => "reset",
        /// Allowing or extending a lease.
        Lease => "lease",
        /// Approving what keys are used for.
        Approve => "approve",
    }
}

tokens! {
    /// Why a vault was locked.
    LockReason {
        /// A page or the user asked for it.
        Requested => "requested",
        /// Nothing was done for the idle time.
        Idle => "idle",
        /// The absolute time since the unlock passed.
        Absolute => "absolute",
        /// The page went away.
        Hidden => "hidden",
        /// Another tab locked the same vault.
        OtherTab => "other_tab",
        /// The enclave met a state it cannot trust.
        Fault => "fault",
    }
}

record! {
    /// No members.
    Empty {}
}

record! {
    /// A way to open the vault; nothing of it is secret.
    Enrolment {
        /// Its random name.
        id: EnrolmentId => "id",
        /// What it is.
        kind: EnrolmentKind => "kind",
        /// Name for people.
        label: Label => "label",
        /// Milliseconds since 1970-01-01T00:00Z.
        created: u64 => "created",
        /// When it last opened the vault; absent if never since it was made.
        last_used: Option<u64> => "lastUsed",
    }
}

record! {
    /// After how long the vault locks itself.
    AutoLock {
        /// Without any request or input, in milliseconds.
        idle_ms: u32 => "idleMs",
        /// Since the unlock, in milliseconds.
        absolute_ms: u32 => "absoluteMs",
    }
}

record! {
    /// What is known of the storage under the vault.
    StorageHealth {
        /// Whether the browser promised not to evict it; absent where it cannot be known.
        persisted: Option<bool> => "persisted",
        /// Whether the browser keeps it apart for each embedding site; absent where it cannot be
        /// known.
        partitioned: Option<bool> => "partitioned",
        /// Bytes in use, as the browser estimates them.
        usage: Option<u64> => "usage",
        /// Bytes that may be used, as the browser estimates them.
        quota: Option<u64> => "quota",
    }
}

record! {
    /// What is known of backups of this vault.
    BackupHealth {
        /// When the last backup was made here, in milliseconds since 1970-01-01T00:00Z.
        last_backup: Option<u64> => "lastBackup",
        /// When a backup was last proved to open.
        last_drill: Option<u64> => "lastDrill",
    }
}

record! {
    /// The state of the vault.
    VaultStatus {
        /// Whether keys can be used.
        state: VaultState => "state",
        /// Ways to open it.
        enrolments: Vec<Enrolment> => "enrolments",
        /// Who protects new keys.
        protection: ProtectionMap => "protection",
        /// Automatic locking.
        auto_lock: AutoLock => "autoLock",
        /// Storage.
        storage: StorageHealth => "storage",
        /// Backups.
        backup: BackupHealth => "backup",
        /// The audit log; absent unless the vault is unlocked.
        audit: Option<AuditHealth> => "audit",
        /// Version of the release that runs.
        release: String => "release",
    }
}

record! {
    /// Parameters of `enclave.measurement`.
    MeasureParams {
        /// Comes back in the answer, so that an old answer cannot be replayed.
        nonce: Nonce => "nonce",
    }
}

record! {
    /// SHA-256 digests as `sha256-` and base64 (the form of SRI).
    Digests {
        /// Of the worker's source.
        worker: String => "worker",
        /// Of the wasm module.
        wasm: String => "wasm",
    }
}

record! {
    /// What the frame measured before it started the worker. A claim of the enclave about
    /// itself: it proves nothing alone and is compared with the published release.
    Measurement {
        /// The caller's nonce.
        nonce: Nonce => "nonce",
        /// Version of the release.
        release: String => "release",
        /// Digests.
        digests: Digests => "digests",
    }
}

record! {
    /// Parameters of `keys.create`.
    CreateKeyParams {
        /// What to make.
        spec: KeySpec => "spec",
        /// Name for people.
        label: Option<Label> => "label",
        /// Name for programs, unique among the keys of the calling site.
        alias: Option<KeyAlias> => "alias",
        /// When audit entries of this key are on disk; `durable` if absent.
        audit: Option<AuditMode> => "audit",
        /// What may be done with it, for ever; the ordinary uses of the spec, by the calling site
        /// alone, if absent.
        policy: Option<KeyPolicy> => "policy",
    }
}

record! {
    /// Parameters that name a key.
    KeyParams {
        /// Which key.
        key_id: KeyId => "keyId",
    }
}

record! {
    /// Everything public about a key.
    KeyInfo {
        /// Its random name.
        key_id: KeyId => "keyId",
        /// RFC 7638 thumbprint of the public key of the latest version; absent where there is none.
        kid: Option<String> => "kid",
        /// What it is.
        spec: KeySpec => "spec",
        /// Latest version of the key material, from 1.
        version: u32 => "version",
        /// Oldest version that may read what was made: decrypt, open, verify, agree.
        min_decryption_version: u32 => "minDecryptionVersion",
        /// Oldest version that may make something: encrypt, seal, sign, authenticate.
        min_encryption_version: u32 => "minEncryptionVersion",
        /// Every version that was not trimmed, oldest first.
        versions: Vec<KeyVersion> => "versions",
        /// Life.
        state: KeyState => "state",
        /// When it is destroyed at the earliest, in milliseconds since 1970-01-01T00:00Z; absent
        /// unless it waits for its deletion.
        deletion_date: Option<u64> => "deletionDate",
        /// Where it came from.
        origin: KeyOrigin => "origin",
        /// Who protects its latest version.
        protection: Protection => "protection",
        /// What it may be used for.
        usage: Vec<KeyUsage> => "usage",
        /// Name for people.
        label: Option<Label> => "label",
        /// Name for programs, unique among the keys of the site that made it.
        alias: Option<KeyAlias> => "alias",
        /// Milliseconds since 1970-01-01T00:00Z.
        created: u64 => "created",
        /// When audit entries of this key are on disk.
        audit: AuditMode => "audit",
        /// Sites that may use it; the first one made it, and only that one may change it.
        caller_origins: Vec<CallerOrigin> => "callerOrigins",
        /// What may be done with it.
        policy: KeyPolicy => "policy",
        /// Uses so far; absent where the policy does not count them.
        uses: Option<u64> => "uses",
    }
}

record! {
    /// Parameters of `keys.list`.
    ListKeysParams {
        /// Where the page starts; the beginning if absent.
        cursor: Option<Cursor> => "cursor",
        /// Most keys to return, 1 to 100; 100 if absent.
        limit: Option<u32> => "limit",
        /// Only keys of this spec.
        spec: Option<KeySpec> => "spec",
        /// Only keys in this state.
        state: Option<KeyState> => "state",
        /// Only keys whose alias begins so.
        alias_prefix: Option<KeyAlias> => "aliasPrefix",
    }
}

record! {
    /// A page of keys.
    KeyPage {
        /// Keys.
        keys: Vec<KeyInfo> => "keys",
        /// Start of the next page; absent on the last one.
        next: Option<Cursor> => "next",
        /// How many records on the way cannot be read: missing, damaged or put back. Whose keys they are
        /// is not known. The person sees which in the enclave's own list.
        unreadable: u32 => "unreadable",
    }
}

record! {
    /// A public key as JWK (RFC 7517, RFC 7518 section 6.2.1, RFC 8037 section 2).
    Jwk {
        /// `EC` or `OKP`.
        kty: String => "kty",
        /// `P-256`, `Ed25519` or `X25519`.
        crv: String => "crv",
        /// base64url.
        x: String => "x",
        /// base64url; only `EC`.
        y: Option<String> => "y",
        /// RFC 7638 thumbprint.
        kid: String => "kid",
        /// `ES256`, `EdDSA` or `ECDH-ES`.
        alg: String => "alg",
        /// `sig` or `enc`.
        use_: String => "use",
    }
}

record! {
    /// A public key.
    PublicKeyInfo {
        /// As JWK; absent for `hpke-x25519` and `hpke-x-wing`, whose suites have no name in JOSE.
        jwk: Option<Jwk> => "jwk",
        /// As DER `SubjectPublicKeyInfo` (RFC 5280 section 4.1, RFC 5480, RFC 8410).
        spki: Vec<u8> => "spki",
        /// The same as PEM (RFC 7468 section 13): `PUBLIC KEY`, lines end with LF.
        pem: String => "pem",
        /// The bare key: 32 bytes (RFC 8032, RFC 7748), or an uncompressed point on P-256 (SEC 1,
        /// section 2.3.3).
        raw: Vec<u8> => "raw",
    }
}

record! {
    /// Parameters of `audit.list`.
    ListAuditParams {
        /// First sequence number to return, from 1; 1 if absent.
        from: Option<u64> => "from",
        /// Most entries to return, 1 to 100; 100 if absent.
        limit: Option<u32> => "limit",
    }
}

record! {
    /// One operation that used or changed a key or the vault. Never a payload, never a secret.
    AuditEntry {
        /// Position, from 1, without gaps.
        seq: u64 => "seq",
        /// Milliseconds since 1970-01-01T00:00Z by the device's clock.
        time: u64 => "time",
        /// Method of the table, or an internal event such as `vault.unlocked`.
        method: String => "method",
        /// Which key, if one was named; absent in the entries of other sites.
        key_id: Option<KeyId> => "keyId",
        /// Who asked; absent for the user in enclave-owned UI and for other sites.
        caller_origin: Option<CallerOrigin> => "callerOrigin",
        /// `ok` or an error code.
        outcome: String => "outcome",
        /// What it is about, if an approver's key was used; absent in the entries of other sites.
        authorization: Option<AuditedAuthorization> => "authorization",
        /// Its leaf in the tree (RFC 9162, section 2.1.1), 32 bytes.
        hash: Vec<u8> => "hash",
        /// What was hashed: the entry in CBOR; absent in the entries of other sites.
        leaf: Option<Vec<u8>> => "leaf",
    }
}

record! {
    /// The state of the log.
    AuditCheckpoint {
        /// How many entries there are.
        count: u64 => "count",
        /// Root of the Merkle tree over them (RFC 9162, section 2.1.1), 32 bytes.
        root: Vec<u8> => "root",
    }
}

record! {
    /// The state of the log under the signature of the vault.
    SignedCheckpoint {
        /// A signed note (C2SP signed-note, tlog-checkpoint).
        note: String => "note",
        /// The key that signed it: `name+id+key` (C2SP signed-note). Stays the same as long as
        /// the vault lives, also through backups.
        verifier_key: String => "verifierKey",
    }
}

record! {
    /// Parameters of `audit.prove_inclusion`.
    ProveInclusionParams {
        /// Which entry, from 1.
        seq: u64 => "seq",
        /// In the tree of how many entries; in that of all if absent.
        size: Option<u64> => "size",
    }
}

record! {
    /// Proof that an entry is in the log (RFC 9162, section 2.1.3).
    InclusionProof {
        /// Which entry; its leaf index is one less.
        seq: u64 => "seq",
        /// In the tree of how many entries.
        size: u64 => "size",
        /// Hashes of 32 bytes, from the leaf up.
        hashes: Vec<Vec<u8>> => "hashes",
    }
}

record! {
    /// Parameters of `audit.prove_consistency`.
    ProveConsistencyParams {
        /// How many entries the earlier checkpoint has.
        from: u64 => "from",
        /// How many entries the later one has; all there are if absent.
        to: Option<u64> => "to",
    }
}

record! {
    /// Proof that the log has only grown between two checkpoints (RFC 9162, section 2.1.4).
    ConsistencyProof {
        /// How many entries the earlier one has.
        from: u64 => "from",
        /// How many entries the later one has.
        to: u64 => "to",
        /// Hashes of 32 bytes.
        hashes: Vec<Vec<u8>> => "hashes",
    }
}

record! {
    /// What is known of the log of an unlocked vault.
    AuditHealth {
        /// How many entries there are.
        count: u64 => "count",
        /// How many of them were checked since the vault was unlocked, or written since. What is
        /// found damaged ends with `audit_corrupt`.
        checked: u64 => "checked",
    }
}

record! {
    /// A page of the log.
    AuditPage {
        /// Entries in order.
        entries: Vec<AuditEntry> => "entries",
        /// The state of the log when the page was read.
        checkpoint: AuditCheckpoint => "checkpoint",
    }
}

record! {
    /// The frame should be shown or hidden.
    Attention {
        /// Whether the enclave has something to ask.
        visible: bool => "visible",
        /// What it asks; absent when nothing.
        screen: Option<Screen> => "screen",
    }
}

record! {
    /// The vault was locked.
    LockedEvent {
        /// Why.
        reason: LockReason => "reason",
    }
}

record! {
    /// The connection is ready. First message on every port.
    Ready {
        /// The nonce of the handshake.
        nonce: Nonce => "nonce",
        /// Protocol version that was chosen.
        protocol: u32 => "protocol",
        /// Version of the release.
        release: String => "release",
    }
}
