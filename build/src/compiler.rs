//! This program in place of rustc, for the crates of the workspace alone: crates of others stay as
//! they are, fast and shared with every other build.
//!
//! Clippy compiles what it reads. Where it is the compiler of the tests, no crate is compiled a
//! second time only to be read.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail, ensure};

use crate::process::output;
use crate::repo::Repo;

/// Where cargo reads what to start in place of rustc.
const WRAPPER: &str = "RUSTC_WORKSPACE_WRAPPER";
/// Names clippy's compiler where it reads along.
const CLIPPY: &str = "KMS_COMPILER_CLIPPY";
/// Set where the lines that run are counted.
const COUNT: &str = "KMS_COMPILER_COUNT";

/// Lets clippy compile, where the task wants that. Every warning is an error.
pub(crate) fn read_along(repo: &Repo, command: &mut Command) -> Result<()> {
    if let Some(wrapper) = repo.wrapper() {
        command.env(WRAPPER, wrapper).env(CLIPPY, clippy(repo)?);
    }
    Ok(())
}

/// Lets the compiler put in what counts the lines that run.
pub(crate) fn count(repo: &Repo, command: &mut Command) -> Result<()> {
    command.env(WRAPPER, repo.program_as("compiler-that-counts")?).env(COUNT, "1");
    Ok(())
}

/// The compiler that clippy is, beside rustc.
fn clippy(repo: &Repo) -> Result<PathBuf> {
    let mut command = Command::new("rustc");
    let sysroot = output(command.current_dir(repo.root()).args(["--print", "sysroot"]))?;
    let driver = Path::new(sysroot.trim()).join("bin/clippy-driver");
    ensure!(driver.is_file(), "the Rust in use has no clippy-driver");
    Ok(driver)
}

/// What to do when cargo starts this program in place of rustc.
pub(crate) fn in_place_of_rustc() -> Option<ExitCode> {
    let (clippy, counts) = (std::env::var_os(CLIPPY), std::env::var_os(COUNT).is_some());
    if clippy.is_none() && !counts {
        return None;
    }
    let mut arguments = std::env::args_os().skip(1);
    let rustc = arguments.next()?;
    // `cargo xtask` with a variable set by hand is no call of cargo.
    if Path::new(&rustc).file_stem()? != "rustc" {
        return None;
    }
    let command = compilation(clippy, counts, rustc, arguments);
    Some(compile(command).unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    }))
}

fn compilation(
    clippy: Option<OsString>,
    counts: bool,
    rustc: OsString,
    arguments: impl Iterator<Item = OsString>,
) -> Command {
    let mut command = match clippy {
        None => Command::new(rustc),
        Some(clippy) => {
            // Clippy takes rustc's name first, as cargo hands it to whatever stands in its place.
            let mut command = Command::new(clippy);
            command.arg(rustc).arg("-Dwarnings");
            command
        }
    };
    command.args(arguments).args(counts.then_some("-Cinstrument-coverage"));
    command
}

fn compile(mut command: Command) -> Result<ExitCode> {
    let status = command.status().context("cannot start the compiler")?;
    match status.code().and_then(|code| u8::try_from(code).ok()) {
        Some(code) => Ok(ExitCode::from(code)),
        None => bail!("the compiler was ended by a signal"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(clippy: Option<&str>, counts: bool) -> String {
        let arguments = ["--test", "a.rs"].map(OsString::from).into_iter();
        let command = compilation(clippy.map(OsString::from), counts, "rustc".into(), arguments);
        let mut words = vec![command.get_program()];
        words.extend(command.get_args());
        words.join(std::ffi::OsStr::new(" ")).into_string().unwrap()
    }

    #[test]
    fn rustc_is_given_more_or_to_clippy() {
        assert_eq!(line(None, true), "rustc --test a.rs -Cinstrument-coverage");
        assert_eq!(line(Some("clippy"), false), "clippy rustc -Dwarnings --test a.rs");
        let both = "clippy rustc -Dwarnings --test a.rs -Cinstrument-coverage";
        assert_eq!(line(Some("clippy"), true), both);
    }
}
