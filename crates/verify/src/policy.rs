//! Whose word counts for a deployment, and how old it has to be.

use kms_manifest::{Origin, SigningKeys};
use kms_tlog::{Policy, VerifierKey};
use serde::Deserialize;

use crate::fault::Fault;
use crate::signers::Signers;

/// Version of the policy format.
const SCHEMA: u32 = 1;
/// Longest policy that is read, in bytes.
const MAX_POLICY: usize = 128 * 1024;
/// Longest cool-down: a year.
const MAX_HOURS: u64 = 24 * 366;
const HOUR: u64 = 3600;

/// A policy. It is public, and pinned by whoever relies on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleasePolicy {
    /// The deployment.
    pub origin: Origin,
    /// Who signs releases and revocations.
    pub signers: Signers,
    /// Logs and witnesses.
    pub transparency: Policy,
    /// How long an entry has to be public, in seconds.
    pub cool_down: u64,
}

/// The JSON form.
#[derive(Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
struct Form {
    schema: u32,
    origin: Origin,
    signers: SigningKeys,
    /// The lines of a C2SP tlog-policy.
    transparency: Vec<String>,
    cool_down_hours: u64,
}

kms_manifest::read_from_objects!(Form);

impl ReleasePolicy {
    /// Reads a policy.
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        if bytes.len() > MAX_POLICY {
            return Err(Fault::PolicyForm);
        }
        let form: Form = serde_json::from_slice(bytes).map_err(|_| Fault::PolicyForm)?;
        let keys = Signers::parse_keys(&form.signers).ok_or(Fault::PolicyForm)?;
        let lines = form.transparency.join("\n") + "\n";
        let transparency = Policy::parse(&lines).map_err(|_| Fault::PolicyForm)?;
        let signers = Signers::new(form.signers.threshold, keys).ok_or(Fault::PolicyRule)?;
        let cool_down = form.cool_down_hours.saturating_mul(HOUR);
        let policy = Self { origin: form.origin, signers, transparency, cool_down };
        let sound = form.schema == SCHEMA && form.cool_down_hours <= MAX_HOURS && policy.is_sound();
        if sound { Ok(policy) } else { Err(Fault::PolicyRule) }
    }

    /// There is a log, witnesses have a word, and no key has two parts.
    fn is_sound(&self) -> bool {
        let logs = self.transparency.logs().iter().map(|log| log.key.public());
        let witnesses = self.transparency.witnesses().iter().map(|witness| witness.key.public());
        let signers = self.signers.keys().iter().map(VerifierKey::public);
        let keys: Vec<_> = logs.chain(witnesses).chain(signers).collect();
        let twice = |place: usize| keys[..place].contains(&keys[place]);
        !self.transparency.logs().is_empty()
            && self.transparency.has_quorum()
            && !(0..keys.len()).any(twice)
    }
}
