//! Running other programs: every command is shown before it runs.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread::JoinHandle;

use anyhow::{Context, Result, anyhow, bail, ensure};

use crate::repo::Repo;

/// Set by `cargo run` for this program only (inherited, they would make build
/// scripts that watch them run again after each direct use of cargo), or by
/// people who keep `target` elsewhere: tasks find their files below it.
const UNWANTED: [&str; 5] = [
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_PATH",
    "OUT_DIR",
    "CARGO_TARGET_DIR",
    "CARGO_BUILD_TARGET_DIR",
];

/// A cargo command in the working tree, by the cargo that runs this program.
pub(crate) fn cargo(repo: &Repo) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(repo.root());
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || UNWANTED.contains(&text.as_ref()) {
            command.env_remove(&name);
        }
    }
    command
}

/// Shows the command, runs it, and fails when it does.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    println!("  $ {}", line(command));
    let status = command.status().with_context(|| format!("cannot start {}", line(command)))?;
    if !status.success() {
        bail!("{status}: {}", line(command));
    }
    Ok(())
}

/// The same program with the same arguments and folder.
pub(crate) fn copy(command: &Command) -> Command {
    let mut copy = Command::new(command.get_program());
    copy.args(command.get_args());
    if let Some(dir) = command.get_current_dir() {
        copy.current_dir(dir);
    }
    copy
}

/// A command that runs beside other work.
pub(crate) struct Beside {
    line: String,
    thread: JoinHandle<std::io::Result<Output>>,
}

impl Beside {
    /// Shows the command and starts it. What it prints is kept for the end.
    pub(crate) fn start(mut command: Command) -> Self {
        let line = line(&command);
        println!("  $ {line} &");
        Self { line, thread: std::thread::spawn(move || command.output()) }
    }

    /// Waits for its end, shows what it printed, and fails when it does.
    pub(crate) fn end(self) -> Result<()> {
        let Self { line, thread } = self;
        let ended = thread.join().map_err(|_| anyhow!("a thread of ours panicked"))?;
        let ended = ended.with_context(|| format!("cannot start {line}"))?;
        print!("{}", String::from_utf8_lossy(&ended.stdout));
        eprint!("{}", String::from_utf8_lossy(&ended.stderr));
        ensure!(ended.status.success(), "{}: {line}", ended.status);
        Ok(())
    }
}

/// Runs named commands at the same time and returns the names of those that fail. What one prints
/// is shown in one piece when it ends, unless it is the only one.
pub(crate) fn run_together(
    mut commands: Vec<(&'static str, Command)>,
) -> Result<Vec<&'static str>> {
    if let [(name, command)] = commands.as_mut_slice() {
        return Ok(if run(command).is_ok() { Vec::new() } else { vec![*name] });
    }
    let runs = commands.into_iter().map(|(name, mut command)| {
        println!("  $ {}", line(&command));
        std::thread::spawn(move || {
            let ended = command.stderr(Stdio::inherit()).output();
            (name, ended.with_context(|| format!("cannot start {}", line(&command))))
        })
    });
    let mut failed = Vec::new();
    for run in runs.collect::<Vec<_>>() {
        let (name, ended) = run.join().map_err(|_| anyhow!("a thread of ours panicked"))?;
        let ended = ended?;
        println!("{}", String::from_utf8_lossy(&ended.stdout));
        if !ended.status.success() {
            failed.push(name);
        }
    }
    Ok(failed)
}

/// Runs the command and returns what it prints; its errors stay visible.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start {}", line(command)))?;
    if !output.status.success() {
        bail!("{}: {}", output.status, line(command));
    }
    String::from_utf8(output.stdout).with_context(|| format!("not text: {}", line(command)))
}

/// Whether the command starts and succeeds; it prints nothing.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// The program of that name on `PATH`.
pub(crate) fn which(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| is_executable(file))
}

#[cfg(unix)]
fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(file: &Path) -> bool {
    file.is_file()
}

fn line(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let mut line = program.to_string_lossy().into_owned();
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&shown(argument));
    }
    line
}

fn shown(argument: &OsStr) -> String {
    let text = argument.to_string_lossy();
    if text.contains([' ', '\'']) { format!("{text:?}") } else { text.into_owned() }
}
