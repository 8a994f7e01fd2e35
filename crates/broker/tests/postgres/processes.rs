//! Brokers in processes of their own.

use std::path::Path;

use serde_json::{Value, json};

use crate::running::{Program, command, furnish, text};
use crate::support::database::{Database, server};
use crate::support::service::Service;
use crate::support::{ADMIN, AGENT, BROKER, CRM, RELAY, id, issue, read_42};

const PATH: &str = "/v1/proxy/crm/contacts/42";

/// Two of them, if there is a database.
async fn two() -> Option<(Program, Program, Service)> {
    let database = server()?.database();
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    certify(&database, one.path());
    let service = furnish(&one, |json| database.configure(json)).await;
    Database::keys(&one.path().join("state"));
    copy(one.path(), other.path());
    Some((Program::start(one), Program::start(other), service))
}

/// What `dev-pki` writes, by the authority that the database trusts.
fn certify(database: &Database, dir: &Path) {
    let (authority, pki) = (database.authority(), dir.join("pki"));
    std::fs::create_dir(&pki).unwrap();
    std::fs::write(pki.join("bundle.pem"), authority.bundle()).unwrap();
    for name in [BROKER, AGENT, RELAY, ADMIN, CRM] {
        let svid = issue(&authority, name);
        let own = id(name).path().trim_start_matches('/').replace('/', "-");
        std::fs::write(pki.join(format!("{own}.pem")), svid.certificate).unwrap();
        std::fs::write(pki.join(format!("{own}.key")), svid.key).unwrap();
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir(&to).unwrap();
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

async fn used(program: &Program, token: &str) -> (u16, Value) {
    let (status, answer) = program.ask(AGENT, ("GET", PATH), &Value::Null, Some(token)).await;
    (status, answer["code"].clone())
}

/// Whatever a broker does when it is killed, what it has said yes to is used, and the others go on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_used_stays_used_after_kill_9_of_a_replica() {
    let Some((mut one, other, _service)) = two().await else { return };
    for _ in 0..3 {
        let tokens = [one.token().await, other.token().await, other.token().await];
        assert_eq!(used(&one, &tokens[0]).await.0, 200);
        // It is killed while it is at work.
        let asked = one.attempt(AGENT, ("GET", PATH), &Value::Null, Some(&tokens[1]));
        let killed = rustix::process::Pid::from_child(&one.child.0);
        let kill = async { rustix::process::kill_process(killed, rustix::process::Signal::KILL) };
        let (asked, done) = futures_util::future::join(asked, kill).await;
        done.unwrap();
        assert_eq!(used(&other, &tokens[0]).await, (403, json!("token_used")));
        let again = used(&other, &tokens[1]).await;
        let yes = asked.is_ok_and(|(status, _)| status == 200);
        assert!(again.0 == 200 && !yes || again == (403, json!("token_used")), "{yes} {again:?}");
        assert_eq!(used(&other, &tokens[2]).await.0, 200);
        one = Program::start(one.kill());
        for token in &tokens {
            assert_ne!(used(&one, token).await.0, 200);
        }
    }
}

/// From a revocation at each of the brokers to the refusal at each.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drill_measures_the_time_to_refusal_across_replicas() {
    let Some((one, other, service)) = two().await else { return };
    let at = |name: &str| one.dir.path().join(name);
    std::fs::write(at("ask.json"), read_42().to_string()).unwrap();
    let mut drill = command();
    drill.args(["drill", "--shared", "--broker", &one.address, "--broker", &other.address]);
    drill.args(["--broker-id", BROKER, "--agent", AGENT, "--relay", RELAY, "--admin", ADMIN]);
    drill.arg("--svids").arg(at("pki")).arg("--ask").arg(at("ask.json"));
    let output = drill.arg("--signing-key").arg(at("alice")).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    assert_eq!(text(&output).matches("ms after the revocation").count(), 4, "{}", text(&output));
    let way = format!("{}, then {}: refused", one.address, other.address);
    assert!(text(&output).contains(&way), "{}", text(&output));
    assert_eq!(service.take().len(), 0, "the service was asked");
}
