//! Who gets in, and how far.

#![allow(clippy::unwrap_used)] // helpers of tests

mod support;

use std::sync::Arc;

use axum::body::Bytes;
use axum::http::HeaderMap;
use kms_broker::devpki::Authority;
use kms_broker::tls::{TlsVersion, identify};
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, DigitallySignedStruct, HandshakeKind, ProtocolVersion, SignatureScheme,
};
use serde_json::{Value, json};
use support::{
    ADMIN, AGENT, BILLING, RELAY, SCRAPER, Workload, World, id, issue, read_42, real_now,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

const PATH: &str = "/v1/proxy/crm/contacts/42";

/// A client that believes every server: what it sees is what the broker does.
#[derive(Debug)]
struct Blind;

impl ServerCertVerifier for Blind {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        default_provider().signature_verification_algorithms.supported_schemes()
    }
}

fn client(
    by: Option<&Workload>,
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> Arc<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Blind));
    let mut config = match by {
        None => builder.with_no_client_auth(),
        Some(by) => {
            let pem = std::fs::read(&by.files.certificate).unwrap();
            let chain = CertificateDer::pem_slice_iter(&pem).map(Result::unwrap).collect();
            let key = std::fs::read(&by.files.key).unwrap();
            let key = PrivateKeyDer::from_pem_slice(&key).unwrap();
            builder.with_client_auth_cert(chain, key).unwrap()
        }
    };
    config.resumption = Resumption::in_memory_sessions(16);
    Arc::new(config)
}

/// What the broker answers to a bare request: nothing, if it lets nobody in.
async fn knock(
    world: &World,
    config: &Arc<ClientConfig>,
) -> Option<(String, ProtocolVersion, HandshakeKind)> {
    let stream = TcpStream::connect(world.address).await.unwrap();
    let name = ServerName::try_from("broker").unwrap();
    let connector = TlsConnector::from(Arc::clone(config));
    let mut stream = connector.connect(name, stream).await.ok()?;
    let request = "GET /v1/jwks HTTP/1.1\r\nHost: broker\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut text = Vec::new();
    let read = stream.read_to_end(&mut text).await;
    let connection = stream.get_ref().1;
    let (version, kind) = (connection.protocol_version()?, connection.handshake_kind()?);
    let text = String::from_utf8(text).unwrap();
    read.ok().filter(|_| !text.is_empty()).map(|_| (text, version, kind))
}

async fn connect(world: &World, by: &Workload) -> TlsStream<TcpStream> {
    let stream = TcpStream::connect(world.address).await.unwrap();
    let connector = TlsConnector::from(client(Some(by), rustls::ALL_VERSIONS));
    let name = ServerName::try_from("broker").unwrap();
    connector.connect(name, stream).await.unwrap()
}

const ONLY_1_2: [&rustls::SupportedProtocolVersion; 1] = [&rustls::version::TLS12];

#[tokio::test]
async fn without_a_certificate_of_the_bundle_nobody_gets_in() {
    let world = World::new().await;
    let now = real_now();
    let foreign = Authority::new().unwrap();
    let own = &world.authority;
    let refused = [
        ("self-made authority", issue(&foreign, AGENT)),
        ("expired", own.issue(&id(AGENT), now - 120, now - 60).unwrap()),
        ("not yet valid", own.issue(&id(AGENT), now + 600, now + 900).unwrap()),
        ("other trust domain", issue(own, "spiffe://other.example/agent/one")),
        ("no URI", own.issue_uris(&[], now - 60, now + 60, false).unwrap()),
        ("two URIs", own.issue_uris(&[AGENT, RELAY], now - 60, now + 60, false).unwrap()),
        (
            "other URI",
            own.issue_uris(&["https://ats.example/agent/one"], now - 60, now + 60, false).unwrap(),
        ),
        (
            "a way out",
            own.issue_uris(&["spiffe://ats.example/agent/../relay"], now - 60, now + 60, false)
                .unwrap(),
        ),
        ("signs certificates", own.issue_uris(&[AGENT], now - 60, now + 60, true).unwrap()),
    ];
    for (what, svid) in refused {
        let by = world.workload_of(&svid, AGENT);
        assert!(knock(&world, &client(Some(&by), rustls::ALL_VERSIONS)).await.is_none(), "{what}");
    }
    assert!(knock(&world, &client(None, rustls::ALL_VERSIONS)).await.is_none(), "no certificate");
    let good = client(Some(&world.workload(AGENT)), rustls::ALL_VERSIONS);
    let (text, ..) = knock(&world, &good).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
}

#[tokio::test]
async fn plain_http_is_not_answered() {
    let world = World::new().await;
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    stream.write_all(b"GET /v1/health HTTP/1.1\r\nHost: broker\r\n\r\n").await.unwrap();
    let mut text = Vec::new();
    let _ = stream.read_to_end(&mut text).await;
    assert!(!String::from_utf8_lossy(&text).contains("HTTP/"));
}

#[tokio::test]
async fn tls_1_2_is_for_those_who_ask_for_it() {
    let strict = World::new().await;
    let by = strict.workload(AGENT);
    assert!(knock(&strict, &client(Some(&by), &ONLY_1_2)).await.is_none());
    let lenient = World::with(|_| {}, TlsVersion::V1_2).await;
    let by = lenient.workload(AGENT);
    let (_, version, _) = knock(&lenient, &client(Some(&by), &ONLY_1_2)).await.unwrap();
    assert_eq!(version, ProtocolVersion::TLSv1_2);
    let (_, version, _) = knock(&lenient, &client(Some(&by), rustls::ALL_VERSIONS)).await.unwrap();
    assert_eq!(version, ProtocolVersion::TLSv1_3);
    assert!(knock(&lenient, &client(None, &ONLY_1_2)).await.is_none());
    assert!("1.1".parse::<TlsVersion>().is_err());
    assert_eq!("1.2".parse(), Ok(TlsVersion::V1_2));
    assert_eq!("1.3".parse(), Ok(TlsVersion::default()));
}

#[tokio::test]
async fn no_session_is_resumed() {
    let world = World::with(|_| {}, TlsVersion::V1_2).await;
    let by = world.workload(AGENT);
    for versions in [&ONLY_1_2[..], rustls::ALL_VERSIONS] {
        let config = client(Some(&by), versions);
        for _ in 0..3 {
            let (_, _, kind) = knock(&world, &config).await.unwrap();
            assert_eq!(kind, HandshakeKind::Full);
        }
    }
}

/// Endpoint, and who may use it, in the order of [`PEERS`].
const MATRIX: [(&str, &str, [bool; 5]); 16] = [
    ("POST", "/v1/challenges", [true, false, false, false, false]),
    ("GET", "/v1/challenges", [false, true, false, false, false]),
    ("GET", "/v1/challenges/x", [false, true, false, false, false]),
    ("POST", "/v1/challenges/x/approvals", [false, true, false, false, false]),
    ("POST", "/v1/challenges/x/token", [true, false, false, false, false]),
    ("GET", "/v1/proxy/crm/contacts/42", [true, false, false, false, false]),
    ("DELETE", "/v1/proxy/crm/contacts/42", [true, false, false, false, false]),
    ("POST", "/v1/introspect", [false, false, true, false, false]),
    ("GET", "/v1/jwks", [true, true, true, true, false]),
    ("POST", "/v1/revocations", [false, true, false, true, false]),
    ("GET", "/v1/revocations", [false, true, true, true, false]),
    ("GET", "/v1/audit/checkpoint", [false, true, true, true, false]),
    ("GET", "/v1/audit/inclusion", [false, true, true, true, false]),
    ("GET", "/v1/audit/consistency", [false, true, true, true, false]),
    ("GET", "/v1/health", [false, false, false, true, true]),
    ("GET", "/metrics", [false, false, false, false, true]),
];
const PEERS: [&str; 5] = [AGENT, RELAY, BILLING, ADMIN, SCRAPER];

#[tokio::test]
async fn every_endpoint_is_for_its_roles_only() {
    let world = World::new().await;
    for (at, name) in PEERS.into_iter().enumerate() {
        let by = world.workload(name);
        for (method, path, may) in MATRIX {
            let (_, value) = world.ask(&by, method, path, &Value::Null).await;
            assert_eq!(value["code"] != "role", may[at], "{name} {method} {path}: {value}");
        }
    }
    // In the trust domain, but in no role, or in two.
    for name in [
        "spiffe://ats.example/stranger",
        "spiffe://ats.example/both",
        "spiffe://ats.example/agentx",
        "spiffe://ats.example/agent",
    ] {
        let by = world.workload(name);
        for (method, path, _) in MATRIX {
            let (status, value) = world.ask(&by, method, path, &Value::Null).await;
            assert_eq!((status, &value["code"]), (403, &json!("role")), "{name} {method} {path}");
        }
    }
}

#[tokio::test]
async fn what_is_not_there_is_refused() {
    let world = World::new().await;
    let relay = world.workload(RELAY);
    for path in ["/", "/health", "/ready", "/v1", "/v1/proxy/crm", "/v1/challenges/"] {
        let (status, value) = world.ask(&relay, "GET", path, &Value::Null).await;
        assert_eq!((status, &value["code"]), (404, &json!("not_found")), "{path}");
    }
    let (status, value) = world.ask(&relay, "DELETE", "/v1/challenges", &Value::Null).await;
    assert_eq!((status, &value["code"]), (405, &json!("method")));
}

#[tokio::test]
async fn a_certificate_that_is_over_ends_its_connection() {
    let world = World::new().await;
    let by = world.workload(AGENT);
    let (mut stream, mut bytes) = (connect(&world, &by).await, [0; 4096]);
    let request = b"GET /v1/jwks HTTP/1.1\r\nHost: broker\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let read = stream.read(&mut bytes).await.unwrap();
    assert!(bytes[..read].starts_with(b"HTTP/1.1 200"));
    // A request after the end, on a connection from before.
    world.wait(7200);
    stream.write_all(request).await.unwrap();
    let read = stream.read(&mut bytes).await.unwrap();
    let text = String::from_utf8_lossy(&bytes[..read]);
    assert!(text.starts_with("HTTP/1.1 401") && text.contains("certificate_expired"), "{text}");

    let world = World::new().await;
    let now = real_now();
    let short = world.authority.issue(&id(AGENT), now - 60, now + 4).unwrap();
    let by = world.workload_of(&short, AGENT);
    let mut stream = connect(&world, &by).await;
    stream.write_all(request).await.unwrap();
    assert!(stream.read(&mut bytes).await.unwrap() > 0);
    let limit = std::time::Duration::from_secs(8);
    let ended = tokio::time::timeout(limit, stream.read_to_end(&mut Vec::new())).await;
    assert!(ended.is_ok(), "the connection is still there");
    assert!(real_now() >= now + 3);
}

#[tokio::test]
async fn a_new_certificate_is_taken_without_a_restart() {
    let world = World::new().await;
    let before = world.app.source.identity().leaf.certificate;
    assert!(!world.app.source.reload().unwrap());
    // Half of a change: the certificate, and not its key.
    let files = world.paths("broker");
    let next = issue(&world.authority, support::BROKER);
    std::fs::write(&files.certificate, &next.certificate).unwrap();
    assert!(world.app.source.reload().is_err());
    assert_eq!(world.app.source.identity().leaf.certificate, before);
    std::fs::write(&files.key, &next.key).unwrap();
    // By itself, within some seconds.
    let by = world.workload(AGENT);
    let mut waited = 0;
    while world.app.source.identity().leaf.certificate == before {
        assert!(waited < 50, "no change");
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        waited += 1;
    }
    assert_eq!(world.ask(&by, "GET", "/v1/jwks", &Value::Null).await.0, 200);
    // A certificate of somebody else does not become the broker's.
    let other = issue(&world.authority, RELAY);
    std::fs::write(&files.certificate, &other.certificate).unwrap();
    std::fs::write(&files.key, &other.key).unwrap();
    assert!(world.app.source.reload().is_err());

    // An authority that is not in the bundle any more vouches for nobody.
    let authority = Authority::new().unwrap();
    support::write(&world.dir, "broker", &authority, &issue(&authority, support::BROKER));
    assert!(world.app.source.reload().unwrap());
    assert!(knock(&world, &client(Some(&by), rustls::ALL_VERSIONS)).await.is_none());
}

#[tokio::test]
async fn a_server_that_is_not_the_service_is_not_asked() {
    // The service's address, but another identity there.
    let world = World::with(
        |json| json["connectors"][0]["id"] = json!("spiffe://ats.example/service/other"),
        TlsVersion::V1_3,
    )
    .await;
    let agent = world.workload(AGENT);
    let token = world.token(&agent, &read_42()).await;
    let path = "/v1/proxy/crm/contacts/42";
    let (status, value) = world.present(&agent, &token, "GET", path, "").await;
    assert_eq!((status, &value["code"]), (502, &json!("upstream")));
    assert!(world.service.take().is_empty());
}

#[tokio::test]
async fn metrics_have_no_label_of_a_request() {
    let world = World::new().await;
    let agent = world.workload(AGENT);
    let mut asked = read_42();
    asked["act"] = "evil.label".into();
    world.ask(&agent, "POST", "/v1/challenges", &asked).await;
    world.ask(&agent, "GET", "/v1/proxy/evil/x", &Value::Null).await;
    let _ = knock(&world, &client(None, rustls::ALL_VERSIONS)).await;
    let by = world.workload(SCRAPER);
    let answer = world.send(&by, "GET", "/metrics", &HeaderMap::new(), Bytes::new()).await.unwrap();
    let text = String::from_utf8(answer.body().to_vec()).unwrap();
    let line = r#"kms_broker_answers_total{endpoint="/v1/challenges",status="403"} 1"#;
    assert!(text.contains(line), "{text}");
    assert!(text.contains("kms_broker_handshakes_refused_total 1"), "{text}");
    assert!(!text.contains("evil"), "{text}");
}

/// The status of every answer on one connection.
async fn answers(world: &World, by: &Workload, request: &str) -> Vec<String> {
    let mut stream = connect(world, by).await;
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = Vec::new();
    // It may end without the words for it.
    let _ = stream.read_to_end(&mut text).await;
    let text = String::from_utf8(text).unwrap();
    text.split("HTTP/1.1 ").skip(1).map(|answer| answer.chars().take(3).collect()).collect()
}

/// No request hides in another one: what can be read in two ways is not passed on.
#[tokio::test]
async fn a_request_has_one_end() {
    let world = World::new().await;
    let agent = world.workload(AGENT);
    let token = world.token(&agent, &read_42()).await;
    let hidden = "GET /v1/jwks HTTP/1.1\r\nHost: broker\r\nConnection: close\r\n\r\n";
    let length = hidden.len();
    let send = async |head: &str| {
        let start = format!("GET {PATH} HTTP/1.1\r\nHost: broker\r\nAuthorization: Bearer {token}");
        answers(&world, &agent, &format!("{start}\r\n{head}\r\n\r\n{hidden}")).await
    };
    for head in [
        &format!("Content-Length: 0\r\nContent-Length: {length}"),
        &format!("Content-Length: 0, {length}"),
        "Content-Length: +0",
        "Content-Length : 0",
        "Content-Length: 0\r\nTransfer-Encoding: chunked, identity",
        "Accept: a\r\n Content-Length: 0",
        "Accept: a\rContent-Length: 0",
    ] {
        assert_eq!(send(head).await, ["400"], "{head:?}");
    }
    assert!(world.service.take().is_empty());
    // With one end, they are two requests.
    assert_eq!(send("Content-Length: 0").await, ["200", "200"]);
}

#[test]
fn what_is_no_certificate_is_nobody() {
    assert!(identify(b"", "ats.example").is_err());
    assert!(identify(b"not a certificate", "ats.example").is_err());
}
