//! Browsers and their drivers from the Debian archive.

use std::process::Command;

use anyhow::{Result, bail};

use crate::process::{output, run, succeeds, which};

/// Programs that the end-to-end tests start, and the package of each.
const PROGRAMS: [(&str, &str); 5] = [
    ("chromium", "chromium"),
    ("chromedriver", "chromium-driver"),
    ("firefox-esr", "firefox-esr"),
    ("WebKitWebDriver", "webkit2gtk-driver"),
    ("Xvfb", "xvfb"),
];

/// Which engines can be driven on this machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Browsers {
    pub(crate) chromium: bool,
    pub(crate) firefox: bool,
    pub(crate) webkitgtk: bool,
}

impl Browsers {
    /// Looks for the browsers and drivers; installs nothing.
    pub(crate) fn present() -> Self {
        let has = |name| which(name).is_some();
        Self {
            chromium: has("chromium") && has("chromedriver"),
            firefox: has("firefox-esr") || has("firefox"),
            webkitgtk: has("WebKitWebDriver") && has("Xvfb"),
        }
    }
}

/// Installs what is missing.
pub(super) fn browsers() -> Result<()> {
    let missing: Vec<&str> = PROGRAMS
        .iter()
        .filter(|(program, _)| which(program).is_none())
        .map(|(_, package)| *package)
        .collect();
    if missing.is_empty() { Ok(()) } else { install(&missing) }
}

/// Whether there is the database that brokers share in tests. Its programs are off `PATH`.
pub(crate) fn has_postgres() -> bool {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    versions.into_iter().any(|version| version.path().join("bin/postgres").is_file())
}

/// Installs it.
pub(super) fn postgres() -> Result<()> {
    if has_postgres() { Ok(()) } else { install(&["postgresql"]) }
}

/// The compiler of the C in `ring` for static programs.
pub(super) fn musl() -> Result<()> {
    if which("musl-gcc").is_some() { Ok(()) } else { install(&["musl-tools"]) }
}

fn install(packages: &[&str]) -> Result<()> {
    let packages_line = packages.join(" ");
    println!("setup: installing {packages_line}");
    let by_hand = format!(
        "run this as root, then try again:\n  apt-get update && apt-get install --no-install-recommends {packages_line}"
    );
    if which("apt-get").is_none() {
        println!("setup: no apt-get here; install by hand what provides: {packages_line}");
        return Ok(());
    }
    let Some(privilege) = privilege() else {
        println!("setup: not root, and sudo asks for a password; {by_hand}");
        return Ok(());
    };
    run(apt_get(privilege).args(["update", "--quiet=2"]))?;
    let mut command = apt_get(privilege);
    command.args(["install", "--quiet=2", "--yes", "--no-install-recommends"]).args(packages);
    if run(&mut command).is_err() {
        bail!("apt-get could not install {packages_line}; {by_hand}");
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Privilege {
    Root,
    Sudo,
}

fn privilege() -> Option<Privilege> {
    let user = output(Command::new("id").arg("-u")).ok()?;
    if user.trim() == "0" {
        return Some(Privilege::Root);
    }
    succeeds(Command::new("sudo").args(["-n", "true"])).then_some(Privilege::Sudo)
}

fn apt_get(privilege: Privilege) -> Command {
    match privilege {
        Privilege::Root => {
            let mut command = Command::new("apt-get");
            command.env("DEBIAN_FRONTEND", "noninteractive");
            command
        }
        Privilege::Sudo => {
            let mut command = Command::new("sudo");
            command.args(["-n", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
            command
        }
    }
}
