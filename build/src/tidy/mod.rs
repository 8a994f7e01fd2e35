//! Rules of this repository: those of its own, and those that other programs check.

mod codes;
mod colours;
mod container;
mod crates;
mod labels;
mod lengths;
mod links;
mod locks;
mod others;
mod pages;
mod script;
mod shown;
mod texts;
mod words;
mod workflows;

use anyhow::{Result, bail};

use crate::files;
use crate::repo::Repo;

pub(crate) use others::exempt;

/// What the checks found, in the order in which they ran.
#[derive(Default)]
struct Findings {
    problems: Vec<String>,
    warnings: Vec<String>,
}

impl Findings {
    fn problem(&mut self, text: impl Into<String>) {
        self.problems.push(text.into());
    }

    fn warning(&mut self, text: impl Into<String>) {
        self.warnings.push(text.into());
    }
}

/// One text file of the repository.
struct Source {
    /// Path from the root, with `/`.
    path: String,
    text: String,
}

impl Source {
    fn has_extension(&self, extensions: &[&str]) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, found)| extensions.contains(&found))
    }

    /// Written by a program: its own rules apply.
    fn is_generated(&self) -> bool {
        self.path.contains(".gen.") || self.path.starts_with("tests/vectors/")
    }
}

/// Checks everything and reports all problems at once.
pub(crate) fn run(repo: &Repo) -> Result<()> {
    let sources = read_sources(repo)?;
    let mut findings = Findings::default();
    crates::check(repo, &mut findings)?;
    locks::check(repo, &mut findings)?;
    others::check(repo, &mut findings)?;
    lengths::check(&sources, &mut findings);
    words::check(&sources, &mut findings);
    links::check(repo, &sources, &mut findings);
    pages::check(&sources, &mut findings);
    shown::check(&sources, &mut findings);
    codes::check(&sources, &mut findings);
    colours::check(&sources, &mut findings);
    labels::check(&sources, &mut findings);
    labels::check_once(&sources, &mut findings);
    texts::check(&sources, &mut findings);
    workflows::check(&sources, &mut findings);
    container::check(&sources, &mut findings);
    for warning in &findings.warnings {
        println!("  warning: {warning}");
    }
    if findings.problems.is_empty() {
        println!("  tidy: {} files, nothing to report", sources.len());
        return Ok(());
    }
    for problem in &findings.problems {
        println!("  problem: {problem}");
    }
    bail!("tidy found {} problems", findings.problems.len())
}

/// Every listed file that is text.
fn read_sources(repo: &Repo) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    for file in files::listed(repo)? {
        if let Ok(text) = std::fs::read_to_string(repo.root().join(&file)) {
            let path = file.to_string_lossy().replace('\\', "/");
            sources.push(Source { path, text });
        }
    }
    Ok(sources)
}
