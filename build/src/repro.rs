//! Reproducible builds: the same source gives the same bytes anywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::process::run;
use crate::repo::Repo;
use crate::report::sha256_hex;
use crate::{files, manifest, shell, wasm};

/// Circumstances of one build that must not reach its bytes.
struct Circumstances {
    name: &'static str,
    dir: &'static str,
    time_zone: &'static str,
    locale: &'static str,
    umask: &'static str,
    jobs: &'static str,
}

const BUILDS: [Circumstances; 2] = [
    Circumstances {
        name: "first",
        dir: "a",
        time_zone: "UTC",
        locale: "C",
        umask: "022",
        jobs: "2",
    },
    Circumstances {
        name: "second",
        dir: "a-longer/path with a space",
        time_zone: "Asia/Kathmandu",
        locale: "C.UTF-8",
        umask: "077",
        jobs: "3",
    },
];

/// Names and SHA-256 of what one build made.
type Digests = BTreeMap<String, String>;

/// Builds twice under different circumstances and compares every byte.
pub(crate) fn twice(repo: &Repo) -> Result<()> {
    let shell = shell::program(repo)?;
    let [first, second] = &BUILDS;
    compare(&build_once(repo, first, &shell)?, &build_once(repo, second, &shell)?)
}

/// Builds once under other circumstances and compares every byte with what `dist` has built here.
/// A tree for which this was done before, on this machine, is not built again: what is here is
/// compared with what was built then.
pub(crate) fn once(repo: &Repo) -> Result<()> {
    let shell = shell::program(repo)?;
    let here = emit(&repo.enclave_dir(false), &repo.target("repro/here"), &shell)?;
    let (tree, earlier) = (files::fingerprint(repo)?, repo.target("repro-earlier.json"));
    if let Some(built) = recall(&earlier, &tree) {
        println!("  this very tree was built under other circumstances before");
        return compare(&here, &built);
    }
    let [_, other] = &BUILDS;
    let built = build_once(repo, other, &shell)?;
    compare(&here, &built)?;
    let proof = Proof { tree, built };
    std::fs::write(&earlier, serde_json::to_vec(&proof)?).context("cannot keep the digests")
}

/// What another build of a tree made.
#[derive(Serialize, Deserialize)]
struct Proof {
    tree: String,
    built: Digests,
}

fn recall(path: &Path, tree: &str) -> Option<Digests> {
    let proof: Proof = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
    (proof.tree == tree).then_some(proof.built)
}

fn compare(first: &Digests, second: &Digests) -> Result<()> {
    for (name, digest) in first {
        println!("  {digest}  {name}");
    }
    let differing = differences(first, second);
    if !differing.is_empty() {
        bail!("the two builds differ in: {}", differing.join(", "));
    }
    println!("  repro: {} files, identical in both builds", first.len());
    Ok(())
}

/// Builds this tree for the deployment of a published manifest and compares
/// every digest that the manifest states.
pub(crate) fn against(repo: &Repo, manifest: &str) -> Result<()> {
    let theirs = manifest::read(manifest)?;
    let enclave = wasm::Build::release(repo).run()?;
    let out = repo.target("repro-against");
    shell::emit(&shell::program(repo)?, &enclave, &out, &theirs.deployment()?)?;
    let ours = manifest::read(&out.join(shell::MANIFEST).to_string_lossy())?;
    let differing = ours.differences(&theirs);
    for difference in &differing {
        println!("  differs: {difference}");
    }
    if !differing.is_empty() {
        bail!("this tree does not build what the manifest describes");
    }
    println!("  repro: this tree builds exactly what the manifest describes");
    Ok(())
}

fn build_once(repo: &Repo, build: &Circumstances, shell: &Path) -> Result<Digests> {
    let base = repo.target("repro").join(build.dir);
    let tree = base.join("tree");
    let home = base.join("cargo-home");
    println!("  {} build: {}", build.name, repo.shown(&tree));
    files::copy_all(repo, &tree)?;
    copy_registry(&home)?;
    // umask belongs to the shell that starts the build.
    let mut command = Command::new("sh");
    command.args(["-c", "umask \"$1\" && shift && exec \"$@\"", "sh", build.umask]);
    command.arg(std::env::current_exe()?).arg("--root").arg(&tree).arg("build");
    command.env("CARGO_HOME", &home).env("CARGO_NET_OFFLINE", "true");
    command.env("CARGO_BUILD_JOBS", build.jobs);
    command.env("TZ", build.time_zone).env("LC_ALL", build.locale);
    run(&mut command)?;
    let digests = emit(&tree.join("target/enclave"), &base.join("dist"), shell)?;
    std::fs::remove_dir_all(&base).with_context(|| format!("cannot remove {}", base.display()))?;
    Ok(digests)
}

/// Emits a deployment of a built enclave; what both consist of.
fn emit(enclave: &Path, dist: &Path, shell: &Path) -> Result<Digests> {
    shell::emit(shell, enclave, dist, &shell::Deployment::demo(None))?;
    let mut digests = digests(enclave, "enclave/")?;
    digests.extend(self::digests(dist, "dist/")?);
    Ok(digests)
}

fn digests(dir: &Path, prefix: &str) -> Result<Digests> {
    let digest = |file: PathBuf| {
        let bytes = std::fs::read(dir.join(&file))?;
        Ok((format!("{prefix}{}", file.display()), sha256_hex(&bytes)))
    };
    files::below(dir)?.into_iter().map(digest).collect()
}

/// Files that are not the same on both sides, or on one side only.
fn differences(first: &Digests, second: &Digests) -> Vec<String> {
    let names: BTreeSet<&String> = first.keys().chain(second.keys()).collect();
    names.into_iter().filter(|name| first.get(*name) != second.get(*name)).cloned().collect()
}

/// A second cargo home with the downloads of the first; sources are unpacked
/// anew below it, at another path.
fn copy_registry(home: &Path) -> Result<()> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn digests_of(pairs: [(&str, &str); 2]) -> Digests {
        pairs.map(|(name, digest)| (name.to_owned(), digest.to_owned())).into()
    }

    #[test]
    fn what_was_built_of_another_tree_is_not_recalled() {
        let path = std::env::temp_dir().join(format!("kms-proof-{}", std::process::id()));
        let proof = Proof { tree: "one".into(), built: digests_of([("a", "1"), ("b", "2")]) };
        std::fs::write(&path, serde_json::to_vec(&proof).unwrap()).unwrap();
        assert_eq!(recall(&path, "one"), Some(proof.built));
        assert_eq!(recall(&path, "two"), None);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(recall(&path, "one"), None);
    }

    #[test]
    fn a_changed_and_a_missing_file_differ() {
        let first = digests_of([("a", "1"), ("b", "2")]);
        assert!(differences(&first, &first).is_empty());
        assert_eq!(differences(&first, &digests_of([("a", "9"), ("b", "2")])), ["a"]);
        assert_eq!(differences(&first, &digests_of([("a", "1"), ("c", "2")])), ["b", "c"]);
    }
}
