//! The commands of the verification guide, as they stand there.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::lab::Lab;

const HEADING: &str = "## From a URL to a proof";
const URL: &str = "https://kms.ats.run";

/// The commands below the heading.
fn commands() -> Vec<String> {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/verification-guide.md");
    let guide = fs::read_to_string(guide).unwrap();
    let block = guide.split_once(HEADING).unwrap().1.split_once("```sh\n").unwrap().1;
    block.split_once("```").unwrap().0.lines().map(str::to_owned).collect()
}

/// Runs a command in the lab's folder, where `enclave-shell` is this one.
fn shell(lab: &Lab, command: &str) -> Output {
    let own = Path::new(env!("CARGO_BIN_EXE_enclave-shell")).parent().unwrap();
    let mut path = OsString::from(own);
    path.push(":");
    path.push(env::var_os("PATH").unwrap());
    let command = command.replace(URL, &lab.url());
    let mut shell = Command::new("sh");
    shell.args(["-c", &command]).current_dir(lab.path("")).env("PATH", path);
    shell.output().unwrap()
}

#[test]
fn the_guide_leads_from_a_url_to_a_proof() {
    let lab = Lab::new();
    lab.release("one", 1, None);
    let running = lab.serve("one");
    let mut printed = Vec::new();
    let all = commands();
    assert!((5..10).contains(&all.len()), "{all:?}");
    // A rebuild takes minutes; `cargo xtask repro` has tests of its own.
    for command in all.iter().filter(|command| !command.starts_with("cargo ")) {
        let output = shell(&lab, command);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && error.is_empty(), "{command}: {error}");
        printed.push(String::from_utf8(output.stdout).unwrap());
    }
    let [.., digest, statement] = printed.as_slice() else { panic!("{printed:?}") };
    let named = format!("\nmanifest sha256-{digest}");
    assert!(digest.len() == 45 && statement.contains(&named), "{digest}{statement}");
    lab.stop(running);
}
