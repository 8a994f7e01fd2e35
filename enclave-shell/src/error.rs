//! What can go wrong while emitting, storing or serving.

use std::io;
use std::path::PathBuf;

/// Errors of the shell. Texts name files and settings, never contents.
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
    /// No enclave is embedded and none was found.
    #[error("{0}: no enclave here; run `cargo xtask build` or pass --enclave DIR")]
    NoEnclave(PathBuf),
    /// A listed JavaScript part is missing.
    #[error("the JavaScript part {0} is missing")]
    MissingPart(String),
    /// A setting of the deployment is not acceptable.
    #[error("{what}: {why}")]
    Deployment {
        /// Which setting.
        what: String,
        /// Why not.
        why: String,
    },
    /// The manifest could not be made or read.
    #[error(transparent)]
    Manifest(#[from] kms_manifest::ManifestError),
    /// The pin could not be made or read.
    #[error(transparent)]
    Pin(#[from] kms_manifest::PinError),
    /// A stored file is not the one that the manifest lists.
    #[error("{0} differs from the manifest")]
    Altered(String),
    /// JSON could not be written.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// Compression failed.
    #[error("compression: {0}")]
    Compress(io::Error),
    /// Plain HTTP was asked for on an address that others can reach.
    #[error("plain HTTP is served on loopback only: use --tls-cert and --tls-key, or --tls-dev")]
    PlainText,
    /// The server could not listen.
    #[error("cannot listen: {0}")]
    Listen(io::Error),
    /// The TLS configuration is not usable.
    #[error("TLS: {0}")]
    Tls(String),
    /// The demo's broker, or something around it, does not work.
    #[error("workloads: {0}")]
    Workloads(String),
    /// The extension would refuse what is served.
    #[error("WEBCAT: {0}")]
    Webcat(crate::webcat::Fault),
    /// A header cannot be sent.
    #[error("cannot send header {0}")]
    Header(String),
}

impl Error {
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}
