//! What may change in the record of a key. Every rule of the life of keys is here.

use kms_protocol::limits::MAX_VERSIONS;
use kms_protocol::{
    CallerOrigin, ErrorCode, KeyAlias, KeyState, KeyUsage, Label, MinVersionsParams, PolicyRule,
};

use super::{KeyRecord, VersionRecord};
use crate::Error;

/// Whether a use makes something new or only reads what was made.
fn makes(usage: KeyUsage) -> bool {
    match usage {
        KeyUsage::Sign => true,
        KeyUsage::Verify => false,
    }
}

impl KeyRecord {
    /// Whether a site may use a version of the key in this way.
    pub(crate) fn permits(
        &self,
        origin: &CallerOrigin,
        usage: KeyUsage,
        version: Option<u32>,
    ) -> Result<(), Error> {
        self.policy.knows(origin)?;
        self.must_be(&[KeyState::Enabled])?;
        self.policy.allows(usage)?;
        let number = self.version(version)?.number;
        let least = if makes(usage) { self.min_encryption } else { self.min_decryption };
        if number < least { Err(Error::Denied(PolicyRule::MinVersion)) } else { Ok(()) }
    }

    /// Whether a site may change the key: only the one that made it.
    pub(crate) fn owned_by(&self, origin: &CallerOrigin) -> Result<(), Error> {
        self.policy.knows(origin)?;
        if self.policy.is_owner(origin) { Ok(()) } else { Err(Error::Denied(PolicyRule::Owner)) }
    }

    fn must_be(&self, states: &[KeyState]) -> Result<(), ErrorCode> {
        let state = self.state()?;
        if states.contains(&state) { Ok(()) } else { Err(ErrorCode::InvalidKeyState) }
    }

    /// Replaces label and alias.
    pub(crate) fn rename(
        &mut self,
        label: Option<&Label>,
        alias: Option<&KeyAlias>,
    ) -> Result<(), Error> {
        self.must_be(&[KeyState::Enabled, KeyState::Disabled])?;
        self.label = label.map(|label| label.as_str().into());
        self.alias = alias.map(|alias| alias.as_str().into());
        Ok(())
    }

    /// Replaces the label alone.
    pub(crate) fn relabel(&mut self, label: &Label) -> Result<(), Error> {
        self.must_be(&[KeyState::Enabled, KeyState::Disabled])?;
        self.label = Some(label.as_str().into());
        Ok(())
    }

    /// Lets the key be used.
    pub(crate) fn enable(&mut self) -> Result<(), Error> {
        self.become_state(KeyState::Enabled)
    }

    /// Lets the key not be used.
    pub(crate) fn disable(&mut self) -> Result<(), Error> {
        self.become_state(KeyState::Disabled)
    }

    fn become_state(&mut self, state: KeyState) -> Result<(), Error> {
        self.must_be(&[KeyState::Enabled, KeyState::Disabled])?;
        self.state = state.as_str().into();
        Ok(())
    }

    /// Whether another version may follow; returns its number.
    pub(crate) fn next_version(&self) -> Result<u32, Error> {
        self.must_be(&[KeyState::Enabled])?;
        if self.versions.len() >= MAX_VERSIONS {
            return Err(Error::Code(ErrorCode::TooManyVersions));
        }
        self.latest().checked_add(1).ok_or(Error::Code(ErrorCode::TooManyVersions))
    }

    /// Adds a version that was wrapped under its number. Another tab may have been faster.
    pub(crate) fn add_version(&mut self, version: &VersionRecord) -> Result<(), Error> {
        if self.next_version()? != version.number {
            return Err(Error::Code(ErrorCode::StorageConflict));
        }
        self.versions.push(version.clone());
        Ok(())
    }

    /// Raises the minimum versions. Lowering one would let more be done with the key than its
    /// owner decided; no page may do that alone.
    pub(crate) fn raise_min_versions(&mut self, params: &MinVersionsParams) -> Result<(), Error> {
        self.must_be(&[KeyState::Enabled, KeyState::Disabled])?;
        let decryption = params.min_decryption_version.unwrap_or(self.min_decryption);
        let encryption = params.min_encryption_version.unwrap_or(self.min_encryption);
        for number in [decryption, encryption] {
            self.version(Some(number))?;
        }
        if decryption < self.min_decryption || encryption < self.min_encryption {
            return Err(Error::Denied(PolicyRule::MinVersion));
        }
        // What is made must be readable.
        if encryption < decryption {
            return Err(Error::Code(ErrorCode::InvalidParams));
        }
        self.min_decryption = decryption;
        self.min_encryption = encryption;
        Ok(())
    }

    /// Deletes the versions below one. Only versions that may not be used any more can go.
    pub(crate) fn trim(&mut self, least: u32) -> Result<(), Error> {
        self.must_be(&[KeyState::Enabled, KeyState::Disabled])?;
        self.version(Some(least))?;
        if least > self.min_decryption {
            return Err(Error::Denied(PolicyRule::MinVersion));
        }
        self.versions.retain(|version| version.number >= least);
        Ok(())
    }
}
