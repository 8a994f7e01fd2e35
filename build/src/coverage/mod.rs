//! Native line coverage of the pure crates: nearly every line, and a reason for each other one.

mod lcov;
mod listed;
mod programs;

use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::compiler;
use crate::process::{cargo, output};
use crate::repo::Repo;
use crate::setup;
use listed::Listed;

/// Crates without browser, runtime or clock: all of their code runs in native tests.
pub(crate) const CRATES: [&str; 9] = [
    "kms-protocol",
    "kms-crypto",
    "kms-jose",
    "kms-tlog",
    "kms-manifest",
    "kms-verify",
    "kms-vault",
    "kms-backup",
    "kms-token",
];

/// Where their sources lie.
const SOURCES: [&str; 9] = [
    "crates/protocol/src/",
    "crates/crypto/src/",
    "crates/jose/src/",
    "crates/tlog/src/",
    "crates/manifest/src/",
    "crates/verify/src/",
    "crates/vault/src/",
    "crates/backup/src/",
    "crates/token/src/",
];

/// The part of all lines that must be reached, in thousandths.
const LEAST: usize = 980;

/// The lines that are not, with reasons.
const LIST: &str = "build/coverage.txt";

/// What is known of the reached lines.
pub(crate) struct Coverage {
    counted: usize,
    /// Path, number and text of every line that no test reached, in order.
    missed: Vec<Line>,
}

/// A line of a source file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    path: String,
    number: usize,
    /// Without indentation.
    text: String,
}

/// Runs the crates' tests and compares what they missed with the list.
pub(crate) fn check(repo: &Repo) -> Result<()> {
    let coverage = measure(repo)?;
    coverage.print();
    let listed = Listed::read(&repo.path(LIST))?;
    let problems = listed.problems(&coverage.missed);
    for problem in &problems {
        println!("  {problem}");
    }
    ensure!(
        problems.is_empty(),
        "{LIST} is not what was measured: test the lines, or run `cargo xtask coverage --update` \
         and write down why not"
    );
    ensure!(
        coverage.thousandths() >= LEAST,
        "less than {}.{} % of the lines are reached",
        LEAST / 10,
        LEAST % 10
    );
    Ok(())
}

/// Brings the list up to date; what is new in it still needs a reason.
pub(crate) fn update(repo: &Repo) -> Result<()> {
    let coverage = measure(repo)?;
    coverage.print();
    let path = repo.path(LIST);
    let listed = Listed::read(&path)?.updated(&coverage.missed);
    std::fs::write(&path, listed.to_string()).with_context(|| format!("cannot write {LIST}"))?;
    println!("  {LIST}: {} lines, {} without a reason", listed.len(), listed.unexplained());
    Ok(())
}

impl Coverage {
    fn thousandths(&self) -> usize {
        (self.counted - self.missed.len()) * 1000 / self.counted.max(1)
    }

    fn print(&self) {
        let reached = self.counted - self.missed.len();
        let part = self.thousandths();
        let (whole, tenths) = (part / 10, part % 10);
        println!("  coverage: {reached} of {} lines, {whole}.{tenths} %", self.counted);
    }
}

fn measure(repo: &Repo) -> Result<Coverage> {
    let tools = setup::llvm_tools(repo)?;
    let dir = repo.target("coverage");
    if dir.exists() {
        std::fs::remove_dir_all(&dir).with_context(|| format!("cannot clear {}", dir.display()))?;
    }
    std::fs::create_dir_all(&dir)?;
    let programs = programs::build(tests(repo)?)?;
    programs::run_all(&programs, &dir.join("%4m.profraw"))?;
    let merged = dir.join("merged.profdata");
    let mut merge = Command::new(tools.join("llvm-profdata"));
    merge.args(["merge", "--sparse", "--output"]).arg(&merged).arg(&dir);
    output(&mut merge)?;
    let mut export = Command::new(tools.join("llvm-cov"));
    export.args(["export", "--format=lcov", "--instr-profile"]).arg(&merged);
    for program in &programs {
        export.arg("--object").arg(&program.path);
    }
    lcov::read(&output(&mut export)?, repo.root(), &SOURCES)
}

/// `cargo test` of the crates, instrumented.
fn tests(repo: &Repo) -> Result<Command> {
    let mut command = cargo(repo);
    // Examples are compiled to be read only.
    command.args(["test", "--locked", "--tests", "--examples"]);
    for name in CRATES {
        command.args(["--package", name]);
    }
    compiler::read_along(repo, &mut command)?;
    compiler::count(repo, &mut command)?;
    Ok(command)
}
