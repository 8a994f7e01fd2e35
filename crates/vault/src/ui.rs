//! The closed set of messages between the enclave and its own user interface. They never
//! cross the page's port, so they are not part of the protocol crate.

use kms_crypto::SecretVec;
use kms_protocol::{CallerOrigin, ErrorCode, Screen};

/// What the user interface should show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UiCommand {
    /// A screen, with the reason why the last attempt did not succeed.
    Show {
        /// Which screen.
        screen: Screen,
        /// The page that asks; always shown to the person.
        origin: CallerOrigin,
        /// What was wrong with the last attempt.
        problem: Option<ErrorCode>,
        /// How long to wait before the next attempt.
        retry_after_ms: Option<u32>,
    },
    /// Work is under way: no input is taken.
    Busy,
    /// Nothing more to ask.
    Hide,
}

/// What the person or the frame did.
pub enum UiEvent {
    /// A passphrase was entered (NFKC-normalised UTF-8). Wiped when dropped.
    Submit(SecretVec),
    /// The sheet was cancelled.
    Cancel,
    /// Any input: the vault is not idle.
    Activity,
    /// The page goes away or into the background for good (`pagehide`).
    Hidden,
    /// The person pressed Lock.
    Lock,
}
