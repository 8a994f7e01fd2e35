//! Puts proof and revocations next to the manifest of an emitted folder.

use std::path::Path;

use kms_tlog::LogProof;
use kms_verify::{Input, Mark, ReleasePolicy, Statement, verify};

use super::{Error, files};
use crate::Emitted;

/// Where every deployment serves the proof of its manifest.
pub const PROOF_PATH: &str = "/.well-known/ats-kms/manifest.tlog-proof";
/// Where every deployment serves the revocations that it knows: a JSON array of notes.
pub const REVOCATIONS_PATH: &str = "/.well-known/ats-kms/revocations.json";

/// Adds the files to the folder, and their headers to its header files. The proof has to be one of
/// the folder's manifest, and to be accepted by the policy if there is one. Nothing is written
/// unless all of it is good.
pub fn publish(
    dir: &Path,
    proof: Option<&str>,
    policy: Option<&ReleasePolicy>,
    revocations: &[String],
) -> Result<(), Error> {
    let emitted = Emitted::load(dir)?;
    let list = place(dir, REVOCATIONS_PATH);
    let revocations = joined(files::read_optional(&list)?.as_deref(), revocations)?;
    if let Some(text) = proof {
        let proof = LogProof::parse(text)?;
        let statement = proof.extra.as_deref().and_then(Statement::of_note);
        let own = super::release_statement(&emitted.manifest)?;
        if statement.is_none_or(|(statement, _)| statement.to_string() != own) {
            return Err(Error::Statement("the proof is of another release"));
        }
        policy.map_or(Ok(()), |policy| accepted(policy, &emitted, text, &revocations))?;
    }
    // An empty list as well: that nothing is revoked is to be said, not left out.
    let json = serde_json::to_vec(&revocations).map_err(crate::Error::from)?;
    files::write_durably(&list, &json)?;
    if let Some(text) = proof {
        files::write_durably(&place(dir, PROOF_PATH), text.as_bytes())?;
    }
    Ok(Emitted::load(dir)?.write_to(dir)?)
}

/// What was revoked before, and what is now. Nothing is ever taken off the list.
fn joined(before: Option<&[u8]>, now: &[String]) -> Result<Vec<String>, Error> {
    let before = before.map_or(Ok(Vec::new()), serde_json::from_slice);
    let mut all: Vec<String> =
        before.map_err(|_| Error::Statement("the list of revocations cannot be read"))?;
    for note in now {
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
