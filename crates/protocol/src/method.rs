//! The one method table.

use crate::schema::{TypeDoc, TypeRef, Wire};
use crate::types::{
    AuditCheckpoint, AuditPage, ConsistencyProof, CreateKeyParams, Empty, InclusionProof, KeyInfo,
    KeyPage, KeyParams, ListAuditParams, ListKeysParams, MeasureParams, Measurement,
    ProveConsistencyParams, ProveInclusionParams, PublicKeyInfo, SignedCheckpoint, VaultStatus,
};
use crate::{
    AgreeKeyParams, ApproveChallengeParams, Ciphertext, CreateLeaseParams, DataKey,
    DecryptDataKeyParams, DecryptParams, DecryptStream, DecryptStreamParams, DeriveKeyParams,
    EncryptParams, EncryptStream, EncryptStreamParams, EncryptWebPushParams, ErrorCode,
    ExportKeyParams, ExportedKey, ExtendLeaseParams, FromValue, GenerateDataKeyParams,
    ImportKeyParams, IntoValue, IssueTokenParams, Lease, LeaseList, LeaseParams, MacParams, MacTag,
    ManageKeysParams, MinVersionsParams, NoticeParams, OpenParams, Plaintext, PublicKeyParams,
    RandomBytes, RandomParams, RejectChallengeParams, ReleaseStanding, RevokeAuthorizationParams,
    RotateApproverParams, ScheduleDeletionParams, SealParams, Sealed, SeenLog, SignJwtParams,
    SignParams, Signature, SignedApproval, SignedJwt, SignedStatement, StreamData, StreamParams,
    TrimKeyParams, UnwrapKeyParams, UpdateKeyParams, Value, VapidToken, Verdict, VerifyJwtParams,
    VerifyMacParams, VerifyParams, WebPushMessage, WrapKeyParams, WrappedKey, WriteStreamParams,
    limits,
};

/// Which vault state a method needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Works in every state.
    Nothing,
    /// Only where there is no vault.
    NoVault,
    /// Only where there is a vault.
    Vault,
    /// Only while unlocked.
    Unlocked,
}

/// Whether a person is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interaction {
    /// Nobody is asked.
    None,
    /// The enclave's own user interface asks.
    Sheet,
    /// It asks if the policy of the key says so.
    PerKey,
    /// It asks about each use, whatever the policy of the key says.
    EachUse,
}

/// Whether a call leaves an audit entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditRule {
    /// No entry: nothing secret is used and nothing changes.
    Never,
    /// An entry on disk before the result is released.
    Durable,
    /// As the key's own `audit` says.
    PerKey,
}

/// The policy row of a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MethodPolicy {
    /// State it needs.
    pub needs: Needs,
    /// Whether a person is asked.
    pub interaction: Interaction,
    /// Whether it is logged.
    pub audit: AuditRule,
}

impl MethodPolicy {
    /// Deadline when the caller names none, in milliseconds.
    #[must_use]
    pub fn default_deadline_ms(self) -> u32 {
        match self.interaction {
            Interaction::None => limits::DEFAULT_DEADLINE_MS,
            Interaction::Sheet | Interaction::PerKey | Interaction::EachUse => {
                limits::MAX_DEADLINE_MS
            }
        }
    }
}

macro_rules! methods {
    ($(
        #[doc = $doc:literal]
        $variant:ident = $name:literal($params:ty) -> $result:ty,
        $needs:ident, $interaction:ident, $audit:ident, errors [$($error:ident),*];
    )*) => {
        /// The closed set of methods.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Method { $(#[doc = $doc] $variant,)* }

        impl Method {
            /// All methods, in table order.
            pub const ALL: &'static [Method] = &[$(Method::$variant,)*];

            /// Name on the wire.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Method::$variant => $name,)* }
            }

            /// Finds a method by its exact name.
            pub fn parse(name: &str) -> Result<Self, ErrorCode> {
                match name {
                    $($name => Ok(Method::$variant),)*
                    _ => Err(ErrorCode::UnknownMethod),
                }
            }

            /// Its policy row.
            #[must_use]
            pub const fn policy(self) -> MethodPolicy {
                match self {
                    $(Method::$variant => MethodPolicy {
                        needs: Needs::$needs,
                        interaction: Interaction::$interaction,
                        audit: AuditRule::$audit,
                    },)*
                }
            }

            /// What it does, in a sentence.
            #[must_use]
            pub const fn doc(self) -> &'static str {
                match self { $(Method::$variant => $doc,)* }
            }

            /// Errors of its own, besides those every request can meet.
            #[must_use]
            pub const fn errors(self) -> &'static [ErrorCode] {
                match self { $(Method::$variant => &[$(ErrorCode::$error),*],)* }
            }

            /// Types of parameters and result.
            #[must_use]
            pub fn types(self) -> (TypeRef, TypeRef) {
                match self {
                    $(Method::$variant => (<$params>::type_ref(), <$result>::type_ref()),)*
                }
            }

            /// Examples of parameters and result.
            #[must_use]
            pub fn samples(self) -> (Value, Value) {
                match self {
                    $(Method::$variant => (<$params>::sample(), <$result>::sample()),)*
                }
            }

            /// Adds the definitions of its types.
            pub fn define(self, types: &mut Vec<TypeDoc>) {
                match self {
                    $(Method::$variant => {
                        <$params>::define(types);
                        <$result>::define(types);
                    })*
                }
            }
        }

        /// A decoded request.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Request { $(#[doc = $doc] $variant($params),)* }

        impl Request {
            /// Decodes the parameters of a method, strictly.
            pub fn decode(method: Method, params: Value) -> Result<Self, ErrorCode> {
                match method {
                    $(Method::$variant => <$params>::from_value(params).map(Request::$variant),)*
                }
            }

            /// Which method this is.
            #[must_use]
            pub const fn method(&self) -> Method {
                match self { $(Request::$variant(_) => Method::$variant,)* }
            }
        }

        /// A result.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Response { $(#[doc = $doc] $variant($result),)* }

        impl Response {
            /// Decodes a result, strictly (used by tests of golden samples).
            pub fn decode(method: Method, result: Value) -> Result<Self, ErrorCode> {
                match method {
                    $(Method::$variant => <$result>::from_value(result).map(Response::$variant),)*
                }
            }
        }

        impl IntoValue for Response {
            fn into_value(self) -> Value {
                match self { $(Response::$variant(result) => result.into_value(),)* }
            }
        }
    };
}

methods! {
    #[doc = "Answers at once. For liveness and latency."]
    Ping = "rpc.ping"(Empty) -> Empty, Nothing, None, Never, errors [];
    #[doc = "Tells what the frame measured of the code before it ran it."]
    Measurement = "enclave.measurement"(MeasureParams) -> Measurement, Nothing, None, Never, errors [];
    #[doc = "Takes what signers say against a release. A revocation is remembered for good; of the release that runs it locks the vault and never opens it again. Tells what is known of the release that runs."]
    Notice = "enclave.notice"(NoticeParams) -> ReleaseStanding, Nothing, None, Never, errors [];
    #[doc = "Tells the state of the vault."]
    Status = "vault.status"(Empty) -> VaultStatus, Nothing, None, Never, errors [];
    #[doc = "Asks the user, in enclave-owned UI, to create a vault; resolves when it exists and is unlocked."]
    Setup = "vault.setup"(Empty) -> VaultStatus, NoVault, Sheet, Durable,
        errors [AlreadyInitialized, UserCancelled, OutOfMemory];
    #[doc = "Asks the user, in enclave-owned UI, to unlock the vault; resolves when it is unlocked."]
    Unlock = "vault.unlock"(Empty) -> VaultStatus, Vault, Sheet, Durable,
        errors [NotInitialized, UserCancelled, OutOfMemory, VaultCorrupt, AuditCorrupt, DeviceKeyLost];
    #[doc = "Opens the enclave's own page for enrolments, automatic locking and backups; the page that asks cannot drive it. Resolves when the person closes it."]
    Manage = "vault.manage"(Empty) -> VaultStatus, Unlocked, Sheet, Durable, errors [Locked, UserCancelled];
    #[doc = "Opens the enclave's own page of the keys of this vault, on a key of the calling site if one is named; the page that asks cannot drive it. Resolves when the person closes it."]
    ManageKeys = "keys.manage"(ManageKeysParams) -> VaultStatus, Unlocked, Sheet, Durable,
        errors [Locked, UserCancelled, NotFound, Unreadable];
    #[doc = "Asks the user, in enclave-owned UI, to save a backup; resolves when one was made."]
    Backup = "vault.backup"(Empty) -> VaultStatus, Unlocked, Sheet, Durable,
        errors [Locked, UserCancelled, OutOfMemory];
    #[doc = "Asks the user, in enclave-owned UI, to restore a backup where there is no vault; resolves when it is restored and unlocked."]
    Restore = "vault.restore"(Empty) -> VaultStatus, NoVault, Sheet, Durable,
        errors [AlreadyInitialized, UserCancelled, OutOfMemory];
    #[doc = "Asks the user, in enclave-owned UI and with a fresh unlock, to delete the vault with every key; resolves when it is gone."]
    Reset = "vault.reset"(Empty) -> VaultStatus, Vault, Sheet, Never, errors [NotInitialized, UserCancelled];
    #[doc = "Locks the vault and drops every key handle."]
    Lock = "vault.lock"(Empty) -> Empty, Nothing, None, Durable, errors [];
    #[doc = "Tells the enclave that its sheet was dismissed; requests that wait for the user end with `user_cancelled`."]
    Dismiss = "ui.dismiss"(Empty) -> Empty, Nothing, None, Never, errors [];
    #[doc = "Generates a key that belongs to the calling site."]
    CreateKey = "keys.create"(CreateKeyParams) -> KeyInfo, Unlocked, None, Durable,
        errors [Locked, UnsupportedAlgorithm, AliasTaken, TooManyKeys];
    #[doc = "Lists the keys of the calling site, a page at a time."]
    ListKeys = "keys.list"(ListKeysParams) -> KeyPage, Unlocked, None, Never, errors [Locked, Unreadable];
    #[doc = "Describes a key."]
    DescribeKey = "keys.describe"(KeyParams) -> KeyInfo, Unlocked, None, Never,
        errors [Locked, NotFound, Unreadable];
    #[doc = "Returns the public half of a key."]
    PublicKey = "keys.public_key"(PublicKeyParams) -> PublicKeyInfo, Unlocked, None, Never,
        errors [Locked, NotFound, Unreadable, VersionNotFound, NoPublicKey];
    #[doc = "Replaces label and alias of a key; what is absent is removed."]
    UpdateKey = "keys.update"(UpdateKeyParams) -> KeyInfo, Unlocked, None, Durable,
        errors [Locked, NotFound, Unreadable, PolicyDenied, InvalidKeyState, AliasTaken, TooManyKeys];
    #[doc = "Adds a version to a key and makes it the latest; the id of the key stays."]
    RotateKey = "keys.rotate"(KeyParams) -> KeyInfo, Unlocked, None, Durable,
        errors [Locked, NotFound, Unreadable, PolicyDenied, InvalidKeyState, TooManyVersions, StorageConflict];
    #[doc = "Raises the oldest versions that may be used. No page can lower them."]
    SetMinVersions = "keys.set_min_versions"(MinVersionsParams) -> KeyInfo, Unlocked, None, Durable,
        errors [Locked, NotFound, Unreadable, PolicyDenied, InvalidKeyState, VersionNotFound];
    #[doc = "Deletes the versions of a key below one that is not above its minimum versions."]
    TrimKey = "keys.trim"(TrimKeyParams) -> KeyInfo, Unlocked, None, Durable,
        errors [Locked, NotFound, Unreadable, PolicyDenied, InvalidKeyState, VersionNotFound];
    #[doc = "Lets a disabled key be used again."]
    EnableKey = "keys.enable"(KeyParams) -> KeyInfo, Unlocked, None, Durable,
        errors [Locked, NotFound, Unreadable, PolicyDenied, InvalidKeyState];
    #[doc = "Lets a key not be used until it is enabled again."]
    DisableKey = "keys.disable"(KeyParams) -> KeyInfo, Unlocked, None, Durable,
        errors [Locked, NotFound, Unreadable, PolicyDenied, InvalidKeyState];
    #[doc = "Lets a key wait for its deletion; until then it cannot be used, and the deletion can be cancelled."]
    ScheduleDeletion = "keys.schedule_deletion"(ScheduleDeletionParams) -> KeyInfo, Unlocked, None, Durable,
        errors [Locked, NotFound, Unreadable, PolicyDenied, InvalidKeyState];
    #[doc = "Cancels the deletion of a key; it is disabled then."]
    CancelDeletion = "keys.cancel_deletion"(KeyParams) -> KeyInfo, Unlocked, None, Durable,
        errors [Locked, NotFound, Unreadable, PolicyDenied, InvalidKeyState];
    #[doc = "Signs data with a key."]
    Sign = "sign"(SignParams) -> Signature, Unlocked, PerKey, PerKey,
        errors [Locked, NotFound, Unreadable, PolicyDenied, InvalidKeyState, VersionNotFound, PayloadTooLarge, UserCancelled, ApprovalTooLarge, AuditUnavailable];
    #[doc = "Signs a token (RFC 7519) whose claims the template of the key allows."]
    SignJwt = "jwt.sign"(SignJwtParams) -> SignedJwt, Unlocked, PerKey, PerKey,
        errors [Locked, NotFound, Unreadable, PolicyDenied, InvalidKeyState, VersionNotFound, PayloadTooLarge, UserCancelled, ApprovalTooLarge, AuditUnavailable];
    #[doc = "Verifies a token of a key: whether a version of it that may still be used to verify signed it, and its template allows it now."]
    VerifyJwt = "jwt.verify"(VerifyJwtParams) -> Verdict, Unlocked, None, PerKey,
        errors [Locked, NotFound, Unreadable, PolicyDenied, InvalidKeyState, VersionNotFound, AuditUnavailable];
    #[doc = "Verifies a signature against the public half of a key."]
    Verify = "verify"(VerifyParams) -> Verdict, Unlocked, None, PerKey,
        errors [Locked, NotFound, Unreadable, PolicyDenied, InvalidKeyState, VersionNotFound, PayloadTooLarge, AuditUnavailable];
    #[doc = "Encrypts by AES-256-GCM, bound to a context."]
    Encrypt = "encrypt"(EncryptParams) -> Ciphertext, Unlocked, PerKey, PerKey,
        errors [Locked, NotFound, Unreadable, PolicyDenied, InvalidKeyState, VersionNotFound, PayloadTooLarge, UserCancelled, ApprovalTooLarge, AuditUnavailable];
    #[doc = "Decrypts with the version that the ciphertext names."]
    Decrypt = "decrypt"(DecryptParams) -> Plaintext, Unlocked, PerKey, PerKey,
        errors [Locked, NotFound, Unreadable, PolicyDenied, InvalidKeyState, VersionNotFound, InvalidCiphertext, UserCancelled, ApprovalTooLarge, AuditUnavailable];
    #[doc = "Encrypts a ciphertext again with the latest version, bound to the same context. The plaintext does not leave."]
    Rewrap = "rewrap"(DecryptParams) -> Ciphertext, Unlocked, PerKey, PerKey,
        errors [Locked, NotFound, Unreadable, PolicyDenied, InvalidKeyState, VersionNotFound, InvalidCiphertext, UserCancelled, ApprovalTooLarge, AuditUnavailable];
    #[doc = "Opens a stream that encrypts a message of any length, bound to a context. That is one use of the key."]
    EncryptStream = "streams.encrypt"(EncryptStreamParams) -> EncryptStream, Unlocked, PerKey, PerKey,
        errors [Locked, NotFound, Unreadable, PolicyDenied, InvalidKeyState, VersionNotFound, UserCancelled, ApprovalTooLarge, AuditUnavailable];
    #[doc = "Opens a stream that decrypts, with the version that the header names. That is one use of the key."]
    DecryptStream = "streams.decrypt"(DecryptStreamParams) -> DecryptStream, Unlocked, PerKey, PerKey,
        errors [Locked, NotFound, Unreadable, PolicyDenied, InvalidKeyState, VersionNotFound, InvalidCiphertext, UserCancelled, ApprovalTooLarge, AuditUnavailable];
    #[doc = "Encrypts or decrypts the next chunks of a stream. Writes are done in the order in which they arrive. One that fails or is aborted ends the stream."]
    WriteStream = "streams.write"(WriteStreamParams) -> StreamData, Unlocked, None, Never,
        errors [Locked, StreamNotFound, PayloadTooLarge, InvalidCiphertext, NotFound, Unreadable, PolicyDenied, InvalidKeyState, VersionNotFound];
    #[doc = "Ends a stream before its last chunk."]
    CloseStream = "streams.close"(StreamParams) -> Empty, Unlocked, None, Never, errors [Locked, StreamNotFound];
    #[doc = "Makes a message authentication code by HMAC-SHA-256."]
    Mac = "mac"(MacParams) -> MacTag, Unlocked, PerKey, PerKey,
        errors [Locked, NotFound, Unreadable, PolicyDenied, InvalidKeyState, VersionNotFound, PayloadTooLarge, UserCancelled, ApprovalTooLarge, AuditUnavailable];
    #[doc = "Checks a message authentication code."]
    VerifyMac = "verify_mac"(VerifyMacParams) -> Verdict, Unlocked, PerKey, PerKey,
        errors [Locked, NotFound, Unreadable, PolicyDenied, InvalidKeyState, VersionNotFound, PayloadTooLarge, UserCancelled, ApprovalTooLarge, AuditUnavailable];
    #[doc = "Makes a data key for the page's own encryption and wraps it, bound to a context."]
    GenerateDataKey = "data_keys.generate"(GenerateDataKeyParams) -> DataKey, Unlocked, PerKey, PerKey,
        errors [Locked, NotFound, Unreadable, PolicyDenied, InvalidKeyState, VersionNotFound, UserCancelled, ApprovalTooLarge, AuditUnavailable];
    #[doc = "Unwraps a data key, with the version that it names."]
    DecryptDataKey = "data_keys.decrypt"(DecryptDataKeyParams) -> Plaintext, Unlocked, PerKey, PerKey,
        errors [Locked, NotFound, Unreadable, PolicyDenied, InvalidKeyState, VersionNotFound, InvalidCiphertext, UserCancelled, ApprovalTooLarge, AuditUnavailable];
    #[doc = "Seals to the public half of a key by HPKE (RFC 9180) in base mode, bound to a context."]
    Seal = "seal"(SealParams) -> Sealed, Unlocked, None, PerKey,
        errors [Locked, NotFound, Unreadable, PolicyDenied, InvalidKeyState, VersionNotFound, PayloadTooLarge, AuditUnavailable];
    #[doc = "Opens what was sealed to the public half of a key, by whomever."]
    Open = "open"(OpenParams) -> Plaintext, Unlocked, PerKey, PerKey,
        errors [Locked, NotFound, Unreadable, PolicyDenied, InvalidKeyState, VersionNotFound, InvalidCiphertext, UserCancelled, ApprovalTooLarge, AuditUnavailable];
    #[doc = "Agrees with the owner of a public key on a new key of the vault. The shared secret goes through HKDF and never comes out."]
    AgreeKey = "keys.agree"(AgreeKeyParams) -> KeyInfo, Unlocked, PerKey, Durable,
        errors [Locked, NotFound, Unreadable, PolicyDenied, InvalidKeyState, VersionNotFound, InvalidKey, AliasTaken, TooManyKeys, UserCancelled, ApprovalTooLarge, AuditUnavailable];
    #[doc = "Derives a new key of the vault from a key and a context. The same ones give the same key."]
    DeriveKey = "keys.derive"(DeriveKeyParams) -> KeyInfo, Unlocked, PerKey, Durable,
        errors [Locked, NotFound, Unreadable, PolicyDenied, InvalidKeyState, VersionNotFound, AliasTaken, TooManyKeys, UserCancelled, ApprovalTooLarge, AuditUnavailable];
    #[doc = "Wraps a key under another one, if its policy lets it leave."]
    WrapKey = "keys.wrap"(WrapKeyParams) -> WrappedKey, Unlocked, PerKey, PerKey,
        errors [Locked, NotFound, Unreadable, PolicyDenied, InvalidKeyState, VersionNotFound, UserCancelled, ApprovalTooLarge, AuditUnavailable];
    #[doc = "Unwraps a key into a new key of the vault, with its own policy."]
    UnwrapKey = "keys.unwrap"(UnwrapKeyParams) -> KeyInfo, Unlocked, PerKey, Durable,
        errors [Locked, NotFound, Unreadable, PolicyDenied, InvalidKeyState, VersionNotFound, InvalidCiphertext, AliasTaken, TooManyKeys, UserCancelled, ApprovalTooLarge, AuditUnavailable];
    #[doc = "Seals a key to a public key, if its policy lets it leave."]
    ExportKey = "keys.export"(ExportKeyParams) -> ExportedKey, Unlocked, PerKey, PerKey,
        errors [Locked, NotFound, Unreadable, PolicyDenied, InvalidKeyState, VersionNotFound, InvalidKey, UserCancelled, ApprovalTooLarge, AuditUnavailable];
    #[doc = "Opens a key that was sealed to a key of the vault, into a new key with its own policy."]
    ImportKey = "keys.import"(ImportKeyParams) -> KeyInfo, Unlocked, PerKey, Durable,
        errors [Locked, NotFound, Unreadable, PolicyDenied, InvalidKeyState, VersionNotFound, InvalidCiphertext, AliasTaken, TooManyKeys, UserCancelled, ApprovalTooLarge, AuditUnavailable];
    #[doc = "Returns random bytes."]
    Random = "random"(RandomParams) -> RandomBytes, Nothing, None, Never, errors [];
    #[doc = "Encrypts a message for Web Push (RFC 8291) by a key that is made for it. No key of the vault is used."]
    EncryptWebPush = "webpush.encrypt"(EncryptWebPushParams) -> WebPushMessage, Nothing, None, Never,
        errors [InvalidKey, PayloadTooLarge];
    #[doc = "Asks the user, in enclave-owned UI and with a fresh unlock, to allow the calling site VAPID tokens for a time; resolves when they did."]
    CreateLease = "vapid.create_lease"(CreateLeaseParams) -> Lease, Unlocked, Sheet, Durable,
        errors [Locked, NotFound, Unreadable, PolicyDenied, InvalidKeyState, UserCancelled, TooManyLeases, OutOfMemory];
    #[doc = "Issues a VAPID token (RFC 8292) under a lease of the calling site and counts it."]
    IssueToken = "vapid.issue_token"(IssueTokenParams) -> VapidToken, Unlocked, None, Durable,
        errors [Locked, LeaseNotFound, LeaseAudience, LeaseExpired, ClockSetBack, LeaseExhausted, NotFound, Unreadable, PolicyDenied, InvalidKeyState, AuditUnavailable];
    #[doc = "Lists the leases of the calling site."]
    ListLeases = "leases.list"(Empty) -> LeaseList, Unlocked, None, Never, errors [Locked, AuditCorrupt];
    #[doc = "Asks the user, in enclave-owned UI and with a fresh unlock, to extend a lease that has not ended; resolves when they did."]
    ExtendLease = "leases.extend"(ExtendLeaseParams) -> Lease, Unlocked, Sheet, Durable,
        errors [Locked, LeaseNotFound, LeaseExpired, ClockSetBack, NotFound, Unreadable, PolicyDenied, InvalidKeyState, UserCancelled, OutOfMemory];
    #[doc = "Ends a lease of the calling site for good."]
    RevokeLease = "leases.revoke"(LeaseParams) -> Empty, Unlocked, None, Durable,
        errors [Locked, LeaseNotFound, AuditUnavailable];
    #[doc = "Approves a challenge of a workload: mints its token, or signs the first of two approvals. The person is shown all of it, and nothing is signed unless the broker's log continues what the key saw of it."]
    ApproveChallenge = "poa.approve"(ApproveChallengeParams) -> SignedApproval, Unlocked, EachUse, Durable,
        errors [Locked, NotFound, Unreadable, PolicyDenied, InvalidKeyState, VersionNotFound, LogStale, LogForked, UserCancelled, ApprovalTooLarge, AuditUnavailable];
    #[doc = "Signs that a challenge of a workload, and a token of it, is not to be used."]
    RejectChallenge = "poa.reject"(RejectChallengeParams) -> SignedStatement, Unlocked, EachUse, Durable,
        errors [Locked, NotFound, Unreadable, PolicyDenied, InvalidKeyState, VersionNotFound, UserCancelled, ApprovalTooLarge, AuditUnavailable];
    #[doc = "Signs that a token, a challenge or all that a workload has is not to be used."]
    RevokeAuthorization = "poa.revoke"(RevokeAuthorizationParams) -> SignedStatement, Unlocked, EachUse, Durable,
        errors [Locked, NotFound, Unreadable, PolicyDenied, InvalidKeyState, VersionNotFound, UserCancelled, ApprovalTooLarge, AuditUnavailable];
    #[doc = "Signs, with an older version of a key, that the latest takes its place at a broker."]
    RotateApprover = "poa.rotate"(RotateApproverParams) -> SignedStatement, Unlocked, EachUse, Durable,
        errors [Locked, NotFound, Unreadable, PolicyDenied, InvalidKeyState, VersionNotFound, UserCancelled, ApprovalTooLarge, AuditUnavailable];
    #[doc = "Tells what a key saw last of its broker's log."]
    SeenLog = "poa.log"(KeyParams) -> SeenLog, Unlocked, None, Never,
        errors [Locked, NotFound, Unreadable, PolicyDenied, InvalidKeyState];
    #[doc = "Returns audit entries, a page at a time."]
    ListAudit = "audit.list"(ListAuditParams) -> AuditPage, Unlocked, None, Never, errors [Locked, AuditCorrupt];
    #[doc = "Reads the whole log and checks every hash."]
    VerifyAudit = "audit.verify"(Empty) -> AuditCheckpoint, Unlocked, None, Never, errors [Locked, AuditCorrupt];
    #[doc = "Signs the state of the log, with a key that signs nothing else."]
    SignCheckpoint = "audit.checkpoint"(Empty) -> SignedCheckpoint, Unlocked, None, Never,
        errors [Locked, AuditCorrupt];
    #[doc = "Proves that an entry is in the log."]
    ProveInclusion = "audit.prove_inclusion"(ProveInclusionParams) -> InclusionProof, Unlocked, None, Never,
        errors [Locked, AuditCorrupt];
    #[doc = "Proves that the log has only grown since an earlier checkpoint."]
    ProveConsistency = "audit.prove_consistency"(ProveConsistencyParams) -> ConsistencyProof, Unlocked, None, Never,
        errors [Locked, AuditCorrupt];
}
