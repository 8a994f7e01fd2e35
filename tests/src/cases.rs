//! The verifier's conformance folder, for a page to run.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use base64ct::{Base64, Encoding as _};
use serde_json::{Value, json};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/verify/cases")
}

/// Every case as `{ name, question, answer }`, in one list.
pub(crate) fn read() -> Result<Value> {
    let mut cases = Vec::new();
    for entry in fs::read_dir(folder())? {
        let path = entry?.path();
        if path.is_file() {
            let case: Value = serde_json::from_slice(&fs::read(&path)?)?;
            let name = path.file_name().and_then(|name| name.to_str()).context("file name")?;
            cases.push(
                json!({ "name": name, "question": question(&case)?, "answer": case["answer"] }),
            );
        }
    }
    Ok(cases.into())
}

/// The case with its files in place of their names.
fn question(case: &Value) -> Result<Value> {
    let file = |name: &Value| -> Result<Value> {
        let Some(name) = name.as_str() else { return Ok(Value::Null) };
        Ok(Base64::encode_string(&fs::read(folder().join(name))?).into())
    };
    let notes = case["revocations"].as_array();
    Ok(json!({
        "policy": file(&case["policy"])?,
        "manifest": file(&case["manifest"])?,
        "proof": file(&case["proof"])?,
        "growth": file(&case["growth"])?,
        "revocations": notes.map(|notes| notes.iter().map(file).collect::<Result<Value>>()).transpose()?,
        "mark": file(&case["mark"])?,
        "now": case["now"],
    }))
}
