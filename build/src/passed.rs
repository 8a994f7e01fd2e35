//! Which steps this very tree has passed before, so that they are not repeated.
//!
//! Only for steps that depend on nothing but the tree and the compiler. What a clock has a part in runs
//! every time; the browser tests keep their own account (`tests/src/known.rs`).

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::files;
use crate::repo::Repo;

/// What is known of a tree.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    /// Fingerprint of the tree.
    tree: String,
    /// Names of the steps that it passed.
    steps: BTreeSet<String>,
}

/// The steps that the tree has passed.
pub(crate) struct Passed {
    file: PathBuf,
    known: Known,
}

impl Passed {
    /// What an earlier run has left; nothing of it if the tree is another one by now, or if it is
    /// not to count.
    pub(crate) fn recall(repo: &Repo, again: bool) -> Result<Self> {
        Ok(Self::at(repo.target("passed.json"), files::fingerprint(repo)?, again))
    }

    fn at(file: PathBuf, tree: String, again: bool) -> Self {
        let known = std::fs::read(&file).ok().filter(|_| !again);
        let known = known.and_then(|bytes| serde_json::from_slice::<Known>(&bytes).ok());
        let known = known.filter(|known| known.tree == tree);
        Self { file, known: known.unwrap_or(Known { tree, steps: BTreeSet::new() }) }
    }

    pub(crate) fn has(&self, step: &str) -> bool {
        self.known.steps.contains(step)
    }

    /// Remembers that a step was passed, unless the tree has changed meanwhile.
    pub(crate) fn add(&mut self, repo: &Repo, step: &str) -> Result<()> {
        if files::fingerprint(repo)? == self.known.tree { self.keep(step) } else { Ok(()) }
    }

    fn keep(&mut self, step: &str) -> Result<()> {
        self.known.steps.insert(step.to_owned());
        let bytes = serde_json::to_vec(&self.known)?;
        std::fs::write(&self.file, bytes).context("cannot keep what was passed")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_remembered_for_the_tree_that_passed_it_and_for_no_other() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("passed.json");
        let at = |tree: &str, again| Passed::at(file.clone(), tree.into(), again);
        let mut passed = at("one", false);
        assert!(!passed.has("clippy"));
        passed.keep("clippy").unwrap();
        assert!(passed.has("clippy") && !passed.has("coverage"));
        assert!(at("one", false).has("clippy"));
        assert!(!at("one", true).has("clippy"));
        assert!(!at("two", false).has("clippy"));
        std::fs::write(&file, "no JSON").unwrap();
        assert!(!at("one", false).has("clippy"));
    }
}
