//! Builds that carry no path and no setting of the machine that they are made on.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::metadata;
use crate::process::output;
use crate::repo::Repo;

/// Settings of the person who builds that would change the bytes.
const IGNORED_VARIABLES: [&str; 11] = [
    "RUSTFLAGS",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS",
    "CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_RUSTFLAGS",
    "CFLAGS",
    "TARGET_CFLAGS",
    "CARGO_INCREMENTAL",
    "CARGO_BUILD_INCREMENTAL",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "CARGO_BUILD_RUSTC_WRAPPER",
];

/// Makes `command` compile with these flags and nothing else.
pub(crate) fn apply(command: &mut Command, flags: &[String]) {
    for name in IGNORED_VARIABLES {
        command.env_remove(name);
    }
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CARGO_PROFILE_") {
            command.env_remove(name);
        }
    }
    command.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
}

/// Panic messages name source files. rustc takes the last prefix that
/// matches, so the most specific ones come last.
pub(crate) fn flags(repo: &Repo, target: &str) -> Result<Vec<String>> {
    let mut prefixes = vec![(repo.root().to_owned(), "/src".to_owned())];
    for parent in dependency_parents(repo, target)? {
        prefixes.push((parent, "/deps".to_owned()));
    }
    prefixes.push(standard_library(repo)?);
    prefixes.into_iter().map(|(from, to)| prefix(&from, &to)).collect()
}

fn prefix(from: &Path, to: &str) -> Result<String> {
    let from = from.to_str().with_context(|| format!("path is not text: {}", from.display()))?;
    Ok(format!("--remap-path-prefix={from}={to}"))
}

/// With the `rust-src` component present, rustc names the standard library's
/// files by their place on this machine instead of by the commit.
fn standard_library(repo: &Repo) -> Result<(PathBuf, String)> {
    let sysroot = output(rustc(repo).args(["--print", "sysroot"]))?;
    let version = output(rustc(repo).arg("-vV"))?;
    let commit = version
        .lines()
        .find_map(|line| line.strip_prefix("commit-hash: "))
        .context("rustc does not name its commit")?;
    let source = Path::new(sysroot.trim()).join("lib/rustlib/src/rust");
    Ok((source, format!("/rustc/{commit}")))
}

fn rustc(repo: &Repo) -> Command {
    let mut command = Command::new("rustc");
    command.current_dir(repo.root());
    command
}

/// The directories that hold the unpacked dependencies: registry or vendored.
fn dependency_parents(repo: &Repo, target: &str) -> Result<BTreeSet<PathBuf>> {
    let packages = metadata::read(repo, target)?.packages;
    let external = packages.into_iter().filter(|package| package.source.is_some());
    external
        .map(|package| {
            let package_dir = package.manifest_path.parent().and_then(Path::parent);
            package_dir.map(Path::to_owned).context("a dependency without a directory")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_joins_both_sides() -> Result<()> {
        assert_eq!(prefix(Path::new("/a/b"), "/src")?, "--remap-path-prefix=/a/b=/src");
        Ok(())
    }
}
