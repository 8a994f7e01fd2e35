//! Licences, sources and banned crates of deny.toml. Where cargo-deny is
//! present it decides; building it takes longer than everything else here, so
//! without it these three rules are our own. Advisories are not looked up: that
//! needs the network.

use std::process::Command;

use anyhow::{Context, Result};

use super::crates::{Package, metadata};
use super::{Findings, spdx};
use crate::process::run;
use crate::repo::Repo;
use crate::setup;

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

pub(super) fn check(repo: &Repo, findings: &mut Findings) -> Result<()> {
    if let Some(cargo_deny) = setup::cargo_deny()? {
        let mut command = Command::new(cargo_deny);
        command.current_dir(repo.root()).args(["check", "bans", "licenses", "sources"]);
        if run(&mut command).is_err() {
            findings.problem("cargo-deny refuses a dependency");
        }
        return Ok(());
    }
    findings.warning(
        "cargo-deny is not installed: licences, sources and bans of deny.toml are checked here",
    );
    let text = std::fs::read_to_string(repo.path("deny.toml")).context("no deny.toml")?;
    let rules = Rules::parse(&text).context("deny.toml has no list of licences")?;
    for package in metadata(repo, &["--all-features"])?.packages {
        if let Some(source) = &package.source {
            rules.check(&package, source, findings);
        }
    }
    Ok(())
}

struct Rules {
    licences: Vec<String>,
    banned: Vec<String>,
}

impl Rules {
    /// Reads the two lists of deny.toml that are needed here, no more of TOML.
    fn parse(text: &str) -> Option<Self> {
        let licences = quoted(list(text, "[licenses]", "allow = [")?);
        let banned = quoted(list(text, "[bans]", "deny = [")?);
        Some(Self { licences, banned })
    }

    fn check(&self, package: &Package, source: &str, findings: &mut Findings) {
        let name = format!("{} {}", package.name, package.version);
        if source != CRATES_IO {
            findings.problem(format!("{name} does not come from crates.io"));
        }
        if self.banned.contains(&package.name) {
            findings.problem(format!("{name} is banned by deny.toml"));
        }
        let licence = package.license.as_deref().unwrap_or_default();
        if !spdx::satisfied(licence, &self.licences) {
            findings.problem(format!("{name}: licence `{licence}` is not in deny.toml"));
        }
    }
}

/// The text of the array that follows `key` in `section`.
fn list<'a>(text: &'a str, section: &str, key: &str) -> Option<&'a str> {
    let (_, section) = text.split_once(section)?;
    let (_, array) = section.split_once(key)?;
    Some(array.split_once("\n]")?.0)
}

/// The first quoted string of each line; comments follow it.
fn quoted(array: &str) -> Vec<String> {
    let first = |line: &str| line.split('"').nth(1).map(str::to_owned);
    array.lines().filter_map(first).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_lists_of_deny_toml() {
        let text = "[licenses]\nallow = [\n  \"MIT\", # why\n  \"ISC\",\n]\n\n[bans]\ndeny = [\n  { crate = \"openssl\" },\n]\n";
        let rules = Rules::parse(text).unwrap();
        assert_eq!(rules.licences, ["MIT", "ISC"]);
        assert_eq!(rules.banned, ["openssl"]);
    }

    #[test]
    fn missing_lists_are_an_error() {
        assert!(Rules::parse("[licenses]\n").is_none());
    }
}
