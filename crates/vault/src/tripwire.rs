//! The tripwire: which release last opened the vault, and what is shown when another one runs.
//!
//! It is remembered twice: in the header, which is read before the unlock, and in the sealed settings,
//! which whoever edits the storage cannot make. The sealed one decides.

use std::cell::{Cell, RefCell};
use std::cmp::Ordering;

use kms_protocol::Standing;
use minicbor::{Decode, Encode};
use semver::Version;

use crate::enclave::Inner;
use crate::{Config, Ports};

/// Longest text of a release, in bytes: a version, or a digest with its name.
const MAX_TEXT: usize = 64;

/// A release, as it measured itself.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct KnownRelease {
    /// Its version.
    #[n(0)]
    pub version: String,
    /// Digest of its worker source.
    #[n(1)]
    pub worker: String,
    /// Digest of its wasm.
    #[n(2)]
    pub wasm: String,
}

/// Which way a change of release goes, by its versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// To a newer version.
    Newer,
    /// To an older version.
    Older,
    /// To other code of the same version, or between versions that have no order.
    Other,
}

/// Another release runs than the one that last opened the vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseChange {
    /// The one that did.
    pub from: KnownRelease,
    /// The one that runs.
    pub to: KnownRelease,
    /// Which way that goes.
    pub course: Course,
}

/// What a person has to know of the release before it opens the vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseNotice {
    /// The release that runs.
    pub running: KnownRelease,
    /// Another one opened the vault last.
    pub change: Option<ReleaseChange>,
    /// What its signers say of it.
    pub standing: Standing,
}

/// What this tab knows of it beside the header.
#[derive(Default)]
pub(crate) struct Tripwire {
    /// What the sealed settings said, where the header had said something else.
    sealed: RefCell<Option<KnownRelease>>,
    /// The release that the person accepts a change from.
    accepted: RefCell<Option<KnownRelease>>,
    /// Whether the release that runs is revoked.
    revoked: Cell<bool>,
    /// Whether it is deprecated, and whether the person uses it all the same.
    deprecated: Cell<Option<bool>>,
}

impl Tripwire {
    /// What is known of the release that runs.
    pub(crate) fn standing(&self) -> Standing {
        match self.deprecated.get() {
            _ if self.revoked.get() => Standing::Revoked,
            Some(_) => Standing::Deprecated,
            None => Standing::Unknown,
        }
    }

    /// The release that runs is revoked, for good.
    pub(crate) fn revoke(&self) {
        self.revoked.set(true);
    }

    /// The release that runs is to be replaced.
    pub(crate) fn deprecate(&self) {
        self.deprecated.set(Some(self.deprecated.get() == Some(true)));
    }

    /// Whether it is to be replaced, and whether the person uses it all the same.
    pub(crate) fn deprecation(&self) -> Option<bool> {
        self.deprecated.get()
    }
}

impl KnownRelease {
    /// The release that runs.
    pub(crate) fn running(config: &Config) -> Self {
        Self {
            version: config.release.clone(),
            worker: config.worker_digest.clone(),
            wasm: config.wasm_digest.clone(),
        }
    }

    /// Whether a release can have written this.
    pub(crate) fn is_sane(&self) -> bool {
        let is_line = |text: &String| {
            (1..=MAX_TEXT).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
        };
        [&self.version, &self.worker, &self.wasm].into_iter().all(is_line)
    }

    /// Which way it is from this release to another.
    fn course(&self, to: &Self) -> Course {
        let order = match (Version::parse(&self.version), Version::parse(&to.version)) {
            (Ok(from), Ok(to)) => to.cmp_precedence(&from),
            _ => Ordering::Equal,
        };
        match order {
            Ordering::Less => Course::Older,
            Ordering::Equal => Course::Other,
            Ordering::Greater => Course::Newer,
        }
    }
}

impl Course {
    /// Name on the channel.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Course::Newer => "newer",
            Course::Older => "older",
            Course::Other => "other",
        }
    }

    /// What the log calls such a change.
    const fn event(self) -> &'static str {
        match self {
            Course::Newer => "vault.release.newer",
            Course::Older => "vault.release.older",
            Course::Other => "vault.release.other",
        }
    }
}

impl ReleaseChange {
    /// The change between two releases; `None` if they are one.
    pub(crate) fn between(from: &KnownRelease, to: &KnownRelease) -> Option<Self> {
        let change = || Self { from: from.clone(), to: to.clone(), course: from.course(to) };
        (from != to).then(change)
    }

    /// What the log calls it.
    pub(crate) const fn event(&self) -> &'static str {
        self.course.event()
    }
}

impl<P: Ports> Inner<P> {
    /// The change of release that the person has not accepted yet, as far as it is known before
    /// the unlock.
    fn new_release(&self) -> Option<ReleaseChange> {
        let sealed = self.tripwire.sealed.borrow().clone();
        let copied = || self.header.borrow().as_ref()?.release.clone();
        let from = sealed.or_else(copied)?;
        ReleaseChange::between(&from, &KnownRelease::running(&self.config))
            .filter(|change| self.accepted_release().as_ref() != Some(&change.from))
    }

    /// What the person has to know before the unlock and has not accepted yet.
    pub(crate) fn release_notice(&self) -> Option<ReleaseNotice> {
        let (change, standing) = (self.new_release(), self.tripwire.standing());
        let warned = standing == Standing::Revoked || self.tripwire.deprecation() == Some(false);
        let running = KnownRelease::running(&self.config);
        (warned || change.is_some()).then_some(ReleaseNotice { running, change, standing })
    }

    /// The release that the person accepts a change from.
    pub(crate) fn accepted_release(&self) -> Option<KnownRelease> {
        self.tripwire.accepted.borrow().clone()
    }

    /// The person has seen it and goes on, which a revoked release does not let them.
    pub(crate) fn accept_release(&self, notice: &ReleaseNotice) {
        if let Some(change) = &notice.change {
            *self.tripwire.accepted.borrow_mut() = Some(change.from.clone());
        }
        // Only what was shown: it may have been deprecated since.
        if notice.standing == Standing::Deprecated {
            self.tripwire.deprecated.set(Some(true));
        }
    }

    /// Notes what the sealed settings say of the release that last opened the vault.
    pub(crate) fn note_sealed_release(&self, release: Option<KnownRelease>) {
        *self.tripwire.sealed.borrow_mut() = release;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(version: &str) -> KnownRelease {
        KnownRelease { version: version.into(), worker: "a".into(), wasm: "b".into() }
    }

    #[test]
    fn versions_have_an_order_and_equal_ones_none() {
        let course = |from, to| release(from).course(&release(to));
        assert_eq!(course("0.9.0", "0.10.0"), Course::Newer);
        assert_eq!(course("1.0.0", "1.0.0-rc.1"), Course::Older);
        for (from, to) in [("1.0.0", "1.0.0"), ("1.0.0+a", "1.0.0+b"), ("main", "1.0.0")] {
            assert_eq!(course(from, to), Course::Other, "{from} {to}");
        }
        let names = [Course::Newer, Course::Older, Course::Other].map(Course::as_str);
        assert_eq!(names, ["newer", "older", "other"]);
    }

    #[test]
    fn a_change_of_any_digest_is_a_change() {
        let known = release("1.0.0");
        assert_eq!(ReleaseChange::between(&known, &known), None);
        let others = [
            KnownRelease { worker: "c".into(), ..known.clone() },
            KnownRelease { wasm: "c".into(), ..known.clone() },
        ];
        for other in others {
            let change = ReleaseChange::between(&known, &other).unwrap();
            assert_eq!((change.course, change.event()), (Course::Other, "vault.release.other"));
        }
    }

    #[test]
    fn what_no_release_has_written_is_told() {
        assert!(release("1.0.0").is_sane());
        for version in ["", "a b", "\n", "é", &"1".repeat(65)] {
            assert!(!release(version).is_sane(), "{version:?}");
        }
    }
}
