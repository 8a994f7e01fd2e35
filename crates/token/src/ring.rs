//! The approvers' keys and what state they are in.

use std::collections::BTreeMap;

use kms_crypto::{KeyKind, PublicKey};

use crate::{Refusal, Signed, Statement};

/// Most keys of a ring, those that are over included.
const MAX_KEYS: usize = 4096;

/// What a key may do. It only moves down this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyState {
    /// Known, and signs nothing yet.
    Next,
    /// Signs.
    Active,
    /// What it signed before this time still counts, while it lives.
    VerifyOnly {
        /// Since when, in seconds since 1970-01-01T00:00Z.
        since: u64,
    },
    /// Nothing of it counts.
    Revoked,
}

impl KeyState {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Active => "active",
            Self::VerifyOnly { .. } => "verify-only",
            Self::Revoked => "revoked",
        }
    }

    const fn rank(self) -> u8 {
        match self {
            Self::Next => 0,
            Self::Active => 1,
            Self::VerifyOnly { .. } => 2,
            Self::Revoked => 3,
        }
    }
}

/// A key of an approver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The key itself: Ed25519, so that the algorithm is known before a token is read.
    pub public: PublicKey,
    /// Whose it is.
    pub owner: String,
    /// Whether it may enrol keys and change the state of those of others.
    pub admin: bool,
    /// What it may do now.
    pub state: KeyState,
}

/// Keys under their thumbprints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyRing(BTreeMap<String, Key>);

impl KeyRing {
    /// Adds a key that is not known yet, whatever state that had.
    pub fn enrol(&mut self, key: Key) -> Result<String, Refusal> {
        let kid = key.public.thumbprint();
        let fits = key.public.kind() == KeyKind::Ed25519 && self.0.len() < MAX_KEYS;
        if !fits || key.owner.is_empty() || self.0.contains_key(&kid) {
            return Err(Refusal::KeyState);
        }
        self.0.insert(kid.clone(), key);
        Ok(kid)
    }

    /// A key, in whatever state.
    #[must_use]
    pub fn get(&self, kid: &str) -> Option<&Key> {
        self.0.get(kid)
    }

    /// All keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Key)> {
        self.0.iter().map(|(kid, key)| (kid.as_str(), key))
    }

    /// The key, if what it signed at `iat` counts. A key that is verify-only could date back what it
    /// signs: it gains one life by it, because what is signed ends soon after its `iat`.
    pub(crate) fn signer(&self, kid: &str, iat: u64) -> Result<&Key, Refusal> {
        let key = self.get(kid).ok_or(Refusal::Jose(kms_jose::JoseError::UnknownKey))?;
        match key.state {
            KeyState::Active => Ok(key),
            KeyState::VerifyOnly { since } if iat <= since => Ok(key),
            _ => Err(Refusal::KeyState),
        }
    }

    /// Does what a statement says about keys, if its signer has the right to.
    pub fn apply(&mut self, signed: &Signed) -> Result<(), Refusal> {
        let by = self.get(&signed.kid).ok_or(Refusal::KeyRight)?.clone();
        let active = by.state == KeyState::Active;
        let own = |kid: &str| kid == signed.kid;
        let may = match &signed.statement {
            // Whoever may approve may stop: that way round, a mistake does no harm.
            Statement::Revoke(_) | Statement::Rotate { .. } => active,
            Statement::Enrol { .. } => active && by.admin,
            Statement::State { kid, state } => {
                let down = *state > KeyState::Active && by.state < KeyState::Revoked;
                (active && by.admin) || (own(kid) && down && by.state > KeyState::Next)
            }
        };
        if !may {
            return Err(Refusal::KeyRight);
        }
        self.change(signed, by)
    }

    fn change(&mut self, signed: &Signed, by: Key) -> Result<(), Refusal> {
        match &signed.statement {
            Statement::Revoke(_) => Ok(()),
            Statement::Rotate { key, .. } => {
                let next = Key { public: key.clone(), ..by };
                self.enrol(next)?;
                self.step(&signed.kid, KeyState::VerifyOnly { since: signed.iat })
            }
            Statement::Enrol { key, owner } => {
                let (public, owner) = (key.clone(), owner.clone());
                self.enrol(Key { public, owner, admin: false, state: KeyState::Next }).map(drop)
            }
            Statement::State { kid, state } => self.step(kid, *state),
        }
    }

    fn step(&mut self, kid: &str, state: KeyState) -> Result<(), Refusal> {
        let key = self.0.get_mut(kid).ok_or(Refusal::Jose(kms_jose::JoseError::UnknownKey))?;
        if state.rank() <= key.state.rank() {
            return Err(Refusal::KeyState);
        }
        key.state = state;
        Ok(())
    }
}
