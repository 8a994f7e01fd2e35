//! The program: its commands, and `kill -9`.

#![allow(clippy::unwrap_used)] // helpers of tests

#[path = "user/running.rs"]
mod running;
mod support;
mod user;

use std::path::Path;
use std::process::Command;

use kms_token::Token;
use running::{Program, command, files, prepare, text};
use serde_json::{Value, json};
use support::workload_api::{Agent, said};
use support::{ADMIN, AGENT, Approver, BROKER, RELAY, random, read_42};

const PATH: &str = "/v1/proxy/crm/contacts/42";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_used_stays_used_after_kill_9() {
    let (mut dir, _service) = prepare().await;
    for _ in 0..3 {
        let program = Program::start(dir);
        let token = program.token().await;
        let used = program.ask(AGENT, ("GET", PATH), &Value::Null, Some(&token)).await;
        assert_eq!(used.0, 200);
        let program = Program::start(program.kill());
        let (status, value) = program.ask(AGENT, ("GET", PATH), &Value::Null, Some(&token)).await;
        assert_eq!((status, &value["code"]), (403, &json!("token_used")));
        dir = program.kill();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_contains_investigates_and_rotates() {
    let (dir, _service) = prepare().await;
    let program = Program::start(dir);
    let health = program.run("healthcheck", ADMIN, &[]);
    assert!(health.status.success() && text(&health).contains("\"log\""), "{}", text(&health));
    assert!(!program.run("healthcheck", AGENT, &[]).status.success());

    let token = program.token().await;
    let jti = Token::parse(&token).unwrap().jti().to_string();
    let key = program.dir.path().join("alice").display().to_string();
    let revoked = program.run("revoke", ADMIN, &["--signing-key", &key, "--jti", &jti]);
    assert!(revoked.status.success(), "{}", text(&revoked));
    let (status, value) = program.ask(AGENT, ("GET", PATH), &Value::Null, Some(&token)).await;
    assert_eq!((status, &value["code"]), (403, &json!("token_revoked")));

    let new = program.dir.path().join("new").display().to_string();
    let rotated = program.run("rotate", ADMIN, &["--old-key", &key, "--new-key", &new]);
    assert!(rotated.status.success(), "{}", text(&rotated));
    let again = program.run("rotate", ADMIN, &["--old-key", &key, "--new-key", &new]);
    assert!(!again.status.success() && text(&again).contains("key_right"), "{}", text(&again));
    let (_, keys) = program.ask(AGENT, ("GET", "/v1/jwks"), &Value::Null, None).await;
    assert!(keys.to_string().contains(&Approver::new(4).kid()));

    program.ask(RELAY, ("GET", "/v1/audit/checkpoint"), &Value::Null, None).await;
    let (log, key) = (program.log(), program.key.clone());
    let kept = program.dir.path().join("state/checkpoint");
    let verify = |log: &Path| {
        let mut verify = command();
        verify.args(["audit", "verify", "--id", BROKER, "--key", &key]);
        verify.arg("--log").arg(log).arg("--checkpoint").arg(&kept).output().unwrap()
    };
    let verified = verify(&log);
    assert!(verified.status.success(), "{}", text(&verified));
    let trace = command().args(["audit", "trace", "--jti", &jti, "--log"]).arg(&log).output();
    let trace = text(&trace.unwrap());
    for event in ["asked", "minted", "delivered", "refused"] {
        assert!(trace.contains(&format!("\"event\":\"{event}\"")), "{event}: {trace}");
    }
    assert!(trace.contains("\"owner\":\"alice\""), "{trace}");
    let forged = program.dir.path().join("forged.jsonl");
    let changed = std::fs::read_to_string(&log).unwrap().replacen("alice", "mallory", 1);
    std::fs::write(&forged, changed).unwrap();
    assert!(!verify(&forged).status.success());
    program.kill();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_serves_without_rights() {
    let (dir, _service) = prepare().await;
    let program = Program::start(dir);
    program.token().await;
    let tasks = format!("/proc/{}/task", program.child.0.id());
    let threads: Vec<_> = std::fs::read_dir(tasks).unwrap().collect();
    assert!(threads.len() > 2, "no thread beside the first and the writer");
    for thread in threads {
        let status = std::fs::read_to_string(thread.unwrap().path().join("status")).unwrap();
        let is = |name: &str, value: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            assert_eq!(line.trim(), value, "{name} of {status}");
        };
        is("NoNewPrivs:", "1");
        is("Seccomp:", "2");
        let sets = status.lines().filter(|line| line.starts_with("Cap"));
        for set in sets.filter(|line| !line.starts_with("CapBnd")) {
            assert!(set.ends_with("\t0000000000000000"), "{set}");
        }
    }
    program.kill();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_does_not_serve_as_root() {
    let (dir, _service) = prepare().await;
    let path = |name: &str| dir.path().join(name);
    let mut serve = user::root();
    serve.args(["serve", "--listen", "127.0.0.1:0", "--config"]).arg(path("config.json"));
    serve.arg("--state").arg(path("state")).args(files(dir.path(), "broker"));
    let refused = serve.output().unwrap();
    assert!(!refused.status.success(), "{}", text(&refused));
    assert!(text(&refused).contains("not as root"), "{}", text(&refused));
    assert!(!path("state/log.jsonl").exists());
}

#[test]
fn a_name_may_begin_with_a_hyphen() {
    let name = "-AAAAAAAAAAAAAAAAAAAAA";
    let trace = command().args(["audit", "trace", "--log", "none", "--jti", name]).output();
    let trace = trace.unwrap();
    assert_eq!(trace.status.code(), Some(1), "taken for an option: {}", text(&trace));
    for what in ["--jti", "--challenge", "--kid"] {
        let mut revoke = command();
        revoke.args(["revoke", "--broker-id", BROKER, "--id", ADMIN, "--signing-key", "none"]);
        let revoke = revoke.args(files(Path::new("none"), "none")).args([what, name]).output();
        let revoke = revoke.unwrap();
        assert_eq!(revoke.status.code(), Some(1), "taken for an option: {}", text(&revoke));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drill_measures_the_time_to_refusal() {
    let (dir, service) = prepare().await;
    let program = Program::start(dir);
    std::fs::write(program.dir.path().join("ask.json"), read_42().to_string()).unwrap();
    let drill = |more: &[&str]| {
        let at = |name: &str| program.dir.path().join(name);
        let mut drill = command();
        drill.args(["drill", "--broker", &program.address, "--broker-id", BROKER]);
        drill.args(["--agent", AGENT, "--relay", RELAY, "--admin", ADMIN, "--svids"]);
        drill.arg(at("pki")).arg("--ask").arg(at("ask.json")).arg("--signing-key");
        drill.arg(at("alice")).args(more).output().unwrap()
    };
    let passed = drill(&["--broker", &program.address]);
    assert!(passed.status.success(), "{}", text(&passed));
    assert_eq!(text(&passed).matches("ms after the revocation").count(), 2, "{}", text(&passed));
    assert_eq!(service.take().len(), 0, "the service was asked");
    let late = drill(&["--within", "0"]);
    assert!(!late.status.success() && text(&late).contains("later than"), "{}", text(&late));
    let gone = drill(&["--broker", "127.0.0.1:1"]);
    assert!(!gone.status.success(), "{}", text(&gone));
    program.kill();
}

/// The lines of the page that are to be run.
fn commands_of_the_page() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/incident-response.md");
    let page = std::fs::read_to_string(page).unwrap();
    let blocks = page.split("```sh\n").skip(1).map(|rest| rest.split_once("```").unwrap().0);
    let script: String = blocks.collect();
    for name in ["healthcheck", "revoke", "rotate", "audit verify", "audit trace"] {
        assert!(script.contains(&format!("kms-broker {name} ")), "{name} is not on the page");
    }
    script
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_commands_of_incident_response_run() {
    let (dir, _service) = prepare().await;
    let program = Program::start(dir);
    let token = program.token().await;
    program.ask(RELAY, ("GET", "/v1/audit/checkpoint"), &Value::Null, None).await;
    let at = |name: &str| program.dir.path().join(name);
    let tools = at("tools");
    std::fs::create_dir(&tools).unwrap();
    std::os::unix::fs::symlink(user::program(), tools.join("kms-broker")).unwrap();
    let path = [tools.to_str().unwrap(), &std::env::var("PATH").unwrap()].join(":");
    let mut script = Command::new("sh");
    script.args(["-eu", "-c", &commands_of_the_page()]).env("PATH", path);
    script.env("BROKER", &program.address).env("BROKER_ID", BROKER).env("OPERATOR", ADMIN);
    script.env("SVID", at("pki/admin-ops")).env("BUNDLE", at("pki/bundle.pem"));
    script.env("APPROVER_KEY", at("alice")).env("NEW_KEY", at("new")).env("ADMIN_KEY", at("root"));
    let jti = Token::parse(&token).unwrap().jti().to_string();
    script.env("JTI", &jti).env("WORKLOAD", AGENT).env("KID", Approver::new(4).kid());
    script.env("CHALLENGE", random().to_string()).env("CHECKPOINT", at("state/checkpoint"));
    script.env("LOG", program.log()).env("LOG_KEY", &program.key);
    let output = script.output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    for event in ["asked", "minted", "delivered"] {
        assert!(text(&output).contains(&format!("\"event\":\"{event}\"")), "{}", text(&output));
    }
    let (status, value) = program.ask(AGENT, ("GET", PATH), &Value::Null, Some(&token)).await;
    assert_eq!((status, &value["code"]), (403, &json!("token_revoked")));
    let (_, keys) = program.ask(AGENT, ("GET", "/v1/jwks"), &Value::Null, None).await;
    assert!(!keys.to_string().contains(&Approver::new(4).kid()), "{keys}");
    program.kill();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_serves_with_a_certificate_from_a_socket() {
    let (dir, _service) = prepare().await;
    let read = |name: &str| std::fs::read_to_string(dir.path().join("pki").join(name)).unwrap();
    let says = said(BROKER, &read("broker.pem"), &read("broker.key"), &read("bundle.pem"));
    let socket = dir.path().join("agent.sock");
    let _agent = Agent::start(&socket, says);
    let endpoint = format!("--workload-api=unix:{}", socket.display());
    let both = [files(dir.path(), "broker"), vec![endpoint.clone()]].concat();
    for wrong in [both, Vec::new()] {
        let mut serve = command();
        serve.args(["serve", "--config=none", "--state=none"]).args(wrong);
        assert_eq!(serve.output().unwrap().status.code(), Some(2));
    }
    let program = Program::start_with(dir, &[endpoint]);
    let token = program.token().await;
    let (status, _) = program.ask(AGENT, ("GET", PATH), &Value::Null, Some(&token)).await;
    assert_eq!(status, 200);
    program.kill();
}
