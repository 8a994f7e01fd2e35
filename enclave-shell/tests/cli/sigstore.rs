//! Sigstore bundles on the command line: with a server, and with nothing but files.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use kms_manifest::MANIFEST_PATH;
use serde_json::Value;

use crate::common::{local_release, serve_plain};
use crate::lab::{IDENTITY, ISSUER, Lab, PROVENANCE};

const WHO: [&str; 4] = ["--identity", IDENTITY, "--issuer", ISSUER];

fn fixture(name: &str) -> String {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/sigstore/fixtures");
    dir.join(name).to_str().unwrap().to_owned()
}

fn verify(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_enclave-shell"));
    command.arg("verify").args(args).output().unwrap()
}

/// The manifest of the folder of files, by this bundle of it.
fn offline(bundle: &str, more: &[&str]) -> Output {
    let [manifest, bundle, root] = ["manifest.json", bundle, "trusted-root.json"].map(fixture);
    let args = ["--manifest", &manifest, "--sigstore-bundle", &bundle, "--trusted-root", &root];
    verify(&[&args[..], more].concat())
}

#[test]
fn files_are_enough_for_each_kind_of_bundle() {
    let key = fixture("key.pem");
    for (bundle, who, said) in [
        ("keyless.sigstore.json", &WHO[..], "has signed its bytes"),
        ("provenance.sigstore.json", &WHO, "has signed where it comes from"),
        ("keyful.sigstore.json", &["--key", &key], "the key has signed its bytes"),
    ] {
        let output = offline(bundle, who);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let shown = String::from_utf8(output.stdout).unwrap();
        assert!(shown.contains(said) && shown.contains("1761998405"), "{shown}");
    }
}

#[test]
fn a_bundle_that_does_not_speak_for_the_manifest_is_a_mismatch() {
    let other = ["--identity", IDENTITY, "--issuer", "https://issuer.example", "--json"];
    let output = offline("provenance.sigstore.json", &other);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["outcome"], "mismatch");
    assert!(answer["problem"].as_str().unwrap().starts_with("issuer mismatch"), "{answer}");
    let output = offline("keyful.sigstore.json", &WHO);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(String::from_utf8(output.stdout).unwrap().contains("FAILED"));
}

#[test]
fn half_a_question_is_none() {
    let (key, bundle) = (fixture("key.pem"), fixture("keyful.sigstore.json"));
    for more in [&[][..], &WHO[..2], &["--key", &key, "--identity", IDENTITY, "--issuer", ISSUER]] {
        assert_eq!(offline("keyful.sigstore.json", more).status.code(), Some(2), "{more:?}");
    }
    assert_eq!(offline("keyful.sigstore.json", &["--key", &bundle]).status.code(), Some(2));
    for args in [&["--manifest", &bundle][..], &["http://kms.localhost:1", "--key", &key]] {
        assert_eq!(verify(args).status.code(), Some(2), "{args:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_sends_is_what_the_bundle_has_to_speak_for() {
    let dir = tempfile::tempdir().unwrap();
    let (emitted, port) = local_release();
    let url = emitted.pin.url.to_string();
    let manifest = emitted.files[MANIFEST_PATH].bytes.clone();
    let put = |name: &str, value: &Value| {
        let path = dir.path().join(name);
        fs::write(&path, value.to_string()).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let root = put("root", &Lab::new().root());
    let good = put("good", &Lab::new().statement(&manifest, PROVENANCE));
    let bad = put("bad", &Lab::new().statement(b"another", PROVENANCE));
    let server = serve_plain(emitted, port);
    for (bundle, code, outcome) in [(good, 0, "match"), (bad, 1, "mismatch")] {
        let args = [&url, "--json", "--sigstore-bundle", &bundle, "--trusted-root", &root];
        let args = [&args[..], &WHO].concat().into_iter().map(str::to_owned).collect::<Vec<_>>();
        let asked = tokio::task::spawn_blocking(move || {
            verify(&args.iter().map(String::as_str).collect::<Vec<_>>())
        });
        let output = asked.await.unwrap();
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["outcome"], "match");
        assert_eq!(report["sigstore"]["outcome"], outcome);
    }
    server.stop().await;
}

/// What stands in a file of the repository from `begin` on, up to the first line that is not continued.
#[cfg(unix)]
fn command(file: &str, begin: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    let text = fs::read_to_string(path).unwrap();
    let at = text.find(begin).unwrap_or_else(|| panic!("{file}: no {begin}"));
    let lines = text[at..].lines();
    let more = lines.clone().take_while(|line| line.ends_with('\\')).count();
    lines.take(more + 1).collect::<Vec<_>>().join("\n")
}

/// The guide and the workflow of a release ask what the shell answers, of the files that they name.
#[cfg(unix)]
#[test]
fn the_commands_of_the_guide_and_of_the_workflow_are_answered() {
    let dir = tempfile::tempdir().unwrap();
    let published = dir.path().join("published");
    fs::create_dir(&published).unwrap();
    std::os::unix::fs::symlink(
        env!("CARGO_BIN_EXE_enclave-shell"),
        published.join("enclave-shell"),
    )
    .unwrap();
    for folder in [dir.path(), &published] {
        for (from, to) in [
            ("manifest.json", "manifest.json"),
            ("provenance.sigstore.json", "provenance.sigstore.json"),
            ("trusted-root.json", "trusted_root.json"),
        ] {
            fs::copy(fixture(from), folder.join(to)).unwrap();
        }
    }
    let run = |command: &str, tag: &str| {
        let (server, workflow) = IDENTITY.split_at("https://github.com".len());
        let workflow = workflow.trim_start_matches('/').replace("v1.2.0", tag);
        let path = format!("{}:{}", published.display(), std::env::var("PATH").unwrap());
        let mut shell = Command::new("sh");
        shell.args(["-euc", command]).current_dir(dir.path()).env("PATH", path);
        shell.env("GITHUB_SERVER_URL", server).env("GITHUB_WORKFLOW_REF", workflow);
        shell.output().unwrap()
    };
    let guide = command("docs/verification-guide.md", "enclave-shell verify --manifest");
    let workflow = command(".github/workflows/release.yml", "published/enclave-shell verify");
    for asked in [&guide, &workflow] {
        let output = run(asked, "v1.2.0");
        assert!(output.status.success(), "{asked}: {output:?}");
    }
    assert_eq!(run(&workflow, "v1.2.1").status.code(), Some(1));
}
