//! How a log asks its witnesses (C2SP tlog-witness, the client's side).

use kms_tlog::{AddCheckpoint, Note, Plan, Policy, Refusal, Signature, Witness};

use super::Error;
use super::log::{EntryLog, LogFault};
use crate::verify::{Client, VerifyOptions, split};

/// A witness answers with no more: some lines, or a number.
const MAX_ANSWER: u64 = 64 * 1024;

/// Something that passes a request to a witness and returns status and body.
pub trait Witnesses {
    /// Asks one witness.
    fn ask(&self, witness: &Witness, request: &AddCheckpoint) -> Result<(u16, String), Error>;
}

/// Witnesses over HTTP, at their addresses in the policy.
#[derive(Debug, Clone, Default)]
pub struct HttpWitnesses(pub VerifyOptions);

impl Witnesses for HttpWitnesses {
    fn ask(&self, witness: &Witness, request: &AddCheckpoint) -> Result<(u16, String), Error> {
        let wrong = |problem: String| Error::Network { what: witness.name.clone(), problem };
        let url = witness.url.as_deref().ok_or_else(|| wrong("it has no address".into()))?;
        let (origin, prefix) = split(url).map_err(|error| wrong(error.to_string()))?;
        let client = Client::new(&origin, &self.0).map_err(|error| wrong(error.to_string()))?;
        let path = format!("{}/add-checkpoint", prefix.trim_end_matches('/'));
        let reply = client.post(&path, &request.to_string(), MAX_ANSWER).map_err(wrong)?;
        Ok((reply.status, String::from_utf8_lossy(&reply.body).into_owned()))
    }
}

/// Adds the cosignatures of the policy's witnesses; they have to be enough. A witness that does not
/// answer, or not well, is named only if they are not.
pub(super) fn cosigned(
    note: &Note,
    log: &EntryLog,
    policy: &Policy,
    old: u64,
    witnesses: &dyn Witnesses,
) -> Result<Note, Error> {
    let mut cosigned = note.clone();
    let mut problems = String::new();
    for witness in policy.witnesses().iter().filter(|witness| witness.url.is_some()) {
        match cosignature(note, log, witness, old, witnesses) {
            Ok(line) => cosigned = cosigned.with(line)?,
            Err(error) => problems = format!("{problems}; {error}"),
        }
    }
    match policy.check(&cosigned) {
        Ok(_) => Ok(cosigned),
        Err(fault) => Err(Error::Unpublished(fault, problems)),
    }
}

/// Asks as if the witness had seen the last checkpoint, and again from what it says to have seen.
fn cosignature(
    note: &Note,
    log: &EntryLog,
    witness: &Witness,
    old: u64,
    witnesses: &dyn Witnesses,
) -> Result<Signature, Error> {
    let ask = |old| {
        let plan = Plan::consistency(old, log.size()).ok_or(LogFault::Root)?;
        let proof = log.proof(&plan).ok_or(LogFault::Root)?;
        witnesses.ask(witness, &AddCheckpoint { old, proof, checkpoint: note.clone() })
    };
    let refused = |refusal| Error::Witness { name: witness.name.clone(), refusal };
    let (mut status, mut body) = ask(old)?;
    if status == 409 {
        let size = body.strip_suffix('\n').and_then(|size| size.parse().ok());
        let size: u64 = size.ok_or_else(|| refused(Refusal::BadRequest))?;
        if size == old || size > log.size() {
            return Err(refused(Refusal::Conflict { size }));
        }
        (status, body) = ask(size)?;
    }
    match status {
        200 => own_line(note, witness, &body),
        403 => Err(refused(Refusal::Forbidden)),
        404 => Err(refused(Refusal::NotFound)),
        409 => Err(refused(Refusal::Conflict { size: log.size() })),
        422 => Err(refused(Refusal::Unprocessable)),
        _ => Err(refused(Refusal::BadRequest)),
    }
}

/// The line of this witness, which has to verify; those of others are dropped.
fn own_line(note: &Note, witness: &Witness, body: &str) -> Result<Signature, Error> {
    let own = |line: &Signature| line.name == witness.key.name() && line.id == witness.key.id();
    let line = body.lines().filter_map(Signature::parse).find(own);
    let line = line.ok_or(kms_tlog::NoteError::NotSigned)?;
    witness.key.verify(&note.clone().with(line.clone())?)?;
    Ok(line)
}
