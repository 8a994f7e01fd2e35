//! The closed set of messages between the enclave and its own user interface. They never
//! cross the page's port, so they are not part of the protocol crate.

mod approval;
mod pages;

use kms_crypto::SecretVec;
use kms_protocol::{
    AuditEntry, AutoLock, BackupHealth, CallerOrigin, ContactUrl, Enrolment, EnrolmentId,
    EnrolmentKind, ErrorCode, KeyId, Label, Lease, LeaseId, PushOrigin, StorageHealth,
};

use crate::tripwire::ReleaseNotice;

pub use self::approval::{Approval, Assertion, OperationInfo, Payload, PayloadText};
pub use self::pages::{
    AuditFilter, AuditRows, KeyAction, KeyDetails, KeyRow, KeyRows, LogReady, MethodGroup, Outcome,
    Part,
};

/// What the user interface should do.
pub enum UiCommand {
    /// Show a screen in place of the one before.
    Show(View),
    /// How strong the passphrase is that is being typed: 0 (guessed at once) to 100.
    Strength(u8),
    /// Entries of the log that is to be saved as a file, in the order of the log; the first is that
    /// of a new file.
    Log(Vec<AuditEntry>),
    /// Work is under way: no input is taken.
    Busy,
    /// Nothing more to ask.
    Hide,
}

/// A screen and what stands around it.
pub struct View {
    /// Which showing this is. An answer names it, so that it counts for this screen and no other.
    pub number: u32,
    /// The page that asks; always shown to the person.
    pub origin: CallerOrigin,
    /// What was wrong with the last answer.
    pub problem: Option<ErrorCode>,
    /// How long to wait before the next attempt.
    pub retry_after_ms: Option<u32>,
    /// The screen.
    pub screen: UiScreen,
}

/// A page of the user interface, with what it needs to be drawn.
pub enum UiScreen {
    /// How to protect a new vault: passkey, passphrase or recovery phrase; or restore a backup.
    Setup(NewPasskey),
    /// What is to be known of the release before it opens the vault.
    Release(Box<ReleaseNotice>),
    /// Opening the vault, or doing so again before something that matters.
    Unlock {
        /// What for.
        why: Why,
        /// Ways to open it, in the order they were made.
        enrolments: Vec<Enrolment>,
        /// For the passkeys among them.
        ceremony: Ceremony,
    },
    /// A new recovery phrase: its words, separated by single spaces.
    Phrase(SecretVec),
    /// Which words of it to ask for, from 1, ascending.
    ConfirmPhrase([u8; 3]),
    /// Another passphrase.
    AddPassphrase,
    /// Another passkey.
    AddPasskey(NewPasskey),
    /// Enrolments, locking, backups.
    Manage(Manage),
    /// Making a backup.
    Backup {
        /// Whether a recovery phrase is enrolled that it can be encrypted to.
        phrase: bool,
    },
    /// A backup that waits to be saved by the person.
    BackupReady {
        /// Suggested file name.
        name: String,
        /// Its length.
        bytes: u64,
    },
    /// Choosing a backup and what opens it.
    Restore {
        /// What for.
        why: RestoreWhy,
    },
    /// What is in the backup that was opened; nothing has been changed yet.
    ConfirmRestore(BackupInfo),
    /// Deleting the vault.
    Reset,
    /// What a page wants to be allowed for a time.
    Lease(LeaseTerms),
    /// The keys of all sites, a page of them.
    Keys(KeyRows),
    /// One key.
    Key(Box<KeyDetails>),
    /// The audit log, a page of it.
    Audit(AuditRows),
    /// The audit log waits to be saved by the person.
    LogReady(LogReady),
    /// Approving what keys are used for.
    Approve(Approval),
}

/// Why the vault is to be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// A page wants to use keys.
    Unlock,
    /// Before an enrolment is added.
    Add,
    /// Before an enrolment is renamed.
    Rename,
    /// Before an enrolment is removed.
    Remove,
    /// Before the times of automatic locking change.
    AutoLock,
    /// Before a backup is made.
    Backup,
    /// Before a backup is tried out.
    Drill,
    /// Before the vault is deleted.
    Reset,
    /// Before a lease is allowed or extended.
    Lease,
    /// Before a lease is revoked.
    Revoke,
    /// Before a key may be used again.
    EnableKey,
    /// Before a key gets another version.
    RotateKey,
    /// Before old versions of a key may no longer be used.
    RaiseKey,
    /// Before old versions of a key are deleted.
    TrimKey,
    /// Before a key waits for its deletion.
    DeleteKey,
}

impl Why {
    /// Name on the channel.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Why::Unlock => "unlock",
            Why::Add => "add",
            Why::Rename => "rename",
            Why::Remove => "remove",
            Why::AutoLock => "auto_lock",
            Why::Backup => "backup",
            Why::Drill => "drill",
            Why::Reset => "reset",
            Why::Lease => "lease",
            Why::Revoke => "revoke",
            Why::EnableKey => "enable_key",
            Why::RotateKey => "rotate_key",
            Why::RaiseKey => "raise_key",
            Why::TrimKey => "trim_key",
            Why::DeleteKey => "delete_key",
        }
    }
}

/// What a backup is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestoreWhy {
    /// To become the vault of this browser.
    Restore,
    /// To prove that it opens.
    Drill,
}

impl RestoreWhy {
    /// Name on the channel.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            RestoreWhy::Restore => "restore",
            RestoreWhy::Drill => "drill",
        }
    }
}

/// Input of the ceremony that creates a passkey (Web Authentication, section 5.1.3), and of the
/// one that evaluates its PRF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPasskey {
    /// Random challenge.
    pub challenge: [u8; 32],
    /// Random user handle.
    pub user: [u8; 16],
    /// PRF input of the new enrolment.
    pub salt: [u8; 32],
    /// Credentials that are enrolled already.
    pub exclude: Vec<Vec<u8>>,
}

/// Input of the ceremony that uses a passkey (Web Authentication, section 5.1.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ceremony {
    /// Random challenge.
    pub challenge: [u8; 32],
    /// Enrolled passkeys; any of them may answer.
    pub passkeys: Vec<Passkey>,
}

/// An enrolled passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// Its enrolment.
    pub enrolment: EnrolmentId,
    /// Credential id.
    pub credential: Vec<u8>,
    /// PRF input.
    pub salt: [u8; 32],
}

/// What the management page shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Manage {
    /// Ways to open the vault.
    pub enrolments: Vec<Enrolment>,
    /// Times of automatic locking.
    pub auto_lock: AutoLock,
    /// Longest times that may be set.
    pub longest: AutoLock,
    /// Backups.
    pub backup: BackupHealth,
    /// Storage.
    pub storage: StorageHealth,
    /// Leases that have not ended, of all sites.
    pub leases: Vec<HeldLease>,
}

/// A lease and the site that holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldLease {
    /// The site.
    pub origin: CallerOrigin,
    /// Its lease.
    pub lease: Lease,
}

/// What a page wants to be allowed: VAPID tokens (RFC 8292) in the absence of the person.
#[derive(Clone, Debug, PartialEq)]
pub struct LeaseTerms {
    /// Whether a lease there is gets these terms; otherwise it is a new one.
    pub extends: bool,
    /// With which key.
    pub key_id: KeyId,
    /// Its name for people.
    pub label: Option<Label>,
    /// For which push services.
    pub audiences: Vec<PushOrigin>,
    /// The web page that the tokens name as their sender.
    pub contact: Option<ContactUrl>,
    /// For how long from now.
    pub life_ms: u32,
    /// For how many tokens.
    pub tokens: u32,
}

/// What a backup says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackupInfo {
    /// When it was made, in milliseconds since 1970-01-01T00:00Z.
    pub created: u64,
    /// Keys in it.
    pub keys: u64,
    /// Audit entries in it.
    pub entries: u64,
    /// When this browser made a later one, if it knows of one.
    pub newer: Option<u64>,
}

/// What the person or the frame did.
pub enum UiEvent {
    /// A passphrase is being typed: how strong is it?
    Estimate(SecretVec),
    /// Something that opens, or is to open, what the screen is about.
    Factor {
        /// Which enrolment it belongs to, where the screen lists them.
        enrolment: Option<EnrolmentId>,
        /// The thing itself.
        factor: Factor,
    },
    /// A new recovery phrase is wanted.
    NewPhrase,
    /// The phrase was written down.
    Written,
    /// The words that were asked for, separated by single spaces.
    Words(SecretVec),
    /// One screen back.
    Back,
    /// From set-up to restoring a backup.
    Restore,
    /// Something of the management page.
    Action(Action),
    /// How the backup is to be encrypted.
    Backup {
        /// To the enrolled recovery phrase.
        phrase: bool,
        /// To this passphrase.
        passphrase: Option<SecretVec>,
    },
    /// From the management page to one of its parts.
    Open(Part),
    /// From the list of keys to one of them.
    OpenKey(KeyId),
    /// To the page behind (`true`) or before this one.
    Turn(bool),
    /// To the entries of the log that this lets through.
    Filter(AuditFilter),
    /// The log as a file.
    Export,
    /// Something to be done with the key on display.
    Key(KeyAction),
    /// What the screen describes shall happen.
    Confirm,
    /// What the screen lists is approved.
    Approve {
        /// Digest of what was shown.
        digest: Vec<u8>,
        /// What was typed, where something had to be.
        code: Option<String>,
        /// What a passkey signed, where one had to.
        assertion: Option<Assertion>,
    },
    /// The sheet was cancelled, or the management page closed.
    Cancel,
    /// Any input: the vault is not idle.
    Activity,
    /// The page goes away or into the background for good (`pagehide`).
    Hidden,
    /// The person pressed Lock.
    Lock,
}

/// What opens a vault or a backup. Wiped when dropped.
pub enum Factor {
    /// A passphrase (NFKC-normalised UTF-8).
    Passphrase(SecretVec),
    /// The words of a recovery phrase, as they were typed.
    Phrase(SecretVec),
    /// The answer of a passkey.
    Passkey(PasskeyAnswer),
}

/// The answer of a passkey's ceremony.
pub struct PasskeyAnswer {
    /// Credential id.
    pub credential: Vec<u8>,
    /// PRF output.
    pub prf: SecretVec,
    /// PRF output at the creation of the credential, where the authenticator gave one.
    pub prf_at_creation: Option<SecretVec>,
    /// Authenticator data (Web Authentication, section 6.1) that came with the PRF output.
    pub authenticator_data: Vec<u8>,
    /// Public key of the credential as DER `SubjectPublicKeyInfo`, where it was created just now.
    pub public_key: Option<Vec<u8>>,
}

/// What can be asked for on the management page.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Another enrolment.
    Add(EnrolmentKind),
    /// Another name.
    Rename(EnrolmentId, Label),
    /// One enrolment less.
    Remove(EnrolmentId),
    /// Other times.
    AutoLock(AutoLock),
    /// A backup.
    Backup,
    /// Proving that a backup opens.
    Drill,
    /// Deleting the vault.
    Reset,
    /// Ending a lease.
    Revoke(LeaseId),
}
