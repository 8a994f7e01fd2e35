//! Builds under circumstances that must not reach their bytes.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::outputs::Outputs;
use crate::files;
use crate::process::{run, succeeds};
use crate::repo::Repo;

/// Circumstances of one build.
pub(super) struct Circumstances {
    name: &'static str,
    dir: &'static str,
    time_zone: &'static str,
    locale: &'static str,
    umask: &'static str,
    jobs: &'static str,
    /// Who builds, and where; whoever runs this program where it says nothing.
    user: Option<User>,
}

/// A user and a machine.
struct User {
    name: &'static str,
    number: &'static str,
    host: &'static str,
}

pub(super) const BUILDS: [Circumstances; 2] = [
    Circumstances {
        name: "first",
        dir: "a",
        time_zone: "UTC",
        locale: "C",
        umask: "022",
        jobs: "2",
        user: None,
    },
    Circumstances {
        name: "second",
        dir: "a-longer/path with a space",
        time_zone: "Asia/Kathmandu",
        locale: "C.UTF-8",
        umask: "077",
        jobs: "3",
        user: Some(User { name: "somebody", number: "4242", host: "elsewhere" }),
    },
];

/// Copies the tree, builds it and emits a deployment.
pub(super) fn build_under(repo: &Repo, build: &Circumstances, shell: &Path) -> Result<Outputs> {
    let base = run_under(repo, build, "build")?;
    let outputs = Outputs::emit(&base.join("tree/target/enclave"), &base.join("dist"), shell)?;
    Ok(outputs.inside(&base))
}

/// Copies the tree and runs a task there; returns the folder that has the copy in `tree`.
pub(super) fn run_under(repo: &Repo, build: &Circumstances, task: &str) -> Result<PathBuf> {
    let base = repo.target("repro").join(build.dir);
    let tree = base.join("tree");
    let home = base.join("cargo-home");
    println!("  {} build: {}", build.name, repo.shown(&tree));
    files::copy_all(repo, &tree)?;
    copy_registry(&home)?;
    let mut command = as_another(build);
    // umask belongs to the shell that starts the build.
    command.args(["sh", "-c", "umask \"$1\" && shift && exec \"$@\"", "sh", build.umask]);
    command.arg(std::env::current_exe()?).arg("--root").arg(&tree).arg(task);
    command.env("CARGO_HOME", &home).env("CARGO_NET_OFFLINE", "true");
    command.env("CARGO_BUILD_JOBS", build.jobs);
    command.env("TZ", build.time_zone).env("LC_ALL", build.locale);
    run(&mut command)?;
    Ok(base)
}

/// Takes another host name in a namespace of its own, then another user in one below: neither needs a
/// right that this process has not.
const AS_ANOTHER: &str = "hostname \"$1\" && shift && exec unshare --user \"$@\"";

/// The start of a command that runs as another user on another machine, as far as it can see. Where
/// the kernel has no namespaces for everybody it says so, and the same user builds again.
fn as_another(build: &Circumstances) -> Command {
    let plain = Command::new("env");
    let Some(user) = &build.user else { return plain };
    let command = || {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--uts", "sh", "-c", AS_ANOTHER, "sh"]);
        command.args([user.host, "--map-user", user.number, "--map-group", user.number, "env"]);
        command.arg(format!("USER={0}", user.name)).arg(format!("LOGNAME={0}", user.name));
        command
    };
    if succeeds(command().arg("true")) {
        return command();
    }
    println!("  (no user namespaces here: the same user builds again)");
    plain
}

/// A second cargo home with the downloads of the first; sources are unpacked
/// anew below it, at another path.
pub(super) fn copy_registry(home: &Path) -> Result<()> {
    let ours = cargo_home()?;
    if home.exists() {
        std::fs::remove_dir_all(home)?;
    }
    for part in ["registry/index", "registry/cache"] {
        files::copy_tree(&ours.join(part), &home.join(part))?;
    }
    let config = ours.join("config.toml");
    if config.is_file() {
        std::fs::copy(&config, home.join("config.toml"))?;
    }
    Ok(())
}

fn cargo_home() -> Result<PathBuf> {
    if let Some(home) = std::env::var_os("CARGO_HOME") {
        return Ok(PathBuf::from(home));
    }
    let home = std::env::var_os("HOME").context("HOME is not set")?;
    Ok(PathBuf::from(home).join(".cargo"))
}
