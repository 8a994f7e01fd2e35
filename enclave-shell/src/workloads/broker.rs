//! The broker of the demo, its relay, and its agent.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Bytes;
use axum::http::{Method, Request, Response, header};
use kms_broker::Error;
use kms_broker::client::Upstream;
use kms_broker::config::Config;
use kms_broker::desk::Desk;
use kms_broker::http::App;
use kms_broker::relay::Relay;
use kms_broker::serve::Server;
use kms_broker::store::Clock;
use kms_broker::tls::Source;
use kms_token::Digest;
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::service::{Domain, SERVICE, now, spiffe_id};

pub(super) const BROKER: &str = "spiffe://demo.ats.example/broker";
const AGENT: &str = "spiffe://demo.ats.example/agent/assistant";
const RELAY: &str = "spiffe://demo.ats.example/relay";
/// Where the agent wants it.
const PATH: &str = "/v1/proxy/crm/contacts/42";
/// What it sends to rename the contact.
const NAME: &str = r#"{"name":"Grace Hopper"}"#;

/// What the agent wants.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Wish {
    /// To read a contact, which one person approves.
    Read,
    /// To rename it, which two approve.
    Rename,
}

impl Wish {
    fn act(self) -> &'static str {
        match self {
            Self::Read => "crm.contact.read",
            Self::Rename => "crm.contact.rename",
        }
    }

    fn request(self) -> (Method, &'static str) {
        match self {
            Self::Read => (Method::GET, ""),
            Self::Rename => (Method::PUT, NAME),
        }
    }
}

/// A broker that runs.
pub(super) struct Running {
    /// The key of its log.
    pub(super) log: String,
    address: String,
    agent: Source,
    /// What the agent has asked for: its wishes, and then their tokens, by their challenges.
    asked: BTreeMap<String, (Wish, Option<String>)>,
    /// Keys of the approvers.
    keys: Vec<String>,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
    relay: JoinHandle<Result<(), Error>>,
    state: TempDir,
}

fn config(keys: &[String], service: SocketAddr) -> Value {
    let service = service.to_string();
    let approvers = ["you", "somebody else"].into_iter().zip(keys);
    let approvers = approvers.map(|(owner, key)| json!({ "owner": owner, "key": key }));
    json!({
        "id": BROKER,
        "roles": [{ "path": "/agent/*", "role": "agent" }, { "path": "/relay", "role": "relay" }],
        "approvers": approvers.collect::<Vec<_>>(),
        "connectors": [{ "name": "crm", "address": service, "id": SERVICE }],
        "egress": [service],
        "actions": [
            { "act": Wish::Read.act(), "connector": "crm", "method": "GET",
              "path": "/contacts/{id}", "approvals": 1 },
            { "act": Wish::Rename.act(), "connector": "crm", "method": "PUT",
              "path": "/contacts/{id}", "body": true, "approvals": 2, "tier": "high" },
        ],
    })
}

impl Running {
    /// Starts a broker that knows these approvers, and a relay to it.
    pub(super) async fn start(
        domain: &Domain,
        keys: Vec<String>,
        (embedder, port): (&str, u16),
        state: TempDir,
    ) -> Result<Self, Error> {
        let config = Config::parse(config(&keys, domain.service).to_string().as_bytes())?;
        let clock: Clock = Arc::new(now);
        let desk = Desk::open(config, state.path(), Arc::clone(&clock))?;
        let log = desk.log_key().verifier().clone();
        let app = Arc::new(App::new(desk, Arc::new(domain.source(BROKER)?))?);
        let server = Server::bind(app, SocketAddr::from(([127, 0, 0, 1], 0)), clock).await?;
        let address = server.address()?.to_string();
        let relay = Relay {
            address: address.clone(),
            broker: spiffe_id(BROKER)?,
            log: log.clone(),
            source: domain.source(RELAY)?,
            embedder: embedder.into(),
        };
        let relay = relay.listen(SocketAddr::from(([127, 0, 0, 1], port))).await?;
        let (stop, stopped) = oneshot::channel();
        let ending = async { stopped.await.unwrap_or_default() };
        Ok(Self {
            log: log.to_string(),
            address,
            agent: domain.source(AGENT)?,
            asked: BTreeMap::new(),
            keys,
            stop,
            served: tokio::spawn(server.run(ending)),
            relay: tokio::spawn(relay.run()),
            state,
        })
    }

    /// Ends both, so that the next ones find their ports free; what the next broker goes on with.
    pub(super) async fn stop(self) -> (Vec<String>, TempDir) {
        self.relay.abort();
        // Who is stopped has nothing to say.
        let _ = (self.relay.await, self.stop.send(()), self.served.await);
        (self.keys, self.state)
    }

    pub(super) async fn ask(&mut self, wish: Wish) -> Result<Value, Error> {
        let (method, body) = wish.request();
        let body = Digest::of(body.as_bytes()).to_string();
        let asked = json!({
            "act": wish.act(),
            "con": { "id": "42" },
            "leg": {
                "accountable_party": { "id": "ops@demo.ats.example", "type": "organisation" },
                "basis": "contract",
                "jurisdiction": "DE",
            },
            "req": { "method": method.as_str(), "path": PATH, "body": body },
        });
        let asked = asked.to_string();
        let answer = self.send((Method::POST, "/v1/challenges"), &asked, None).await?;
        let (status, value) = read(&answer);
        if let Some(id) = value["id"].as_str() {
            self.asked.insert(id.into(), (wish, None));
        }
        Ok(json!({ "status": status, "id": value["id"], "code": value["code"] }))
    }

    /// What becomes of the token is told, and the token to nobody.
    pub(super) async fn collect(&mut self, id: &str) -> Result<Value, Error> {
        let path = format!("/v1/challenges/{id}/token");
        let answer = self.send((Method::POST, &path), "", None).await?;
        let (status, value) = read(&answer);
        if let (Some((_, token)), Some(new)) = (self.asked.get_mut(id), value["token"].as_str()) {
            *token = Some(new.into());
        }
        Ok(json!({ "status": status, "code": value["code"] }))
    }

    pub(super) async fn present(&self, id: &str) -> Result<Value, Error> {
        let asked = self.asked.get(id);
        let (wish, token) = asked.ok_or_else(|| Error::Answer("never asked".into()))?;
        let (method, body) = wish.request();
        let answer = self.send((method, PATH), body, token.as_deref()).await?;
        let (status, value) = read(&answer);
        Ok(json!({ "status": status, "code": value["code"], "name": value["name"] }))
    }

    async fn send(
        &self,
        (method, path): (Method, &str),
        body: &str,
        token: Option<&str>,
    ) -> Result<Response<Bytes>, Error> {
        let mut request = Request::builder().method(method).uri(path);
        request = request.header(header::HOST, &self.address);
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request
            .body(Bytes::from(body.to_owned()))
            .map_err(|error| Error::Answer(error.to_string()))?;
        let broker = spiffe_id(BROKER)?;
        let upstream = Upstream { address: &self.address, id: &broker };
        upstream.ask(&self.agent.identity(), request).await
    }
}

fn read(answer: &Response<Bytes>) -> (u16, Value) {
    let value = serde_json::from_slice(answer.body()).unwrap_or_default();
    (answer.status().as_u16(), value)
}
