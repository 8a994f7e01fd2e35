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
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::service::{Domain, SERVICE, now, spiffe_id};

pub(super) const BROKER: &str = "spiffe://demo.ats.example/broker";
const AGENT: &str = "spiffe://demo.ats.example/agent/assistant";
const RELAY: &str = "spiffe://demo.ats.example/relay";
/// What the agent wants.
const PATH: &str = "/v1/proxy/crm/contacts/42";

/// A broker that runs.
pub(super) struct Running {
    /// The key of its log.
    pub(super) log: String,
    address: String,
    agent: Source,
    /// What the agent holds: tokens, by their challenges.
    tokens: BTreeMap<String, String>,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
    relay: JoinHandle<Result<(), Error>>,
    _state: TempDir,
}

fn config(approver: &str, service: SocketAddr) -> Value {
    let service = service.to_string();
    json!({
        "id": BROKER,
        "roles": [{ "path": "/agent/*", "role": "agent" }, { "path": "/relay", "role": "relay" }],
        "approvers": [{ "owner": "you", "key": approver }],
        "connectors": [{ "name": "crm", "address": service, "id": SERVICE }],
        "egress": [service],
        "actions": [{ "act": "crm.contact.read", "connector": "crm", "method": "GET",
                      "path": "/contacts/{id}", "approvals": 1 }],
    })
}

impl Running {
    /// Starts a broker that knows one approver, and a relay to it.
    pub(super) async fn start(
        domain: &Domain,
        approver: &str,
        (embedder, port): (&str, u16),
    ) -> Result<Self, Error> {
        let state = domain.folder()?;
        let config = Config::parse(config(approver, domain.service).to_string().as_bytes())?;
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
            tokens: BTreeMap::new(),
            stop,
            served: tokio::spawn(server.run(ending)),
            relay: tokio::spawn(relay.run()),
            _state: state,
        })
    }

    /// Ends both, so that the next ones find their ports free.
    pub(super) async fn stop(self) {
        self.relay.abort();
        // Who is stopped has nothing to say.
        let _ = (self.relay.await, self.stop.send(()), self.served.await);
    }

    pub(super) async fn ask(&self) -> Result<Value, Error> {
        let asked = json!({
            "act": "crm.contact.read",
            "con": { "id": "42" },
            "leg": {
                "accountable_party": { "id": "ops@demo.ats.example", "type": "organisation" },
                "basis": "contract",
                "jurisdiction": "DE",
            },
            "req": { "method": "GET", "path": PATH },
        });
        let answer = self.send((Method::POST, "/v1/challenges"), Some(&asked), None).await?;
        let (status, value) = read(&answer);
        Ok(json!({ "status": status, "id": value["id"], "code": value["code"] }))
    }

    /// What becomes of the token is told, and the token to nobody.
    pub(super) async fn collect(&mut self, id: &str) -> Result<Value, Error> {
        let path = format!("/v1/challenges/{id}/token");
        let answer = self.send((Method::POST, &path), None, None).await?;
        let (status, value) = read(&answer);
        if let Some(token) = value["token"].as_str() {
            self.tokens.insert(id.into(), token.into());
        }
        Ok(json!({ "status": status, "code": value["code"] }))
    }

    pub(super) async fn present(&self, id: &str) -> Result<Value, Error> {
        let token = self.tokens.get(id).map(String::as_str);
        let answer = self.send((Method::GET, PATH), None, token).await?;
        let (status, value) = read(&answer);
        Ok(json!({ "status": status, "code": value["code"], "name": value["name"] }))
    }

    async fn send(
        &self,
        (method, path): (Method, &str),
        body: Option<&Value>,
        token: Option<&str>,
    ) -> Result<Response<Bytes>, Error> {
        let mut request = Request::builder().method(method).uri(path);
        request = request.header(header::HOST, &self.address);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let body = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        let request = request.body(body).map_err(|error| Error::Answer(error.to_string()))?;
        let broker = spiffe_id(BROKER)?;
        let upstream = Upstream { address: &self.address, id: &broker };
        upstream.ask(&self.agent.identity(), request).await
    }
}

fn read(answer: &Response<Bytes>) -> (u16, Value) {
    let value = serde_json::from_slice(answer.body()).unwrap_or_default();
    (answer.status().as_u16(), value)
}
