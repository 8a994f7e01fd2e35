//! What the pages of keys and of the audit log show, and what can be asked for there.

use kms_protocol::{
    AuditEntry, CallerOrigin, KeyId, KeyInfo, Label, PublicKeyInfo, SignedCheckpoint,
};

/// A page of the keys of all sites.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyRows {
    /// The keys, in the order of their ids.
    pub rows: Vec<KeyRow>,
    /// Whether there is a page before this one.
    pub before: bool,
    /// Whether there is a page behind this one.
    pub more: bool,
}

/// One record in the list of keys.
#[derive(Clone, Debug, PartialEq)]
pub enum KeyRow {
    /// A key.
    Key(Box<KeyInfo>),
    /// A record that cannot be read, and the name it stands under if that can be one of a key.
    Unreadable(Option<KeyId>),
}

/// Everything public about one key.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyDetails {
    /// The key.
    pub key: KeyInfo,
    /// Public halves of its versions, in their order.
    pub public: Vec<PublicKeyInfo>,
}

/// A page of the audit log.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditRows {
    /// Entries of all sites that the filter lets through, the newest first.
    pub entries: Vec<AuditEntry>,
    /// Names of the keys that these entries and the filter are about, as far as they have any.
    pub names: Vec<(KeyId, Label)>,
    /// What is looked for.
    pub filter: AuditFilter,
    /// How many entries the log has.
    pub count: u64,
    /// What the log is compared by, 32 bytes.
    pub head: Vec<u8>,
    /// Whether there is a page of newer entries.
    pub before: bool,
    /// The newest entry that was not looked at, if there is one.
    pub next: Option<u64>,
}

/// Which entries of the audit log are looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only those about this key.
    pub key_id: Option<KeyId>,
    /// Only those this site asked for.
    pub origin: Option<CallerOrigin>,
    /// Only those that ended so.
    pub outcome: Option<Outcome>,
    /// Only those of this kind.
    pub group: Option<MethodGroup>,
}

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As it should.
    Done,
    /// It was refused, or it failed.
    Failed,
}

impl Outcome {
    /// Every one.
    pub const ALL: [Self; 2] = [Self::Done, Self::Failed];

    /// Name on the channel.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Outcome::Done => "done",
            Outcome::Failed => "failed",
        }
    }
}

/// A kind of operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MethodGroup {
    /// Using keys.
    Use,
    /// Making and changing keys.
    Keys,
    /// The vault itself.
    Vault,
}

impl MethodGroup {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Use, Self::Keys, Self::Vault];

    /// Name on the channel.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            MethodGroup::Use => "use",
            MethodGroup::Keys => "keys",
            MethodGroup::Vault => "vault",
        }
    }
}

/// A log that was handed over to be saved.
#[derive(Clone, Debug, PartialEq)]
pub struct LogReady {
    /// Suggested file name.
    pub name: String,
    /// How many entries there are.
    pub count: u64,
    /// The last line.
    pub checkpoint: SignedCheckpoint,
}

/// A part of the management page that is a page of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The keys of all sites.
    Keys,
    /// The audit log.
    Audit,
}

/// What can be done with a key. What cannot be undone, and what lets more be done with the key,
/// needs a fresh unlock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyAction {
    /// Another label.
    Rename(Label),
    /// Letting it not be used.
    Disable,
    /// Letting it be used again.
    Enable,
    /// Another version.
    Rotate,
    /// Higher minimum versions.
    Raise {
        /// Oldest version that may decrypt, or verify.
        decryption: u32,
        /// Oldest version that may encrypt, or sign.
        encryption: u32,
    },
    /// Deleting the versions below this one.
    Trim(u32),
    /// Letting it wait so many days for its deletion.
    ScheduleDeletion(u32),
    /// Letting it not be deleted.
    CancelDeletion,
}
