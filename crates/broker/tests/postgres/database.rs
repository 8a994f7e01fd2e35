//! The database itself: gone, changed, or not the right one.

use std::sync::Arc;

use kms_broker::config::Config;
use kms_broker::desk::Desk;
use kms_broker::tls::{Source, TlsVersion};
use serde_json::Value;

use crate::support::database::Database;
use crate::support::{AGENT, BROKER, RELAY, SCRAPER, World, config, id, read_42, real_now};

const PATH: &str = "/v1/proxy/crm/contacts/42";

/// Another broker of this log, with something changed.
fn join(world: &World, change: impl FnOnce(&mut Value, &std::path::Path)) -> Result<(), String> {
    let database = world.database.as_ref().unwrap();
    let dir = tempfile::tempdir().unwrap();
    Database::keys(dir.path());
    let mut json = config(&world.service.address.to_string());
    database.configure(&mut json);
    change(&mut json, dir.path());
    let config = Config::parse(json.to_string().as_bytes()).map_err(|error| error.to_string())?;
    let source = Source::open(world.paths("broker"), id(BROKER), TlsVersion::V1_3).unwrap();
    let desk = Desk::join(config, dir.path(), Arc::new(real_now), &Arc::new(source));
    desk.map(drop).map_err(|error| error.to_string())
}

async fn world() -> Option<World> {
    let world = World::new().await;
    world.database.is_some().then_some(world)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_database_nothing_is_decided() {
    let Some(world) = world().await else { return };
    let database = world.database.as_ref().unwrap();
    let agent = world.workload(AGENT);
    let token = world.token(&agent, &read_42()).await;
    let challenge = world.open(&agent, &read_42()).await;
    database.let_in(false);
    let relay = world.workload(RELAY);
    for (by, method, path) in [
        (&relay, "GET", "/v1/challenges"),
        (&relay, "GET", "/v1/jwks"),
        (&relay, "GET", "/v1/revocations"),
        (&relay, "GET", "/v1/audit/checkpoint"),
        (&world.workload(SCRAPER), "GET", "/v1/health"),
        (&agent, "POST", &format!("/v1/challenges/{}/token", challenge.id)),
    ] {
        let (status, problem) = world.ask(by, method, path, &Value::Null).await;
        assert_eq!((status, problem["code"].as_str()), (503, Some("store")), "{path}");
    }
    let used = world.present(&agent, &token, "GET", PATH, "").await;
    assert_eq!((used.0, used.1["code"].as_str()), (503, Some("store")));
    assert!(world.service.take().is_empty());
    assert!(join(&world, |_, _| {}).is_err());
    // When it is there again, it goes on; nothing was lost.
    database.let_in(true);
    assert_eq!(world.present(&agent, &token, "GET", PATH, "").await.0, 200);
    let minted = world.mint(&challenge).await;
    assert_eq!(world.approve(&challenge, minted.reveal()).await.0, 204);
    assert_eq!(world.collect(&agent, &challenge).await.0, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_brokers_role_adds_and_changes_nothing() {
    let Some(world) = world().await else { return };
    let database = world.database.as_ref().unwrap();
    for text in [
        "UPDATE kms_log SET line = ''",
        "DELETE FROM kms_log",
        "TRUNCATE kms_log CASCADE",
        "DROP TABLE kms_log CASCADE",
        "UPDATE kms_identity SET log_key = ''",
        "DELETE FROM kms_identity",
    ] {
        let refused = database.refuses(text);
        assert!(refused.contains("permission denied") || refused.contains("must be owner"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_was_changed_underneath_is_not_gone_on_with() {
    let Some(world) = world().await else { return };
    let (database, agent) = (world.database.clone().unwrap(), world.workload(AGENT));
    let token = world.token(&agent, &read_42()).await;
    assert_eq!(world.present(&agent, &token, "GET", PATH, "").await.0, 200);
    assert!(join(&world, |_, _| {}).is_ok());
    world.app.desk.store.fresh().await.unwrap();
    world.app.desk.checkpoint().unwrap();
    // As somebody would who owns the database and wants to use the token again.
    let used = "(SELECT min(seq) FROM kms_log WHERE line LIKE '%\"event\":\"used\"%')";
    database.query(&format!("DELETE FROM kms_log WHERE seq >= {used}"));
    let again = world.present(&agent, &token, "GET", PATH, "").await;
    assert_eq!((again.0, again.1["code"].as_str()), (503, Some("store")));
    // Not after a restart either: a checkpoint is kept in the folder.
    world.app.desk.checkpoint().unwrap_err();
    let kept = std::fs::read(world.dir.path().join("state/checkpoint")).unwrap();
    let joined = join(&world, |_, dir| std::fs::write(dir.join("checkpoint"), kept).unwrap());
    assert!(joined.is_err_and(|error| error.contains("continuation")));
    // A line that does not follow is found by everybody.
    database.query("UPDATE kms_log SET line = replace(line, 'alice', 'mallory')");
    assert!(join(&world, |_, _| {}).is_err_and(|error| error.contains("entry")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_of_this_log_does_not_join() {
    let Some(world) = world().await else { return };
    assert_eq!(join(&world, |_, _| {}), Ok(()));
    let refused = |what: &str, change: &dyn Fn(&mut Value, &std::path::Path)| {
        let joined = join(&world, |json, dir| change(json, dir));
        assert!(joined.as_ref().is_err_and(|error| error.contains(what)), "{what}: {joined:?}");
    };
    let other = "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=";
    refused("another key", &|_, dir| std::fs::write(dir.join("log.key"), other).unwrap());
    refused("log.key", &|_, dir| std::fs::remove_file(dir.join("log.key")).unwrap());
    refused("seal.key", &|_, dir| std::fs::remove_file(dir.join("seal.key")).unwrap());
    refused("password", &|_, dir| std::fs::write(dir.join("postgres.password"), "x").unwrap());
    let rule = |json: &mut Value, name: &str, value: &str| {
        json["state"]["postgres"][name] = value.into();
    };
    refused("peer certificate", &|json, _| rule(json, "id", "spiffe://ats.example/service/crm"));
    refused("trust domain", &|json, _| rule(json, "id", "spiffe://other/postgres"));
    refused("egress", &|json, _| rule(json, "address", "127.0.0.1:1"));
    refused("does not exist", &|json, _| rule(json, "database", "none"));
    refused("unknown", &|json, _| rule(json, "password", "x"));
}

/// A database that says yes before it is on the disk is no place for a log.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_may_forget_is_refused() {
    let Some(world) = world().await else { return };
    let database = world.database.as_ref().unwrap();
    let name = &database.name;
    database.query(&format!("ALTER DATABASE {name} SET synchronous_commit = off"));
    assert!(join(&world, |_, _| {}).is_err_and(|error| error.contains("in time")));
}
