//! The program: its commands, and `kill -9`.

#![allow(clippy::unwrap_used)] // helpers of tests

mod support;
mod user;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Request};
use base64ct::{Base64, Encoding};
use kms_broker::client::Upstream;
use kms_broker::tls::{Files, Identity};
use kms_token::{Challenge, Life, Token, mint};
use serde_json::{Value, json};
use support::workload_api::{Agent, said};
use support::{
    ADMIN, AGENT, Approver, BROKER, CRM, RELAY, alice, config, id, random, read_42, real_now,
    service,
};
use tempfile::TempDir;

const PATH: &str = "/v1/proxy/crm/contacts/42";

/// A process that does not outlast its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// A broker in a process of its own.
struct Program {
    dir: TempDir,
    child: Running,
    address: String,
    key: String,
}

fn command() -> Command {
    Command::new(user::program())
}

fn text(output: &Output) -> String {
    [&output.stdout[..], &output.stderr[..]].map(String::from_utf8_lossy).concat()
}

impl Program {
    fn start(dir: TempDir) -> Self {
        let certificate = files(dir.path(), "broker");
        Self::start_with(dir, &certificate)
    }

    fn start_with(dir: TempDir, certificate: &[String]) -> Self {
        let path = |name: &str| dir.path().join(name);
        let mut child = user::command(dir.path())
            .arg("serve")
            .args(["--listen", "127.0.0.1:0"])
            .arg("--config")
            .arg(path("config.json"))
            .arg("--state")
            .arg(path("state"))
            .args(certificate)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let key = lines.next().unwrap().unwrap();
        let key = key.strip_prefix("log key ").unwrap().to_owned();
        let address = lines.next().unwrap().unwrap();
        let address = address.strip_prefix("listening on ").unwrap().to_owned();
        Self { dir, child: Running(child), address, key }
    }

    /// The end without a warning.
    fn kill(self) -> TempDir {
        drop(self.child);
        self.dir
    }

    fn log(&self) -> PathBuf {
        self.dir.path().join("state/log.jsonl")
    }

    /// Runs a command that asks this broker.
    fn run(&self, name: &str, by: &str, arguments: &[&str]) -> Output {
        let own = id(by).path().trim_start_matches('/').replace('/', "-");
        command()
            .arg(name)
            .args(["--broker", &self.address, "--broker-id", BROKER, "--id", by])
            .args(files(self.dir.path(), &own))
            .args(arguments)
            .output()
            .unwrap()
    }

    async fn ask(
        &self,
        by: &str,
        (method, path): (&str, &str),
        body: &Value,
        token: Option<&str>,
    ) -> (u16, Value) {
        let own = id(by).path().trim_start_matches('/').replace('/', "-");
        let at = |end: &str| self.dir.path().join("pki").join(format!("{own}.{end}"));
        let bundle = self.dir.path().join("pki/bundle.pem");
        let files = Files { certificate: at("pem"), key: at("key"), bundle };
        let identity = Identity::read(&files, &id(by)).unwrap();
        let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
        let mut request = Request::new(body);
        *request.method_mut() = Method::from_bytes(method.as_bytes()).unwrap();
        *request.uri_mut() = path.parse().unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("host", "broker".parse().unwrap());
        if let Some(token) = token {
            headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
        }
        *request.headers_mut() = headers;
        let broker = id(BROKER);
        let upstream = Upstream { address: &self.address, id: &broker };
        let answer = upstream.ask(&identity, request).await.unwrap();
        let value = serde_json::from_slice(answer.body()).unwrap_or(Value::Null);
        (answer.status().as_u16(), value)
    }

    async fn token(&self) -> String {
        let (_, asked) = self.ask(AGENT, ("POST", "/v1/challenges"), &read_42(), None).await;
        let challenge = asked["challenge"].as_str().unwrap();
        let challenge = Challenge::parse(challenge.as_bytes()).unwrap();
        let minting = (random(), real_now(), Life::default());
        let token = mint(&alice(), &challenge, None, minting).await.unwrap();
        let base = format!("/v1/challenges/{}", challenge.id);
        let (approvals, pick_up) = (format!("{base}/approvals"), format!("{base}/token"));
        let signed = json!({ "signed": token.reveal() });
        self.ask(RELAY, ("POST", &approvals), &signed, None).await;
        let (_, value) = self.ask(AGENT, ("POST", &pick_up), &Value::Null, None).await;
        value["token"].as_str().unwrap().to_owned()
    }
}

fn files(dir: &Path, name: &str) -> Vec<String> {
    let at = |file: &str| dir.join("pki").join(file).display().to_string();
    vec![
        "--svid-cert".into(),
        at(&format!("{name}.pem")),
        "--svid-key".into(),
        at(&format!("{name}.key")),
        "--bundle".into(),
        at("bundle.pem"),
    ]
}

async fn prepare() -> (TempDir, service::Service) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("state")).unwrap();
    let mut pki = command();
    pki.arg("dev-pki").arg("--out").arg(dir.path().join("pki"));
    for name in [BROKER, AGENT, RELAY, ADMIN, CRM] {
        pki.args(["--id", name]);
    }
    assert!(pki.status().unwrap().success());
    let at = |file: &str| dir.path().join("pki").join(file);
    let (certificate, key) = (at("service-crm.pem"), at("service-crm.key"));
    let files = Files { certificate, key, bundle: at("bundle.pem") };
    let service = service::Service::start(files, CRM).await;
    let json = config(&service.address.to_string()).to_string();
    std::fs::write(dir.path().join("config.json"), json).unwrap();
    for (name, seed) in [("alice", 1), ("root", 8), ("new", 4)] {
        let seed = Base64::encode_string(&[seed; 32]);
        std::fs::write(dir.path().join(name), seed).unwrap();
    }
    (dir, service)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_used_stays_used_after_kill_9() {
    let (mut dir, _service) = prepare().await;
    for _ in 0..3 {
        let program = Program::start(dir);
        let token = program.token().await;
        let used = program.ask(AGENT, ("GET", PATH), &Value::Null, Some(&token)).await;
        assert_eq!(used.0, 200);
        let program = Program::start(program.kill());
        let (status, value) = program.ask(AGENT, ("GET", PATH), &Value::Null, Some(&token)).await;
        assert_eq!((status, &value["code"]), (403, &json!("token_used")));
        dir = program.kill();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_contains_investigates_and_rotates() {
    let (dir, _service) = prepare().await;
    let program = Program::start(dir);
    let health = program.run("healthcheck", ADMIN, &[]);
    assert!(health.status.success() && text(&health).contains("\"log\""), "{}", text(&health));
    assert!(!program.run("healthcheck", AGENT, &[]).status.success());

    let token = program.token().await;
    let jti = Token::parse(&token).unwrap().jti().to_string();
    let key = program.dir.path().join("alice").display().to_string();
    let revoked = program.run("revoke", ADMIN, &["--signing-key", &key, "--jti", &jti]);
    assert!(revoked.status.success(), "{}", text(&revoked));
    let (status, value) = program.ask(AGENT, ("GET", PATH), &Value::Null, Some(&token)).await;
    assert_eq!((status, &value["code"]), (403, &json!("token_revoked")));

    let new = program.dir.path().join("new").display().to_string();
    let rotated = program.run("rotate", ADMIN, &["--old-key", &key, "--new-key", &new]);
    assert!(rotated.status.success(), "{}", text(&rotated));
    let again = program.run("rotate", ADMIN, &["--old-key", &key, "--new-key", &new]);
    assert!(!again.status.success() && text(&again).contains("key_right"), "{}", text(&again));
    let (_, keys) = program.ask(AGENT, ("GET", "/v1/jwks"), &Value::Null, None).await;
    assert!(keys.to_string().contains(&Approver::new(4).kid()));

    program.ask(RELAY, ("GET", "/v1/audit/checkpoint"), &Value::Null, None).await;
    let (log, key) = (program.log(), program.key.clone());
    let kept = program.dir.path().join("state/checkpoint");
    let verify = |log: &Path| {
        let mut verify = command();
        verify.args(["audit", "verify", "--id", BROKER, "--key", &key]);
        verify.arg("--log").arg(log).arg("--checkpoint").arg(&kept).output().unwrap()
    };
    let verified = verify(&log);
    assert!(verified.status.success(), "{}", text(&verified));
    let trace = command().args(["audit", "trace", "--jti", &jti, "--log"]).arg(&log).output();
    let trace = text(&trace.unwrap());
    for event in ["asked", "minted", "delivered", "refused"] {
        assert!(trace.contains(&format!("\"event\":\"{event}\"")), "{event}: {trace}");
    }
    assert!(trace.contains("\"owner\":\"alice\""), "{trace}");
    let forged = program.dir.path().join("forged.jsonl");
    let changed = std::fs::read_to_string(&log).unwrap().replacen("alice", "mallory", 1);
    std::fs::write(&forged, changed).unwrap();
    assert!(!verify(&forged).status.success());
    program.kill();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_serves_without_rights() {
    let (dir, _service) = prepare().await;
    let program = Program::start(dir);
    program.token().await;
    let tasks = format!("/proc/{}/task", program.child.0.id());
    let threads: Vec<_> = std::fs::read_dir(tasks).unwrap().collect();
    assert!(threads.len() > 2, "no thread beside the first and the writer");
    for thread in threads {
        let status = std::fs::read_to_string(thread.unwrap().path().join("status")).unwrap();
        let is = |name: &str, value: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            assert_eq!(line.trim(), value, "{name} of {status}");
        };
        is("NoNewPrivs:", "1");
        is("Seccomp:", "2");
        let sets = status.lines().filter(|line| line.starts_with("Cap"));
        for set in sets.filter(|line| !line.starts_with("CapBnd")) {
            assert!(set.ends_with("\t0000000000000000"), "{set}");
        }
    }
    program.kill();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_does_not_serve_as_root() {
    let (dir, _service) = prepare().await;
    let path = |name: &str| dir.path().join(name);
    let mut serve = user::root();
    serve.args(["serve", "--listen", "127.0.0.1:0", "--config"]).arg(path("config.json"));
    serve.arg("--state").arg(path("state")).args(files(dir.path(), "broker"));
    let refused = serve.output().unwrap();
    assert!(!refused.status.success(), "{}", text(&refused));
    assert!(text(&refused).contains("not as root"), "{}", text(&refused));
    assert!(!path("state/log.jsonl").exists());
}

#[test]
fn a_name_may_begin_with_a_hyphen() {
    let name = "-AAAAAAAAAAAAAAAAAAAAA";
    let trace = command().args(["audit", "trace", "--log", "none", "--jti", name]).output();
    let trace = trace.unwrap();
    assert_eq!(trace.status.code(), Some(1), "taken for an option: {}", text(&trace));
    for what in ["--jti", "--challenge", "--kid"] {
        let mut revoke = command();
        revoke.args(["revoke", "--broker-id", BROKER, "--id", ADMIN, "--signing-key", "none"]);
        let revoke = revoke.args(files(Path::new("none"), "none")).args([what, name]).output();
        let revoke = revoke.unwrap();
        assert_eq!(revoke.status.code(), Some(1), "taken for an option: {}", text(&revoke));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drill_measures_the_time_to_refusal() {
    let (dir, service) = prepare().await;
    let program = Program::start(dir);
    std::fs::write(program.dir.path().join("ask.json"), read_42().to_string()).unwrap();
    let drill = |more: &[&str]| {
        let at = |name: &str| program.dir.path().join(name);
        let mut drill = command();
        drill.args(["drill", "--broker", &program.address, "--broker-id", BROKER]);
        drill.args(["--agent", AGENT, "--relay", RELAY, "--admin", ADMIN, "--svids"]);
        drill.arg(at("pki")).arg("--ask").arg(at("ask.json")).arg("--signing-key");
        drill.arg(at("alice")).args(more).output().unwrap()
    };
    let passed = drill(&["--broker", &program.address]);
    assert!(passed.status.success(), "{}", text(&passed));
    assert_eq!(text(&passed).matches("ms after the revocation").count(), 2, "{}", text(&passed));
    assert_eq!(service.take().len(), 0, "the service was asked");
    let late = drill(&["--within", "0"]);
    assert!(!late.status.success() && text(&late).contains("later than"), "{}", text(&late));
    let gone = drill(&["--broker", "127.0.0.1:1"]);
    assert!(!gone.status.success(), "{}", text(&gone));
    program.kill();
}

/// The lines of the page that are to be run.
fn commands_of_the_page() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/incident-response.md");
    let page = std::fs::read_to_string(page).unwrap();
    let blocks = page.split("```sh\n").skip(1).map(|rest| rest.split_once("```").unwrap().0);
    let script: String = blocks.collect();
    for name in ["healthcheck", "revoke", "rotate", "audit verify", "audit trace"] {
        assert!(script.contains(&format!("kms-broker {name} ")), "{name} is not on the page");
    }
    script
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_commands_of_incident_response_run() {
    let (dir, _service) = prepare().await;
    let program = Program::start(dir);
    let token = program.token().await;
    program.ask(RELAY, ("GET", "/v1/audit/checkpoint"), &Value::Null, None).await;
    let at = |name: &str| program.dir.path().join(name);
    let tools = at("tools");
    std::fs::create_dir(&tools).unwrap();
    std::os::unix::fs::symlink(user::program(), tools.join("kms-broker")).unwrap();
    let path = [tools.to_str().unwrap(), &std::env::var("PATH").unwrap()].join(":");
    let mut script = Command::new("sh");
    script.args(["-eu", "-c", &commands_of_the_page()]).env("PATH", path);
    script.env("BROKER", &program.address).env("BROKER_ID", BROKER).env("OPERATOR", ADMIN);
    script.env("SVID", at("pki/admin-ops")).env("BUNDLE", at("pki/bundle.pem"));
    script.env("APPROVER_KEY", at("alice")).env("NEW_KEY", at("new")).env("ADMIN_KEY", at("root"));
    let jti = Token::parse(&token).unwrap().jti().to_string();
    script.env("JTI", &jti).env("WORKLOAD", AGENT).env("KID", Approver::new(4).kid());
    script.env("CHALLENGE", random().to_string()).env("CHECKPOINT", at("state/checkpoint"));
    script.env("LOG", program.log()).env("LOG_KEY", &program.key);
    let output = script.output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    for event in ["asked", "minted", "delivered"] {
        assert!(text(&output).contains(&format!("\"event\":\"{event}\"")), "{}", text(&output));
    }
    let (status, value) = program.ask(AGENT, ("GET", PATH), &Value::Null, Some(&token)).await;
    assert_eq!((status, &value["code"]), (403, &json!("token_revoked")));
    let (_, keys) = program.ask(AGENT, ("GET", "/v1/jwks"), &Value::Null, None).await;
    assert!(!keys.to_string().contains(&Approver::new(4).kid()), "{keys}");
    program.kill();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_serves_with_a_certificate_from_a_socket() {
    let (dir, _service) = prepare().await;
    let read = |name: &str| std::fs::read_to_string(dir.path().join("pki").join(name)).unwrap();
    let says = said(BROKER, &read("broker.pem"), &read("broker.key"), &read("bundle.pem"));
    let socket = dir.path().join("agent.sock");
    let _agent = Agent::start(&socket, says);
    let endpoint = format!("--workload-api=unix:{}", socket.display());
    let both = [files(dir.path(), "broker"), vec![endpoint.clone()]].concat();
    for wrong in [both, Vec::new()] {
        let mut serve = command();
        serve.args(["serve", "--config=none", "--state=none"]).args(wrong);
        assert_eq!(serve.output().unwrap().status.code(), Some(2));
    }
    let program = Program::start_with(dir, &[endpoint]);
    let token = program.token().await;
    let (status, _) = program.ask(AGENT, ("GET", PATH), &Value::Null, Some(&token)).await;
    assert_eq!(status, 200);
    program.kill();
}
