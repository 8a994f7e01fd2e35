//! Peers that take their time: each gets so much of it, and keeps nobody else from being served.

#![allow(clippy::unwrap_used)] // helpers of tests

mod support;

use std::sync::Arc;
use std::time::Duration;

use kms_broker::tls::TlsVersion;
use rustls::pki_types::ServerName;
use serde_json::{Value, json};
use support::{AGENT, BROKER, Workload, World, id, read_42, write_42};
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Much longer than the broker's patience, however busy the machine is.
const FOR_EVER: Duration = Duration::from_mins(1);

/// A broker that waits a second for anything, and where one approves a request with a body.
async fn impatient() -> World {
    let change = |json: &mut Value| {
        json["limits"] = json!({"head_s": 1, "body_s": 1});
        for action in json["actions"].as_array_mut().unwrap() {
            action["approvals"] = json!(1);
        }
    };
    World::with(change, TlsVersion::V1_3).await
}

async fn connect(world: &World, by: &Workload) -> TlsStream<TcpStream> {
    let stream = TcpStream::connect(world.address).await.unwrap();
    let config = by.identity().client(&id(BROKER)).unwrap();
    let name = ServerName::try_from("broker").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
}

/// Sends bytes one by one, ten in a second, until nobody takes them any more.
async fn drip(mut to: impl AsyncWrite + Unpin) {
    while to.write_all(b"a").await.is_ok() && to.flush().await.is_ok() {
        sleep(Duration::from_millis(100)).await;
    }
}

/// Sends the beginning of something and drips; what is answered until the connection ends.
async fn dripped(stream: TlsStream<TcpStream>, begun: &str) -> String {
    let (mut from, mut to) = tokio::io::split(stream);
    to.write_all(begun.as_bytes()).await.unwrap();
    let dripping = tokio::spawn(drip(to));
    let mut text = Vec::new();
    // It may end without the words for it.
    let _ = timeout(FOR_EVER, from.read_to_end(&mut text)).await.unwrap();
    dripping.abort();
    String::from_utf8(text).unwrap()
}

#[tokio::test]
async fn a_body_that_drips_is_refused_and_its_token_is_not_used() {
    let world = impatient().await;
    let agent = world.workload(AGENT);
    let text = "a".repeat(1000);
    let token = world.token(&agent, &write_42(&text)).await;
    let path = "/v1/proxy/crm/contacts/42";
    let head = format!(
        "PUT {path} HTTP/1.1\r\nHost: broker\r\nAuthorization: Bearer {token}\r\n\
         Content-Length: 1000\r\n\r\n"
    );
    let answer = dripped(connect(&world, &agent).await, &head).await;
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains(r#""code":"slow""#), "{answer}");
    assert!(world.service.take().is_empty());
    let (status, value) = world.present(&agent, &token, "PUT", path, &text).await;
    assert_eq!(status, 200, "{value}");
    // A body for the broker itself.
    let head = "POST /v1/challenges HTTP/1.1\r\nHost: broker\r\nContent-Length: 1000\r\n\r\n";
    let answer = dripped(connect(&world, &agent).await, head).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

#[tokio::test]
async fn a_head_that_drips_and_a_handshake_that_stands_still_are_cut_off() {
    let world = impatient().await;
    let agent = world.workload(AGENT);
    let begun = "GET /v1/jwks HTTP/1.1\r\nHost: broker\r\nX: ";
    let dripping = connect(&world, &agent).await;
    let silent = connect(&world, &agent).await;
    let mut shy = TcpStream::connect(world.address).await.unwrap();
    // While they wait, another one is served.
    let (status, value) = world.ask(&agent, "POST", "/v1/challenges", &read_42()).await;
    assert_eq!(status, 201, "{value}");
    for answer in [dripped(dripping, begun).await, dripped(silent, "").await] {
        assert!(!answer.contains("200"), "{answer}");
    }
    let mut end = Vec::new();
    let _ = timeout(FOR_EVER, shy.read_to_end(&mut end)).await.unwrap();
    assert!(end.is_empty(), "no word before the handshake");
}
