//! The verifier's conformance folder, over the command-line protocol.

#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use base64ct::{Base64, Encoding};
use serde_json::{Value, json};

fn dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/verify/cases")
}

fn ask(question: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_enclave-shell"))
        .arg("verify-case")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(question).unwrap();
    child.wait_with_output().unwrap()
}

/// The case with its files in place of their names.
fn question(case: &Value) -> Value {
    let file = |name: &Value| match name.as_str() {
        Some(name) => Base64::encode_string(&fs::read(dir().join(name)).unwrap()).into(),
        None => Value::Null,
    };
    json!({
        "policy": file(&case["policy"]),
        "manifest": file(&case["manifest"]),
        "proof": file(&case["proof"]),
        "growth": file(&case["growth"]),
        "revocations": case["revocations"].as_array().map(|it| it.iter().map(file).collect::<Value>()),
        "mark": file(&case["mark"]),
        "now": case["now"],
    })
}

#[test]
fn every_case_comes_to_its_answer_over_the_protocol() {
    let mut asked = 0;
    for entry in fs::read_dir(dir()).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_file() {
            continue;
        }
        let case: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let output = ask(question(&case).to_string().as_bytes());
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(answer, case["answer"], "{}", path.display());
        let code = i32::from(path.to_str().unwrap().ends_with("_fail.json"));
        assert_eq!(output.status.code(), Some(code), "{}", path.display());
        asked += 1;
    }
    assert!(asked >= 70, "{asked}");
}

#[test]
fn what_is_no_question_has_no_answer() {
    for bad in [&b""[..], b"{}", b"null", b"\xff"] {
        let output = ask(bad);
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(2), &b""[..]));
    }
}
