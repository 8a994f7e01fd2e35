//! What other people's programs check better: licences, sources and bans (cargo-deny), who has looked at a
//! dependency (cargo-vet), and the workflows of the forge (zizmor). Advisories are not looked up: that needs
//! the network.

use std::process::Command;

use anyhow::Result;

use super::Findings;
use crate::process::{cargo, run};
use crate::repo::Repo;
use crate::setup;

/// A program, its arguments, and what it means if it fails.
const CHECKS: [(&str, &[&str], &str); 3] = [
    (
        "cargo-deny",
        &["--log-level", "error", "check", "bans", "licenses", "sources"],
        "a dependency breaks deny.toml",
    ),
    (
        "cargo-vet",
        &["vet", "--locked"],
        "a dependency is neither audited nor exempted: look at what changed in it, then \
         `cargo xtask vet` adds the exemptions",
    ),
    ("zizmor", WORKFLOWS, "a workflow breaks a rule"),
];
const WORKFLOWS: &[&str] =
    &["--offline", "--quiet", "--no-progress", "--strict-collection", "--pedantic", ".github"];

pub(super) fn check(repo: &Repo, findings: &mut Findings) -> Result<()> {
    for (name, arguments, problem) in CHECKS {
        if run(command(repo, name)?.args(arguments)).is_err() {
            findings.problem(format!("{name}: {problem}"));
        }
    }
    Ok(())
}

/// Exempts the dependencies that nobody has audited, and forgets those that are not there any more.
pub(crate) fn exempt(repo: &Repo) -> Result<()> {
    run(command(repo, "cargo-vet")?.args(["vet", "regenerate", "exemptions"]))
}

fn command(repo: &Repo, name: &str) -> Result<Command> {
    let mut command = Command::new(setup::checker(repo, name)?);
    // cargo-vet is told by cargo where cargo is.
    command.current_dir(repo.root()).env("CARGO", cargo(repo).get_program());
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::succeeds;

    /// Whether a workflow with this text in place of another passes.
    fn passes(from: &str, to: &str) -> bool {
        let repo = Repo::open(None).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let workflows = dir.path().join(".github/workflows");
        std::fs::create_dir_all(&workflows).unwrap();
        let own = std::fs::read_to_string(repo.path(".github/workflows/scan.yml")).unwrap();
        assert!(own.contains(from), "{from}");
        std::fs::write(workflows.join("scan.yml"), own.replacen(from, to, 1)).unwrap();
        let mut command = command(&repo, "zizmor").unwrap();
        succeeds(command.args(WORKFLOWS).current_dir(dir.path()))
    }

    #[test]
    fn a_workflow_with_rights_or_inputs_of_strangers_is_found() {
        assert!(passes("name: scan", "name: scan"));
        for (from, to) in [
            ("  pull_request:", "  pull_request_target:"),
            ("permissions: {}", "permissions: write-all"),
            ("contents: read", "contents: write"),
            ("persist-credentials: false", "fetch-depth: 1"),
            ("run: cargo deny check", "run: cargo deny ${{ github.event.pull_request.title }}"),
            ("@11bd71901bbe5b1630ceea73d27597364c9af683", "@v4.2.2"),
        ] {
            assert!(!passes(from, to), "{to}");
        }
    }
}
