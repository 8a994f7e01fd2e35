//! The verification itself, in the order in which a fault says the most.

use kms_manifest::{Manifest, ManifestError, Sha256};
use kms_tlog::{
    Checkpoint, LogProof, Plan, SeenFault, Vouched, leaf_hash, parse_hashes, verify_consistency,
};

use crate::fault::Fault;
use crate::mark::{Mark, SeenRelease};
use crate::policy::ReleasePolicy;
use crate::signers::Unsigned;
use crate::statement::{Release, Statement};

/// Clocks of witnesses may be ahead of the reader's by so many seconds.
const CLOCK_SKEW: u64 = 300;

/// What a verification takes. Nothing of it but policy, mark and time is trusted.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The policy.
    pub policy: &'a ReleasePolicy,
    /// The bytes of `manifest.json`.
    pub manifest: &'a [u8],
    /// A C2SP tlog-proof, whose extra data is the signed statement.
    pub proof: &'a [u8],
    /// That the log has grown from the tree of the mark: one hash to a line. Only read where the
    /// tree of the proof is larger.
    pub growth: Option<&'a [u8]>,
    /// Signed revocations.
    pub revocations: &'a [Vec<u8>],
    /// The deployment has not sent its list of them, which may be empty but has to be there.
    pub withheld: bool,
    /// What was accepted before.
    pub mark: &'a Mark,
    /// Seconds since 1970.
    pub now: u64,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The release, or why it is refused.
    pub result: Result<Accepted, Fault>,
    /// What to keep, also of a release that is refused: a revocation is never undone.
    pub mark: Mark,
}

/// A release that is what the policy asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Its manifest.
    pub manifest: Box<Manifest>,
    /// Digest of the manifest.
    pub digest: Sha256,
    /// The log, by its origin.
    pub log: String,
    /// Place of the statement in it.
    pub index: u64,
    /// Size of the tree that the witnesses have seen.
    pub size: u64,
    /// When a quorum of them had seen it, in seconds since 1970.
    pub time: u64,
}

/// Verifies a release.
#[must_use]
pub fn verify(input: &Input) -> Verdict {
    let mut mark = input.mark.clone();
    let result = check(input, &mut mark);
    Verdict { result, mark }
}

fn check(input: &Input, mark: &mut Mark) -> Result<Accepted, Fault> {
    let fault = learn_revocations(input, mark).err();
    let digest = Sha256::of(input.manifest);
    if mark.revoked.contains(&digest) {
        return Err(Fault::Revoked);
    }
    if let Some(fault) = fault {
        return Err(fault);
    }
    let manifest = parse_manifest(input)?;
    let proof = std::str::from_utf8(input.proof).map_err(|_| Fault::ProofForm)?;
    let proof = LogProof::parse(proof).map_err(|_| Fault::ProofForm)?;
    let entry = proof.extra.as_deref().ok_or(Fault::StatementMissing)?;
    check_statement(input.policy, entry, &manifest, &digest)?;
    let Vouched { checkpoint, time } = input.policy.transparency.check(&proof.checkpoint)?;
    check_inclusion(&proof, entry, &checkpoint)?;
    // A sound policy has a quorum, and a quorum has a time.
    let time = time.ok_or(Fault::QuorumMissing)?;
    check_time(time, input)?;
    check_tree(input, &checkpoint)?;
    check_epoch(input.mark, &manifest, digest)?;
    mark.saw_tree(&checkpoint);
    mark.release = Some(SeenRelease { epoch: manifest.epoch, manifest: digest });
    mark.revoked.extend(&manifest.status.revoked);
    let Checkpoint { origin: log, size, .. } = checkpoint;
    Ok(Accepted { manifest: Box::new(manifest), digest, log, index: proof.index, size, time })
}

/// Takes every good revocation into the mark, also those behind a bad one: who adds a bad one would
/// hide them.
fn learn_revocations(input: &Input, mark: &mut Mark) -> Result<(), Fault> {
    let mut result = if input.withheld { Err(Fault::RevocationsMissing) } else { Ok(()) };
    for revocation in input.revocations {
        match revoked(input.policy, revocation) {
            Ok(manifest) => {
                mark.revoked.insert(manifest);
            }
            Err(fault) => result = result.and(Err(fault)),
        }
    }
    result
}

/// The release that a revocation revokes.
fn revoked(policy: &ReleasePolicy, revocation: &[u8]) -> Result<Sha256, Fault> {
    let (statement, note) = Statement::of_note(revocation).ok_or(Fault::RevocationForm)?;
    let Statement::Revocation(revocation) = statement else { return Err(Fault::RevocationForm) };
    policy.signers.check(&note).map_err(|problem| match problem {
        Unsigned::Wrong => Fault::RevocationSignature,
        Unsigned::TooFew => Fault::RevocationUnsigned,
    })?;
    if revocation.origin == policy.origin {
        Ok(revocation.manifest)
    } else {
        Err(Fault::RevocationOrigin)
    }
}

fn parse_manifest(input: &Input) -> Result<Manifest, Fault> {
    let manifest = Manifest::parse(input.manifest).map_err(|error| match error {
        ManifestError::TooLong => Fault::ManifestTooLong,
        ManifestError::Json(_) => Fault::ManifestForm,
        ManifestError::NotCanonical => Fault::ManifestSpelling,
        ManifestError::Field(_) | ManifestError::Header(_) => Fault::ManifestRule,
    })?;
    let here = manifest.deployment.origin == input.policy.origin;
    if here { Ok(manifest) } else { Err(Fault::ManifestOrigin) }
}

/// The signers speak of exactly this manifest.
fn check_statement(
    policy: &ReleasePolicy,
    entry: &[u8],
    manifest: &Manifest,
    digest: &Sha256,
) -> Result<(), Fault> {
    let (statement, note) = Statement::of_note(entry).ok_or(Fault::StatementForm)?;
    let Statement::Release(release) = statement else { return Err(Fault::StatementKind) };
    policy.signers.check(&note).map_err(|problem| match problem {
        Unsigned::Wrong => Fault::StatementSignature,
        Unsigned::TooFew => Fault::StatementUnsigned,
    })?;
    let Release { origin, epoch, version, manifest: named, previous } = release;
    let rules = [
        (Fault::StatementManifest, named == *digest),
        (Fault::StatementOrigin, origin == manifest.deployment.origin),
        (Fault::StatementEpoch, epoch == manifest.epoch),
        (Fault::StatementVersion, version == manifest.version),
        (Fault::StatementPrevious, previous == manifest.previous),
    ];
    rules.iter().find(|(_, holds)| !holds).map_or(Ok(()), |(fault, _)| Err(*fault))
}

impl From<SeenFault> for Fault {
    fn from(fault: SeenFault) -> Self {
        match fault {
            SeenFault::Log => Self::LogUnknown,
            SeenFault::LogSignature => Self::LogSignature,
            SeenFault::Checkpoint => Self::CheckpointForm,
            SeenFault::WitnessSignature => Self::WitnessSignature,
            SeenFault::Quorum => Self::QuorumMissing,
        }
    }
}

fn check_inclusion(proof: &LogProof, entry: &[u8], tree: &Checkpoint) -> Result<(), Fault> {
    let plan = Plan::inclusion(proof.index, tree.size).ok_or(Fault::IndexOutOfRange)?;
    if proof.path.len() < plan.len() {
        return Err(Fault::ProofTruncated);
    }
    if proof.path.len() > plan.len() {
        return Err(Fault::ProofPadded);
    }
    let included = proof.includes(&leaf_hash(entry), tree);
    if included { Ok(()) } else { Err(Fault::NotIncluded) }
}

fn check_time(time: u64, input: &Input) -> Result<(), Fault> {
    if time > input.now.saturating_add(CLOCK_SKEW) {
        return Err(Fault::FromTheFuture);
    }
    let old_enough = input.now.saturating_sub(time) >= input.policy.cool_down;
    if old_enough { Ok(()) } else { Err(Fault::TooYoung) }
}

/// The log is the one that was seen, and not an earlier or another state of it.
fn check_tree(input: &Input, tree: &Checkpoint) -> Result<(), Fault> {
    let Some(seen) = input.mark.logs.get(&tree.origin) else { return Ok(()) };
    if tree.size < seen.size {
        return Err(Fault::LogReplayed);
    }
    if tree.size == seen.size {
        let same = Sha256::from(tree.root) == seen.root;
        return if same { Ok(()) } else { Err(Fault::LogSplit) };
    }
    let growth = input.growth.ok_or(Fault::GrowthMissing)?;
    let growth = std::str::from_utf8(growth).ok().and_then(parse_hashes);
    let growth = growth.ok_or(Fault::GrowthForm)?;
    let (old, new) = ((seen.size, seen.root.as_bytes()), (tree.size, &tree.root));
    if verify_consistency(old, new, &growth) { Ok(()) } else { Err(Fault::LogForked) }
}

/// Releases follow each other; those between may have been missed.
fn check_epoch(mark: &Mark, manifest: &Manifest, digest: Sha256) -> Result<(), Fault> {
    let Some(seen) = mark.release else { return Ok(()) };
    if manifest.epoch < seen.epoch {
        return Err(Fault::Rollback);
    }
    if manifest.epoch == seen.epoch {
        return if digest == seen.manifest { Ok(()) } else { Err(Fault::EpochSplit) };
    }
    let next = manifest.epoch - seen.epoch == 1;
    if next && manifest.previous != Some(seen.manifest) {
        return Err(Fault::PreviousMismatch);
    }
    Ok(())
}
