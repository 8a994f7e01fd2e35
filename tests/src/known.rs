//! Which scenarios this very tree has passed before in this very browser, so that a second run is short.
//!
//! What a person meets first, and what strangers try first, is run each time.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::engine::Engine;

/// Themes of which every scenario runs each time.
const EACH_TIME: &[&str] = &["flow", "hostile", "ways"];

/// What is known of a tree in an engine.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    /// Fingerprint of the tree, and versions of browser and driver.
    subject: String,
    /// Names of the scenarios that were passed.
    passed: BTreeSet<String>,
}

/// The scenarios that were passed, and where that is written down.
pub(crate) struct Known(Option<(PathBuf, Record)>);

impl Known {
    /// Nothing is known, and nothing is kept.
    pub(crate) const NOTHING: Self = Self(None);

    /// What an earlier run of the tree has left in `directory`, if the browser is still the same. One
    /// that does not tell its version may be another.
    ///
    /// With `again` all of it is forgotten.
    pub(crate) fn of(tree: &str, engine: Engine, directory: &Path, again: bool) -> Self {
        let Some(version) = engine.version() else { return Self::NOTHING };
        Self::at(directory.join("passed.json"), format!("{tree}\n{version}"), again)
    }

    fn at(file: PathBuf, subject: String, again: bool) -> Self {
        let record = fs::read(&file).ok().filter(|_| !again);
        let record = record.and_then(|bytes| serde_json::from_slice::<Record>(&bytes).ok());
        let record = record.filter(|record| record.subject == subject);
        let record = record.unwrap_or(Record { subject, passed: BTreeSet::new() });
        Self(Some((file, record)))
    }

    /// Whether a scenario need not run again.
    pub(crate) fn covers(&self, scenario: &str) -> bool {
        let theme = scenario.split("::").next().unwrap_or_default();
        let passed = self.0.as_ref().is_some_and(|(_, record)| record.passed.contains(scenario));
        passed && !EACH_TIME.contains(&theme)
    }

    /// Writes down how a scenario ended: a failure takes back what was known.
    pub(crate) fn keep(&mut self, scenario: &str, passed: bool) -> Result<()> {
        let Some((file, record)) = &mut self.0 else { return Ok(()) };
        if passed {
            record.passed.insert(scenario.to_owned());
        } else {
            record.passed.remove(scenario);
        }
        if let Some(directory) = file.parent() {
            fs::create_dir_all(directory)?;
        }
        fs::write(&*file, serde_json::to_vec(record)?).with_context(|| file.display().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_is_known_for_the_subject_that_passed_it() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("e/passed.json");
        let at = |subject: &str| Known::at(file.clone(), subject.into(), false);
        let mut known = at("one");
        assert!(!known.covers("keys::first"));
        known.keep("keys::first", true).unwrap();
        known.keep("keys::second", true).unwrap();
        assert!(at("one").covers("keys::first") && !at("one").covers("keys::third"));
        assert!(!at("two").covers("keys::first"));
        known.keep("keys::first", false).unwrap();
        assert!(!at("one").covers("keys::first") && at("one").covers("keys::second"));
        assert!(!Known::at(file.clone(), "one".into(), true).covers("keys::second"));
        fs::write(&file, "no JSON").unwrap();
        assert!(!at("one").covers("keys::second"));
    }

    #[test]
    fn what_strangers_try_is_run_each_time() {
        let directory = tempfile::tempdir().unwrap();
        let mut known = Known::at(directory.path().join("passed.json"), "one".into(), false);
        for theme in EACH_TIME {
            let name = format!("{theme}::first");
            known.keep(&name, true).unwrap();
            assert!(!known.covers(&name));
        }
    }

    #[test]
    fn without_a_tree_nothing_is_known_or_kept() {
        let mut known = Known::NOTHING;
        known.keep("keys::first", true).unwrap();
        assert!(!known.covers("keys::first"));
    }
}
