//! A relay that runs, and whom it answers.

use std::net::SocketAddr;

use kms_broker::relay::Relay;
use kms_broker::tls::{Source, TlsVersion};
use kms_testkit::PAGE;
use serde_json::{Value, json};

use crate::page::request;
use crate::support::{BROKER, RELAY, World, id, read_42};

fn relay(world: &World) -> Relay {
    let workload = world.workload(RELAY);
    Relay {
        address: world.address.to_string(),
        broker: id(BROKER),
        log: world.app.desk.log_key().verifier().clone(),
        source: Source::open(workload.files, id(RELAY), TlsVersion::V1_3).unwrap(),
        embedder: PAGE.into(),
    }
}

pub(crate) async fn start(world: &World) -> SocketAddr {
    serve(relay(world)).await
}

async fn serve(relay: Relay) -> SocketAddr {
    let listening = relay.listen(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let address = listening.address().unwrap();
    tokio::spawn(listening.run());
    address
}

#[tokio::test]
async fn pages_of_one_origin_are_answered_and_nobody_else() {
    let world = World::new().await;
    let at = start(&world).await;
    let (host, port) = (at.to_string(), at.port());
    let local = format!("localhost:{port}");
    let list = ("GET", "/challenges");
    for (origin, host) in [(PAGE, &*host), (PAGE, &*local)] {
        let headers = [("origin", origin), ("host", host)];
        let (status, headers, value) = request(at, list, &headers, &Value::Null).await;
        assert_eq!((status, value), (200, json!({ "challenges": [] })));
        assert_eq!(headers["access-control-allow-origin"], PAGE);
        assert_eq!(headers["vary"], "origin");
        assert_eq!(headers["cache-control"], "no-store");
    }
    let led = format!("rebound.example:{port}");
    let (more, other_port) = (format!("{PAGE}.evil.example"), format!("{PAGE}:8443"));
    let refused: [&[(&str, &str)]; 9] = [
        &[("host", &host)],
        &[("origin", "null"), ("host", &host)],
        &[("origin", "https://other.example"), ("host", &host)],
        &[("origin", &more), ("host", &host)],
        &[("origin", &other_port), ("host", &host)],
        &[("origin", "http://page.example"), ("host", &host)],
        &[("origin", PAGE), ("origin", PAGE), ("host", &host)],
        &[("origin", PAGE), ("host", &led)],
        &[("origin", PAGE), ("host", "127.0.0.1:1")],
    ];
    for headers in refused {
        for method in ["GET", "OPTIONS", "POST"] {
            let asked = (method, "/challenges");
            let (status, answered, value) = request(at, asked, headers, &Value::Null).await;
            assert_eq!((status, &value["code"]), (403, &json!("origin")), "{headers:?}");
            assert!(answered.get("access-control-allow-origin").is_none());
        }
    }
}

#[tokio::test]
async fn a_browser_asks_first_and_what_it_would_not_ask_about_is_refused() {
    let world = World::new().await;
    let at = start(&world).await;
    let host = at.to_string();
    let own = [("origin", PAGE), ("host", &*host)];
    let (status, headers, _) = request(at, ("OPTIONS", "/revocations"), &own, &Value::Null).await;
    assert_eq!(status, 204);
    assert_eq!(headers["access-control-allow-headers"], "content-type");
    assert!(headers.get("access-control-allow-credentials").is_none());
    let body = json!({ "statement": "x" });
    for plain in ["text/plain", "application/x-www-form-urlencoded", "application/json;a=b"] {
        let headers = [&own[..], &[("content-type", plain)]].concat();
        let (status, _, value) = request(at, ("POST", "/revocations"), &headers, &body).await;
        assert_eq!((status, &value["code"]), (400, &json!("bad_request")));
    }
    let headers = [&own[..], &[("content-type", "application/json")]].concat();
    let (status, _, value) = request(at, ("POST", "/revocations"), &headers, &body).await;
    assert_eq!((status, &value["code"]), (403, &json!("token_invalid")));
    let long = json!({ "statement": "x".repeat(40_000) });
    let (status, _, _) = request(at, ("POST", "/revocations"), &headers, &long).await;
    assert_eq!(status, 413);
}

#[tokio::test]
async fn no_other_endpoint_of_the_broker_is_within_reach() {
    let world = World::new().await;
    let at = start(&world).await;
    world.open(&world.workload(crate::AGENT), &read_42()).await;
    let host = at.to_string();
    let own = [("origin", PAGE), ("host", &*host), ("content-type", "application/json")];
    for path in [
        "/",
        "/v1/challenges",
        "/jwks",
        "/metrics",
        "/challenges/x",
        "/challenges/..%2Fjwks",
        "/challenges/AQEBAQEBAQEBAQEBAQEBAQ",
        "/log/x",
    ] {
        let (status, _, value) = request(at, ("GET", path), &own, &Value::Null).await;
        assert_eq!((status, &value["code"]), (404, &json!("not_found")), "{path}");
    }
    for query in ["since=x", "since=-1", "more=1", "since=1&since=2"] {
        let path = format!("/log?{query}");
        let (status, _, _) = request(at, ("GET", &path), &own, &Value::Null).await;
        assert_eq!(status, 400, "{query}");
    }
    let (status, _, _) = request(at, ("POST", "/challenges"), &own, &json!({})).await;
    assert_eq!(status, 405);
}

#[tokio::test]
async fn a_broker_that_is_away_or_is_somebody_else_is_told_as_such() {
    let world = World::new().await;
    let away = Relay { address: "127.0.0.1:1".into(), ..relay(&world) };
    let other = Relay { broker: id("spiffe://ats.example/other"), ..relay(&world) };
    let key = kms_tlog::VerifierKey::new("another.log", [9; 32]).unwrap();
    let forked = Relay { log: key, ..relay(&world) };
    for (relay, path) in [(away, "/challenges"), (other, "/challenges"), (forked, "/log")] {
        let at = serve(relay).await;
        let host = at.to_string();
        let own = [("origin", PAGE), ("host", &*host)];
        let (status, _, value) = request(at, ("GET", path), &own, &Value::Null).await;
        assert_eq!((status, &value["code"]), (502, &json!("upstream")), "{path}");
    }
}

#[tokio::test]
async fn a_relay_is_for_this_machine() {
    let world = World::new().await;
    let everywhere = SocketAddr::from(([0, 0, 0, 0], 0));
    assert!(relay(&world).listen(everywhere).await.is_err());
}
