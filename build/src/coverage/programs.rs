//! The programs that tests are built into, run beside each other: most of them wait at their end for
//! one long test, which leaves the other cores to nobody when cargo runs them one after another.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::process::output;

/// A program of tests.
pub(super) struct Program {
    pub(super) path: PathBuf,
    /// Where it is run, as cargo would: the folder of its package.
    folder: PathBuf,
}

/// What cargo says of something that it has built.
#[derive(Deserialize)]
struct Message {
    executable: Option<PathBuf>,
    manifest_path: Option<PathBuf>,
    profile: Option<Profile>,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

/// Builds what `tests`, a `cargo test`, would run.
pub(super) fn build(mut tests: Command) -> Result<Vec<Program>> {
    let text = output(tests.args(["--no-run", "--quiet", "--message-format=json"]))?;
    let programs: Vec<_> = text.lines().filter_map(program).collect();
    ensure!(!programs.is_empty(), "cargo built no tests");
    Ok(programs)
}

/// The program that a line of cargo's output tells of.
fn program(line: &str) -> Option<Program> {
    let message: Message = serde_json::from_str(line).ok()?;
    message.profile.filter(|profile| profile.test)?;
    let folder = message.manifest_path?.parent()?.to_owned();
    Some(Program { path: message.executable?, folder })
}

/// Runs all, as many at a time as there are cores, and shows what those print that fail.
pub(super) fn run_all(programs: &[Program], profiles: &Path) -> Result<()> {
    let waiting = Mutex::new(programs.iter());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || {
        let mut failed = Vec::new();
        while let Some(program) = next() {
            let ended = start(program, profiles)?;
            if !ended.status.success() {
                print!("{}", String::from_utf8_lossy(&ended.stdout));
                eprint!("{}", String::from_utf8_lossy(&ended.stderr));
                failed.push(program.path.display().to_string());
            }
        }
        Ok::<_, anyhow::Error>(failed)
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let failed = thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        let ended = workers
            .into_iter()
            .map(|worker| worker.join().map_err(|_| "a thread of ours panicked"));
        ended.collect::<Vec<_>>()
    });
    let mut all = Vec::new();
    for worker in failed {
        all.extend(worker.map_err(anyhow::Error::msg)??);
    }
    ensure!(all.is_empty(), "tests failed in {}", all.join(", "));
    println!("  {} programs of tests have passed", programs.len());
    Ok(())
}

fn start(program: &Program, profiles: &Path) -> Result<Output> {
    let mut command = Command::new(&program.path);
    command.current_dir(&program.folder).arg("--quiet").env("LLVM_PROFILE_FILE", profiles);
    command.output().with_context(|| format!("cannot start {}", program.path.display()))
}
