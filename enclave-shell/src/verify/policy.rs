//! Verifies what a server sends by a policy: is it a release that its signers signed, that was
//! logged, that witnesses saw, that is old enough, and that follows what was seen before?

use kms_manifest::{MANIFEST_LIMIT, MANIFEST_PATH, Sha256};
use kms_tlog::{Checkpoint, LogProof};
use kms_verify::case::Summary;
use kms_verify::{Fault, Input, Mark, ReleasePolicy, Verdict};
use serde::Serialize;

use super::fetch::Client;
use super::logs::Logs;
use super::report::Report;
use super::{VerifyError, VerifyOptions, parse_url, verify};
use crate::transparency::publish::{PROOF_PATH, REVOCATIONS_PATH};

/// No proof and no list of revocations is longer.
const FILE_LIMIT: u64 = 1024 * 1024;

/// Whose word counts, and what is known already.
#[derive(Debug, Clone)]
pub struct PolicyOptions {
    /// The policy.
    pub policy: ReleasePolicy,
    /// What was accepted before.
    pub mark: Mark,
    /// Revocations that came another way.
    pub revocations: Vec<Vec<u8>>,
    /// Where the log is, in place of its address in the policy.
    pub log: Option<String>,
    /// Seconds since 1970.
    pub now: u64,
}

/// What the policy says of the release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicyVerdict {
    /// The release, if it is accepted.
    pub accepted: Option<Summary>,
    /// Why it is not.
    pub code: Option<&'static str>,
    /// Whether the log itself was read, and with it the revocations in it.
    pub log_read: bool,
}

/// Verifies the deployment at `url`, every byte and header, and its release by the policy. The mark
/// is to be kept, whatever the report says: what was revoked stays so.
pub fn verify_by_policy(
    url: &str,
    options: &VerifyOptions,
    by: &PolicyOptions,
) -> Result<(Report, Mark), VerifyError> {
    let mut report = verify(url, options)?;
    let client = Client::new(&parse_url(url)?, options)?;
    let files = Files::fetch(&client, &mut report);
    let tree = checkpoint_of(&files.proof);
    let logs = Logs::read(&by.policy, by.log.as_deref(), tree.as_ref(), options);
    let verdict = judge(&files, by, tree.as_ref(), &logs);
    if logs.unread {
        // What was revoked in the log is not known.
        report.unreachable(PROOF_PATH, "the log cannot be read".to_owned());
    }
    if (files.unreachable || logs.unread) && verdict.result != Err(Fault::Revoked) {
        return Ok((report, without_release(verdict.mark, &by.mark)));
    }
    let code = verdict.result.as_ref().err().map(|fault| fault.code());
    if let Err(fault) = &verdict.result {
        report.mismatch(MANIFEST_PATH, fault.to_string());
    }
    let accepted = verdict.result.as_ref().ok().map(Summary::of);
    let log_read = tree.is_some_and(|tree| logs.has(&tree));
    report.release = Some(PolicyVerdict { accepted, code, log_read });
    Ok((report, verdict.mark))
}

/// What the server sends of its release.
struct Files {
    manifest: Vec<u8>,
    proof: Vec<u8>,
    /// `None` if there is no list.
    revocations: Option<Vec<Vec<u8>>>,
    /// Whether one of them could not be asked for, as the report says.
    unreachable: bool,
}

impl Files {
    /// Each of them for itself: a revocation counts, whatever became of the others.
    fn fetch(client: &Client, report: &mut Report) -> Self {
        let manifest = fetch(client, MANIFEST_PATH, MANIFEST_LIMIT as u64, report);
        let proof = fetch(client, PROOF_PATH, FILE_LIMIT, report);
        let list = fetch(client, REVOCATIONS_PATH, FILE_LIMIT, report);
        let unreachable = manifest.is_err() || proof.is_err() || list.is_err();
        let manifest = manifest.ok().flatten().unwrap_or_default();
        if !unreachable && report.manifest.is_some_and(|seen| seen != Sha256::of(&manifest)) {
            report.mismatch(MANIFEST_PATH, "changes from one request to the next".to_owned());
        }
        let list: Option<Vec<String>> =
            list.ok().flatten().and_then(|list| serde_json::from_slice(&list).ok());
        let revocations = list.map(|list| list.into_iter().map(String::into_bytes).collect());
        let proof = proof.ok().flatten().unwrap_or_default();
        Self { manifest, proof, revocations, unreachable }
    }
}

/// A file could not be asked for, as the report says.
pub(super) struct Unreachable;

/// A file; `None` if the server has none.
fn fetch(
    client: &Client,
    path: &str,
    limit: u64,
    report: &mut Report,
) -> Result<Option<Vec<u8>>, Unreachable> {
    match client.fetch(path, limit, &[]) {
        Ok(reply) => Ok((reply.status == 200).then_some(reply.body)),
        Err(problem) => {
            report.unreachable(path, problem);
            Err(Unreachable)
        }
    }
}

/// The verdict on the files and on what the logs say of them. That a release is revoked says more
/// than anything that is wrong with a log.
fn judge(files: &Files, by: &PolicyOptions, tree: Option<&Checkpoint>, logs: &Logs) -> Verdict {
    let growth = tree.and_then(|tree| logs.growth(tree, &by.mark));
    let served = files.revocations.as_deref();
    let mut revocations = [by.revocations.as_slice(), served.unwrap_or_default()].concat();
    revocations.extend(logs.revocations(&by.policy));
    let verdict = kms_verify::verify(&Input {
        policy: &by.policy,
        manifest: &files.manifest,
        proof: &files.proof,
        growth: growth.as_deref().map(str::as_bytes),
        revocations: &revocations,
        withheld: served.is_none(),
        mark: &by.mark,
        now: by.now,
    });
    let denied = || tree.filter(|_| verdict.result.is_ok()).and_then(|tree| logs.denied(tree));
    match (&verdict.result, logs.fault.or_else(denied)) {
        (Err(Fault::Revoked), _) | (_, None) => verdict,
        (_, Some(fault)) => {
            Verdict { result: Err(fault), mark: without_release(verdict.mark, &by.mark) }
        }
    }
}

/// The mark before, with what was revoked since: of a release that is not accepted nothing else is
/// kept.
fn without_release(after: Mark, before: &Mark) -> Mark {
    let mut mark = before.clone();
    mark.revoked = after.revoked;
    mark
}

fn checkpoint_of(proof: &[u8]) -> Option<Checkpoint> {
    let proof = LogProof::parse(std::str::from_utf8(proof).ok()?).ok()?;
    Checkpoint::parse(proof.checkpoint.text()).ok()
}
