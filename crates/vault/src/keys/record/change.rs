//! What may be done with a key, and what may change in its record. Who may ask for a change, and in
//! which states, stands in the table of methods and is checked by [`KeyRecord::admits`] before.

use kms_protocol::limits::{MAX_DELETION_DAYS, MAX_VERSIONS, MIN_DELETION_DAYS};
use kms_protocol::{
    CallerOrigin, ErrorCode, KeyAlias, KeyCaller, KeyRule, KeyState, KeyUsage, Label,
    MinVersionsParams, PolicyRule,
};

use super::{Deletion, KeyRecord, VersionRecord};
use crate::Error;
use crate::keys::index::{DAY_MS, VaultClock};
use crate::time::Now;

impl KeyRecord {
    /// Whether the table of methods lets a site do this with the key in its state.
    pub(crate) fn admits(&self, origin: &CallerOrigin, rule: &KeyRule) -> Result<(), Error> {
        self.policy.knows(origin)?;
        let owner = self.policy.owner() == origin.as_str();
        if rule.caller == KeyCaller::Owner && !owner {
            return Err(Error::Denied(PolicyRule::Owner));
        }
        self.admits_in_state(rule)
    }

    /// Whether the table lets this be done with the key in its state, whoever asks.
    pub(crate) fn admits_in_state(&self, rule: &KeyRule) -> Result<(), Error> {
        Ok(self.must_be(rule.states)?)
    }

    /// Whether a site may use a version of the key in this way, now.
    pub(crate) fn permits(
        &self,
        origin: &CallerOrigin,
        (usage, version): (KeyUsage, Option<u32>),
        now: Now,
    ) -> Result<(), Error> {
        self.policy.knows(origin)?;
        self.must_be(&[KeyState::Enabled])?;
        self.policy.allows(usage, now)?;
        if self.is_over() {
            return Err(Error::Denied(PolicyRule::NotAfter));
        }
        if self.counts(usage) {
            self.policy.allows_more(&self.uses, now.wall_ms)?;
        }
        self.admits_version(usage, version)
    }

    /// Whether the period of its policy was seen to be over.
    pub(crate) fn is_over(&self) -> bool {
        self.over == Some(true)
    }

    /// Notes that the period of its policy is over. No clock that is set back begins it again.
    pub(crate) fn end_period(&mut self) {
        self.over = Some(true);
    }

    /// Whether a use that was permitted may still go on. It has its time and was counted.
    pub(crate) fn permits_still(
        &self,
        origin: &CallerOrigin,
        (usage, version): (KeyUsage, Option<u32>),
    ) -> Result<(), Error> {
        self.policy.knows(origin)?;
        self.must_be(&[KeyState::Enabled])?;
        self.admits_version(usage, version)
    }

    fn admits_version(&self, usage: KeyUsage, version: Option<u32>) -> Result<(), Error> {
        if !usage.makes() {
            return self.may_read(version);
        }
        let number = self.version(version)?.number;
        if number < self.min_encryption {
            return Err(Error::Denied(PolicyRule::MinVersion));
        }
        Ok(())
    }

    /// Whether a person confirms each use of the private key.
    pub(crate) fn asks(&self) -> bool {
        self.policy.asks()
    }

    /// Whether what a version has made may be read.
    pub(crate) fn may_read(&self, version: Option<u32>) -> Result<(), Error> {
        let number = self.version(version)?.number;
        let old = number < self.min_decryption;
        if old { Err(Error::Denied(PolicyRule::MinVersion)) } else { Ok(()) }
    }

    /// Whether such a use is counted: one of the private or secret key, where the
    /// policy limits them.
    pub(crate) fn counts(&self, usage: KeyUsage) -> bool {
        usage.is_secret() && self.policy.counts()
    }

    /// Counts a use that was permitted.
    pub(crate) fn count(&mut self, now_ms: u64) {
        self.uses.count(now_ms, self.policy.period_ms());
    }

    fn must_be(&self, states: &[KeyState]) -> Result<(), ErrorCode> {
        let state = self.state()?;
        if states.contains(&state) { Ok(()) } else { Err(ErrorCode::InvalidKeyState) }
    }

    /// Replaces label and alias.
    pub(crate) fn rename(&mut self, label: Option<&Label>, alias: Option<&KeyAlias>) {
        self.label = label.map(|label| label.as_str().into());
        self.alias = alias.map(|alias| alias.as_str().into());
    }

    /// Replaces the label alone.
    pub(crate) fn relabel(&mut self, label: &Label) {
        self.label = Some(label.as_str().into());
    }

    /// Lets the key be used, or not.
    pub(crate) fn set_enabled(&mut self, enabled: bool) {
        let state = if enabled { KeyState::Enabled } else { KeyState::Disabled };
        self.state = state.as_str().into();
    }

    /// Lets the key wait for its deletion, by both clocks.
    pub(crate) fn schedule_deletion(
        &mut self,
        days: u32,
        (clock, wall_ms): (&mut VaultClock, u64),
    ) -> Result<(), Error> {
        if !(MIN_DELETION_DAYS..=MAX_DELETION_DAYS).contains(&days) {
            return Err(Error::Code(ErrorCode::InvalidParams));
        }
        clock.observe(wall_ms);
        let wait = u64::from(days) * DAY_MS;
        let (date, due) = (wall_ms.saturating_add(wait), clock.passed_ms().saturating_add(wait));
        self.deletion = Some(Deletion { date, due });
        self.state = KeyState::PendingDeletion.as_str().into();
        Ok(())
    }

    /// Cancels the deletion; somebody has to enable the key on purpose.
    pub(crate) fn cancel_deletion(&mut self) {
        self.deletion = None;
        self.state = KeyState::Disabled.as_str().into();
    }

    /// Destroys a key that has waited long enough: what was wrapped is gone, what was public stays.
    pub(crate) fn destroy(&mut self, (clock, wall_ms): (&VaultClock, u64)) -> Result<(), Error> {
        self.must_be(&[KeyState::PendingDeletion])?;
        let waited =
            |deletion: &Deletion| deletion.due <= clock.passed_ms() && deletion.date <= wall_ms;
        if !self.deletion.as_ref().is_some_and(waited) {
            return Err(Error::Code(ErrorCode::InvalidKeyState));
        }
        for version in &mut self.versions {
            version.wrapped = None;
        }
        self.deletion = None;
        self.alias = None;
        self.state = KeyState::Destroyed.as_str().into();
        Ok(())
    }

    /// Whether another version may follow; returns its number.
    pub(crate) fn next_version(&self) -> Result<u32, Error> {
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
        self.version(Some(least))?;
        if least > self.min_decryption {
            return Err(Error::Denied(PolicyRule::MinVersion));
        }
        self.versions.retain(|version| version.number >= least);
        Ok(())
    }
}
