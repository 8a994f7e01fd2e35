//! Whose signatures count for a host, as WEBCAT's enrolment says.

use std::collections::BTreeMap;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Fault;

/// The longest policy that the extension reads.
const POLICY_LIMIT: usize = 8192;

/// `enrollment.json`, for either system of signatures.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum Enrolment {
    Sigsum(Sigsum),
    Sigstore(Sigstore),
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Sigsum {
    signers: Vec<String>,
    threshold: usize,
    policy: String,
    max_age: u64,
    cas_url: String,
    logs: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Sigstore {
    trusted_root: Map<String, Value>,
    claims: BTreeMap<String, String>,
    max_age: u64,
}

impl Enrolment {
    pub(super) fn faults(&self) -> Vec<Fault> {
        let rules = match self {
            Self::Sigsum(it) => it.rules(),
            Self::Sigstore(it) => it.rules(),
        };
        let broken = rules.into_iter().filter(|(_, holds)| !holds);
        broken.map(|(name, _)| Fault::Enrolment(name)).collect()
    }

    /// Whether there are signatures of as many signers as it takes. That they are good, WEBCAT's own
    /// tools say.
    pub(super) fn is_signed_by(&self, signatures: &Value) -> bool {
        match (self, signatures) {
            (Self::Sigsum(it), Value::Object(by_key)) => {
                let signed = it.signers.iter().filter(|key| by_key.contains_key(*key)).count();
                signed >= it.threshold.max(1)
            }
            (Self::Sigstore(_), Value::Array(bundles)) => !bundles.is_empty(),
            _ => false,
        }
    }

    /// Only a signature of Sigstore brings its time with it.
    pub(super) fn needs_timestamp(&self) -> bool {
        matches!(self, Self::Sigsum(_))
    }
}

impl Sigsum {
    fn rules(&self) -> Vec<(&'static str, bool)> {
        let policy = self.policy.len() <= POLICY_LIMIT && decoded(&self.policy).is_some();
        let signers = !self.signers.is_empty() && self.signers.iter().all(|key| is_key(key));
        let logs = !self.logs.is_empty()
            && self.logs.iter().all(|(key, url)| is_key(key) && !url.is_empty());
        vec![
            ("policy", policy),
            ("signers", signers),
            ("threshold", (1..=self.signers.len()).contains(&self.threshold)),
            ("max_age", self.max_age > 0),
            ("cas_url", !self.cas_url.is_empty()),
            ("logs", logs),
        ]
    }
}

impl Sigstore {
    fn rules(&self) -> Vec<(&'static str, bool)> {
        let told = |(oid, value): (&String, &String)| !oid.is_empty() && !value.is_empty();
        vec![
            ("trusted_root", !self.trusted_root.is_empty()),
            ("claims", !self.claims.is_empty() && self.claims.iter().all(told)),
            ("max_age", self.max_age > 0),
        ]
    }
}

/// What base64url holds, unless that is nothing.
fn decoded(text: &str) -> Option<Vec<u8>> {
    Base64UrlUnpadded::decode_vec(text).ok().filter(|bytes| !bytes.is_empty())
}

/// An Ed25519 public key.
fn is_key(text: &str) -> bool {
    decoded(text).is_some_and(|bytes| bytes.len() == 32)
}
