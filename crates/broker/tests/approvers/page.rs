//! The page of an approver: a vault with a person, and a relay.

use std::net::SocketAddr;

use axum::body::Bytes;
use axum::http::{Request, header};
use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use kms_protocol::Value as Wire;
use kms_testkit::tab::{bytes, member, outcome, text};
use kms_testkit::{PAGE, PASSPHRASE, Tab, TestPorts};
use kms_token::Id;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::support::{BROKER, real_now};

pub(crate) type Members = Vec<(&'static str, Wire)>;

pub(crate) struct Page {
    pub(crate) name: String,
    pub(crate) tab: Tab,
    pub(crate) key: String,
    pub(crate) relay: Option<SocketAddr>,
}

impl Page {
    pub(crate) fn new(name: &str, seed: u64) -> Self {
        let tab = Tab::over(TestPorts::new(seed), seed);
        tab.clock.set_wall(real_now() * 1000);
        assert!(tab.set_up(PASSPHRASE).is_ok());
        let key = tab.create_for("ed25519", &["approve"]).unwrap();
        Self { name: name.into(), tab, key, relay: None }
    }

    pub(crate) fn params(&self, members: Members) -> Wire {
        let id = ("keyId".into(), Wire::Text(self.key.clone()));
        let members = members.into_iter().map(|(name, value)| (name.into(), value));
        Wire::Map(std::iter::once(id).chain(members).collect())
    }

    /// The public key, as the broker's configuration has it.
    pub(crate) fn raw(&self) -> String {
        let public = self.tab.call("keys.public_key", self.params(vec![])).unwrap();
        Base64UrlUnpadded::encode_string(&bytes(&public, "raw"))
    }

    /// Calls a method that the person is asked about, and approves what they were shown.
    pub(crate) fn approved(
        &self,
        (method, members): (&str, Members),
    ) -> (Result<Wire, String>, String) {
        let mut shown = String::new();
        let request = self.tab.request(method, self.params(members));
        let answer = self.tab.send_to_person(request, async |tab| {
            if let [one] = &tab.approval().operations[..] {
                shown.clone_from(&one.payload.text.as_ref().unwrap().shown);
                tab.does(tab.approved()).await;
            }
        });
        (outcome(answer), shown)
    }

    /// What waits first: the challenge, and the first of two approvals if there is one.
    pub(crate) async fn next(&self) -> (String, Option<String>) {
        let (status, waiting) = self.ask("GET", "/challenges", &Value::Null).await;
        assert_eq!(status, 200);
        let first = &waiting["challenges"][0];
        let id = first["id"].as_str().unwrap();
        let (_, one) = self.ask("GET", &format!("/challenges/{id}"), &Value::Null).await;
        assert_eq!(one, *first);
        let text = |name: &str| one[name].as_str().map(str::to_owned);
        (text("challenge").unwrap(), text("first"))
    }

    /// Approves what waits first; what the person was shown.
    pub(crate) async fn approve_next(&self) -> String {
        let (challenge, first) = self.next().await;
        let id = kms_token::Challenge::parse(challenge.as_bytes()).unwrap().id;
        let (answer, shown) = self.approved(self.approving(&challenge, first).await);
        assert_eq!(self.send(id, &text(&answer.unwrap(), "signed")).await.0, 204);
        shown
    }

    async fn approving(&self, challenge: &str, first: Option<String>) -> (&'static str, Members) {
        let first = first.map_or(Wire::Null, Wire::Text);
        let challenge = ("challenge", Wire::Text(challenge.into()));
        ("poa.approve", vec![challenge, ("first", first), ("log", self.log().await)])
    }

    pub(crate) async fn signed(&self, challenge: &str, first: Option<String>) -> String {
        let (answer, _) = self.approved(self.approving(challenge, first).await);
        text(&answer.unwrap(), "signed")
    }

    pub(crate) async fn send(&self, id: Id, signed: &str) -> (u16, Value) {
        let path = format!("/challenges/{id}/approvals");
        self.ask("POST", &path, &json!({ "signed": signed })).await
    }

    pub(crate) async fn revoke(&self, what: &str, value: &str) -> (u16, Value) {
        let members = [("audience", BROKER), ("what", what), ("value", value)];
        let members = members.map(|(name, value)| (name, Wire::Text(value.into())));
        let (answer, shown) = self.approved(("poa.revoke", members.into()));
        assert!(shown.contains(value), "{shown}");
        let statement = json!({ "statement": text(&answer.unwrap(), "statement") });
        self.ask("POST", "/revocations", &statement).await
    }

    /// The broker's log, from what the key saw last.
    pub(crate) async fn log(&self) -> Wire {
        let seen = self.tab.call("poa.log", self.params(vec![])).unwrap();
        let size = member(&seen, "seen").and_then(|seen| member(&seen, "size"));
        let path = match size {
            Some(Wire::Number(size)) => format!("/log?since={size}"),
            _ => "/log".into(),
        };
        let (status, log) = self.ask("GET", &path, &Value::Null).await;
        assert_eq!(status, 200, "{log}");
        let text = |name: &str| Wire::Text(log[name].as_str().unwrap().into());
        let hash = |hash: &Value| Base64::decode_vec(hash.as_str().unwrap()).unwrap();
        let proof = log["proof"].as_array().into_iter().flatten();
        Wire::object([
            ("key", text("key")),
            ("checkpoint", text("checkpoint")),
            ("since", size.map_or(Wire::Null, |size| size)),
            ("proof", Wire::List(proof.map(|one| Wire::Bytes(hash(one))).collect())),
        ])
    }

    /// Asks the relay, as the page's browser does.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let relay = self.relay.unwrap();
        let host = relay.to_string();
        let json = if body.is_null() { None } else { Some("application/json") };
        let headers = [("origin", Some(PAGE)), ("host", Some(&*host)), ("content-type", json)];
        let headers: Vec<_> =
            headers.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        let answer = request(relay, (method, path), &headers, body).await;
        (answer.0, answer.2)
    }
}

/// One request over plain HTTP: status, headers and JSON.
pub(crate) async fn request(
    to: SocketAddr,
    (method, path): (&str, &str),
    headers: &[(&str, &str)],
    body: &Value,
) -> (u16, header::HeaderMap, Value) {
    let stream = TcpStream::connect(to).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
    let answer = sender.send_request(request.body(Full::new(body)).unwrap()).await.unwrap();
    let (parts, body) = answer.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let json = serde_json::from_slice(&body).unwrap_or(Value::Null);
    (parts.status.as_u16(), parts.headers, json)
}

/// Names of the members of an object.
pub(crate) fn members(value: &Wire) -> Vec<String> {
    let Wire::Map(members) = value else { return Vec::new() };
    members.iter().map(|(name, _)| name.to_string()).collect()
}
