//! What an embedder pins: one release, or two while one takes the other's place.

use kms_manifest::{Pin, Sha256};

use super::VerifyError;

/// The pinned release, or the current and the next one of a roll-out; empty where nothing is pinned.
/// The client takes the same lists (`crates/client/src/rollout.js`).
#[derive(Debug, Clone, Default)]
pub struct Pins(Vec<Pin>);

impl Pins {
    /// What no embedder could pin is refused.
    pub fn new(pins: Vec<Pin>) -> Result<Self, VerifyError> {
        let problem = match pins.as_slice() {
            [] | [_] => None,
            [first, second] => contradiction(first, second),
            _ => Some("more than two"),
        };
        problem.map_or(Ok(Self(pins)), |problem| Err(VerifyError::Pins(problem)))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the pinned page is the one for WEBCAT.
    pub(super) fn are_for_webcat(&self) -> bool {
        self.0.first().is_some_and(|pin| pin.webcat)
    }

    /// The release with this manifest.
    pub(super) fn of_manifest(&self, digest: &Sha256) -> Option<&Pin> {
        self.0.iter().find(|pin| pin.manifest == *digest)
    }

    /// The release with this page; the first one if there is none.
    pub(super) fn of_page(&self, digest: Option<Sha256>) -> Option<&Pin> {
        self.0.iter().find(|pin| Some(pin.html) == digest).or(self.0.first())
    }

    /// The digests of the manifests, in words.
    pub(super) fn named(&self) -> String {
        let named: Vec<_> = self.0.iter().map(|pin| pin.manifest.to_string()).collect();
        named.join(" or ")
    }
}

impl From<Pin> for Pins {
    fn from(pin: Pin) -> Self {
        Self(vec![pin])
    }
}

/// Why two releases cannot be pinned together. The browser is told one policy for both, and the running
/// enclave says which of them it is by its version.
fn contradiction(first: &Pin, second: &Pin) -> Option<&'static str> {
    let hashes = |pin: &Pin| format!("'{}' '{}'", pin.module.integrity, pin.tools.integrity);
    let both = first.csp.replace(&hashes(first), &hashes(second));
    match () {
        () if first.url != second.url => Some("two origins"),
        () if first.version == second.version => Some("two of one version"),
        () if both != second.csp || first.webcat != second.webcat => Some("two policies"),
        () => None,
    }
}
