//! Certificates change while requests are under way, and none of them fails.

#![allow(clippy::unwrap_used)] // helpers of tests

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::Request;
use futures_util::future::{join, join_all};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use support::{AGENT, BROKER, Workload, World, id, issue, read_42, write};
use tokio::net::TcpStream;
use tokio::time::sleep;
use tokio_rustls::TlsConnector;

/// Clients at one time, of each kind.
const CLIENTS: usize = 6;
/// Requests of each, one after the other.
const EACH: usize = 12;
const PATH: &str = "/v1/proxy/crm/contacts/42";

/// Uses each token over a connection of its own.
async fn anew(world: &World, agent: &Workload, tokens: &[String]) {
    for token in tokens {
        let (status, value) = world.present(agent, token, "GET", PATH, "").await;
        assert_eq!(status, 200, "{value}");
    }
}

/// Uses all tokens over one connection, which lasts from the first certificate to the last.
async fn kept(world: &World, agent: &Workload, tokens: &[String], left: &AtomicUsize) {
    let config = Arc::new(agent.identity().client(&id(BROKER)).unwrap());
    let stream = TcpStream::connect(world.address).await.unwrap();
    let name = ServerName::try_from("broker").unwrap();
    let stream = TlsConnector::from(config).connect(name, stream).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    for token in tokens {
        let request = Request::get(PATH).header("host", "broker");
        let request = request.header("authorization", format!("Bearer {token}"));
        let answer = sender.send_request(request.body(Full::<Bytes>::default()).unwrap());
        let answer = answer.await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.into_body().collect().await.unwrap();
        sleep(Duration::from_millis(10)).await;
    }
    left.fetch_sub(1, Ordering::Relaxed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_while_certificates_change() {
    let world = World::new().await;
    let agent = world.workload(AGENT);
    let asked = read_42();
    let tokens = (0..2 * CLIENTS * EACH).map(|_| world.token(&agent, &asked));
    let tokens = join_all(tokens).await;
    let (first, second) = tokens.split_at(CLIENTS * EACH);
    let left = AtomicUsize::new(CLIENTS);
    let rotations = async {
        let mut count = 0;
        while left.load(Ordering::Relaxed) > 0 {
            write(&world.dir, "broker", &world.authority, &issue(&world.authority, BROKER));
            // The broker may have looked by itself meanwhile.
            world.app.source.reload().unwrap();
            count += 1;
            sleep(Duration::from_millis(20)).await;
        }
        count
    };
    let anew = join_all(first.chunks(EACH).map(|tokens| anew(&world, &agent, tokens)));
    let kept = join_all(second.chunks(EACH).map(|tokens| kept(&world, &agent, tokens, &left)));
    let (count, _) = join(rotations, join(anew, kept)).await;
    assert!(count >= 3, "{count} rotations are no load");
    assert_eq!(world.service.take().len(), 2 * CLIENTS * EACH);
    assert!(world.service.connections() >= 3, "the service saw the new certificates");
}
