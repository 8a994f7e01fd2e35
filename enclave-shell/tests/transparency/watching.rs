//! The monitor, from a vantage of its own.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use enclave_shell::Emitted;
use kms_manifest::MANIFEST_PATH;
use serde_json::Value;

use crate::lab::{Fork, Lab, shell};

/// One look: its exit code, the codes of what it found, and its metrics.
pub(crate) fn look(lab: &Lab) -> (i32, Vec<String>, String) {
    let (policy, state, metrics) =
        (lab.text("policy.json"), lab.text("state"), lab.text("metrics"));
    let words =
        ["monitor", &lab.url(), "--policy", &policy, "--state", &state, "--metrics", &metrics];
    let output = shell(&words);
    let found: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let codes = found["findings"].as_array().unwrap().iter();
    let codes = codes.map(|alarm| alarm["code"].as_str().unwrap().to_owned()).collect();
    (output.status.code().unwrap(), codes, lab.read("metrics"))
}

fn look_at(lab: &Lab, emitted: &Emitted) -> (i32, Vec<String>) {
    let running = lab.serve_emitted(emitted);
    let (code, findings, _) = look(lab);
    lab.stop(running);
    (code, findings)
}

#[test]
fn what_is_logged_and_served_unchanged_is_no_finding() {
    let lab = Lab::new();
    let first = lab.release("one", 1, None);
    let running = lab.serve("one");
    let (code, findings, metrics) = look(&lab);
    assert_eq!((code, findings.len()), (0, 0));
    for line in ["kms_monitor_up 1", "kms_monitor_log_entries 1", "kms_monitor_findings 0"] {
        assert!(metrics.lines().any(|it| it == line), "{metrics}");
    }
    lab.stop(running);
    let (code, findings, metrics) = look(&lab);
    assert_eq!((code, findings.len()), (3, 0));
    assert!(metrics.contains("kms_monitor_up 0"));
    // A newer release was logged, but the old one is still served.
    lab.release("two", 2, Some(first));
    let one = Emitted::load(&lab.path("one")).unwrap();
    assert_eq!(look_at(&lab, &one), (1, vec!["rollback".into()]));
}

#[test]
fn every_changed_byte_and_header_is_a_finding() {
    let lab = Lab::new();
    lab.release("one", 1, None);
    let good = Emitted::load(&lab.path("one")).unwrap();
    let paths: Vec<_> = good.manifest.assets.iter().map(|asset| asset.path.clone()).collect();
    for path in &paths {
        let mut changed = good.clone();
        changed.files.get_mut(path).unwrap().bytes[7] ^= 1;
        let (code, findings) = look_at(&lab, &changed);
        assert!(code == 1 && findings.contains(&"deployment_changed".into()), "{path}");
    }
    for path in paths.iter().map(String::as_str).chain([MANIFEST_PATH]) {
        let names = good.files[path].headers.iter().map(|(name, _)| name.to_owned());
        for name in names.collect::<Vec<_>>() {
            let mut changed = good.clone();
            changed.files.get_mut(path).unwrap().headers.remove(&name);
            // One header of one kind of file is enough for each.
            if path == "/" || path == MANIFEST_PATH {
                let (code, findings) = look_at(&lab, &changed);
                assert!(
                    code == 1 && findings.contains(&"deployment_changed".into()),
                    "{path} {name}"
                );
            }
        }
    }
}

#[test]
fn a_release_that_is_not_logged_is_a_finding() {
    let lab = Lab::new();
    lab.release("one", 1, None);
    let other = lab.build("other", 1, None);
    assert_eq!(look_at(&lab, &other).0, 0);
    let evil = lab.build("evil", 2, None);
    assert_eq!(look_at(&lab, &evil), (1, vec!["unlogged".into()]));
}

#[test]
fn a_log_that_takes_back_what_it_said_is_a_finding() {
    let lab = Lab::new();
    lab.release("one", 1, None);
    let one = Emitted::load(&lab.path("one")).unwrap();
    assert_eq!(look_at(&lab, &one).0, 0);
    lab.build("evil", 2, None);
    let evil = lab.sign("evil");
    let fork = Fork::new(&lab, "fork");
    fork.prove(&[&evil], &evil);
    fork.replace(&lab);
    let (code, findings) = look_at(&lab, &one);
    assert_eq!((code, findings), (1, vec!["log_split".into(), "unlogged".into()]));
    // It is found again: the state is still that of the log that was seen first.
    assert_eq!(look_at(&lab, &one).1.len(), 2);
    // Entries that do not belong to the tree, and a checkpoint that nobody has signed.
    let bundle = lab.path("log/tile/entries/000.p/1");
    let entries = fs::read(&bundle).unwrap();
    fs::write(&bundle, [0, 1, b'x']).unwrap();
    assert_eq!(look_at(&lab, &one).1, ["log_unsound"]);
    fs::write(&bundle, entries).unwrap();
    let text =
        "x.example\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n\u{2014} x AAAAAAA=\n";
    fs::write(lab.path("log/checkpoint"), text).unwrap();
    assert_eq!(look_at(&lab, &one).1, ["log_unknown"]);
}

#[test]
fn what_the_signers_have_not_said_is_a_finding() {
    let lab = Lab::new();
    let first = lab.release("one", 1, None);
    // One signer alone, and a second release of the same epoch.
    lab.build("two", 2, Some(first));
    let both = lab.sign("two");
    let note = kms_tlog::Note::parse(&both).unwrap();
    let alone = kms_tlog::Note::new(note.text(), note.signatures()[..1].to_vec()).unwrap();
    lab.write("alone", &alone.to_string());
    lab.log("alone");
    lab.release("split", 1, Some(kms_manifest::Sha256::of(b"x")));
    let one = Emitted::load(&lab.path("one")).unwrap();
    let (code, findings) = look_at(&lab, &one);
    assert_eq!((code, findings), (1, vec!["statement_unsigned".into(), "epoch_split".into()]));
}

/// A monitor that runs on, ended with the test.
struct Watch(Child);

impl Watch {
    fn start(lab: &Lab) -> Self {
        let (policy, state) = (lab.text("policy.json"), lab.text("state"));
        let words = ["monitor", &lab.url(), "--policy", &policy, "--state", &state, "--every", "1"];
        let mut command = Command::new(env!("CARGO_BIN_EXE_enclave-shell"));
        Self(command.args(words).stdout(Stdio::piped()).spawn().unwrap())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
#[cfg(unix)]
fn a_monitor_that_runs_on_reports_what_changes_between_two_looks() {
    let lab = Lab::new();
    lab.release("one", 1, None);
    let one = Emitted::load(&lab.path("one")).unwrap();
    let evil = lab.build("evil", 2, None);
    let running = lab.serve_emitted(&one);
    let mut watch = Watch::start(&lab);
    let mut looks = BufReader::new(watch.0.stdout.take().unwrap()).lines();
    // Every line is a whole report. Between two servers there may be none that answers.
    let mut until = |outcome: &str| {
        let read =
            looks.by_ref().map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
        read.take(60).find(|it| it["outcome"] == outcome).unwrap()
    };
    let times = [until("match"), until("match")].map(|it| it["time"].as_u64().unwrap());
    assert!(times[1] > times[0], "it looks again: {times:?}");
    lab.stop(running);
    until("unreachable");
    let running = lab.serve_emitted(&evil);
    assert_eq!(until("mismatch")["findings"][0]["code"], "unlogged");
    lab.stop(running);
    let running = lab.serve_emitted(&one);
    assert_eq!(until("match")["findings"], Value::Array(Vec::new()), "and that it is over");
    let pid = watch.0.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    for line in looks {
        let last: Value = serde_json::from_str(&line.unwrap()).unwrap();
        assert_eq!(last["outcome"], "match");
    }
    assert_eq!(watch.0.wait().unwrap().code(), Some(0), "it ends as asked");
    lab.stop(running);
}
