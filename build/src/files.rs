//! The files of the working tree, as git sees them.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::process::output;
use crate::repo::Repo;
use crate::report::sha256_hex;

/// Tracked and new files that are not ignored, relative to the root.
pub(crate) fn listed(repo: &Repo) -> Result<Vec<PathBuf>> {
    let mut command = Command::new("git");
    command.current_dir(repo.root());
    command.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let names = output(&mut command).context("tasks need git and a clone")?;
    let mut files: Vec<PathBuf> = names.split_terminator('\0').map(PathBuf::from).collect();
    // A file that was deleted but not yet committed is still listed.
    files.retain(|file| repo.root().join(file).is_file());
    files.sort();
    files.dedup();
    Ok(files)
}

/// Digest of every listed file, with its name, and of the compiler's name.
pub(crate) fn fingerprint(repo: &Repo) -> Result<String> {
    let mut hasher = Sha256::new();
    hasher.update(output(Command::new("rustc").current_dir(repo.root()).arg("-vV"))?);
    for file in listed(repo)? {
        let bytes = std::fs::read(repo.root().join(&file))?;
        hasher.update(format!("\n{} {}", sha256_hex(&bytes), file.display()));
    }
    Ok(sha256_hex(&hasher.finalize()))
}

/// Copies every listed file to `target`, which is made anew.
pub(crate) fn copy_all(repo: &Repo, target: &Path) -> Result<()> {
    if target.exists() {
        std::fs::remove_dir_all(target)
            .with_context(|| format!("cannot clear {}", target.display()))?;
    }
    for file in listed(repo)? {
        copy(&repo.root().join(&file), &target.join(&file))?;
    }
    Ok(())
}

/// Copies a directory with everything below it.
pub(crate) fn copy_tree(source: &Path, target: &Path) -> Result<()> {
    std::fs::create_dir_all(target)
        .with_context(|| format!("cannot create {}", target.display()))?;
    for entry in
        std::fs::read_dir(source).with_context(|| format!("cannot read {}", source.display()))?
    {
        let entry = entry?;
        let below = target.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &below)?;
        } else {
            copy(&entry.path(), &below)?;
        }
    }
    Ok(())
}

/// All files below `dir`, relative to it, in order.
pub(crate) fn below(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(next) = open.pop() {
        for entry in
            std::fs::read_dir(&next).with_context(|| format!("cannot read {}", next.display()))?
        {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push(path.strip_prefix(dir)?.to_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}

fn copy(source: &Path, target: &Path) -> Result<()> {
    if let Some(parent) = target.parent() {
        std::fs::create_dir_all(parent)
            .with_context(|| format!("cannot create {}", parent.display()))?;
    }
    std::fs::copy(source, target).with_context(|| format!("cannot copy {}", source.display()))?;
    Ok(())
}
