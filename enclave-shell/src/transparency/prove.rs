//! The detached proof of an entry.

use std::path::Path;

use kms_tlog::{LogProof, Plan};

use super::log::EntryLog;
use super::store::LogDir;
use super::{DirSource, Error};

/// The proof of an entry under the published checkpoint of the log in a folder.
pub fn prove(dir: &Path, entry: &[u8]) -> Result<LogProof, Error> {
    let (checkpoint, note) = LogDir::new(dir).published()?;
    let log = EntryLog::of(&DirSource::new(dir), &checkpoint)?;
    let index = log.find(entry).ok_or(Error::NotLogged)?;
    let plan = Plan::inclusion(index, log.size()).ok_or(Error::NotLogged)?;
    let path = log.proof(&plan).ok_or(Error::NotLogged)?;
    Ok(LogProof { extra: Some(entry.to_vec()), index, path, checkpoint: note })
}
