//! Who runs the program: it refuses root, and tests may be root.

#![allow(dead_code)] // each test uses some

use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The user of the container image.
const USER: u32 = 65532;

/// The program: the one that was built for the tests, or another one that is to pass them.
pub(crate) fn program() -> PathBuf {
    let other = std::env::var_os("KMS_BROKER_PROGRAM").map(PathBuf::from);
    other.unwrap_or_else(|| env!("CARGO_BIN_EXE_kms-broker").into())
}

/// The program as a user who may do what is in this folder. Where it can be had, one capability comes
/// with it, so that there is something to give up.
pub(crate) fn command(dir: &Path) -> Command {
    let program = program();
    if !rustix::process::geteuid().is_root() {
        return Command::new(program);
    }
    // Where the sources are, another user may see nothing.
    let copy = dir.join("kms-broker");
    if !copy.exists() {
        // Not by this process: another thread that starts a program would hold the copy open to write,
        // and what is open to write is not executed.
        let copied = Command::new("cp").arg(program).arg(&copy).status();
        assert!(copied.unwrap().success());
    }
    give(dir);
    let user = USER.to_string();
    let mut command = Command::new("setpriv");
    command.args(["--reuid", &user, "--regid", &user, "--clear-groups"]);
    command.args(["--inh-caps", "+net_bind_service", "--ambient-caps", "+net_bind_service"]);
    command.arg(copy);
    command
}

/// The program as root: of this machine, or else of a namespace of its own.
pub(crate) fn root() -> Command {
    let program = program();
    if rustix::process::geteuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("unshare");
    command.arg("--map-root-user").arg(program);
    command
}

fn give(path: &Path) {
    chown(path, Some(USER), Some(USER)).unwrap();
    if path.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            give(&entry.unwrap().path());
        }
    }
}
