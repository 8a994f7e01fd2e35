//! What each method demands of the key that it names: the second half of its policy row.

use crate::{KeyState, KeyUsage, Method};

/// Who may ask for something to be done with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyCaller {
    /// Every site that the key's policy names.
    Allowed,
    /// Only the site that made it.
    Owner,
}

/// What a method demands of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRule {
    /// Who may ask.
    pub caller: KeyCaller,
    /// In which states.
    pub states: &'static [KeyState],
    /// Which use the policy of the key must allow.
    pub usage: Option<KeyUsage>,
}

const USABLE: &[KeyState] = &[KeyState::Enabled];
const KEPT: &[KeyState] = &[KeyState::Enabled, KeyState::Disabled];
const WAITING: &[KeyState] = &[KeyState::PendingDeletion];

impl Method {
    /// What it demands of the key that it names; `None` if it names none. A method that names one
    /// and is not listed here fails the tests.
    #[must_use]
    pub const fn key_rule(self) -> Option<KeyRule> {
        let (caller, states, usage) = match self {
            Method::DescribeKey | Method::PublicKey => (KeyCaller::Allowed, KeyState::ALL, None),
            Method::Sign => (KeyCaller::Allowed, USABLE, Some(KeyUsage::Sign)),
            Method::Verify => (KeyCaller::Allowed, USABLE, Some(KeyUsage::Verify)),
            Method::RotateKey => (KeyCaller::Owner, USABLE, None),
            Method::UpdateKey
            | Method::SetMinVersions
            | Method::TrimKey
            | Method::EnableKey
            | Method::DisableKey
            | Method::ScheduleDeletion => (KeyCaller::Owner, KEPT, None),
            Method::CancelDeletion => (KeyCaller::Owner, WAITING, None),
            _ => return None,
        };
        Some(KeyRule { caller, states, usage })
    }
}
