//! Libraries of npm that know nothing of the enclave, to verify what it made.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, anyhow, ensure};
use serde_json::Value;

use crate::scenario::Missing;

/// Runs a module that finds the libraries of `node_modules`. It has its argument as `given`, and
/// what it leaves in `found` is returned.
pub(crate) fn run(script: &str, given: &Value) -> Result<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let module = format!(
        "const given = JSON.parse(process.argv[1]);\nlet found;\n{script}\n\
         process.stdout.write(JSON.stringify(found ?? null));"
    );
    let mut node = Command::new("node");
    node.current_dir(root).args(["--input-type=module", "--eval", &module, &given.to_string()]);
    let ended = node.stdin(Stdio::null()).output();
    let ended = ended.map_err(|_| anyhow!(Missing("node is missing: see `cargo xtask setup`")))?;
    let complaint = String::from_utf8_lossy(&ended.stderr);
    ensure!(ended.status.success(), "{complaint}");
    serde_json::from_slice(&ended.stdout).context("the module printed something else")
}
