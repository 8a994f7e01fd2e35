//! Connections to services are kept, but never longer than the certificates of both sides are good.

#![allow(clippy::unwrap_used)] // helpers of tests

mod support;

use kms_broker::tls::{Source, TlsVersion};
use support::{AGENT, BROKER, CRM, Workload, World, id, issue, read_42, real_now, write};

const PATH: &str = "/v1/proxy/crm/contacts/42";

/// Asks the service once, with a token of its own, and returns the number of connections so far.
async fn asked(world: &World, agent: &Workload) -> usize {
    let token = world.token(agent, &read_42()).await;
    let (status, value) = world.present(agent, &token, "GET", PATH, "").await;
    assert_eq!(status, 200, "{value}");
    world.service.connections()
}

#[tokio::test]
async fn a_connection_is_kept_for_the_next_request_and_not_for_ever() {
    let world = World::new().await;
    let agent = world.workload(AGENT);
    assert_eq!(asked(&world, &agent).await, 1);
    assert_eq!(asked(&world, &agent).await, 1);
    world.wait(61);
    assert_eq!(asked(&world, &agent).await, 2);
    // One that the service has ended is not missed.
    world.service.hang_up();
    assert_eq!(asked(&world, &agent).await, 3);
    assert_eq!(world.service.take().len(), 4, "each was asked once");
}

#[tokio::test]
async fn another_certificate_of_the_broker_makes_other_connections() {
    let world = World::new().await;
    let agent = world.workload(AGENT);
    assert_eq!(asked(&world, &agent).await, 1);
    write(&world.dir, "broker", &world.authority, &issue(&world.authority, BROKER));
    assert!(world.app.source.reload().unwrap());
    assert_eq!(asked(&world, &agent).await, 2);
    assert_eq!(asked(&world, &agent).await, 2);
}

#[tokio::test]
async fn no_request_begins_after_the_certificate_of_the_service() {
    let dir = tempfile::tempdir().unwrap();
    let authority = kms_broker::devpki::Authority::new().unwrap();
    let now = real_now();
    let brief = authority.issue(&id(CRM), now - 60, now + 30).unwrap();
    let crm = write(&dir, "crm", &authority, &brief);
    let service = support::service::Service::start(crm, CRM).await;
    let broker = write(&dir, "broker", &authority, &issue(&authority, BROKER));
    let source = Source::open(broker, id(BROKER), TlsVersion::V1_3).unwrap();
    let json = support::config(&service.address.to_string());
    let world = World::of((dir, authority, service), &json, source).await;
    let agent = world.workload(AGENT);
    assert_eq!(asked(&world, &agent).await, 1);
    assert_eq!(asked(&world, &agent).await, 1);
    world.wait(31);
    assert_eq!(asked(&world, &agent).await, 2, "a handshake decides whether it is still good");
}
