//! The conformance folder: every case comes to its answer, every fault has a case, and the folder
//! is what its program writes.

#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

#[path = "../examples/cases/faults/mod.rs"]
mod faults;
#[path = "../examples/cases/folder.rs"]
mod folder;
#[path = "../examples/cases/passing.rs"]
mod passing;
#[path = "../examples/cases/world.rs"]
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use base64ct::{Base64, Encoding};
use kms_verify::Fault;
use kms_verify::case::{Answer, Question};
use serde_json::Value;

fn dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases")
}

fn read(name: &str) -> Vec<u8> {
    fs::read(dir().join(name)).unwrap()
}

/// The cases of the folder by name.
fn cases() -> BTreeMap<String, Value> {
    let files = fs::read_dir(dir()).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    files
        .filter(|path| path.extension().is_some_and(|it| it == "json"))
        .map(|path| (name(&path), serde_json::from_slice(&fs::read(path).unwrap()).unwrap()))
        .collect()
}

fn question(case: &Value) -> Question {
    let file = |name: &Value| Base64::encode_string(&read(name.as_str().unwrap()));
    let optional = |name: &Value| (!name.is_null()).then(|| file(name));
    Question {
        policy: file(&case["policy"]),
        manifest: file(&case["manifest"]),
        proof: file(&case["proof"]),
        growth: optional(&case["growth"]),
        revocations: case["revocations"].as_array().map(|list| list.iter().map(file).collect()),
        mark: optional(&case["mark"]),
        now: case["now"].as_u64().unwrap(),
    }
}

#[test]
fn every_case_comes_to_its_answer() {
    for (name, case) in cases() {
        let expected: Answer = serde_json::from_value(case["answer"].clone()).unwrap();
        let json = serde_json::to_vec(&question(&case)).unwrap();
        let answer = Question::parse(&json).unwrap().answer().unwrap();
        assert_eq!(answer, expected, "{name}");
        assert_eq!(answer.accepted, !name.ends_with("_fail"), "{name}");
        assert_eq!(answer.code.is_some(), name.ends_with("_fail"), "{name}");
    }
}

#[test]
fn every_fault_has_a_case_and_its_own_code() {
    let cases = cases();
    let codes: BTreeSet<_> =
        cases.values().filter_map(|case| case["answer"]["code"].as_str()).collect();
    let known: BTreeSet<_> = Fault::ALL.iter().map(|fault| fault.code()).collect();
    assert_eq!(known.len(), Fault::ALL.len());
    assert_eq!(codes, known);
    let failing = cases.keys().filter(|name| name.ends_with("_fail")).count();
    assert!(failing >= 60 && cases.len() - failing >= 10, "{failing} of {}", cases.len());
    for fault in Fault::ALL {
        assert!(fault.to_string().ends_with(&format!("({})", fault.code())));
    }
}

#[test]
fn the_folder_is_what_its_program_writes() {
    let written = folder::all();
    for (name, bytes) in &written {
        assert!(read(name) == *bytes, "{name}: run `cargo run -p kms-verify --example cases`");
    }
    let count = |dir: PathBuf| {
        fs::read_dir(dir).unwrap().filter(|it| it.as_ref().unwrap().path().is_file()).count()
    };
    assert_eq!(count(dir()) + count(dir().join("files")), written.len());
    let size: usize = written.values().map(Vec::len).sum();
    assert!(size < 1024 * 1024, "{size} bytes");
}
