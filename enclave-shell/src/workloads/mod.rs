//! The workloads of the demo: an agent, the service that it wants something of, and a broker between
//! them, in this process and with certificates that were made for it. The page plays the operator who
//! tells the broker an approver's key, and presses the agent's buttons; it approves as everywhere.

mod broker;
mod service;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use kms_broker::Problem;
use kms_broker::relay::guarded;
use kms_manifest::Origin;
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::Mutex;

use crate::error::Error;
use broker::{Running, Wish};
use service::Domain;

/// On which ports the buttons and the relay are.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    /// The agent's buttons.
    pub agent: u16,
    /// The relay.
    pub relay: u16,
}

/// The workloads; the broker begins when there is an approver.
struct Stage {
    domain: Domain,
    embedder: String,
    relay: u16,
    running: Mutex<Option<Running>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Approver {
    key: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    wish: Wish,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    id: String,
}

type Answer = Result<Json<Value>, Problem>;

/// Starts the service and the agent's buttons, for pages of the demo.
pub async fn start(embedder: &Origin, ports: Ports) -> Result<(), Error> {
    let domain = Domain::start()?;
    let (embedder, relay) = (embedder.to_string(), ports.relay);
    let buttons = SocketAddr::from(([127, 0, 0, 1], ports.agent));
    let listener = TcpListener::bind(buttons).await.map_err(Error::Listen)?;
    let stage = Stage { domain, embedder: embedder.clone(), relay, running: Mutex::default() };
    let router = Router::new()
        .route("/approver", post(approver))
        .route("/second", post(second))
        .route("/ask", post(ask))
        .route("/collect", post(collect))
        .route("/use", post(present))
        .fallback(async || Problem::NOT_FOUND)
        .with_state(Arc::new(stage));
    let router = guarded(router, &embedder, ports.agent);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(())
}

/// Begins a new broker that knows this approver.
async fn approver(State(stage): State<Arc<Stage>>, Json(new): Json<Approver>) -> Answer {
    let mut running = stage.running.lock().await;
    if let Some(before) = running.take() {
        before.stop().await;
    }
    let folder = stage.domain.folder().map_err(refused)?;
    begin(&stage, &mut running, vec![new.key], folder).await
}

/// Begins the broker again, which knows a second approver from now on. Its log goes on.
async fn second(State(stage): State<Arc<Stage>>, Json(new): Json<Approver>) -> Answer {
    let mut running = stage.running.lock().await;
    let before = running.take().ok_or(Problem::CONFLICT)?;
    let (mut keys, folder) = before.stop().await;
    keys.truncate(1);
    keys.push(new.key);
    begin(&stage, &mut running, keys, folder).await
}

async fn begin(
    stage: &Stage,
    running: &mut Option<Running>,
    keys: Vec<String>,
    folder: TempDir,
) -> Answer {
    let place = (stage.embedder.as_str(), stage.relay);
    let started = Running::start(&stage.domain, keys, place, folder).await.map_err(refused)?;
    let log = started.log.clone();
    *running = Some(started);
    Ok(Json(json!({ "broker": broker::BROKER, "log": log })))
}

#[allow(clippy::needless_pass_by_value)] // as `map_err` has it
fn refused(error: kms_broker::Error) -> Problem {
    eprintln!("{error}");
    Problem::BAD_REQUEST
}

/// The agent asks for a challenge.
async fn ask(State(stage): State<Arc<Stage>>, Json(asked): Json<Asked>) -> Answer {
    with(&stage, async |running| running.ask(asked.wish).await).await
}

/// The agent picks its token up.
async fn collect(State(stage): State<Arc<Stage>>, Json(of): Json<Named>) -> Answer {
    with(&stage, async |running| running.collect(&of.id).await).await
}

/// The agent does what was approved.
async fn present(State(stage): State<Arc<Stage>>, Json(of): Json<Named>) -> Answer {
    with(&stage, async |running| running.present(&of.id).await).await
}

async fn with(
    stage: &Stage,
    act: impl AsyncFnOnce(&mut Running) -> Result<Value, kms_broker::Error>,
) -> Answer {
    let mut running = stage.running.lock().await;
    let running = running.as_mut().ok_or(Problem::CONFLICT)?;
    let done = act(running).await.map_err(|error| {
        eprintln!("{error}");
        Problem::UPSTREAM
    })?;
    Ok(Json(done))
}
