//! The logs of a policy, as everybody reads them: what a proof says of one has to be there.

use kms_tlog::{Checkpoint, Note, Plan, write_hashes};
use kms_verify::{Fault, Mark, ReleasePolicy, Statement};

use super::VerifyOptions;
use crate::transparency::{EntryLog, Error, HttpSource, LogFault, Source};

/// What the logs say. They are read whole, so that no revocation in them is missed.
#[derive(Debug, Default)]
pub(super) struct Logs {
    /// Those that could be read, each with its checkpoint's origin.
    read: Vec<(String, EntryLog)>,
    /// Whether one could not be read.
    pub(super) unread: bool,
    /// What is wrong with one.
    pub(super) fault: Option<Fault>,
}

/// Why a log says nothing.
enum Silent {
    Unread,
    Unsound(Fault),
}

impl Logs {
    /// Reads every log of the policy that has an address. One at `address` takes the place of the
    /// one whose checkpoint is in the proof.
    pub(super) fn read(
        policy: &ReleasePolicy,
        address: Option<&str>,
        tree: Option<&Checkpoint>,
        options: &VerifyOptions,
    ) -> Self {
        let mut logs = Self::default();
        let proved = |name: &str| tree.is_some_and(|tree| tree.origin == name);
        for log in policy.transparency.logs() {
            let name = log.key.name();
            let moved = address.filter(|_| proved(name));
            if let Some(url) = moved.or(log.url.as_deref()) {
                logs.add(name, read(policy, name, url, options));
            }
        }
        logs
    }

    fn add(&mut self, name: &str, found: Result<EntryLog, Silent>) {
        match found {
            Ok(log) => self.read.push((name.to_owned(), log)),
            Err(Silent::Unread) => self.unread = true,
            Err(Silent::Unsound(fault)) => self.fault = self.fault.or(Some(fault)),
        }
    }

    fn of(&self, tree: &Checkpoint) -> Option<&EntryLog> {
        self.read.iter().find(|(name, _)| *name == tree.origin).map(|(_, log)| log)
    }

    /// Whether the log of this tree was read.
    pub(super) fn has(&self, tree: &Checkpoint) -> bool {
        self.of(tree).is_some()
    }

    /// Why a tree is not one of the log that everybody reads: both have its signature.
    pub(super) fn denied(&self, tree: &Checkpoint) -> Option<Fault> {
        match self.of(tree)?.root(tree.size) {
            None => Some(Fault::LogReplayed),
            Some(root) if root != tree.root => Some(Fault::LogForked),
            Some(_) => None,
        }
    }

    /// That a tree has grown from the one that was seen.
    pub(super) fn growth(&self, tree: &Checkpoint, mark: &Mark) -> Option<String> {
        let seen = mark.logs.get(&tree.origin)?;
        let plan = Plan::consistency(seen.size, tree.size)?;
        Some(write_hashes(&self.of(tree)?.proof(&plan)?))
    }

    /// The revocations of this deployment. What its signers have not signed is nothing that they
    /// could be asked to take back.
    pub(super) fn revocations(&self, policy: &ReleasePolicy) -> Vec<Vec<u8>> {
        let own = |entry: &&Vec<u8>| match Statement::of_note(entry) {
            Some((Statement::Revocation(revocation), note)) => {
                let signers = &policy.signers;
                let signed = signers.count(&note).is_ok_and(|count| count >= signers.threshold());
                signed && revocation.origin == policy.origin
            }
            _ => false,
        };
        self.read.iter().flat_map(|(_, log)| log.entries()).filter(own).cloned().collect()
    }
}

/// A log, as far as it stands up to the policy. A checkpoint of another log is no answer.
fn read(
    policy: &ReleasePolicy,
    name: &str,
    url: &str,
    options: &VerifyOptions,
) -> Result<EntryLog, Silent> {
    let source = HttpSource::new(url, options).map_err(|_| Silent::Unread)?;
    let note = source.get("checkpoint").ok().flatten().ok_or(Silent::Unread)?;
    let note = String::from_utf8(note).map_err(|_| Silent::Unread)?;
    let note = Note::parse(&note).map_err(|_| Silent::Unread)?;
    let vouched = policy.transparency.check(&note).map_err(|it| Silent::Unsound(it.into()))?;
    if vouched.checkpoint.origin != name {
        return Err(Silent::Unread);
    }
    EntryLog::of(&source, &vouched.checkpoint).map_err(|error| match error {
        // Files that are there and contradict the checkpoint. Others may only be late.
        Error::Log(LogFault::Bundle | LogFault::Root) => Silent::Unsound(Fault::LogForked),
        _ => Silent::Unread,
    })
}
