//! Files that follow from the method table, from wasm-bindgen and from the broker, and that
//! are committed so that readers and editors see them.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::{output, run};
use crate::repo::Repo;
use crate::{files, wasm, workspace};

/// The committed copies of the glue: the auditor reads them without building.
const GLUE_COPIES: [(wasm::Module, &str); 3] = [
    (wasm::ENCLAVE, "crates/enclave/glue/enclave.glue.gen.js"),
    (wasm::TOOLS, "crates/tools/glue/tools.glue.gen.js"),
    (wasm::KIT, "crates/client/src/kit-glue.gen.js"),
];

/// What the broker prints, by the file that it becomes. The image has no digest yet.
const BROKER: [(&str, &[&str]); 2] = [
    ("docs/openapi.gen.json", &["openapi"]),
    (
        "deploy/kubernetes.gen.json",
        &[
            "manifests",
            "--config=deploy/broker.json",
            "--image=registry.example/kms-broker@sha256:0000000000000000000000000000000000000000000000000000000000000000",
        ],
    ),
];

/// Writes the generated files into the tree.
pub(crate) fn write(repo: &Repo) -> Result<()> {
    let fresh = generate(repo)?;
    for file in files::below(&fresh)? {
        let target = repo.root().join(&file);
        if let Some(parent) = target.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::copy(fresh.join(&file), &target)
            .with_context(|| format!("cannot write {}", target.display()))?;
        println!("  {}", file.display());
    }
    Ok(())
}

/// Fails when a generated file is not what would be generated now.
pub(crate) fn check(repo: &Repo) -> Result<()> {
    let fresh = generate(repo)?;
    let expected = files::below(&fresh)?;
    let differs = |file: &&std::path::PathBuf| {
        let committed = std::fs::read(repo.root().join(file)).ok();
        committed != std::fs::read(fresh.join(file)).ok()
    };
    let stale: Vec<_> = expected.iter().filter(differs).collect();
    for file in &stale {
        println!("  stale: {}", file.display());
    }
    if !stale.is_empty() {
        bail!("{} generated files are stale: run `cargo xtask codegen`", stale.len());
    }
    println!("  codegen: {} files are current", expected.len());
    Ok(())
}

/// Generates everything below `target/codegen`.
fn generate(repo: &Repo) -> Result<std::path::PathBuf> {
    let enclave = wasm::Build::release(repo).run()?;
    let fresh = repo.target("codegen");
    if fresh.exists() {
        std::fs::remove_dir_all(&fresh)
            .with_context(|| format!("cannot clear {}", fresh.display()))?;
    }
    run(Command::new(workspace::example(repo, "codegen")?).current_dir(repo.root()).arg(&fresh))?;
    for (module, copy) in GLUE_COPIES {
        copy_glue(&enclave.join(module.glue), &fresh.join(copy))?;
    }
    let broker = workspace::binary(repo, "kms-broker")?;
    for (file, arguments) in BROKER {
        let mut command = Command::new(&broker);
        command.current_dir(repo.root()).args(arguments);
        put(&fresh.join(file), output(&mut command)?.as_bytes())?;
    }
    Ok(fresh)
}

fn copy_glue(glue: &Path, target: &Path) -> Result<()> {
    let text = std::fs::read(glue).with_context(|| format!("cannot read {}", glue.display()))?;
    put(target, &text)
}

fn put(target: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(parent) = target.parent() {
        std::fs::create_dir_all(parent)?;
    }
    std::fs::write(target, bytes).with_context(|| format!("cannot write {}", target.display()))
}
