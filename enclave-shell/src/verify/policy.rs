//! Verifies what a server sends by a policy: is it a release that its signers signed, that was
//! logged, that witnesses saw, that is old enough, and that follows what was seen before?

use kms_manifest::{MANIFEST_LIMIT, MANIFEST_PATH, Sha256};
use kms_tlog::{Checkpoint, LogProof, Note, Plan, write_hashes};
use kms_verify::case::Summary;
use kms_verify::{Fault, Input, Mark, ReleasePolicy, Statement, Verdict};
use serde::Serialize;

use super::fetch::Client;
use super::report::Report;
use super::{VerifyError, VerifyOptions, parse_url, verify};
use crate::transparency::publish::{PROOF_PATH, REVOCATIONS_PATH};
use crate::transparency::{EntryLog, HttpSource, Source};

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
/// is to be kept, whatever the report says.
pub fn verify_by_policy(
    url: &str,
    options: &VerifyOptions,
    by: &PolicyOptions,
) -> Result<(Report, Mark), VerifyError> {
    let mut report = verify(url, options)?;
    let client = Client::new(&parse_url(url)?, options)?;
    let Ok(files) = Files::fetch(&client, &mut report) else {
        return Ok((report, by.mark.clone()));
    };
    let log = log_address(by).map(|url| read_log(&url, options, by)).transpose();
    let unread = log.is_err();
    let log = log.unwrap_or_default();
    let (verdict, log_read) = judge(&files, by, log.as_ref());
    if unread && verdict.result.is_ok() {
        // What was revoked in the log is not known.
        report.unreachable(PROOF_PATH, "the log cannot be read".to_owned());
        let mut mark = by.mark.clone();
        mark.revoked = verdict.mark.revoked;
        return Ok((report, mark));
    }
    let code = verdict.result.as_ref().err().map(|fault| fault.code());
    if let Err(fault) = &verdict.result {
        report.mismatch(MANIFEST_PATH, fault.to_string());
    }
    let accepted = verdict.result.as_ref().ok().map(Summary::of);
    report.release = Some(PolicyVerdict { accepted, code, log_read });
    Ok((report, verdict.mark))
}

/// What the server sends of its release.
struct Files {
    manifest: Vec<u8>,
    proof: Vec<u8>,
    /// `None` if there is no list.
    revocations: Option<Vec<Vec<u8>>>,
}

impl Files {
    fn fetch(client: &Client, report: &mut Report) -> Result<Self, Unreachable> {
        let manifest =
            fetch(client, MANIFEST_PATH, MANIFEST_LIMIT as u64, report)?.unwrap_or_default();
        if report.manifest.is_some_and(|seen| seen != Sha256::of(&manifest)) {
            report.mismatch(MANIFEST_PATH, "changes from one request to the next".to_owned());
        }
        let proof = fetch(client, PROOF_PATH, FILE_LIMIT, report)?.unwrap_or_default();
        let list = fetch(client, REVOCATIONS_PATH, FILE_LIMIT, report)?;
        let list: Option<Vec<String>> = list.and_then(|list| serde_json::from_slice(&list).ok());
        let revocations = list.map(|list| list.into_iter().map(String::into_bytes).collect());
        Ok(Self { manifest, proof, revocations })
    }
}

/// A file could not be asked for, as the report says.
struct Unreachable;

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

/// Where the log is; `None` where it is not to be read.
fn log_address(by: &PolicyOptions) -> Option<String> {
    let mut logs = by.policy.transparency.logs().iter();
    by.log.clone().or_else(|| logs.find_map(|log| log.url.clone()))
}

/// The log, as far as it stands up to the policy.
fn read_log(
    url: &str,
    options: &VerifyOptions,
    by: &PolicyOptions,
) -> Result<Result<EntryLog, Fault>, Unreachable> {
    let source = HttpSource::new(url, options).map_err(|_| Unreachable)?;
    let note = source.get("checkpoint").ok().flatten().ok_or(Unreachable)?;
    let note = String::from_utf8(note).map_err(|_| Unreachable)?;
    let note = Note::parse(&note).map_err(|_| Unreachable)?;
    Ok(match by.policy.transparency.check(&note) {
        Ok(vouched) => EntryLog::of(&source, &vouched.checkpoint).map_err(|_| Fault::LogForked),
        Err(fault) => Err(fault.into()),
    })
}

/// The verdict, and whether the log had a part in it.
fn judge(
    files: &Files,
    by: &PolicyOptions,
    log: Option<&Result<EntryLog, Fault>>,
) -> (Verdict, bool) {
    let refused = |fault| Verdict { result: Err(fault), mark: by.mark.clone() };
    let log = match log {
        Some(Err(fault)) => return (refused(*fault), true),
        Some(Ok(log)) => Some(log),
        None => None,
    };
    let checkpoint = checkpoint_of(&files.proof);
    let growth = log.zip(checkpoint.as_ref()).and_then(|(log, tree)| growth(log, tree, &by.mark));
    let served = files.revocations.as_deref();
    let mut revocations = [by.revocations.as_slice(), served.unwrap_or_default()].concat();
    revocations.extend(log.into_iter().flat_map(|log| logged_revocations(log, &by.policy)));
    let mut verdict = kms_verify::verify(&Input {
        policy: &by.policy,
        manifest: &files.manifest,
        proof: &files.proof,
        growth: growth.as_deref().map(str::as_bytes),
        revocations: &revocations,
        withheld: served.is_none(),
        mark: &by.mark,
        now: by.now,
    });
    let another = log.zip(checkpoint.as_ref()).and_then(|(log, tree)| another_log(log, tree));
    if let (Some(fault), Ok(_)) = (another, &verdict.result) {
        let revoked = verdict.mark.revoked;
        verdict = refused(fault);
        verdict.mark.revoked = revoked;
    }
    (verdict, log.is_some())
}

/// Why the tree of the proof is not one of the log that everybody reads: both have its signature.
fn another_log(log: &EntryLog, tree: &Checkpoint) -> Option<Fault> {
    match log.root(tree.size) {
        None => Some(Fault::LogReplayed),
        Some(root) if root != tree.root => Some(Fault::LogForked),
        Some(_) => None,
    }
}

fn checkpoint_of(proof: &[u8]) -> Option<Checkpoint> {
    let proof = LogProof::parse(std::str::from_utf8(proof).ok()?).ok()?;
    Checkpoint::parse(proof.checkpoint.text()).ok()
}

/// That the tree of the proof has grown from the one that was seen.
fn growth(log: &EntryLog, tree: &Checkpoint, mark: &Mark) -> Option<String> {
    let seen = mark.logs.get(&tree.origin)?;
    let plan = Plan::consistency(seen.size, tree.size)?;
    Some(write_hashes(&log.proof(&plan)?))
}

/// The revocations of this deployment in the log. What its signers have not signed is nothing that
/// they could be asked to take back.
fn logged_revocations(log: &EntryLog, policy: &ReleasePolicy) -> Vec<Vec<u8>> {
    let own = |entry: &&Vec<u8>| match Statement::of_note(entry) {
        Some((Statement::Revocation(revocation), note)) => {
            let signed =
                policy.signers.count(&note).is_ok_and(|it| it >= policy.signers.threshold());
            signed && revocation.origin == policy.origin
        }
        _ => false,
    };
    log.entries().iter().filter(own).cloned().collect()
}
