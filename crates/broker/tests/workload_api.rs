//! The broker's certificate from the SPIFFE Workload API.

#![allow(clippy::unwrap_used)] // helpers of tests

mod support;

use std::time::Duration;

use axum::body::Bytes;
use axum::http::HeaderMap;
use kms_broker::devpki::Authority;
use kms_broker::tls::{Source, TlsVersion};
use serde_json::Value;
use support::workload_api::{Agent, Said, said};
use support::{ADMIN, BROKER, CRM, World, config, id, issue, real_now, service, write};

/// A broker with a certificate that lives so long, from an agent.
async fn world(life: u64) -> (World, Agent) {
    let (dir, authority) = (tempfile::tempdir().unwrap(), Authority::new().unwrap());
    let crm = write(&dir, "crm", &authority, &issue(&authority, CRM));
    let service = service::Service::start(crm, CRM).await;
    let socket = dir.path().join("agent.sock");
    let agent = Agent::start(&socket, new(&authority, life));
    let endpoint = format!("unix:{}", socket.display());
    let source = Source::stream(&endpoint, id(BROKER), TlsVersion::V1_3).await.unwrap();
    let json = config(&service.address.to_string());
    (World::of((dir, authority, service), &json, source).await, agent)
}

fn new(authority: &Authority, life: u64) -> Said {
    let svid = authority.issue(&id(BROKER), real_now() - 60, real_now() + life).unwrap();
    said(BROKER, &svid.certificate, &svid.key, authority.bundle())
}

async fn expires(world: &World) -> Option<u64> {
    let admin = world.workload(ADMIN);
    let (headers, body) = (HeaderMap::new(), Bytes::new());
    let answer = world.send(&admin, "GET", "/v1/health", &headers, body).await;
    let answer: Value = serde_json::from_slice(answer.ok()?.body()).ok()?;
    answer["certificate_expires"].as_u64()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_streamed_certificate_is_taken_without_a_failed_request() {
    let (world, agent) = world(600).await;
    let first = expires(&world).await.unwrap();
    for life in [1200, 1800] {
        agent.say(new(&world.authority, life));
        let mut asked = 0;
        while expires(&world).await.unwrap() < first + life - 600 - 5 {
            asked += 1;
            assert!(asked < 2000, "the new certificate is not taken");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_agent_it_serves_to_the_end_of_its_certificate() {
    let (world, agent) = world(600).await;
    drop(agent);
    std::fs::remove_file(world.dir.path().join("agent.sock")).unwrap();
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert!(expires(&world).await.is_some(), "the agent was needed");
    world.wait(590);
    assert!(expires(&world).await.is_some());
    world.wait(20);
    assert!(expires(&world).await.is_none(), "a certificate that is over was used");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_of_another_workload_is_not_taken() {
    let (world, agent) = world(600).await;
    let first = expires(&world).await.unwrap();
    let other = world.authority.issue(&id(CRM), real_now() - 60, real_now() + 1200).unwrap();
    let bundle = world.authority.bundle();
    let says = said(CRM, &other.certificate, &other.key, bundle);
    agent.say(says.clone());
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(expires(&world).await, Some(first));
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("agent.sock");
    let _agent = Agent::start(&socket, says);
    let endpoint = format!("unix:{}", socket.display());
    assert!(Source::stream(&endpoint, id(BROKER), TlsVersion::V1_3).await.is_err());
    for elsewhere in ["tcp://127.0.0.1:8081", "http://127.0.0.1", "/run/agent.sock"] {
        let source = Source::stream(elsewhere, id(BROKER), TlsVersion::V1_3).await;
        assert!(source.is_err(), "{elsewhere}");
    }
}
