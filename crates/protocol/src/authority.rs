//! Whose authority a method needs beyond the state of the vault: the third part of its policy row.

use crate::{ErrorCode, Interaction, Method, Needs, VaultState};

/// What a method needs before it succeeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// Nothing.
    None,
    /// An unlocked vault.
    Unlocked,
    /// A person who confirms this very call.
    Confirmation,
    /// A person who proves during the call who they are, with a factor.
    Fresh,
    /// A lease that was allowed before.
    Lease,
    /// Such a lease, and a person who proves who they are.
    LeaseAndFresh,
}

impl Auth {
    /// As it stands in the documents.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Unlocked => "unlocked",
            Self::Confirmation => "confirmation",
            Self::Fresh => "fresh",
            Self::Lease => "lease",
            Self::LeaseAndFresh => "lease, fresh",
        }
    }
}

/// What stands behind a call: the answer of the person, and whether there is a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authority {
    /// Name in the documents.
    pub name: &'static str,
    /// The person confirms what they are asked.
    pub confirms: bool,
    /// They prove who they are where that is asked for.
    pub proves: bool,
    /// The site has a lease.
    pub lease: bool,
}

impl Authority {
    /// Every authority that a call can have.
    pub const ALL: [Self; 5] = [
        Self::of("nobody", [false; 3]),
        Self::of("confirms", [true, false, false]),
        Self::of("proves", [true, true, false]),
        Self::of("lease", [false, false, true]),
        Self::of("lease, proves", [true, true, true]),
    ];

    const fn of(name: &'static str, [confirms, proves, lease]: [bool; 3]) -> Self {
        Self { name, confirms, proves, lease }
    }
}

impl Method {
    /// What it needs, for a key whose policy asks for nothing more.
    #[must_use]
    pub const fn auth(self) -> Auth {
        match (self, self.policy().needs, self.policy().interaction) {
            (Method::IssueToken | Method::RevokeLease, ..) => Auth::Lease,
            (Method::ExtendLease, ..) => Auth::LeaseAndFresh,
            // A page of the enclave, which asks again for what it changes.
            (Method::Manage | Method::ManageKeys, ..) => Auth::Unlocked,
            (_, _, Interaction::Sheet) => Auth::Fresh,
            (_, _, Interaction::EachUse) => Auth::Confirmation,
            (_, Needs::Unlocked, _) => Auth::Unlocked,
            _ => Auth::None,
        }
    }

    /// Why it is refused in a state of the vault, with an authority; nothing if it is allowed.
    #[must_use]
    pub fn refusal(self, vault: VaultState, by: Authority) -> Option<ErrorCode> {
        self.refusal_by_state(vault).or_else(|| {
            // Who asks to unlock what is unlocked has what they ask for.
            let opens = (self, vault) == (Method::Unlock, VaultState::Unlocked);
            if opens { None } else { self.refusal_by_authority(by) }
        })
    }

    fn refusal_by_state(self, vault: VaultState) -> Option<ErrorCode> {
        match (self.policy().needs, vault) {
            (Needs::Nothing, _)
            | (Needs::NoVault, VaultState::Uninitialized)
            | (Needs::Vault, VaultState::Locked | VaultState::Unlocked)
            | (Needs::Unlocked, VaultState::Unlocked) => None,
            (Needs::NoVault, _) => Some(ErrorCode::AlreadyInitialized),
            (_, VaultState::Uninitialized) => Some(ErrorCode::NotInitialized),
            (_, _) => Some(ErrorCode::Locked),
        }
    }

    fn refusal_by_authority(self, by: Authority) -> Option<ErrorCode> {
        let person = |does: bool| (!does).then_some(ErrorCode::UserCancelled);
        let lease = (!by.lease).then_some(ErrorCode::LeaseNotFound);
        match self.auth() {
            Auth::None | Auth::Unlocked => None,
            Auth::Confirmation => person(by.confirms),
            Auth::Fresh => person(by.proves),
            Auth::Lease => lease,
            Auth::LeaseAndFresh => lease.or_else(|| person(by.proves)),
        }
    }
}
