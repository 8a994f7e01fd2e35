//! The parties, each with its files in one folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use axum::Router;
use axum::http::{StatusCode, Uri};
use enclave_shell::serve::{Running, ServeOptions, start};
use enclave_shell::transparency::store::LogDir;
use enclave_shell::transparency::submit::HttpWitnesses;
use enclave_shell::transparency::witness::{RunningWitness, Witness, start as start_witness};
use enclave_shell::transparency::{load_key, prove, publish};
use enclave_shell::{Deployment, Emitted, Program, Sources, emit};
use kms_manifest::Sha256;
use kms_tlog::{Checkpoint, LogProof, SignerKey};
use kms_verify::ReleasePolicy;
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const LOG: &str = "log.example/kms";

pub(crate) struct Lab {
    pub(crate) runtime: tokio::runtime::Runtime,
    dir: TempDir,
    pub(crate) port: u16,
    pub(crate) witnesses: Vec<Option<RunningWitness>>,
    log_port: u16,
}

/// Keys by name; the same in every lab, so that no test waits for randomness.
pub(crate) fn key(name: &str, seed: u8) -> SignerKey {
    SignerKey::new(name, &[seed; 32]).unwrap()
}

pub(crate) fn signer(number: u8) -> SignerKey {
    key(&format!("signer{number}.example"), number)
}

pub(crate) fn witness_key(number: u8) -> SignerKey {
    key(&format!("witness{number}.example"), 20 + number)
}

pub(crate) fn log_key() -> SignerKey {
    key(LOG, 10)
}

pub(crate) fn shell(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_enclave-shell")).args(arguments).output().unwrap()
}

/// Runs a command that has to succeed.
pub(crate) fn run(arguments: &[&str]) -> String {
    let output = shell(arguments);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

/// Runs a command that has to be refused, and returns what it says.
pub(crate) fn refused(arguments: &[&str]) -> String {
    let output = shell(arguments);
    assert!(!output.status.success(), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn sources() -> Sources {
    let part = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    let program = |entry: &str, wasm: &[u8]| Program {
        worker: vec![part("lockdown.js", "'use strict';\n"), part(entry, "main();\n")],
        glue: "let wasm_bindgen;\n".to_owned(),
        wasm: wasm.to_vec(),
    };
    Sources {
        frame: vec![part("boot.js", "boot(RELEASE, WORKER_SOURCE, WASM_TEXT);\n")],
        enclave: program("main.js", b"\0asm\x01\0\0\0"),
        tools: program("tools.js", b"\0asm\x01\0\0\0tools"),
        enrol: vec![part("enrol.js", "enrol(ENROL);\n")],
        kit: None,
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Lab {
    /// Three witnesses and an empty log, all running.
    pub(crate) fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let (dir, port, log_port) = (TempDir::new().unwrap(), free_port(), free_port());
        let mut lab = Self { runtime, dir, port, witnesses: Vec::new(), log_port };
        fs::create_dir(lab.path("keys")).unwrap();
        for number in 1..=3 {
            lab.save_key(&format!("signer{number}"), &signer(number));
            lab.witnesses.push(None);
            lab.start_witness(number);
        }
        lab.save_key("log", &log_key());
        lab.write("policy.json", &lab.policy(0).to_string());
        run(&["log", "init", &lab.text("log"), "--key", &lab.text("keys/log")]);
        lab.serve_log();
        lab
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn save_key(&self, name: &str, key: &SignerKey) {
        self.write(&format!("keys/{name}"), &key.to_text());
    }

    pub(crate) fn url(&self) -> String {
        format!("http://kms.localhost:{}", self.port)
    }

    pub(crate) fn log_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.log_port)
    }

    /// Two of three signers and two of three witnesses.
    pub(crate) fn policy(&self, cool_down_hours: u64) -> Value {
        let keys: Vec<_> = (1..=3).map(|number| signer(number).verifier().to_string()).collect();
        let mut lines = vec![format!("log {} {}", log_key().verifier(), self.log_url())];
        for (number, running) in (1..).zip(&self.witnesses) {
            let addr =
                running.as_ref().map_or_else(|| "127.0.0.1:9".into(), |it| it.addr.to_string());
            let key = witness_key(number).cosigner().to_string();
            lines.push(format!("witness W{number} {key} http://{addr}"));
        }
        lines.extend(["group two 2 W1 W2 W3".into(), "quorum two".into()]);
        json!({
            "schema": 1,
            "origin": self.url(),
            "signers": { "threshold": 2, "keys": keys },
            "transparency": lines,
            "cool_down_hours": cool_down_hours,
        })
    }

    pub(crate) fn start_witness(&mut self, number: u8) {
        let state = self.path(&format!("witness{number}"));
        let logs = vec![log_key().verifier().clone()];
        let witness = Witness::open(witness_key(number), logs, &state).unwrap();
        let _guard = self.runtime.enter();
        let running = start_witness(witness, ([127, 0, 0, 1], 0).into()).unwrap();
        self.witnesses[usize::from(number) - 1] = Some(running);
    }

    /// Serves the log's folder as any static host would.
    fn serve_log(&self) {
        let dir = self.path("log");
        let app = Router::new().fallback(move |uri: Uri| {
            let file = dir.join(uri.path().trim_start_matches('/'));
            async move { fs::read(file).map_err(|_| StatusCode::NOT_FOUND) }
        });
        let listen = ("127.0.0.1", self.log_port);
        let listener = self.runtime.block_on(tokio::net::TcpListener::bind(listen)).unwrap();
        self.runtime.spawn(async move { axum::serve(listener, app).await });
    }

    /// Emits a release into two folders, as two builds would.
    pub(crate) fn build(&self, name: &str, epoch: u64, previous: Option<Sha256>) -> Emitted {
        let mut deployment = Deployment::new(&self.url(), &["http://pwa.localhost:7002"]).unwrap();
        (deployment.epoch, deployment.previous) = (epoch, previous);
        deployment.version = format!("1.{epoch}.0");
        let emitted = emit(&sources(), &deployment).unwrap();
        emitted.write_to(&self.path(name)).unwrap();
        emitted.write_to(&self.path(&format!("{name}-rebuilt"))).unwrap();
        emitted
    }

    /// Signs a release with the first two signers, each on its own, and returns the note.
    pub(crate) fn sign(&self, name: &str) -> String {
        let (dir, rebuilt) = (self.text(name), self.text(&format!("{name}-rebuilt")));
        let (statement, note) = (self.text("statement"), self.text(&format!("{name}.note")));
        run(&["release", "create", &dir, "--out", &statement]);
        let sign = |from: &str, key: &str| {
            let key = self.text(key);
            let both = ["--dir", &dir, "--rebuilt", &rebuilt, "--key", &key, "--out", &note];
            run(&[&["release", "sign", from], both.as_slice()].concat());
        };
        sign(&statement, "keys/signer1");
        sign(&note, "keys/signer2");
        self.read(&format!("{name}.note"))
    }

    /// Logs a note under a new checkpoint.
    pub(crate) fn log(&self, note: &str) {
        run(&["log", "append", &self.text("log"), &self.text(note)]);
        let (key, policy) = (self.text("keys/log"), self.text("policy.json"));
        run(&["log", "checkpoint", &self.text("log"), "--key", &key, "--policy", &policy]);
    }

    pub(crate) fn prove(&self, note: &str) -> LogProof {
        prove::prove(&self.path("log"), self.read(note).as_bytes()).unwrap()
    }

    /// Builds, signs, logs, proves and publishes a release.
    pub(crate) fn release(&self, name: &str, epoch: u64, previous: Option<Sha256>) -> Sha256 {
        let emitted = self.build(name, epoch, previous);
        self.sign(name);
        self.log(&format!("{name}.note"));
        let (note, proof) = (self.text(&format!("{name}.note")), self.text("proof"));
        run(&["log", "prove", &self.text("log"), &note, "--out", &proof]);
        run(&["release", "publish", &self.text(name), "--proof", &proof]);
        emitted.pin.manifest
    }

    pub(crate) fn publish_proof(&self, name: &str, proof: &LogProof) {
        let proof = proof.to_string();
        let publication = publish::Publication { proof: Some(&proof), ..Default::default() };
        publish::publish(&self.path(name), &publication).unwrap();
    }

    pub(crate) fn serve(&self, name: &str) -> Running {
        self.serve_emitted(&Emitted::load(&self.path(name)).unwrap())
    }

    pub(crate) fn serve_emitted(&self, emitted: &Emitted) -> Running {
        let _guard = self.runtime.enter();
        // The port may still be held by the server before.
        for _ in 0..100 {
            match start(emitted.clone(), ServeOptions::loopback(self.port)) {
                Ok(running) => return running,
                Err(_) => std::thread::sleep(std::time::Duration::from_millis(20)),
            }
        }
        panic!("the port stays in use");
    }

    pub(crate) fn stop(&self, running: Running) {
        self.runtime.block_on(running.stop());
    }

    /// The verifier's report of what is served now, with the policy and mark in these files.
    pub(crate) fn verify(&self, policy: &str, mark: &str) -> Value {
        let (policy, mark) = (self.text(policy), self.text(mark));
        let output =
            shell(&["verify", &self.url(), "--policy", &policy, "--mark", &mark, "--json"]);
        let report: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
        let code = match report["outcome"].as_str().unwrap() {
            "match" => 0,
            "unreachable" => 3,
            _ => 1,
        };
        assert_eq!(output.status.code(), Some(code), "{report}");
        report
    }

    /// Serves a folder and returns the code with which the release is refused; null if it is not.
    pub(crate) fn code(&self, name: &str, policy: &str, mark: &str) -> Value {
        let running = self.serve(name);
        let report = self.verify(policy, mark);
        self.stop(running);
        report["release"]["code"].clone()
    }
}

/// A log of its own under the same key, with witnesses that sign whatever they are shown.
pub(crate) struct Fork {
    dir: PathBuf,
}

impl Fork {
    pub(crate) fn new(lab: &Lab, name: &str) -> Self {
        let dir = lab.path(name);
        LogDir::new(&dir).init(&log_key()).unwrap();
        Self { dir }
    }

    /// Logs these entries and returns the proof of one of them, signed by corrupt witnesses.
    pub(crate) fn prove(&self, entries: &[&str], entry: &str) -> LogProof {
        let log = LogDir::new(&self.dir);
        for entry in entries {
            log.append(entry.as_bytes()).unwrap();
        }
        log.checkpoint(&log_key(), None, &HttpWitnesses::default()).unwrap();
        let mut proof = prove::prove(&self.dir, entry.as_bytes()).unwrap();
        for number in [1, 2] {
            let now = enclave_shell::transparency::now();
            let line = witness_key(number).cosign(proof.checkpoint.text(), now);
            proof.checkpoint = proof.checkpoint.with(line).unwrap();
        }
        fs::write(self.dir.join("checkpoint"), proof.checkpoint.to_string()).unwrap();
        proof
    }

    /// Puts this log in place of the lab's.
    pub(crate) fn replace(&self, lab: &Lab) {
        fs::rename(lab.path("log"), lab.path("log-before")).unwrap();
        fs::rename(&self.dir, lab.path("log")).unwrap();
    }
}

/// A lab whose first release is served and was accepted.
pub(crate) fn accepted() -> (Lab, Sha256) {
    let lab = Lab::new();
    let first = lab.release("one", 1, None);
    assert_eq!(lab.code("one", "policy.json", "mark"), Value::Null);
    (lab, first)
}

pub(crate) fn checkpoint(dir: &Path) -> Checkpoint {
    let note = fs::read_to_string(dir.join("checkpoint")).unwrap();
    Checkpoint::parse(kms_tlog::Note::parse(&note).unwrap().text()).unwrap()
}

pub(crate) fn release_policy(lab: &Lab) -> ReleasePolicy {
    ReleasePolicy::parse(lab.read("policy.json").as_bytes()).unwrap()
}

pub(crate) fn load(path: &Path, passphrase: Option<&Path>) -> Result<SignerKey, String> {
    load_key(path, passphrase).map_err(|error| error.to_string())
}
