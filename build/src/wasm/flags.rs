//! Compiler and linker flags: fixed memory, and no path of this machine.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::TARGET;
use crate::process::{cargo, output};
use crate::repo::Repo;

const PAGE: u32 = 65_536;
/// What the module asks for: the whole, never growing memory of the enclave
/// instance (8 MiB).
const INITIAL_PAGES: u32 = 128;
/// What the module may be given: the key-derivation instance, with Argon2id's
/// 64 MiB (80 MiB).
const MAXIMUM_PAGES: u32 = 1_280;
const STACK_BYTES: u32 = 256 * 1024;

// Argon2id's blocks must fit beside what the enclave instance has.
const _: () = assert!((MAXIMUM_PAGES - INITIAL_PAGES) * PAGE >= 65 * 1024 * 1024);

/// Settings of the person who builds that would change the bytes.
const IGNORED_VARIABLES: [&str; 8] = [
    "RUSTFLAGS",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS",
    "CARGO_INCREMENTAL",
    "CARGO_BUILD_INCREMENTAL",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "CARGO_BUILD_RUSTC_WRAPPER",
];

/// SHA-2 in its rolled form: a fifth of the code. What is hashed here is short; the megabytes go
/// through `WebCrypto`.
const SHA2_COMPACT: &str = r#"--cfg=sha2_backend_soft="compact""#;

/// No dependency draws randomness on its own; `.cargo/config.toml`, which these flags replace, says
/// the same.
const NO_RANDOMNESS: &str = r#"--cfg=getrandom_backend="unsupported""#;

/// Makes `command` compile with the release flags and nothing else.
pub(super) fn apply(repo: &Repo, command: &mut Command) -> Result<()> {
    for name in IGNORED_VARIABLES {
        command.env_remove(name);
    }
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CARGO_PROFILE_") {
            command.env_remove(name);
        }
    }
    let mut flags = linker_flags();
    flags.extend([SHA2_COMPACT, NO_RANDOMNESS].map(str::to_owned));
    flags.extend(remap_flags(repo)?);
    command.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
    Ok(())
}

/// One module serves two instances, so the memory is imported: the enclave
/// passes one with `initial == maximum == INITIAL_PAGES`.
fn linker_flags() -> Vec<String> {
    vec![
        "-Clink-arg=--import-memory".to_owned(),
        format!("-Clink-arg=--initial-memory={}", INITIAL_PAGES * PAGE),
        format!("-Clink-arg=--max-memory={}", MAXIMUM_PAGES * PAGE),
        format!("-Clink-arg=-zstack-size={STACK_BYTES}"),
    ]
}

/// Panic messages name source files. rustc takes the last prefix that
/// matches, so the most specific ones come last.
fn remap_flags(repo: &Repo) -> Result<Vec<String>> {
    let mut prefixes = vec![(repo.root().to_owned(), "/src".to_owned())];
    for parent in dependency_parents(repo)? {
        prefixes.push((parent, "/deps".to_owned()));
    }
    prefixes.push(standard_library(repo)?);
    prefixes.into_iter().map(|(from, to)| remap(&from, &to)).collect()
}

fn remap(from: &Path, to: &str) -> Result<String> {
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

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    source: Option<String>,
    manifest_path: PathBuf,
}

/// The directories that hold the unpacked dependencies: registry or vendored.
fn dependency_parents(repo: &Repo) -> Result<BTreeSet<PathBuf>> {
    let mut command = cargo(repo);
    command.args(["metadata", "--format-version=1", "--locked", "--filter-platform", TARGET]);
    let metadata: Metadata = serde_json::from_str(&output(&mut command)?)?;
    let external = metadata.packages.into_iter().filter(|package| package.source.is_some());
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
    fn remap_joins_both_sides() -> Result<()> {
        assert_eq!(remap(Path::new("/a/b"), "/src")?, "--remap-path-prefix=/a/b=/src");
        Ok(())
    }
}
