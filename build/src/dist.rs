//! What is deployed: the emitted folder, and the shell as one binary.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::{cargo, output, run};
use crate::repo::Repo;
use crate::{files, shell, wasm};

/// Builds the enclave and emits the demo's deployment to `target/dist`.
pub(crate) fn emit(repo: &Repo) -> Result<PathBuf> {
    let enclave = wasm::Build::release(repo).run()?;
    refuse_probe(&enclave)?;
    let out = repo.target("dist");
    let deployment = shell::Deployment::demo(commit(repo));
    shell::emit(&shell::program(repo)?, &enclave, &out, &deployment)?;
    print_sizes(repo, &out)?;
    Ok(out)
}

/// Builds the optimised shell with the enclave inside.
pub(crate) fn binary(repo: &Repo) -> Result<()> {
    let mut command = cargo(repo);
    command.env("KMS_ENCLAVE_DIR", repo.enclave_dir(false));
    command.args(["build", "--release", "--locked", "--package", "enclave-shell"]);
    run(command.args(["--features", "embedded"]))?;
    let program = repo.target("release/enclave-shell");
    let size = program.metadata().with_context(|| format!("no {}", program.display()))?.len();
    println!("  {}: {size} bytes, the enclave inside", repo.shown(&program));
    Ok(())
}

/// The commit that is built; none outside a clone.
pub(crate) fn commit(repo: &Repo) -> Option<String> {
    let mut command = Command::new("git");
    let commit = output(command.current_dir(repo.root()).args(["rev-parse", "HEAD"])).ok()?;
    Some(commit.trim().to_owned())
}

/// A probe build tells its secrets: it must never be deployed. What it adds
/// is exported and imported under names with `probe`, so its glue says so.
pub(crate) fn refuse_probe(enclave: &Path) -> Result<()> {
    for module in wasm::MODULES {
        let glue = std::fs::read_to_string(enclave.join(module.glue))?;
        if glue.to_ascii_lowercase().contains("probe") {
            bail!("{} is of a probe build, which is not emitted", module.glue);
        }
    }
    Ok(())
}

fn print_sizes(repo: &Repo, out: &Path) -> Result<()> {
    println!("  {}:", repo.shown(out));
    println!("  {:>9} {:>9} {:>9}  file", "raw", "gzip", "brotli");
    let mut at_start = 0;
    for file in files::below(out)? {
        let name = file.to_string_lossy();
        if name.ends_with(".gz") || name.ends_with(".br") {
            continue;
        }
        let size = |suffix: &str| size_of(&out.join(format!("{name}{suffix}")));
        let shown = |size: Option<u64>| size.map_or_else(|| "-".to_owned(), |n| n.to_string());
        println!(
            "  {:>9} {:>9} {:>9}  {name}",
            shown(size("")),
            shown(size(".gz")),
            shown(size(".br"))
        );
        if name == "index.html" || name.ends_with("/enclave.js") {
            at_start += size(".br").or(size("")).unwrap_or_default();
        }
    }
    println!("  on the wire at the start (page and module, brotli): {at_start} bytes");
    Ok(())
}

fn size_of(file: &Path) -> Option<u64> {
    file.metadata().ok().map(|data| data.len())
}
