//! What the fuzz targets are built from. They are no part of the workspace, so cargo-deny and cargo-vet do
//! not see their lock file: it may have what that of the workspace has, and a few things besides.

use anyhow::{Context, Result};

use super::Findings;
use crate::repo::Repo;

/// What only the targets need: libFuzzer and what builds and feeds it. None of it reaches a release.
const ALONE: [&str; 4] =
    ["arbitrary 1.5.0", "jobserver 0.1.35", "kms-fuzz 0.0.0", "libfuzzer-sys 0.4.13"];

pub(super) fn check(repo: &Repo, findings: &mut Findings) -> Result<()> {
    let read = |path| std::fs::read_to_string(repo.path(path)).with_context(|| path);
    let strangers = strangers(&read("fuzz/Cargo.lock")?, &read("Cargo.lock")?);
    for package in strangers.iter().filter(|package| !ALONE.contains(&package.as_str())) {
        findings.problem(format!(
            "fuzz/Cargo.lock: {package} is not in Cargo.lock, so nobody has looked at it"
        ));
    }
    for package in ALONE.iter().filter(|package| !strangers.iter().any(|it| it == *package)) {
        findings
            .problem(format!("fuzz/Cargo.lock: {package} is listed in tidy/locks.rs for nothing"));
    }
    Ok(())
}

/// The packages of a lock file that are not in another one with name, version, source and digest.
fn strangers(lock: &str, known: &str) -> Vec<String> {
    let known: Vec<_> = heads(known).collect();
    heads(lock).filter(|head| !known.contains(head)).map(named).collect()
}

/// What is said of each package before what it needs.
fn heads(lock: &str) -> impl Iterator<Item = &str> {
    let packages = lock.split("[[package]]\n").skip(1);
    packages.filter_map(|package| package.split("dependencies = [").next()).map(str::trim_end)
}

/// Name and version.
fn named(head: &str) -> String {
    let values = head.lines().take(2).filter_map(|line| line.split('"').nth(1));
    values.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &str = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n\
        source = \"registry\"\nchecksum = \"00\"\n\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n\
        dependencies = [\n \"a\",\n \"b\",\n]\n";

    #[test]
    fn another_version_source_or_digest_is_a_stranger() {
        assert_eq!(strangers(KNOWN, KNOWN), Vec::<String>::new());
        // What an own package needs may differ; each of that is looked at by itself.
        let fewer = KNOWN.replace(" \"b\",\n", "");
        assert_eq!(strangers(&fewer, KNOWN), Vec::<String>::new());
        for (from, to, found) in [
            ("1.0.0", "1.0.1", "a 1.0.1"),
            ("registry", "git", "a 1.0.0"),
            ("00\"", "01\"", "a 1.0.0"),
            ("\"a\"\nv", "\"aa\"\nv", "aa 1.0.0"),
            ("checksum = \"00\"\n", "", "a 1.0.0"),
        ] {
            assert_eq!(strangers(&KNOWN.replacen(from, to, 1), KNOWN), [found], "{to}");
        }
    }
}
