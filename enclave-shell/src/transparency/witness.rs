//! A witness (C2SP tlog-witness): signs the checkpoints of logs that only grow. What it has signed
//! is on the disk before anybody gets the signature.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use kms_manifest::Sha256;
use kms_tlog::{AddCheckpoint, Checkpoint, Note, Refusal, Seen, SignerKey, VerifierKey, judge};
use tokio::task::JoinHandle;

use super::{Error, files};
use crate::serve::{HEAD_TIMEOUT, patience};

/// Largest request.
const MAX_REQUEST: usize = 128 * 1024;

/// A witness with its state.
pub struct Witness {
    key: SignerKey,
    logs: Vec<VerifierKey>,
    dir: PathBuf,
    /// The last tree of each log. Judging, storing and signing happen under this lock.
    seen: Mutex<BTreeMap<String, Seen>>,
    _lock: File,
}

impl Witness {
    /// A witness of these logs, with the state in this folder, which no other process may use.
    pub fn open(key: SignerKey, logs: Vec<VerifierKey>, dir: &Path) -> Result<Self, Error> {
        fs::create_dir_all(dir).map_err(Error::file(dir))?;
        let lock = files::lock(dir)?;
        let mut seen = BTreeMap::new();
        for log in &logs {
            if let Some(bytes) = files::read_optional(&state_of(dir, log.name()))? {
                seen.insert(log.name().to_owned(), stored(log, &bytes)?);
            }
        }
        Ok(Self { key, logs, dir: dir.into(), seen: Mutex::new(seen), _lock: lock })
    }

    /// Judges a request, stores what it accepts, and returns the line of its signature.
    pub fn add_checkpoint(&self, request: &str, now: u64) -> Result<String, WitnessError> {
        let request = AddCheckpoint::parse(request).ok_or(Refusal::BadRequest)?;
        // A panic cannot happen between two of these steps; a poisoned lock is as good as any.
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let checkpoint = judge(&request, |origin| {
            let log = self.logs.iter().find(|log| log.name() == origin)?;
            Some((log, seen.get(origin).copied().unwrap_or(Seen::NOTHING)))
        })?;
        let Checkpoint { origin, size, root, .. } = checkpoint;
        let note = request.checkpoint.to_string();
        files::write_durably(&state_of(&self.dir, &origin), note.as_bytes())?;
        seen.insert(origin, Seen { size, root });
        Ok(format!("{}\n", self.key.cosign(request.checkpoint.text(), now)))
    }
}

/// Why there is no signature.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// The request is refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It could not be stored.
    #[error(transparent)]
    Store(#[from] Error),
}

/// The file of a log's last checkpoint.
fn state_of(dir: &Path, origin: &str) -> PathBuf {
    dir.join(format!("{}.checkpoint", Sha256::of(origin.as_bytes()).to_hex()))
}

/// A stored checkpoint is the log's own; one that is not is no state to go on from.
fn stored(log: &VerifierKey, bytes: &[u8]) -> Result<Seen, Error> {
    let note = Note::parse(std::str::from_utf8(bytes).unwrap_or_default())?;
    let checkpoint = Checkpoint::parse(log.verify(&note)?)?;
    Ok(Seen { size: checkpoint.size, root: checkpoint.root })
}

/// A running witness; dropping it stops it.
#[derive(Debug)]
pub struct RunningWitness {
    /// The address it listens on.
    pub addr: SocketAddr,
    task: JoinHandle<std::io::Result<()>>,
}

impl Drop for RunningWitness {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl RunningWitness {
    /// Waits until it ends by itself, which it does only on an error.
    pub async fn ended(&mut self) -> std::io::Result<()> {
        (&mut self.task).await.unwrap_or_else(|error| Err(std::io::Error::other(error)))
    }
}

/// Serves a witness. Needs a tokio runtime. Plain HTTP: requests are signed by their logs, answers
/// by the witness, and neither is secret.
pub fn start(witness: Witness, listen: SocketAddr) -> Result<RunningWitness, Error> {
    let app = Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .layer(DefaultBodyLimit::max(MAX_REQUEST))
        .with_state(Arc::new(witness));
    let wrong = |error: std::io::Error| crate::Error::Listen(error);
    let listener = TcpListener::bind(listen).map_err(wrong)?;
    listener.set_nonblocking(true).map_err(wrong)?;
    let addr = listener.local_addr().map_err(wrong)?;
    let server = axum_server::from_tcp(listener).map_err(wrong)?;
    let server = patience::impatient(server, HEAD_TIMEOUT);
    let task = tokio::spawn(server.serve(app.into_make_service()));
    Ok(RunningWitness { addr, task })
}

async fn add_checkpoint(State(witness): State<Arc<Witness>>, body: String) -> Response {
    let judged =
        tokio::task::spawn_blocking(move || witness.add_checkpoint(&body, super::now())).await;
    match judged {
        Ok(Ok(line)) => line.into_response(),
        Ok(Err(WitnessError::Refused(Refusal::Conflict { size }))) => {
            let kind = [(header::CONTENT_TYPE, "text/x.tlog.size")];
            (StatusCode::CONFLICT, kind, format!("{size}\n")).into_response()
        }
        Ok(Err(WitnessError::Refused(refusal))) => {
            let status = StatusCode::from_u16(refusal.status());
            let status = status.unwrap_or(StatusCode::BAD_REQUEST);
            (status, format!("{refusal}\n")).into_response()
        }
        Ok(Err(WitnessError::Store(error))) => {
            eprintln!("enclave-shell: {error}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
