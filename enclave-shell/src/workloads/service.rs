//! The trust domain of the demo, and the service that the agent wants something of.

use std::net::{SocketAddr, TcpListener};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::Path;
use axum::routing::get;
use axum::{Json, Router};
use axum_server::tls_rustls::RustlsConfig;
use kms_broker::devpki::Authority;
use kms_broker::tls::{Files, Source, TlsVersion};
use kms_token::SpiffeId;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::error::Error;

pub(super) const SERVICE: &str = "spiffe://demo.ats.example/service/crm";

/// How long the certificates of the demo are good, in seconds.
const LIFE_S: u64 = 24 * 60 * 60;

/// An authority, its workloads, and the service.
pub(super) struct Domain {
    dir: TempDir,
    authority: Authority,
    /// Where the service is.
    pub(super) service: SocketAddr,
}

impl Domain {
    pub(super) fn start() -> Result<Self, Error> {
        let dir = tempfile::tempdir().map_err(Error::Listen)?;
        let authority = Authority::new().map_err(failed)?;
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut domain = Self { dir, authority, service: nowhere };
        domain.service = serve(&domain.source(SERVICE).map_err(failed)?)?;
        Ok(domain)
    }

    /// A workload with a certificate of its own.
    pub(super) fn source(&self, name: &str) -> Result<Source, kms_broker::Error> {
        let id = spiffe_id(name)?;
        let svid = self.authority.issue(&id, now() - 60, now() + LIFE_S)?;
        let own = id.path().trim_start_matches('/').replace('/', "-");
        let at = |end: &str| self.dir.path().join(format!("{own}.{end}"));
        let files = Files { certificate: at("pem"), key: at("key"), bundle: at("bundle") };
        let texts = [&*svid.certificate, &*svid.key, self.authority.bundle()];
        for (path, text) in [&files.certificate, &files.key, &files.bundle].into_iter().zip(texts) {
            std::fs::write(path, text).map_err(|error| kms_broker::Error::file(path, error))?;
        }
        Source::open(files, id, TlsVersion::V1_3)
    }

    /// A new folder.
    pub(super) fn folder(&self) -> Result<TempDir, kms_broker::Error> {
        let made = tempfile::tempdir_in(self.dir.path());
        made.map_err(|error| kms_broker::Error::file(self.dir.path(), error))
    }
}

/// The service: it knows nothing of tokens, and nobody but its broker reaches it.
fn serve(source: &Source) -> Result<SocketAddr, Error> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(Error::Listen)?;
    listener.set_nonblocking(true).map_err(Error::Listen)?;
    let address = listener.local_addr().map_err(Error::Listen)?;
    let contact = async |Path(id): Path<String>| Json(json!({ "id": id, "name": "Ada Lovelace" }));
    let rename = async |Path(id): Path<String>, Json(new): Json<Value>| {
        Json(json!({ "id": id, "name": new["name"] }))
    };
    let contact = get(contact).put(rename);
    let app = Router::new().route("/contacts/{id}", contact).into_make_service();
    let config = RustlsConfig::from_config(source.server());
    let server = axum_server::from_tcp_rustls(listener, config).map_err(Error::Listen)?;
    tokio::spawn(server.serve(app));
    Ok(address)
}

pub(super) fn spiffe_id(text: &str) -> Result<SpiffeId, kms_broker::Error> {
    SpiffeId::parse(text).map_err(|refusal| kms_broker::Error::Config(refusal.to_string()))
}

pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[allow(clippy::needless_pass_by_value)] // as `map_err` has it
fn failed(error: kms_broker::Error) -> Error {
    Error::Workloads(error.to_string())
}
