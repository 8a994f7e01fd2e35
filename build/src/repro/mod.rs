//! Reproducible builds: the same source gives the same bytes anywhere.

mod circumstances;
mod differ;
mod outputs;
mod roots;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::process::Beside;
use crate::repo::Repo;
use crate::{files, manifest, shell, wasm};
use circumstances::{BUILDS, build_under};
use outputs::{Digests, Outputs};

pub(crate) use differ::between;
pub(crate) use roots::in_two_roots;

/// Builds twice under different circumstances and compares every byte.
pub(crate) fn twice(repo: &Repo) -> Result<()> {
    let shell = shell::program(repo)?;
    let [first, second] = &BUILDS;
    let built = [build_under(repo, first, &shell)?, build_under(repo, second, &shell)?];
    compare(&built[0], &built[1])?;
    built.iter().try_for_each(Outputs::remove)
}

/// Builds once under other circumstances and compares every byte with the enclave that is built here.
/// A tree for which this was done before, on this machine, is not built again: what is here is
/// compared with what was built then.
pub(crate) fn once(repo: &Repo, shell: &Path) -> Result<()> {
    let here = Outputs::emit(&repo.enclave_dir(false), &repo.target("repro/here"), shell)?;
    let (tree, earlier) = (files::fingerprint(repo)?, repo.target("repro-earlier.json"));
    if recall(&earlier, &tree).is_some_and(|built| built == here.digests) {
        println!("  this very tree was built under other circumstances before");
        return Ok(());
    }
    let [_, other] = &BUILDS;
    let built = build_under(repo, other, shell)?;
    compare(&here, &built)?;
    built.remove()?;
    let proof = Proof { tree, built: built.digests };
    std::fs::write(&earlier, serde_json::to_vec(&proof)?).context("cannot keep the digests")
}

/// Starts that beside other work: most of its time one core links, and the other one has nothing to do.
pub(crate) fn once_beside(repo: &Repo) -> Result<Beside> {
    let mut command = Command::new(repo.program()?);
    command.arg("--root").arg(repo.root()).args(["repro", "--here"]).arg(shell::program(repo)?);
    Ok(Beside::start(command))
}

/// Runs a task on a copy of this tree under other circumstances; returns the copy.
pub(crate) fn elsewhere(repo: &Repo, task: &str) -> Result<PathBuf> {
    let [_, other] = &BUILDS;
    Ok(circumstances::run_under(repo, other, task)?.join("tree"))
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

/// Fails unless both builds are the same, and says where they are not.
fn compare(first: &Outputs, second: &Outputs) -> Result<()> {
    for (name, digest) in &first.digests {
        println!("  {digest}  {name}");
    }
    let differing = outputs::differences(&first.digests, &second.digests);
    if differing.is_empty() {
        println!("  repro: {} files, identical in both builds", first.digests.len());
        return Ok(());
    }
    for name in &differing {
        println!("  differs: {name}: {}", differ::explain(&first.file(name), &second.file(name)));
    }
    bail!("the two builds differ in: {}", differing.join(", "))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_built_of_another_tree_is_not_recalled() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("proof.json");
        let built: Digests = [("a", "1"), ("b", "2")].map(|(a, b)| (a.into(), b.into())).into();
        let proof = Proof { tree: "one".into(), built };
        std::fs::write(&path, serde_json::to_vec(&proof).unwrap()).unwrap();
        assert_eq!(recall(&path, "one"), Some(proof.built));
        assert_eq!(recall(&path, "two"), None);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(recall(&path, "one"), None);
    }
}
