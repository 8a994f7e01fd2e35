//! A broker with its trust domain on loopback: an authority, approvers, a service behind it.

#![allow(clippy::unwrap_used, dead_code, unreachable_pub, unused_imports)] // each test uses some

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Request, Response};
use kms_broker::client::Upstream;
use kms_broker::config::Config;
use kms_broker::desk::Desk;
use kms_broker::devpki::{Authority, Svid};
use kms_broker::http::App;
use kms_broker::serve::Server;
use kms_broker::store::Clock;
use kms_broker::tls::{Files, Identity, Source, TlsVersion};
use kms_token::{Challenge, Digest, Id, Life, SpiffeId, Statement, Token, approve, mint, state};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;

mod approver;
mod asked;
pub mod contract;
pub mod database;
pub mod service;
pub mod workload_api;

pub use approver::{Approver, alice, bob, root};
pub use asked::{leg, pay_7, read_42, write_42};
use database::Database;

/// Tests of this program have their log in a database.
const SHARED: bool = matches!(env!("CARGO_CRATE_NAME").as_bytes(), b"postgres");

pub const BROKER: &str = "spiffe://ats.example/broker";
pub const AGENT: &str = "spiffe://ats.example/agent/one";
pub const RELAY: &str = "spiffe://ats.example/relay";
pub const BILLING: &str = "spiffe://ats.example/service/billing";
pub const ADMIN: &str = "spiffe://ats.example/admin/ops";
pub const SCRAPER: &str = "spiffe://ats.example/metrics";
pub const CRM: &str = "spiffe://ats.example/service/crm";

pub fn id(text: &str) -> SpiffeId {
    SpiffeId::parse(text).unwrap()
}

pub fn real_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// A peer: certificate and key in files.
pub struct Workload {
    pub id: SpiffeId,
    pub files: Files,
}

impl Workload {
    pub fn identity(&self) -> Identity {
        Identity::read(&self.files, &self.id).unwrap()
    }

    pub fn certificate(&self) -> Digest {
        self.identity().leaf.certificate
    }
}

/// A broker that runs, and what is around it.
pub struct World {
    pub dir: TempDir,
    pub authority: Arc<Authority>,
    /// Where the log is, if it is not in a file.
    pub database: Option<Database>,
    pub address: SocketAddr,
    pub service: service::Service,
    pub app: Arc<App>,
    ahead: Arc<AtomicU64>,
    stop: Mutex<Option<oneshot::Sender<()>>>,
    ended: Mutex<Option<tokio::task::JoinHandle<()>>>,
    files: AtomicU64,
}

pub fn config(crm: &str) -> Value {
    json!({
        "id": BROKER,
        "roles": [
            { "path": "/agent/*", "role": "agent" },
            { "path": "/relay", "role": "relay" },
            { "path": "/service/billing", "role": "relying-party" },
            { "path": "/admin/*", "role": "admin" },
            { "path": "/metrics", "role": "scraper" },
            { "path": "/both", "role": "agent" },
            { "path": "/both", "role": "relay" },
        ],
        "approvers": [
            { "owner": "alice", "key": alice().raw() },
            { "owner": "bob", "key": bob().raw() },
            { "owner": "root", "key": root().raw(), "admin": true },
        ],
        "actions": [
            { "act": "crm.contact.read", "connector": "crm", "method": "GET",
              "path": "/contacts/{id}", "approvals": 1 },
            { "act": "crm.contact.write", "connector": "crm", "method": "PUT",
              "path": "/contacts/{id}", "body": true, "query": true, "approvals": 2 },
            { "act": "billing.invoice.pay", "audience": BILLING, "method": "POST",
              "path": "/invoices/{invoice}/pay", "approvals": 1 },
        ],
        "connectors": [{ "name": "crm", "address": crm, "id": CRM }],
        "egress": [crm],
    })
}

impl World {
    pub async fn new() -> Self {
        Self::with(|_| {}, TlsVersion::V1_3).await
    }

    pub async fn with(change: impl FnOnce(&mut Value), min_version: TlsVersion) -> Self {
        let database = SHARED.then(database::server).flatten().map(database::Server::database);
        Self::on(database, change, min_version).await
    }

    /// Another broker of the same log.
    pub async fn beside(&self) -> Self {
        Self::on(self.database.clone(), |_| {}, TlsVersion::V1_3).await
    }

    async fn on(
        database: Option<Database>,
        change: impl FnOnce(&mut Value),
        min_version: TlsVersion,
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let new = || Arc::new(Authority::new().unwrap());
        let authority = database.as_ref().map_or_else(new, Database::authority);
        let crm = write(&dir, "crm", &authority, &issue(&authority, CRM));
        let service = service::Service::start(crm, CRM).await;
        let broker = write(&dir, "broker", &authority, &issue(&authority, BROKER));
        let source = Source::open(broker, id(BROKER), min_version).unwrap();
        let mut json = config(&service.address.to_string());
        change(&mut json);
        Self::put((dir, authority, service), database, &json, source).await
    }

    /// With a certificate from elsewhere.
    pub async fn of(
        (dir, authority, service): (TempDir, Authority, service::Service),
        json: &Value,
        source: Source,
    ) -> Self {
        Self::put((dir, Arc::new(authority), service), None, json, source).await
    }

    async fn put(
        (dir, authority, service): (TempDir, Arc<Authority>, service::Service),
        database: Option<Database>,
        json: &Value,
        source: Source,
    ) -> Self {
        let ahead = Arc::new(AtomicU64::new(0));
        let (app, address, stop, ended) =
            start(&dir, database.as_ref(), json, source, &ahead).await;
        let (stop, ended) = (Mutex::new(Some(stop)), Mutex::new(Some(ended)));
        let files = AtomicU64::new(0);
        Self { dir, authority, database, address, service, app, ahead, stop, ended, files }
    }

    /// Ends the broker in order and begins another one in its folder.
    pub async fn restart(&mut self) {
        self.stop().await;
        self.begin(&config(&self.service.address.to_string())).await;
    }

    async fn begin(&mut self, json: &Value) {
        let source = Source::open(self.paths("broker"), id(BROKER), TlsVersion::V1_3).unwrap();
        let (app, address, stop, ended) =
            start(&self.dir, self.database.as_ref(), json, source, &self.ahead).await;
        (self.app, self.address) = (app, address);
        (self.stop, self.ended) = (Mutex::new(Some(stop)), Mutex::new(Some(ended)));
    }

    /// Begins a broker again in the folder of one that was ended, with these approvers.
    pub async fn resume(&mut self, owners: &[&str], keys: &[String]) {
        let mut json = config(&self.service.address.to_string());
        let approvers = owners.iter().zip(keys);
        let approvers = approvers.map(|(owner, key)| json!({ "owner": owner, "key": key }));
        json["approvers"] = approvers.collect();
        self.begin(&json).await;
    }

    pub async fn stop(&self) {
        let stop = self.stop.lock().unwrap().take().unwrap();
        stop.send(()).unwrap();
        let ended = self.ended.lock().unwrap().take().unwrap();
        ended.await.unwrap();
    }

    /// The broker's clock goes ahead.
    pub fn wait(&self, seconds: u64) {
        self.ahead.fetch_add(seconds, Ordering::SeqCst);
    }

    pub fn now(&self) -> u64 {
        real_now() + self.ahead.load(Ordering::SeqCst)
    }

    pub fn paths(&self, name: &str) -> Files {
        paths(&self.dir, name)
    }

    /// The log in a file.
    pub fn log(&self) -> PathBuf {
        let path = self.dir.path().join("state/log.jsonl");
        if let Some(database) = &self.database {
            database.write_log(&path);
        }
        path
    }

    /// A workload with a new certificate.
    pub fn workload(&self, name: &str) -> Workload {
        self.workload_of(&issue(&self.authority, name), name)
    }

    pub fn workload_of(&self, svid: &Svid, name: &str) -> Workload {
        let number = self.files.fetch_add(1, Ordering::SeqCst);
        let files = write(&self.dir, &format!("w{number}"), &self.authority, svid);
        Workload { id: id(name), files }
    }

    /// Asks the broker; the status and the JSON of the answer.
    pub async fn ask(&self, by: &Workload, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
        let answer = self.send(by, method, path, &HeaderMap::new(), body).await.unwrap();
        status_and_value(&answer)
    }

    pub async fn send(
        &self,
        by: &Workload,
        method: &str,
        path: &str,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Result<Response<Bytes>, kms_broker::Error> {
        let mut request = Request::new(body);
        *request.method_mut() = Method::from_bytes(method.as_bytes()).unwrap();
        *request.uri_mut() = path.parse().unwrap();
        request.headers_mut().extend(headers.clone());
        request.headers_mut().insert("host", "broker".parse().unwrap());
        let (address, broker, asked) =
            (self.address.to_string(), id(BROKER), request.body().clone());
        let upstream = Upstream { address: &address, id: &broker };
        let answer = upstream.ask(&by.identity(), request).await?;
        contract::check(method, path, &asked, &answer);
        Ok(answer)
    }

    /// Uses a token at the proxy.
    pub async fn present(
        &self,
        by: &Workload,
        token: &str,
        method: &str,
        path: &str,
        body: &str,
    ) -> (u16, Value) {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
        let answer = self.send(by, method, path, &headers, body.to_owned().into()).await.unwrap();
        status_and_value(&answer)
    }

    /// A challenge as its approvers get it.
    pub async fn open(&self, agent: &Workload, asked: &Value) -> Challenge {
        let (status, value) = self.ask(agent, "POST", "/v1/challenges", asked).await;
        assert_eq!(status, 201, "{value}");
        let text = value["challenge"].as_str().unwrap();
        assert_eq!(value["digest"], Digest::of(text.as_bytes()).to_string());
        Challenge::parse(text.as_bytes()).unwrap()
    }

    /// Sends what an approver has signed.
    pub async fn approve(&self, challenge: &Challenge, signed: &str) -> (u16, Value) {
        let path = format!("/v1/challenges/{}/approvals", challenge.id);
        self.ask(&self.workload(RELAY), "POST", &path, &json!({ "signed": signed })).await
    }

    pub async fn collect(&self, agent: &Workload, challenge: &Challenge) -> (u16, Value) {
        let path = format!("/v1/challenges/{}/token", challenge.id);
        self.ask(agent, "POST", &path, &Value::Null).await
    }

    pub async fn mint(&self, challenge: &Challenge) -> Token {
        self.mint_by(&alice(), challenge, None).await
    }

    pub async fn mint_by(&self, by: &Approver, of: &Challenge, first: Option<&str>) -> Token {
        mint(by, of, first, (random(), self.now(), Life::default())).await.unwrap()
    }

    pub async fn first(&self, by: &Approver, challenge: &Challenge) -> String {
        approve(by, challenge, self.now(), Life::default()).await.unwrap()
    }

    /// A token from question to pick-up.
    pub async fn token(&self, agent: &Workload, asked: &Value) -> String {
        let challenge = self.open(agent, asked).await;
        let token = self.mint(&challenge).await;
        assert_eq!(self.approve(&challenge, token.reveal()).await.0, 204);
        let (status, value) = self.collect(agent, &challenge).await;
        assert_eq!(status, 200, "{value}");
        value["token"].as_str().unwrap().to_owned()
    }

    /// Sends a statement.
    pub async fn state(&self, by: &Approver, statement: &Statement) -> (u16, Value) {
        let jws = state(by, &id(BROKER), statement, (random(), self.now())).await.unwrap();
        let body = json!({ "statement": jws });
        self.ask(&self.workload(ADMIN), "POST", "/v1/revocations", &body).await
    }
}

fn status_and_value(answer: &Response<Bytes>) -> (u16, Value) {
    let text = String::from_utf8(answer.body().to_vec()).unwrap();
    let value = serde_json::from_str(&text).unwrap_or(Value::String(text));
    (answer.status().as_u16(), value)
}

async fn start(
    dir: &TempDir,
    database: Option<&Database>,
    json: &Value,
    source: Source,
    ahead: &Arc<AtomicU64>,
) -> (Arc<App>, SocketAddr, oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
    let state = dir.path().join("state");
    std::fs::create_dir_all(&state).unwrap();
    let mut json = json.clone();
    if let Some(database) = database {
        Database::keys(&state);
        database.configure(&mut json);
    }
    // The text of a policy stands where a configuration names its file.
    if let Some(Value::String(text)) = json.get("rego") {
        std::fs::write(dir.path().join("policy.rego"), text).unwrap();
        json["rego"] = json!("policy.rego");
    }
    let path = dir.path().join("broker.json");
    std::fs::write(&path, json.to_string()).unwrap();
    let config = Config::read(&path).unwrap();
    let ahead = Arc::clone(ahead);
    let clock: Clock = Arc::new(move || real_now() + ahead.load(Ordering::SeqCst));
    let source = Arc::new(source);
    let desk = Desk::join(config, &state, Arc::clone(&clock), &source).unwrap();
    let app = Arc::new(App::new(desk, source).unwrap());
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let server = Server::bind(Arc::clone(&app), listen, clock).await.unwrap();
    let address = server.address().unwrap();
    let (stop, stopped) = oneshot::channel();
    let ended = tokio::spawn(server.run(async move {
        let _ = stopped.await;
    }));
    (app, address, stop, ended)
}

pub fn issue(authority: &Authority, name: &str) -> Svid {
    authority.issue(&id(name), real_now() - 60, real_now() + 3600).unwrap()
}

fn paths(dir: &TempDir, name: &str) -> Files {
    let path = |end| dir.path().join(format!("{name}.{end}"));
    Files { certificate: path("pem"), key: path("key"), bundle: path("bundle") }
}

pub fn write(dir: &TempDir, name: &str, authority: &Authority, svid: &Svid) -> Files {
    let files = paths(dir, name);
    std::fs::write(&files.certificate, &svid.certificate).unwrap();
    std::fs::write(&files.key, &svid.key).unwrap();
    std::fs::write(&files.bundle, authority.bundle()).unwrap();
    files
}

pub fn random() -> Id {
    let mut bytes = [0; 16];
    rustls::crypto::ring::default_provider().secure_random.fill(&mut bytes).unwrap();
    Id::new(bytes)
}
