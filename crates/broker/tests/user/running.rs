//! The program, running.

#![allow(dead_code)] // each test uses some

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Request};
use base64ct::{Base64, Encoding};
use kms_broker::client::Upstream;
use kms_broker::tls::{Files, Identity};
use kms_token::{Challenge, Life, mint};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{
    ADMIN, AGENT, BROKER, CRM, RELAY, alice, config, id, random, read_42, real_now, service,
};
use crate::user;

/// A process that does not outlast its test.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// A broker in a process of its own.
pub(crate) struct Program {
    pub(crate) dir: TempDir,
    pub(crate) child: Running,
    pub(crate) address: String,
    pub(crate) key: String,
}

pub(crate) fn command() -> Command {
    Command::new(user::program())
}

pub(crate) fn text(output: &Output) -> String {
    [&output.stdout[..], &output.stderr[..]].map(String::from_utf8_lossy).concat()
}

impl Program {
    pub(crate) fn start(dir: TempDir) -> Self {
        let certificate = files(dir.path(), "broker");
        Self::start_with(dir, &certificate)
    }

    pub(crate) fn start_with(dir: TempDir, certificate: &[String]) -> Self {
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
    pub(crate) fn kill(self) -> TempDir {
        drop(self.child);
        self.dir
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.dir.path().join("state/log.jsonl")
    }

    /// Runs a command that asks this broker.
    pub(crate) fn run(&self, name: &str, by: &str, arguments: &[&str]) -> Output {
        let own = id(by).path().trim_start_matches('/').replace('/', "-");
        command()
            .arg(name)
            .args(["--broker", &self.address, "--broker-id", BROKER, "--id", by])
            .args(files(self.dir.path(), &own))
            .args(arguments)
            .output()
            .unwrap()
    }

    pub(crate) async fn ask(
        &self,
        by: &str,
        (method, path): (&str, &str),
        body: &Value,
        token: Option<&str>,
    ) -> (u16, Value) {
        self.attempt(by, (method, path), body, token).await.unwrap()
    }

    /// The same, of a broker that may not be there any more.
    pub(crate) async fn attempt(
        &self,
        by: &str,
        (method, path): (&str, &str),
        body: &Value,
        token: Option<&str>,
    ) -> Result<(u16, Value), kms_broker::Error> {
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
        let answer = upstream.ask(&identity, request).await?;
        let value = serde_json::from_slice(answer.body()).unwrap_or(Value::Null);
        Ok((answer.status().as_u16(), value))
    }

    pub(crate) async fn token(&self) -> String {
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

pub(crate) fn files(dir: &Path, name: &str) -> Vec<String> {
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

/// A folder with everything that a broker needs, and the service behind it.
pub(crate) async fn prepare() -> (TempDir, service::Service) {
    let dir = tempfile::tempdir().unwrap();
    let mut pki = command();
    pki.arg("dev-pki").arg("--out").arg(dir.path().join("pki"));
    for name in [BROKER, AGENT, RELAY, ADMIN, CRM] {
        pki.args(["--id", name]);
    }
    assert!(pki.status().unwrap().success());
    let service = furnish(&dir, |_| {}).await;
    (dir, service)
}

/// Beside the certificates.
pub(crate) async fn furnish(dir: &TempDir, change: impl FnOnce(&mut Value)) -> service::Service {
    std::fs::create_dir(dir.path().join("state")).unwrap();
    let at = |file: &str| dir.path().join("pki").join(file);
    let (certificate, key) = (at("service-crm.pem"), at("service-crm.key"));
    let files = Files { certificate, key, bundle: at("bundle.pem") };
    let service = service::Service::start(files, CRM).await;
    let mut json = config(&service.address.to_string());
    change(&mut json);
    std::fs::write(dir.path().join("config.json"), json.to_string()).unwrap();
    for (name, seed) in [("alice", 1), ("root", 8), ("new", 4)] {
        let seed = Base64::encode_string(&[seed; 32]);
        std::fs::write(dir.path().join(name), seed).unwrap();
    }
    service
}
