//! Servers that send what no release holds: redirects, other files to frames than to checks.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context as _, Result};
use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use enclave_shell::{Asset, Emitted};
use tokio::{net::TcpListener, task::JoinHandle};

/// Where code that ran reports itself, if the browser lets it.
pub(crate) const CANARY: &str = "/ran";

/// Headers that every answer has.
const SET_ANYWAY: [&str; 2] = ["Cache-Control", "Access-Control-Allow-Origin"];

/// What is answered to one path.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    /// The status.
    pub status: StatusCode,
    /// Every header, repeated ones too.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Whether only frames get it, and checks by `fetch` what the release holds.
    pub frames_only: bool,
}

impl Reply {
    /// A body of a media type, with more headers.
    pub(crate) fn new(media_type: &str, headers: &[(&str, &str)], body: &str) -> Self {
        let mut all = vec![("Content-Type".to_owned(), media_type.to_owned())];
        all.extend(headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let body = body.as_bytes().to_vec();
        Self { status: StatusCode::OK, headers: all, body, frames_only: false }
    }
}

/// One hostile host: what it says in place of the release's own files.
#[derive(Clone, Debug, Default)]
pub(crate) struct Host {
    /// By path; for all other paths there is what the release has.
    pub replies: BTreeMap<String, Reply>,
}

impl Host {
    /// All of these files, all to everybody or the page to frames only.
    pub(crate) fn of(files: &BTreeMap<String, Asset>, frames_only: bool) -> Self {
        let reply = |(path, asset): (&String, &Asset)| {
            let mut reply = plain(asset);
            // Nobody but its own page asks for what is named by its content.
            reply.frames_only = frames_only && !path.starts_with("/r/");
            (path.clone(), reply)
        };
        Self { replies: files.iter().map(reply).collect() }
    }
}

struct Shared {
    hosts: Vec<Host>,
    honest: BTreeMap<String, Reply>,
    reports: Mutex<Vec<usize>>,
}

/// Many hosts on one port, ended when dropped.
pub(crate) struct Rogue {
    port: u16,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Rogue {
    /// Serves the hosts, each beside the files of the release; on a free port for 0.
    pub(crate) async fn start(port: u16, emitted: &Emitted, hosts: Vec<Host>) -> Result<Self> {
        let honest = emitted.files.iter().map(|(path, asset)| (path.clone(), plain(asset)));
        let shared =
            Arc::new(Shared { hosts, honest: honest.collect(), reports: Mutex::default() });
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let port = listener.local_addr()?.port();
        let app = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move {
            // It ends with the scenario only.
            let _ = axum::serve(listener, app).await;
        });
        Ok(Self { port, shared, task })
    }

    /// The origin of a host.
    pub(crate) fn origin(&self, index: usize) -> String {
        format!("http://rogue{index}.localhost:{}", self.port)
    }

    /// Whether code of this host reported that it ran.
    pub(crate) fn reported(&self, index: usize) -> bool {
        let reports = self.shared.reports.lock().unwrap_or_else(PoisonError::into_inner);
        reports.contains(&index)
    }
}

impl Drop for Rogue {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A file as it is, but never cached.
fn plain(asset: &Asset) -> Reply {
    let headers: Vec<_> =
        asset.headers.iter().filter(|(name, _)| !SET_ANYWAY.contains(name)).collect();
    let reply = Reply::new(&asset.media_type, &headers, "");
    Reply { body: asset.bytes.clone(), ..reply }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let index = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let index = index.and_then(|host| host.strip_prefix("rogue")?.split('.').next()?.parse().ok());
    let Some((index, host)) = index.and_then(|index| Some((index, shared.hosts.get(index)?)))
    else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let path = request.uri().path();
    if path == CANARY {
        shared.reports.lock().unwrap_or_else(PoisonError::into_inner).push(index);
    }
    let framed = request.headers().get("sec-fetch-dest").is_some_and(|dest| dest == "iframe");
    let own = host.replies.get(path).filter(|reply| framed || !reply.frames_only);
    match own.or_else(|| shared.honest.get(path)).map(respond) {
        Some(Ok(response)) => response,
        Some(Err(_)) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn respond(reply: &Reply) -> Result<Response> {
    let mut headers = HeaderMap::new();
    for (name, value) in &reply.headers {
        headers.append(name.parse::<HeaderName>().context("name")?, value.parse()?);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    Ok((reply.status, headers, reply.body.clone()).into_response())
}
