//! wasm-opt of binaryen, pinned in package-lock.json.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::run;
use crate::repo::Repo;

/// Optimises for size without changing what the module may import.
pub(super) fn optimize(repo: &Repo, wasm: &[u8]) -> Result<Vec<u8>> {
    let input = repo.target("wasm/bound.wasm");
    let output = repo.target("wasm/optimized.wasm");
    std::fs::write(&input, wasm).with_context(|| format!("cannot write {}", input.display()))?;
    run(&mut wasm_opt(repo, &input, &output))?;
    std::fs::read(&output).with_context(|| format!("cannot read {}", output.display()))
}

fn wasm_opt(repo: &Repo, input: &Path, output: &Path) -> Command {
    let mut command = Command::new("node");
    command.current_dir(repo.root()).arg("node_modules/binaryen/bin/wasm-opt");
    command.args(["-Os", "--all-features"]).arg(input).arg("-o").arg(output);
    command
}
