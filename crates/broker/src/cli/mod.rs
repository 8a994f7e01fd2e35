//! The command line.

mod args;
mod ask;
mod drill;
mod key;
mod manifests;
mod pki;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Parser;
use kms_broker::config::Config;
use kms_broker::confine::{self, Needs};
use kms_broker::desk::Desk;
use kms_broker::http::App;
use kms_broker::serve::Server;
use kms_broker::store::Clock;
use kms_broker::tls::Source;
use kms_broker::{Error, trace};
use kms_tlog::VerifierKey;
use kms_token::SpiffeId;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

use args::{AuditCommand, Cli, Command, FileArgs, ServeArgs, TraceArgs, VerifyArgs};

pub(crate) fn run() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Serve(args) => confined(&args),
        Command::Healthcheck(args) => ask::run(&args.peer, &ask::Ask::Health),
        Command::Revoke(args) => ask::run(&args.peer, &ask::Ask::Revoke(&args)),
        Command::Rotate(args) => ask::run(&args.peer, &ask::Ask::Rotate(&args)),
        Command::Audit(AuditCommand::Verify(args)) => verify(&args),
        Command::Audit(AuditCommand::Trace(args)) => show(&args),
        Command::Drill(args) => drill::run(&args),
        Command::Manifests(args) => manifests::write(&args),
        Command::Openapi => print(&kms_broker::http::document()),
        Command::DevPki(args) => pki::write(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    tokio::runtime::Runtime::new().map_err(Error::Net)
}

fn now() -> u64 {
    // Before 1970 nothing is valid, so that it fails closed.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Gives up what is not needed, while there is one thread, and serves.
fn confined(args: &ServeArgs) -> Result<(), Error> {
    confine::refuse_root()?;
    let config = Config::read(&args.config)?;
    let folders = (args.config.as_path(), args.state.as_path());
    let files = args.files.as_ref().map(FileArgs::files);
    let needs = Needs::new(&config, folders, files.as_ref(), args.listen.port())?;
    // Asked now: limits of a container are in files that are out of reach afterwards.
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    eprintln!("{}", confine::confine(&needs)?);
    let runtime = Builder::new_multi_thread().worker_threads(threads).enable_all().build();
    runtime.map_err(Error::Net)?.block_on(serve(args, config))
}

async fn serve(args: &ServeArgs, config: Config) -> Result<(), Error> {
    let (id, version) = (config.id()?, args.tls_min_version);
    let source = match (&args.files, &args.workload_api) {
        (None, Some(endpoint)) => Source::stream(endpoint, id, version).await?,
        (Some(files), _) => Source::open(files.files(), id, version)?,
        (None, None) => return Err(Error::Config("no certificate is named".into())),
    };
    let clock: Clock = Arc::new(now);
    let source = Arc::new(source);
    let desk = Desk::join(config, &args.state, Arc::clone(&clock), &source)?;
    println!("log key {}", desk.log_key().verifier());
    let app = Arc::new(App::new(desk, source)?);
    let server = Server::bind(app, args.listen, clock).await?;
    println!("listening on {}", server.address()?);
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::Net)?;
    server
        .run(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        })
        .await;
    Ok(())
}

fn verify(args: &VerifyArgs) -> Result<(), Error> {
    let id = spiffe_id(&args.id)?;
    let kept = match (&args.checkpoint, &args.key) {
        (Some(path), Some(key)) => {
            let note = std::fs::read_to_string(path).map_err(|error| Error::file(path, error))?;
            let key = VerifierKey::parse(key);
            Some((note, key.map_err(|_| Error::Checkpoint("not the key of a log"))?))
        }
        _ => None,
    };
    let checkpoint = kept.as_ref().map(|(note, key)| (note.as_str(), key));
    let lines = trace::verify(&args.log, &id, checkpoint)?;
    println!("{lines} entries, whole and in order");
    Ok(())
}

fn show(args: &TraceArgs) -> Result<(), Error> {
    let lines = trace::trace(&args.log, &args.jti)?;
    if lines.is_empty() {
        return Err(Error::Answer("nothing about this token".into()));
    }
    for line in lines {
        let text = serde_json::to_string(&line).map_err(|_| Error::Log(line.seq, "odd"))?;
        println!("{text}");
    }
    Ok(())
}

fn print(document: &serde_json::Value) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(document);
    println!("{}", text.map_err(|error| Error::Config(error.to_string()))?);
    Ok(())
}

fn spiffe_id(text: &str) -> Result<SpiffeId, Error> {
    SpiffeId::parse(text).map_err(|_| Error::Config(format!("{text} is not a SPIFFE id")))
}
