//! The one table of error codes.

/// What a caller may do after an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// The same call will fail again.
    Never,
    /// Ask for an unlock, then call again.
    AfterUnlock,
    /// Wait (`retryAfterMs` where given), then call again.
    Backoff,
    /// Close, connect again, then call again.
    Reload,
}

impl Retry {
    /// Name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Retry::Never => "never",
            Retry::AfterUnlock => "after_unlock",
            Retry::Backoff => "backoff",
            Retry::Reload => "reload",
        }
    }
}

/// Who raises an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The worker, in a reply.
    Enclave,
    /// The frame, before or instead of a connection.
    Frame,
    /// The client library in the embedding page.
    Client,
    /// Only shown in the enclave's own user interface.
    Ui,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct ErrorInfo {
    /// Name on the wire; never reused with another meaning.
    pub name: &'static str,
    /// What the caller may do.
    pub retry: Retry,
    /// Who raises it.
    pub side: Side,
    /// Fixed text; nothing of any input is ever part of it.
    pub message: &'static str,
}

macro_rules! errors {
    ($($variant:ident, $name:literal, $retry:ident, $side:ident, $message:literal;)*) => {
        /// Every error a caller can meet.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $(#[doc = $message] $variant,)*
        }

        impl ErrorCode {
            /// All codes, in table order.
            pub const ALL: &'static [ErrorCode] = &[$(ErrorCode::$variant,)*];

            /// The table row of this code.
            #[must_use]
            pub const fn info(self) -> ErrorInfo {
                match self {
                    $(ErrorCode::$variant => ErrorInfo {
                        name: $name, retry: Retry::$retry, side: Side::$side, message: $message,
                    },)*
                }
            }
        }
    };
}

errors! {
    InvalidRequest, "invalid_request", Never, Enclave, "The message is not a well-formed request.";
    UnknownMethod, "unknown_method", Never, Enclave, "There is no such method.";
    InvalidParams, "invalid_params", Never, Enclave, "The parameters do not fit the method.";
    PayloadTooLarge, "payload_too_large", Never, Enclave, "The message or one of its fields is too large.";
    TooManyRequests, "too_many_requests", Backoff, Enclave, "Too many requests are waiting or arriving.";
    DeadlineExceeded, "deadline_exceeded", Backoff, Enclave, "The deadline passed before the answer.";
    Aborted, "aborted", Never, Enclave, "The caller aborted the request.";
    Locked, "locked", AfterUnlock, Enclave, "The vault is locked.";
    NotInitialized, "not_initialized", Never, Enclave, "There is no vault here yet.";
    AlreadyInitialized, "already_initialized", Never, Enclave, "There is a vault here already.";
    UserCancelled, "user_cancelled", Never, Enclave, "The user declined.";
    ApprovalTooLarge, "approval_too_large", Never, Enclave, "One message asks the user to approve more than can be read at once.";
    CodeMismatch, "code_mismatch", Never, Ui, "That is not the code on the screen.";
    UnlockFailed, "unlock_failed", Never, Ui, "That does not open this vault.";
    UnlockDelayed, "unlock_delayed", Backoff, Ui, "Too many wrong attempts; wait before the next one.";
    ReleaseChanged, "release_changed", Never, Ui, "Another release opened this vault last than its header says.";
    ReleaseDeprecated, "release_deprecated", Never, Ui, "The signers of this release say that it is to be replaced.";
    ReleaseRevoked, "release_revoked", Reload, Enclave, "The signers of this release have revoked it.";
    WeakPassphrase, "weak_passphrase", Never, Ui, "The passphrase is too short or too long.";
    PasskeyFailed, "passkey_failed", Never, Ui, "The passkey was not used.";
    PasskeyRequired, "passkey_required", Never, Ui, "A passkey of this vault has to approve this.";
    PasskeyWithoutPrf, "passkey_without_prf", Never, Ui, "This passkey cannot open a vault: it does not answer the PRF extension.";
    PhraseInvalid, "phrase_invalid", Never, Ui, "These are not the 24 words of a recovery phrase.";
    PhraseMismatch, "phrase_mismatch", Never, Ui, "The words are not the ones that were asked for.";
    LastEnrolment, "last_enrolment", Never, Ui, "The last way to unlock cannot be removed.";
    TooManyEnrolments, "too_many_enrolments", Never, Ui, "There are as many ways to unlock as there may be.";
    BackupForeign, "backup_foreign", Never, Ui, "This file is not a backup of an ATS KMS vault.";
    BackupWrongFactor, "backup_wrong_factor", Never, Ui, "That does not open this backup.";
    BackupTruncated, "backup_truncated", Never, Ui, "The end of this backup is missing.";
    BackupDamaged, "backup_damaged", Never, Ui, "This backup is damaged or was altered.";
    BackupOtherVault, "backup_other_vault", Never, Ui, "This is a backup of another vault.";
    BackupOutdated, "backup_outdated", Never, Ui, "This is not the last backup of this vault that was made here.";
    BackupNewer, "backup_newer", Reload, Ui, "This backup was made by a newer release than this one.";
    NotFound, "not_found", Never, Enclave, "There is no such key for this site.";
    Unreadable, "unreadable", Never, Enclave, "The record exists and cannot be read.";
    InvalidKeyState, "invalid_key_state", Never, Enclave, "The state of the key does not allow this.";
    VersionNotFound, "version_not_found", Never, Enclave, "The key has no such version.";
    NoPublicKey, "no_public_key", Never, Enclave, "The key has no public half.";
    TooManyVersions, "too_many_versions", Never, Enclave, "The key has as many versions as it may; trim it first.";
    AliasTaken, "alias_taken", Never, Enclave, "Another key of this site has this alias.";
    TooManyKeys, "too_many_keys", Never, Enclave, "There are as many keys as there may be.";
    PolicyDenied, "policy_denied", Never, Enclave, "The policy does not allow this.";
    LeaseNotFound, "lease_not_found", Never, Enclave, "There is no such lease for this site.";
    LeaseExpired, "lease_expired", Never, Enclave, "The lease has ended.";
    LeaseExhausted, "lease_exhausted", Never, Enclave, "The lease covers no further token.";
    LeaseAudience, "lease_audience", Never, Enclave, "The lease does not cover this push service.";
    StreamNotFound, "stream_not_found", Never, Enclave, "There is no such stream of this connection, or it has ended.";
    TooManyLeases, "too_many_leases", Never, Enclave, "There are as many leases as there may be.";
    ClockSetBack, "clock_set_back", Never, Enclave, "The device's clock is behind the time at which the lease was last used.";
    LogStale, "log_stale", Backoff, Enclave, "The proof does not begin where the key last saw the broker's log.";
    LogForked, "log_forked", Never, Enclave, "The broker's log is not a continuation of what the key saw of it.";
    InvalidKey, "invalid_key", Never, Enclave, "The key is not valid.";
    InvalidCiphertext, "invalid_ciphertext", Never, Enclave, "The ciphertext does not authenticate.";
    UnsupportedAlgorithm, "unsupported_algorithm", Never, Enclave, "This engine cannot do this algorithm.";
    OutOfMemory, "out_of_memory", Backoff, Enclave, "The browser refused the memory this needs.";
    StorageUnavailable, "storage_unavailable", Reload, Enclave, "The browser's storage cannot be used.";
    StorageQuota, "storage_quota", Never, Enclave, "The browser's storage is full.";
    StorageConflict, "storage_conflict", Backoff, Enclave, "Another tab changed the vault at the same time.";
    StorageLost, "storage_lost", Reload, Enclave, "The connection to the browser's storage was lost.";
    StorageUnknown, "storage_unknown", Backoff, Enclave, "A write may or may not have been applied.";
    VaultCorrupt, "vault_corrupt", Never, Enclave, "The vault's header is missing, damaged or was altered.";
    DeviceKeyLost, "device_key_lost", Never, Enclave, "The key of this browser is missing; only a backup can restore the vault.";
    VaultNewer, "vault_newer", Reload, Enclave, "The vault was last used by a newer release than this one.";
    AuditCorrupt, "audit_corrupt", Never, Enclave, "The audit log is damaged or was altered.";
    AuditUnavailable, "audit_unavailable", Backoff, Enclave, "The operation could not be logged, so it was not done.";
    UnsupportedEnvironment, "unsupported_environment", Never, Frame, "This browser lacks something the enclave needs.";
    IntegrityFailure, "integrity_failure", Never, Frame, "The code that arrived is not the code of the release.";
    IsolationFailure, "isolation_failure", Never, Frame, "The enclave is not as isolated as it must be.";
    OriginRefused, "origin_refused", Never, Frame, "This page may not use this enclave.";
    AlreadyConnected, "already_connected", Never, Frame, "This frame serves another connection already.";
    ProtocolVersion, "protocol_version", Never, Frame, "Client and enclave share no protocol version.";
    EnclaveCrashed, "enclave_crashed", Reload, Frame, "The enclave stopped unexpectedly.";
    Internal, "internal", Reload, Enclave, "The enclave met an unexpected condition.";
    FrameUnreachable, "frame_unreachable", Reload, Client, "The enclave's frame did not load or did not answer.";
    EnclaveUnresponsive, "enclave_unresponsive", Reload, Client, "The enclave stopped answering.";
    Closed, "closed", Reload, Client, "The connection was closed.";
    InvalidRelease, "invalid_release", Never, Client, "The pinned release is not valid.";
}

impl ErrorCode {
    /// Name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.info().name
    }
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.info().message)
    }
}

impl std::error::Error for ErrorCode {}
