//! Puts proof, revocations and the manifests of earlier releases next to the manifest of an emitted folder.

use std::path::Path;

use kms_manifest::{MANIFEST_PATH, Sha256};
use kms_tlog::LogProof;
use kms_verify::{Input, Mark, ReleasePolicy, Statement, verify};

use super::{Error, files};
use crate::{Emitted, earlier_path};

/// Where every deployment serves the proof of its manifest.
pub const PROOF_PATH: &str = "/.well-known/ats-kms/manifest.tlog-proof";
/// Where every deployment serves the revocations that it knows: a JSON array of notes.
pub const REVOCATIONS_PATH: &str = "/.well-known/ats-kms/revocations.json";

/// What is put next to a manifest.
#[derive(Debug, Clone, Copy, Default)]
pub struct Publication<'a> {
    /// The proof of the release.
    pub proof: Option<&'a str>,
    /// What has to accept the proof.
    pub policy: Option<&'a ReleasePolicy>,
    /// Signed revocations, beside those that are published already.
    pub revocations: &'a [String],
    /// The folder that was published before. What it says of releases is said on: its manifest, those
    /// of earlier releases, its revocations.
    pub after: Option<&'a Path>,
}

/// Adds the files to the folder, and their headers to its header files. The proof has to be one of
/// the folder's manifest, and to be accepted by the policy if there is one. Nothing is written
/// unless all of it is good.
pub fn publish(dir: &Path, publication: &Publication) -> Result<(), Error> {
    let emitted = Emitted::load(dir)?;
    let before = publication.after.map(|after| before(after, &emitted)).transpose()?;
    let list = |dir: &Path| files::read_optional(&place(dir, REVOCATIONS_PATH));
    let lists = [publication.after.map_or(Ok(None), list)?, list(dir)?];
    let revocations = joined(lists.iter().flatten(), publication.revocations)?;
    if let Some(text) = publication.proof {
        let proof = LogProof::parse(text)?;
        let statement = proof.extra.as_deref().and_then(Statement::of_note);
        let own = super::release_statement(&emitted.manifest)?;
        if statement.is_none_or(|(statement, _)| statement.to_string() != own) {
            return Err(Error::Statement("the proof is of another release"));
        }
        let policy = publication.policy;
        policy.map_or(Ok(()), |policy| accepted(policy, &emitted, text, &revocations))?;
    }
    for (path, bytes) in before.iter().flat_map(kept).chain(kept(&emitted)) {
        files::write_durably(&place(dir, &path), bytes)?;
    }
    // An empty list as well: that nothing is revoked is to be said, not left out.
    let json = serde_json::to_vec(&revocations).map_err(crate::Error::from)?;
    files::write_durably(&place(dir, REVOCATIONS_PATH), &json)?;
    if let Some(text) = publication.proof {
        files::write_durably(&place(dir, PROOF_PATH), text.as_bytes())?;
    }
    Ok(Emitted::load(dir)?.write_to(dir)?)
}

/// What was published before, of the same deployment.
fn before(dir: &Path, emitted: &Emitted) -> Result<Emitted, Error> {
    let before = Emitted::load(dir)?;
    if before.pin.url == emitted.pin.url {
        Ok(before)
    } else {
        Err(Error::Statement("what was published before is of another deployment"))
    }
}

/// The manifest of a release as one that is to be kept, and those that it has kept itself.
fn kept(emitted: &Emitted) -> impl Iterator<Item = (String, &[u8])> {
    emitted.files.iter().filter_map(|(path, asset)| {
        let at = earlier_path(&Sha256::of(&asset.bytes));
        (*path == at || path == MANIFEST_PATH).then_some((at, asset.bytes.as_slice()))
    })
}

/// What was revoked before, and what is now. Nothing is ever taken off the list.
fn joined<'a>(
    before: impl Iterator<Item = &'a Vec<u8>>,
    now: &[String],
) -> Result<Vec<String>, Error> {
    let lists = before.map(|list| serde_json::from_slice::<Vec<String>>(list));
    let lists = lists.collect::<Result<Vec<_>, _>>();
    let before = lists.map_err(|_| Error::Statement("the list of revocations cannot be read"))?;
    let mut all = Vec::new();
    for note in before.iter().flatten().chain(now) {
        if !all.contains(note) {
            all.push(note.clone());
        }
    }
    let good = |note: &String| {
        matches!(Statement::of_note(note.as_bytes()), Some((Statement::Revocation(_), _)))
    };
    if all.iter().all(good) { Ok(all) } else { Err(Error::Statement("a revocation is none")) }
}

/// Nothing was seen before: whoever publishes has no mark.
fn accepted(
    policy: &ReleasePolicy,
    emitted: &Emitted,
    proof: &str,
    revocations: &[String],
) -> Result<(), Error> {
    let manifest = emitted.manifest.to_bytes().map_err(crate::Error::from)?;
    let revocations: Vec<_> = revocations.iter().map(|note| note.clone().into_bytes()).collect();
    let verdict = verify(&Input {
        policy,
        manifest: &manifest,
        proof: proof.as_bytes(),
        growth: None,
        revocations: &revocations,
        withheld: false,
        mark: &Mark::new(&policy.origin),
        now: super::now(),
    });
    Ok(verdict.result.map(drop)?)
}

fn place(dir: &Path, path: &str) -> std::path::PathBuf {
    dir.join(path.trim_start_matches('/'))
}
