//! A `PostgreSQL` server of this test program, with a database for each test. It ends with the program.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Output, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use kms_broker::devpki::Authority;
use serde_json::{Value, json};

use super::issue;

pub const POSTGRES: &str = "spiffe://ats.example/postgres";
const SCHEMA: &str = include_str!("../../../../deploy/postgres.sql");
const PASSWORD: &str = "a password of tests";

/// The server.
pub struct Server {
    pub authority: Arc<Authority>,
    dir: PathBuf,
    port: u16,
    databases: AtomicU64,
    /// When it is closed, the server ends.
    _alive: ChildStdin,
}

/// A database of it.
#[derive(Clone)]
pub struct Database {
    server: &'static Server,
    pub name: String,
}

/// The server, if this machine has `PostgreSQL`.
pub fn server() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER.get_or_init(Server::start).as_ref()
}

impl Server {
    fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            assert!(std::env::var_os("CI").is_none(), "there is no PostgreSQL, and CI is set");
            eprintln!("SKIPPED: there is no PostgreSQL; `cargo xtask test` installs it");
            return None;
        };
        let dir = tempfile::tempdir().unwrap().keep();
        let authority = Arc::new(Authority::new().unwrap());
        let svid = issue(&authority, POSTGRES);
        let password = dir.join("password");
        std::fs::write(dir.join("server.crt"), &svid.certificate).unwrap();
        std::fs::write(dir.join("server.key"), &svid.key).unwrap();
        std::fs::write(dir.join("bundle.pem"), authority.bundle()).unwrap();
        std::fs::write(&password, PASSWORD).unwrap();
        run(Command::new("chmod").arg("600").arg(dir.join("server.key")));
        if is_root() {
            run(Command::new("chown").args(["-R", "postgres"]).arg(&dir));
        }
        let data = dir.join("data");
        let mut initdb = unprivileged(&programs.join("initdb"));
        initdb.args([
            "--no-sync",
            "--auth=trust",
            "--username=postgres",
            "--locale=C",
            "-E",
            "UTF8",
        ]);
        run(initdb.arg("-D").arg(&data));
        // Programs of the brokers have to have a certificate.
        let rules = "local all all trust\n\
             hostssl all kms_broker 127.0.0.1/32 scram-sha-256 clientcert=verify-ca\n";
        std::fs::write(data.join("pg_hba.conf"), rules).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let alive = serve(&programs.join("postgres"), &dir, port);
        let server = Self { authority, dir, port, databases: AtomicU64::new(0), _alive: alive };
        server.prepare();
        Some(server)
    }

    fn prepare(&self) {
        for _ in 0..1500 {
            if self.query("postgres", "SELECT 1").status.success() {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        for text in [
            &*format!("CREATE ROLE kms_broker LOGIN PASSWORD '{PASSWORD}'"),
            "CREATE DATABASE kms_template",
        ] {
            good(&self.query("postgres", text));
        }
        good(&self.query("kms_template", SCHEMA));
    }

    fn query(&self, database: &str, text: &str) -> Output {
        let mut psql = Command::new("psql");
        psql.args(["-AtqX", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", database, "-h"]);
        psql.arg(&self.dir).args(["-p", &self.port.to_string(), "-c", text]);
        psql.output().unwrap()
    }

    /// A database without lines.
    pub fn database(&'static self) -> Database {
        let name = format!("kms_{}", self.databases.fetch_add(1, Ordering::SeqCst));
        let text = format!("CREATE DATABASE {name} TEMPLATE kms_template");
        good(&self.query("postgres", &text));
        Database { server: self, name }
    }
}

impl Database {
    pub fn authority(&self) -> Arc<Authority> {
        Arc::clone(&self.server.authority)
    }

    /// Makes a configuration one of this database.
    pub fn configure(&self, json: &mut Value) {
        let address = format!("127.0.0.1:{}", self.server.port);
        json["egress"].as_array_mut().unwrap().push(json!(address));
        json["state"] = json!({ "postgres": {
            "address": address, "id": POSTGRES, "database": self.name, "user": "kms_broker",
        } });
    }

    /// Writes the keys that all brokers of a log have.
    pub fn keys(dir: &Path) {
        for (name, text) in [
            ("log.key", "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n"),
            ("seal.key", "CAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg=\n"),
            ("postgres.password", PASSWORD),
        ] {
            std::fs::write(dir.join(name), text).unwrap();
        }
    }

    /// What somebody with all rights does or sees.
    pub fn query(&self, text: &str) -> String {
        let output = self.server.query(&self.name, text);
        good(&output);
        String::from_utf8(output.stdout).unwrap()
    }

    /// What the brokers' role may not do, in the words of the database.
    pub fn refuses(&self, text: &str) -> String {
        let text = format!("SET ROLE kms_broker; {text}");
        let output = self.server.query(&self.name, &text);
        assert!(!output.status.success(), "{text}");
        String::from_utf8(output.stderr).unwrap()
    }

    /// Whether brokers can reach it.
    pub fn let_in(&self, yes: bool) {
        let name = &self.name;
        let text = format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {yes}");
        good(&self.server.query("postgres", &text));
        if !yes {
            let text = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname";
            good(&self.server.query("postgres", &format!("{text} = '{name}'")));
        }
    }

    /// The lines, as a file has them.
    pub fn write_log(&self, path: &Path) {
        std::fs::write(path, self.query("SELECT line FROM kms_log ORDER BY seq")).unwrap();
    }
}

/// Where the newest one is.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let versions = versions.filter_map(|entry| {
        let name = entry.ok()?.file_name().into_string().ok()?;
        name.parse::<u32>().ok()
    });
    let programs = PathBuf::from(format!("/usr/lib/postgresql/{}/bin", versions.max()?));
    programs.join("postgres").exists().then_some(programs)
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// It refuses root, too.
fn unprivileged(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
    command
}

/// Starts the server. Its folder goes with it.
fn serve(program: &Path, dir: &Path, port: u16) -> ChildStdin {
    let at = |name: &str| dir.join(name).display().to_string();
    let postgres = unprivileged(program);
    let ends = r#"cd /; dir=$1; shift; "$@" & pid=$!; read line; kill -QUIT $pid; wait $pid; rm -rf "$dir""#;
    let mut shell = Command::new("sh");
    shell.args(["-c", ends, "sh"]).arg(dir).arg(postgres.get_program()).args(postgres.get_args());
    shell.args(["-D", &at("data"), "-p", &port.to_string(), "-k"]).arg(dir);
    for setting in [
        "listen_addresses=127.0.0.1".to_owned(),
        "log_min_messages=fatal".to_owned(),
        "ssl=on".to_owned(),
        format!("ssl_cert_file={}", at("server.crt")),
        format!("ssl_key_file={}", at("server.key")),
        format!("ssl_ca_file={}", at("bundle.pem")),
    ] {
        shell.args(["-c", &setting]);
    }
    shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    shell.spawn().unwrap().stdin.take().unwrap()
}

fn run(command: &mut Command) {
    good(&command.current_dir("/").output().unwrap());
}

fn good(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
