//! Puts proof and revocations next to the manifest of an emitted folder.

use std::path::Path;

use kms_tlog::LogProof;
use kms_verify::Statement;

use super::{Error, files};
use crate::Emitted;

/// Where every deployment serves the proof of its manifest.
pub const PROOF_PATH: &str = "/.well-known/ats-kms/manifest.tlog-proof";
/// Where every deployment serves the revocations that it knows: a JSON array of notes.
pub const REVOCATIONS_PATH: &str = "/.well-known/ats-kms/revocations.json";

/// Adds the files to the folder, and their headers to its header files. The proof has to be one of
/// the folder's manifest.
pub fn publish(dir: &Path, proof: Option<&str>, revocations: &[String]) -> Result<(), Error> {
    let emitted = Emitted::load(dir)?;
    if let Some(text) = proof {
        let proof = LogProof::parse(text)?;
        let statement = proof.extra.as_deref().and_then(Statement::of_note);
        let own = super::release_statement(&emitted.manifest)?;
        if statement.is_none_or(|(statement, _)| statement.to_string() != own) {
            return Err(Error::Statement("the proof is of another release"));
        }
        files::write_durably(&place(dir, PROOF_PATH), text.as_bytes())?;
    }
    for note in revocations {
        match Statement::of_note(note.as_bytes()) {
            Some((Statement::Revocation(_), _)) => {}
            _ => return Err(Error::Statement("a revocation is none")),
        }
    }
    if !revocations.is_empty() {
        let list = serde_json::to_vec(revocations).map_err(crate::Error::from)?;
        files::write_durably(&place(dir, REVOCATIONS_PATH), &list)?;
    }
    Ok(Emitted::load(dir)?.write_to(dir)?)
}

fn place(dir: &Path, path: &str) -> std::path::PathBuf {
    dir.join(path.trim_start_matches('/'))
}
