//! What can go wrong with keys, logs and witnesses.

use std::io;
use std::path::PathBuf;

use kms_tlog::{NoteError, Refusal, SeenFault};
use kms_verify::Fault;

use super::log::LogFault;

/// Errors of this module. Texts name files, never secrets.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file that may not change has other content.
    #[error("{0}: exists with other content")]
    Changed(PathBuf),
    /// No key, or one for which another passphrase is needed.
    #[error("{path}: {problem}")]
    Key {
        /// Which file.
        path: PathBuf,
        /// Why not.
        problem: &'static str,
    },
    /// The emitted folder is not sound.
    #[error(transparent)]
    Emitted(#[from] crate::Error),
    /// The second build differs.
    #[error("not reproduced: {0}")]
    NotReproduced(String),
    /// A note, a checkpoint or a key is none.
    #[error("{0}")]
    Note(#[from] NoteError),
    /// A note that is not the statement that it should be.
    #[error("{0}")]
    Statement(&'static str),
    /// The policy, the mark or the release is refused.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The log is not sound.
    #[error("the log is not sound: {0}")]
    Log(#[from] LogFault),
    /// The log already has the entry.
    #[error("the log has this entry already")]
    Twice,
    /// The log does not have the entry, or no checkpoint has it.
    #[error("no checkpoint of the log has this entry")]
    NotLogged,
    /// A witness refused the checkpoint.
    #[error("{name}: {refusal}")]
    Witness {
        /// Which witness.
        name: String,
        /// Why.
        refusal: Refusal,
    },
    /// The checkpoint is not good enough to be published.
    #[error("the checkpoint is not published: {0}{1}")]
    Unpublished(SeenFault, String),
    /// Something that is asked over the network did not answer well.
    #[error("{what}: {problem}")]
    Network {
        /// What was asked.
        what: String,
        /// What was wrong.
        problem: String,
    },
    /// The folder of a log or a witness is used by another process.
    #[error("{0}: used by another process")]
    Locked(PathBuf),
}

impl Error {
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}
