//! Follows a log and a deployment: everything that is served has to be logged, and everything that
//! is logged has to be the signers' word.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use kms_manifest::Sha256;
use kms_tlog::{Checkpoint, Note, Vouched};
use kms_verify::{Fault, Release, ReleasePolicy, SeenTree, Statement};
use serde::Serialize;

use super::{EntryLog, Error, HttpSource, Source, files};
use crate::verify::{Outcome, Report, VerifyOptions, verify};

/// What is watched, and what was seen of it.
#[derive(Debug, Clone)]
pub struct Monitor {
    /// Whose word counts.
    pub policy: ReleasePolicy,
    /// Origin of the enclave.
    pub url: String,
    /// Where the log is, in place of its address in the policy.
    pub log: Option<String>,
    /// File of what was seen of the log.
    pub state: PathBuf,
    /// How to ask.
    pub options: VerifyOptions,
}

/// What one look found.
#[derive(Debug, Clone, Serialize)]
pub struct Observation {
    /// How it ended.
    pub outcome: Outcome,
    /// Seconds since 1970.
    pub time: u64,
    /// Number of entries in the log, if it could be read.
    pub size: Option<u64>,
    /// Everything that is wrong.
    pub findings: Vec<Alarm>,
    /// The deployment, byte for byte and header for header.
    pub deployment: Report,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alarm {
    /// What it is, for machines.
    pub code: String,
    /// Where.
    pub what: String,
}

impl Monitor {
    /// Looks once. What was seen of the log is stored, unless the log is not to be trusted.
    pub fn look(&self) -> Result<Observation, Error> {
        let deployment = verify(&self.url, &self.options).map_err(|error| Error::Network {
            what: self.url.clone(),
            problem: error.to_string(),
        })?;
        let mut look = Observation {
            outcome: deployment.outcome,
            time: super::now(),
            size: None,
            findings: Vec::new(),
            deployment,
        };
        for mismatch in look.deployment.mismatches.clone() {
            if look.outcome == Outcome::Mismatch {
                look.alarm(
                    "deployment_changed",
                    format!("{}: {}", mismatch.file, mismatch.problem),
                );
            }
        }
        match self.read_log() {
            Ok((checkpoint, log)) => self.check(&checkpoint, &log, &mut look)?,
            Err(Error::Network { .. }) if look.outcome == Outcome::Match => {
                look.outcome = Outcome::Unreachable;
            }
            Err(Error::Network { .. }) => {}
            Err(Error::Unpublished(fault, _)) => look.alarm(Fault::from(fault).code(), "log"),
            Err(Error::Log(fault)) => look.alarm("log_unsound", fault.to_string()),
            Err(error) => return Err(error),
        }
        Ok(look)
    }

    fn read_log(&self) -> Result<(Checkpoint, EntryLog), Error> {
        let own = self.policy.transparency.logs().iter().find_map(|log| log.url.clone());
        let url = self.log.clone().or(own).unwrap_or_default();
        let source = HttpSource::new(&url, &self.options)?;
        let missing = || Error::Network { what: url.clone(), problem: "no checkpoint".into() };
        let note = source.get(super::store::CHECKPOINT)?.ok_or_else(missing)?;
        let note = Note::parse(std::str::from_utf8(&note).unwrap_or_default());
        let form = |_| Error::Unpublished(kms_tlog::SeenFault::Checkpoint, String::new());
        let checked = self.policy.transparency.check(&note.map_err(form)?);
        let Vouched { checkpoint, .. } =
            checked.map_err(|fault| Error::Unpublished(fault, String::new()))?;
        let log = EntryLog::of(&source, &checkpoint)?;
        Ok((checkpoint, log))
    }

    fn check(
        &self,
        checkpoint: &Checkpoint,
        log: &EntryLog,
        look: &mut Observation,
    ) -> Result<(), Error> {
        look.size = Some(checkpoint.size);
        let before = look.findings.len();
        if let Some(bytes) = files::read_optional(&self.state)? {
            let seen: SeenTree = serde_json::from_slice(&bytes).map_err(crate::Error::from)?;
            check_growth(seen, log, look);
        }
        if look.findings.len() == before {
            let tree = SeenTree { size: checkpoint.size, root: checkpoint.root.into() };
            let state = serde_json::to_vec(&tree).map_err(crate::Error::from)?;
            files::write_durably(&self.state, &state)?;
        }
        let said = self.read_entries(log, look);
        check_served(&said, look);
        Ok(())
    }

    /// What the signers have said, entry by entry; everything else in the log is an alarm.
    fn read_entries(&self, log: &EntryLog, look: &mut Observation) -> Said {
        let mut said = Said::default();
        for (place, statement) in log.statements().enumerate() {
            let at = format!("entry {place}");
            let Some((statement, note)) = statement else {
                look.alarm(Fault::StatementForm.code(), at);
                continue;
            };
            let signers = &self.policy.signers;
            if *statement.origin() != self.policy.origin {
                look.alarm(Fault::StatementOrigin.code(), at);
            } else if signers.count(&note).is_ok_and(|signed| signed >= signers.threshold()) {
                said.note(statement, &at, look);
            } else {
                look.alarm(Fault::StatementUnsigned.code(), at);
            }
        }
        said
    }
}

/// The tree has to begin with the one that was seen.
fn check_growth(seen: SeenTree, log: &EntryLog, look: &mut Observation) {
    match log.root(seen.size) {
        None => look.alarm(Fault::LogReplayed.code(), "log"),
        Some(root) if Sha256::from(root) == seen.root => {}
        Some(_) if log.size() == seen.size => look.alarm(Fault::LogSplit.code(), "log"),
        Some(_) => look.alarm(Fault::LogForked.code(), "log"),
    }
}

/// What the signers have said.
#[derive(Default)]
struct Said {
    releases: BTreeMap<u64, Release>,
    revoked: Vec<Sha256>,
}

impl Said {
    fn note(&mut self, statement: Statement, at: &str, look: &mut Observation) {
        let release = match statement {
            Statement::Revocation(revocation) => return self.revoked.push(revocation.manifest),
            Statement::Release(release) => release,
        };
        let epoch = release.epoch;
        let before = epoch.checked_sub(1).and_then(|before| self.releases.get(&before));
        if before.is_some_and(|before| release.previous != Some(before.manifest)) {
            look.alarm(Fault::PreviousMismatch.code(), at);
        }
        if self.releases.last_key_value().is_some_and(|(newest, _)| epoch < *newest) {
            look.alarm(Fault::Rollback.code(), at);
        }
        let known = self.releases.entry(epoch).or_insert_with(|| release.clone());
        if known.manifest != release.manifest {
            look.alarm(Fault::EpochSplit.code(), at);
        }
    }
}

/// What is served has to be the newest release, and not a revoked one.
fn check_served(said: &Said, look: &mut Observation) {
    let Some(served) = look.deployment.manifest else { return };
    if said.revoked.contains(&served) {
        look.alarm(Fault::Revoked.code(), served.to_string());
    }
    let logged = said.releases.iter().find(|(_, release)| release.manifest == served);
    match (logged, said.releases.last_key_value()) {
        (None, _) => look.alarm("unlogged", served.to_string()),
        (Some((epoch, _)), Some((newest, _))) if epoch < newest => {
            look.alarm(Fault::Rollback.code(), served.to_string());
        }
        _ => {}
    }
}

impl Observation {
    fn alarm(&mut self, code: &str, what: impl Into<String>) {
        self.outcome = Outcome::Mismatch;
        self.findings.push(Alarm { code: code.into(), what: what.into() });
    }

    /// The same in the text format of Prometheus.
    #[must_use]
    pub fn metrics(&self) -> String {
        let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
        for alarm in &self.findings {
            *codes.entry(&alarm.code).or_default() += 1;
        }
        let up = u8::from(self.outcome != Outcome::Unreachable);
        let mut text = String::from("# TYPE kms_monitor_up gauge\n");
        let _ = writeln!(text, "kms_monitor_up {up}");
        let _ = writeln!(text, "# TYPE kms_monitor_last_look_seconds gauge");
        let _ = writeln!(text, "kms_monitor_last_look_seconds {}", self.time);
        if let Some(size) = self.size {
            let _ = writeln!(text, "# TYPE kms_monitor_log_entries gauge");
            let _ = writeln!(text, "kms_monitor_log_entries {size}");
        }
        let _ = writeln!(text, "# TYPE kms_monitor_findings gauge");
        let _ = writeln!(text, "kms_monitor_findings {}", self.findings.len());
        let _ = writeln!(text, "# TYPE kms_monitor_findings_by_code gauge");
        for (code, count) in codes {
            let _ = writeln!(text, "kms_monitor_findings_by_code{{code=\"{code}\"}} {count}");
        }
        text
    }
}
