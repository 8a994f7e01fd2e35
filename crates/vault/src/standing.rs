//! What signers say against releases. A page brings it, as bytes that nobody trusts; who signs is in
//! the release that runs. A revocation is remembered: in the sealed settings, and in the header with
//! what proves it, so that it counts before the unlock and nobody can make one up.

use std::rc::Rc;

use kms_protocol::{ErrorCode, LockReason, NoticeParams, ReleaseStanding, Standing};
use kms_verify::{Notice, Standing as Said};
use minicbor::{Decode, Encode};

use crate::audit::{Draft, Edited};
use crate::enclave::Inner;
use crate::header::Header;
use crate::tripwire::KnownRelease;
use crate::{Clock, Config, Error, Ports, stored};

/// Most proofs of revocations in a header; the oldest make room.
const MAX_PROOFS: usize = 8;
/// Most revoked releases in the settings; the oldest make room.
const MAX_REVOKED: usize = 64;

/// What proves that a release was revoked.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Proof {
    #[cbor(n(0), with = "minicbor::bytes")]
    manifest: Vec<u8>,
    #[cbor(n(1), with = "minicbor::bytes")]
    statement: Vec<u8>,
    #[cbor(n(2), with = "minicbor::bytes")]
    successor: Option<Vec<u8>>,
}

impl Proof {
    fn heard(&self, config: &Config) -> Option<(KnownRelease, Said)> {
        let Self { manifest, statement, successor } = self;
        let notice = Notice { manifest, statement, successor: successor.as_deref() };
        let warned = notice.heard(config.signers.as_ref()?, &config.origin)?;
        let (worker, wasm) = (warned.worker.to_string(), warned.wasm.to_string());
        let release = KnownRelease { version: warned.version, worker, wasm };
        release.is_sane().then_some((release, warned.standing))
    }

    /// The release that it revokes; proofs of anything else are not kept.
    fn revoked(&self, config: &Config) -> Option<KnownRelease> {
        self.heard(config).filter(|(_, said)| *said == Said::Revoked).map(|(release, _)| release)
    }
}

impl Header {
    /// Keeps a proof, once.
    fn keep(&mut self, proof: &Proof) {
        let proofs = self.revocations.get_or_insert_default();
        if !proofs.contains(proof) {
            proofs.truncate(MAX_PROOFS - 1);
            proofs.insert(0, proof.clone());
        }
    }

    /// The releases that its proofs revoke.
    fn revoked(&self, config: &Config) -> impl Iterator<Item = KnownRelease> {
        let proofs = self.revocations.as_deref().unwrap_or_default();
        proofs.iter().filter_map(|proof| proof.revoked(config))
    }
}

impl Edited {
    /// Takes over what the header proves, and fails if that or the settings revoke the release.
    pub(crate) fn check_revoked(&mut self, config: &Config) -> Result<(), Error> {
        for release in self.header.revoked(config) {
            self.settings.note_revoked(&release);
        }
        let running = KnownRelease::running(config);
        let revoked = self.settings.is_revoked(&running);
        if revoked { Err(Error::Code(ErrorCode::ReleaseRevoked)) } else { Ok(()) }
    }
}

/// Adds a release to a list of revoked ones, once.
pub(crate) fn add_revoked(list: &mut Vec<KnownRelease>, release: &KnownRelease) {
    if !list.contains(release) {
        list.truncate(MAX_REVOKED - 1);
        list.insert(0, release.clone());
    }
}

impl<P: Ports> Inner<P> {
    /// Hears what signers say of a release.
    pub(crate) async fn hear(
        self: &Rc<Self>,
        params: NoticeParams,
    ) -> Result<ReleaseStanding, Error> {
        let NoticeParams { manifest, statement, successor } = params;
        let proof = Proof { manifest, statement, successor };
        let running = KnownRelease::running(&self.config);
        match proof.heard(&self.config) {
            Some((release, Said::Revoked)) => self.revoke(&proof, &release).await?,
            Some((release, Said::Deprecated)) if release == running => self.tripwire.deprecate(),
            _ => {}
        }
        Ok(ReleaseStanding { standing: self.tripwire.standing() })
    }

    /// Refuses to make a vault with a release that is known to be revoked.
    pub(crate) fn must_not_be_revoked(&self) -> Result<(), Error> {
        let revoked = self.tripwire.standing() == Standing::Revoked;
        if revoked { Err(Error::Code(ErrorCode::ReleaseRevoked)) } else { Ok(()) }
    }

    /// Looks at what a header proves of the release that runs.
    pub(crate) fn heed(&self, header: &Header) {
        let running = KnownRelease::running(&self.config);
        if header.revoked(&self.config).any(|release| release == running) {
            self.tripwire.revoke();
        }
    }

    /// If it is the release that runs, nothing opens with it from here on, and what is open is locked
    /// also where the revocation cannot be stored.
    async fn revoke(self: &Rc<Self>, proof: &Proof, release: &KnownRelease) -> Result<(), Error> {
        let own = *release == KnownRelease::running(&self.config);
        if own {
            self.tripwire.revoke();
        }
        let kept = self.remember(proof, release).await;
        if own && self.unlocked().is_ok() {
            self.lock(LockReason::Fault, None).await;
        }
        kept
    }

    async fn remember(self: &Rc<Self>, proof: &Proof, release: &KnownRelease) -> Result<(), Error> {
        let Ok(vault) = self.unlocked() else {
            return self.remember_locked(proof).await;
        };
        if vault.settings.borrow().is_revoked(release) {
            return Ok(());
        }
        let (proof, release) = (proof.clone(), release.clone());
        let edit = move |edited: &mut Edited| {
            edited.header.keep(&proof);
            edited.settings.note_revoked(&release);
            Ok(())
        };
        let draft = Draft::internal("vault.release.revoked", self.ports.clock().now_ms());
        self.commit_edit(draft, Box::new(edit)).await
    }

    /// The settings take it over at the next unlock.
    async fn remember_locked(&self, proof: &Proof) -> Result<(), Error> {
        let known = |header: &Header| {
            header.revocations.as_ref().is_some_and(|proofs| proofs.contains(proof))
        };
        match stored::header(&self.ports).await? {
            Some(header) if !known(&header) => {}
            _ => return Ok(()),
        }
        let changed = stored::change_header(&self.ports, |header| {
            header.keep(proof);
            Ok(())
        });
        self.note_header(changed.await?);
        Ok(())
    }
}
