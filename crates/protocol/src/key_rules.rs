//! What each method demands of the key that it names: the second half of its policy row. And what a
//! key of each spec can be for.

use crate::{KeySpec, KeyState, KeyUsage, Method};

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
            Method::DescribeKey | Method::PublicKey | Method::ManageKeys => {
                (KeyCaller::Allowed, KeyState::ALL, None)
            }
            Method::Sign => (KeyCaller::Allowed, USABLE, Some(KeyUsage::Sign)),
            Method::SignJwt => (KeyCaller::Allowed, USABLE, Some(KeyUsage::Jwt)),
            Method::Verify | Method::VerifyJwt => {
                (KeyCaller::Allowed, USABLE, Some(KeyUsage::Verify))
            }
            Method::Encrypt | Method::Rewrap | Method::EncryptStream => {
                (KeyCaller::Allowed, USABLE, Some(KeyUsage::Encrypt))
            }
            Method::Decrypt | Method::DecryptStream => {
                (KeyCaller::Allowed, USABLE, Some(KeyUsage::Decrypt))
            }
            Method::Mac => (KeyCaller::Allowed, USABLE, Some(KeyUsage::Mac)),
            Method::VerifyMac => (KeyCaller::Allowed, USABLE, Some(KeyUsage::VerifyMac)),
            Method::GenerateDataKey => (KeyCaller::Allowed, USABLE, Some(KeyUsage::DataKey)),
            Method::DecryptDataKey => {
                (KeyCaller::Allowed, USABLE, Some(KeyUsage::DataKeyPlaintext))
            }
            Method::AgreeKey => (KeyCaller::Allowed, USABLE, Some(KeyUsage::Agree)),
            Method::DeriveKey => (KeyCaller::Allowed, USABLE, Some(KeyUsage::Derive)),
            Method::WrapKey => (KeyCaller::Allowed, USABLE, Some(KeyUsage::Wrap)),
            Method::UnwrapKey => (KeyCaller::Allowed, USABLE, Some(KeyUsage::Unwrap)),
            Method::ExportKey => (KeyCaller::Allowed, USABLE, Some(KeyUsage::Export)),
            Method::ImportKey => (KeyCaller::Allowed, USABLE, Some(KeyUsage::Import)),
            Method::Seal => (KeyCaller::Allowed, USABLE, Some(KeyUsage::Seal)),
            Method::Open => (KeyCaller::Allowed, USABLE, Some(KeyUsage::Open)),
            Method::CreateLease => (KeyCaller::Allowed, USABLE, Some(KeyUsage::Vapid)),
            Method::ApproveChallenge
            | Method::RejectChallenge
            | Method::RevokeAuthorization
            | Method::RotateApprover
            | Method::SeenLog => (KeyCaller::Allowed, USABLE, Some(KeyUsage::Approve)),
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

/// What a key of a spec can be for. Whatever is not here is refused when a key is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpecUsages {
    /// Uses of a key that is made without a policy.
    pub ordinary: &'static [KeyUsage],
    /// Uses that its policy has to name.
    pub further: &'static [KeyUsage],
}

impl SpecUsages {
    /// Whether a key can be for a use.
    #[must_use]
    pub fn contain(self, usage: KeyUsage) -> bool {
        self.ordinary.contains(&usage) || self.further.contains(&usage)
    }
}

impl KeySpec {
    /// What its keys can be for.
    #[must_use]
    pub const fn usages(self) -> SpecUsages {
        let (ordinary, further): (&[KeyUsage], &[KeyUsage]) = match self {
            KeySpec::Ed25519 => (
                &[KeyUsage::Sign, KeyUsage::Verify],
                &[KeyUsage::Jwt, KeyUsage::Approve, KeyUsage::Export],
            ),
            // VAPID tokens are on P-256 only (RFC 8292, section 2).
            KeySpec::EcP256 => (
                &[KeyUsage::Sign, KeyUsage::Verify],
                &[KeyUsage::Jwt, KeyUsage::Vapid, KeyUsage::Export],
            ),
            KeySpec::X25519 | KeySpec::EcP256Agreement => (&[KeyUsage::Agree], &[KeyUsage::Export]),
            KeySpec::Aes256 => (
                &[KeyUsage::Encrypt, KeyUsage::Decrypt],
                &[
                    KeyUsage::DataKey,
                    KeyUsage::DataKeyPlaintext,
                    KeyUsage::Wrap,
                    KeyUsage::Unwrap,
                    KeyUsage::Export,
                ],
            ),
            KeySpec::HmacSha256 => {
                (&[KeyUsage::Mac, KeyUsage::VerifyMac], &[KeyUsage::Derive, KeyUsage::Export])
            }
            KeySpec::HpkeX25519 | KeySpec::HpkeXWing => {
                (&[KeyUsage::Seal, KeyUsage::Open], &[KeyUsage::Import, KeyUsage::Export])
            }
        };
        SpecUsages { ordinary, further }
    }
}

/// Two uses that no key has together, because one would undo the other; and why.
pub const APART: &[(KeyUsage, KeyUsage, &str)] = &[
    (KeyUsage::Vapid, KeyUsage::Sign, "a site could sign tokens without a lease"),
    (KeyUsage::Vapid, KeyUsage::Jwt, "a template could allow tokens without a lease"),
    (KeyUsage::Vapid, KeyUsage::Export, "whoever takes it out signs tokens without a lease"),
    (KeyUsage::Approve, KeyUsage::Sign, "a site could sign an approval as its data"),
    (KeyUsage::Approve, KeyUsage::Jwt, "a template could have the type of an approval"),
    (KeyUsage::Approve, KeyUsage::Export, "whoever takes it out approves without a person"),
    // HKDF-Expand of one block is one HMAC.
    (KeyUsage::Derive, KeyUsage::Mac, "a site could compute a derived key as a code"),
];

impl KeyUsage {
    /// Whether it makes something new, which the latest versions do, or only reads what was made.
    #[must_use]
    pub const fn makes(self) -> bool {
        match self {
            KeyUsage::Sign
            | KeyUsage::Jwt
            | KeyUsage::Vapid
            | KeyUsage::Approve
            | KeyUsage::Encrypt
            | KeyUsage::DataKey
            | KeyUsage::Wrap
            | KeyUsage::Mac
            | KeyUsage::Seal => true,
            KeyUsage::Verify
            | KeyUsage::Decrypt
            // It also makes, but always with the latest version.
            | KeyUsage::DataKeyPlaintext
            | KeyUsage::VerifyMac
            | KeyUsage::Unwrap
            | KeyUsage::Import
            | KeyUsage::Export
            | KeyUsage::Derive
            | KeyUsage::Agree
            | KeyUsage::Open => false,
        }
    }

    /// Whether a person confirms each such use, and its entry is on disk before the result, whatever
    /// is asked for.
    #[must_use]
    pub const fn is_personal(self) -> bool {
        matches!(self, KeyUsage::Approve)
    }

    /// Whether it needs the private or secret key. The others can be done by anybody who has the
    /// public half.
    #[must_use]
    pub const fn is_secret(self) -> bool {
        !matches!(self, KeyUsage::Verify | KeyUsage::Seal)
    }
}
