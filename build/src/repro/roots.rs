//! Builds on two machines, as near as one machine comes to two: roots of two releases of Debian, each
//! with its own compiler for C, libraries, users and paths, and nothing of this one but the kernel, the
//! pinned Rust and the downloaded crates.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::circumstances::copy_registry;
use super::compare;
use super::outputs::Outputs;
use crate::process::{output, run, which};
use crate::repo::Repo;
use crate::{files, shell};

/// Where the Debian archive is.
const ARCHIVE: &str = "http://deb.debian.org/debian";
/// What a root needs beside Debian's least: what links Rust's build scripts.
const PACKAGES: &str = "--include=gcc,libc6-dev";

/// A machine to build on.
struct Machine {
    /// The release of Debian.
    suite: &'static str,
    /// The number of the user who builds.
    user: u32,
    /// Where the tree lies, inside.
    tree: &'static str,
    time_zone: &'static str,
}

const MACHINES: [Machine; 2] = [
    Machine { suite: "bookworm", user: 1000, tree: "home/first/kms", time_zone: "UTC" },
    Machine { suite: "trixie", user: 2345, tree: "srv/second/a tree", time_zone: "Asia/Kathmandu" },
];

/// Builds the enclave, and the shell that emits it, in both roots, and compares every served byte.
pub(crate) fn in_two_roots(repo: &Repo) -> Result<()> {
    ensure!(
        which("debootstrap").is_some(),
        "debootstrap is missing; run as root: apt-get install --no-install-recommends debootstrap"
    );
    let user = output(Command::new("id").arg("-u"))?;
    ensure!(user.trim() == "0", "only root can make roots: run `sudo cargo xtask repro --roots`");
    let [first, second] = &MACHINES;
    compare(&first.build(repo)?, &second.build(repo)?)
}

impl Machine {
    fn build(&self, repo: &Repo) -> Result<Outputs> {
        let root = self.root(repo)?;
        let tree = root.join(self.tree);
        println!("  {}: building in {}", self.suite, repo.shown(&tree));
        files::copy_all(repo, &tree)?;
        copy_registry(&tree.join("cargo-home"))?;
        let owner = format!("{0}:{0}", self.user);
        run(Command::new("chown").args(["--recursive", &owner]).arg(&tree))?;
        self.run(&root, &["cargo", "xtask", "build"])?;
        let deployment = shell::Deployment::demo(None);
        let mut emit = vec!["cargo", "run", "--locked", "--package", "enclave-shell", "--", "emit"];
        emit.extend(["--origin", &deployment.origin, "--enclave", "target/enclave"]);
        for embedder in &deployment.embedders {
            emit.extend(["--embedder", embedder]);
        }
        emit.extend(["--out", "target/dist"]);
        self.run(&root, &emit)?;
        Outputs::read(&tree.join("target/enclave"), &tree.join("target/dist"))
    }

    /// The root, made if there is none, with the pinned Rust in it.
    fn root(&self, repo: &Repo) -> Result<PathBuf> {
        let root = repo.target("roots").join(self.suite);
        let rust = root.join("opt/rust");
        if rust.is_dir() {
            return Ok(root);
        }
        if root.exists() {
            std::fs::remove_dir_all(&root)?;
        }
        std::fs::create_dir_all(&root)?;
        let mut command = Command::new("debootstrap");
        command.args(["--variant=minbase", PACKAGES, self.suite]).arg(&root).arg(ARCHIVE);
        run(&mut command)?;
        let sysroot =
            output(Command::new("rustc").current_dir(repo.root()).args(["--print", "sysroot"]))?;
        let mut copy = Command::new("cp");
        run(copy.arg("--archive").arg(Path::new(sysroot.trim())).arg(&rust))?;
        Ok(root)
    }

    /// Runs a command inside, with nothing of this process' surroundings.
    fn run(&self, root: &Path, arguments: &[&str]) -> Result<()> {
        let inside = Path::new("/").join(self.tree);
        // rustc finds its libraries by /proc; what is mounted goes when the command ends.
        let mut command = Command::new("unshare");
        command.args(["--mount", "--pid", "--fork"]);
        command.arg(format!("--mount-proc={}", root.join("proc").display()));
        command.args(["chroot", &format!("--userspec={0}:{0}", self.user)]).arg(root);
        command.args(["env", "--ignore-environment"]).arg(format!("--chdir={}", inside.display()));
        command.arg("PATH=/opt/rust/bin:/usr/bin:/bin").arg(format!("HOME={}", inside.display()));
        command.arg(format!("CARGO_HOME={}", inside.join("cargo-home").display()));
        command.args(["CARGO_NET_OFFLINE=true", &format!("TZ={}", self.time_zone)]);
        run(command.args(arguments)).with_context(|| format!("in the root of {}", self.suite))
    }
}
