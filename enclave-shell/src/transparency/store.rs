//! A log in a folder that any static host can serve (C2SP tlog-tiles).
//!
//! Entries wait in `pending/` until the next checkpoint. Tiles and bundles are on the disk before
//! the checkpoint that has them; nothing that was published is written again.

use std::fs;
use std::path::{Path, PathBuf};

use kms_tlog::{Checkpoint, Note, Policy, SignerKey, Vouched, entries};
use kms_verify::Statement;
use serde::Serialize;

use super::log::{EntryLog, LogFault};
use super::submit::{self, Witnesses};
use super::{DirSource, Error, Source as _, files};

pub(super) const CHECKPOINT: &str = "checkpoint";
const PENDING: &str = "pending";

/// A folder that holds a log.
#[derive(Debug, Clone)]
pub struct LogDir(PathBuf);

/// What an audit found.
#[derive(Debug, Clone, Serialize)]
pub struct Audit {
    /// The log.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// How many of them are releases.
    pub releases: usize,
    /// How many of them are revocations.
    pub revocations: usize,
    /// When a quorum of witnesses had seen it, if the policy asks for one.
    pub seen: Option<u64>,
}

impl LogDir {
    /// The log in this folder.
    #[must_use]
    pub fn new(dir: &Path) -> Self {
        Self(dir.to_owned())
    }

    /// Begins a log, named as its key, with a checkpoint of no entries.
    pub fn init(&self, key: &SignerKey) -> Result<(), Error> {
        let path = self.0.join(CHECKPOINT);
        if path.exists() {
            return Err(Error::Changed(path));
        }
        let text = Checkpoint::new(key.verifier().name(), 0, kms_tlog::EMPTY_ROOT).to_string();
        let note = Note::new(&text, vec![key.sign(&text)])?;
        files::write_durably(&path, note.to_string().as_bytes())
    }

    /// Adds a signed statement to those that wait for the next checkpoint.
    pub fn append(&self, entry: &[u8]) -> Result<(), Error> {
        Statement::of_note(entry).ok_or(Error::Statement("an entry is a signed statement"))?;
        if entry.len() > entries::MAX_ENTRY {
            return Err(Error::Statement("the entry is too long"));
        }
        let _lock = files::lock(&self.0)?;
        let (checkpoint, _) = self.published()?;
        let pending = self.pending()?;
        let log = EntryLog::of(&DirSource::new(&self.0), &checkpoint)?;
        if log.find(entry).is_some() || pending.iter().any(|(_, known)| known == entry) {
            return Err(Error::Twice);
        }
        let next = pending.last().map_or(0, |(number, _)| number + 1);
        files::write_once(&self.0.join(PENDING).join(format!("{next:08}")), entry)
    }

    /// Publishes what waits: signs a checkpoint and asks the witnesses of the policy for theirs.
    /// Without enough of them nothing is published, and what waits goes on waiting.
    pub fn checkpoint(
        &self,
        key: &SignerKey,
        policy: Option<&Policy>,
        witnesses: &dyn Witnesses,
    ) -> Result<Checkpoint, Error> {
        // Two checkpoints of one size would be a fork.
        let _lock = files::lock(&self.0)?;
        let (old, note) = self.published()?;
        key.verifier().verify(&note)?;
        if old.origin != key.verifier().name() {
            return Err(kms_tlog::NoteError::NotSigned.into());
        }
        let mut log = EntryLog::of(&DirSource::new(&self.0), &old)?;
        let pending = self.pending()?;
        for (_, entry) in &pending {
            // A crash after the last publication may have left it here.
            if log.find(entry).is_none() {
                log.push(entry);
            }
        }
        let root = log.root(log.size()).ok_or(LogFault::Root)?;
        for (path, bytes) in log.tiles(old.size, log.size()).ok_or(LogFault::Tile)? {
            files::write_once(&self.0.join(path), &bytes)?;
        }
        let new = Checkpoint::new(&old.origin, log.size(), root);
        let note = Note::new(&new.to_string(), vec![key.sign(&new.to_string())])?;
        let note = match policy {
            Some(policy) => submit::cosigned(&note, &log, policy, old.size, witnesses)?,
            None => note,
        };
        files::write_durably(&self.0.join(CHECKPOINT), note.to_string().as_bytes())?;
        for (number, _) in pending {
            let path = self.0.join(PENDING).join(format!("{number:08}"));
            fs::remove_file(&path).map_err(Error::file(path))?;
        }
        Ok(new)
    }

    /// The published checkpoint. It is this folder's own; whoever signs goes on from it.
    pub(super) fn published(&self) -> Result<(Checkpoint, Note), Error> {
        let path = self.0.join(CHECKPOINT);
        let text = files::read(&path)?;
        let note = Note::parse(std::str::from_utf8(&text).unwrap_or_default())?;
        Ok((Checkpoint::parse(note.text())?, note))
    }

    /// What waits, in its order.
    fn pending(&self) -> Result<Vec<(u64, Vec<u8>)>, Error> {
        let dir = self.0.join(PENDING);
        if !dir.exists() {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        for entry in fs::read_dir(&dir).map_err(Error::file(&dir))? {
            let path = entry.map_err(Error::file(&dir))?.path();
            let number = path.file_name().and_then(|name| name.to_str()?.parse().ok());
            if let Some(number) = number {
                found.push((number, files::read(&path)?));
            }
        }
        found.sort();
        Ok(found)
    }

    /// Checks the whole folder: checkpoint, entries, and every tile.
    pub fn audit(&self, policy: &Policy) -> Result<Audit, Error> {
        let (_, note) = self.published()?;
        let Vouched { checkpoint, time } =
            policy.check(&note).map_err(|fault| Error::Unpublished(fault, String::new()))?;
        let source = DirSource::new(&self.0);
        let log = EntryLog::of(&source, &checkpoint)?;
        for (path, bytes) in log.tiles(0, log.size()).ok_or(LogFault::Tile)? {
            if source.get(&path)? != Some(bytes) {
                return Err(LogFault::Tile.into());
            }
        }
        let count = |wanted: fn(&Statement) -> bool| {
            log.statements().flatten().filter(|(statement, _)| wanted(statement)).count()
        };
        Ok(Audit {
            origin: checkpoint.origin,
            size: checkpoint.size,
            releases: count(|it| matches!(it, Statement::Release(_))),
            revocations: count(|it| matches!(it, Statement::Revocation(_))),
            seen: time,
        })
    }
}
