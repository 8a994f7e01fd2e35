//! Runs what is in an image as a container would: as its user, on a root that cannot be written.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::{NAME, USER, inspect};
use crate::process::{cargo, output, run};
use crate::repo::Repo;

/// Makes the folder a root that cannot be written, and runs the rest there as another user.
const IN_ROOT: &str = "mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\" \
    && cd \"$1\" && exec chroot --userspec=\"$2:$2\" . \"$3\" --version";

/// Unpacks the image, asks the program for its version, and runs the tests of the program with it.
pub(super) fn run_all(repo: &Repo, image: &Path) -> Result<()> {
    let root = repo.target("image-root");
    if root.exists() {
        std::fs::remove_dir_all(&root)?;
    }
    for entry in inspect::entries(image)? {
        let path = root.join(&entry.path);
        if entry.is_dir {
            std::fs::create_dir_all(&path)?;
        } else {
            std::fs::write(&path, &entry.bytes)?;
            set_mode(&path, entry.mode)?;
        }
    }
    as_container(&root)?;
    let mut tests = cargo(repo);
    tests.args(["test", "--quiet", "--locked", "--package", NAME, "--test", "program"]);
    run(tests.env("KMS_BROKER_PROGRAM", root.join(NAME)))
}

/// Changing roots needs root; whoever is not is told.
fn as_container(root: &Path) -> Result<()> {
    if output(Command::new("id").arg("-u"))?.trim() != "0" {
        println!("  (not root: the image is not run on a root of its own)");
        return Ok(());
    }
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-ec", IN_ROOT, "sh"]).arg(root);
    run(command.arg(USER.to_string()).arg(format!("/{NAME}")))
}

fn set_mode(path: &Path, mode: u32) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
        .with_context(|| format!("cannot change {}", path.display()))
}
