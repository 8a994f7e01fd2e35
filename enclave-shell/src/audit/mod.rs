//! Checks an exported audit log offline: every entry, their tree, and the vault's signature.
//!
//! An export is a text of JSON lines: the entries from the first on, as `audit.list` returns them
//! with bytes in base64, and then the signed checkpoint. Entries of sites that the exporting one
//! may not know about come with their hash alone; it has its place in the tree like any other.

mod line;
mod report;

use kms_tlog::{Checkpoint, Frontier, Note, NoteError, VerifierKey};

pub use line::Authorization;
use line::Line;
pub use report::{Approved, Report};

/// Checks an export. `key` is the vault's, from a source that is trusted more than the file;
/// `since` is a checkpoint that was signed earlier, which the log must have grown from.
#[must_use]
pub fn verify(export: &str, key: &VerifierKey, since: Option<&str>) -> Report {
    let mut report = Report::new(key.name());
    if let Err((line, problem)) = check(export, key, since, &mut report) {
        report.fail(line, problem);
    }
    report
}

/// The number of a line, and what is wrong with it; 0 for what is not about one.
type Problem = (usize, String);

fn check(
    export: &str,
    key: &VerifierKey,
    since: Option<&str>,
    report: &mut Report,
) -> Result<(), Problem> {
    let since = since.map(|note| signed(note, key)).transpose();
    let since = since.map_err(|error| (0, format!("the earlier checkpoint: {error}")))?;
    let mut tree = Frontier::default();
    let mut grown = since.as_ref().is_none_or(|since| is_at(since, &tree));
    let mut checkpoint = None;
    let mut last = 0;
    for (number, text) in (1..).zip(export.lines()) {
        let wrong = |problem: &str| (number, problem.to_owned());
        if checkpoint.is_some() {
            return Err(wrong("nothing may follow the checkpoint"));
        }
        match Line::parse(text).map_err(|problem| (number, problem))? {
            Line::Entry(entry) => {
                if entry.seq() != tree.size() + 1 {
                    return Err((number, format!("entry {} is missing", tree.size() + 1)));
                }
                tree.push(entry.check().map_err(wrong)?);
                report.count(entry.is_withheld());
                report.approved.extend(entry.approved());
                grown |= since.as_ref().is_some_and(|since| is_at(since, &tree));
            }
            Line::Checkpoint(note) => {
                checkpoint = Some(signed(&note, key).map_err(|error| (number, error.to_string()))?);
            }
        }
        last = number;
    }
    let Some(checkpoint) = checkpoint else {
        return Err((0, "there is no checkpoint".into()));
    };
    if checkpoint.size != tree.size() {
        return Err((last, format!("the checkpoint is of {} entries", checkpoint.size)));
    }
    if checkpoint.root != tree.root() {
        return Err((last, "the entries are not those of the checkpoint".into()));
    }
    if !grown {
        return Err((0, "the log has not grown from the earlier checkpoint".into()));
    }
    report.signed(&checkpoint, since.as_ref());
    Ok(())
}

fn is_at(checkpoint: &Checkpoint, tree: &Frontier) -> bool {
    checkpoint.size == tree.size() && checkpoint.root == tree.root()
}

/// A checkpoint of the log that this key is named after.
fn signed(note: &str, key: &VerifierKey) -> Result<Checkpoint, NoteError> {
    let note = Note::parse(note)?;
    let checkpoint = Checkpoint::parse(key.verify(&note)?)?;
    if checkpoint.origin == key.name() { Ok(checkpoint) } else { Err(NoteError::NotSigned) }
}
