//! The command line.

mod args;
mod log;
mod qr;
#[cfg(unix)]
mod relay;
mod release;
mod sigstore;
mod verify;

use std::fs;
use std::future::Future;
use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser as _;
use enclave_shell::demo::{self, DemoOrigins};
use enclave_shell::serve::{self, DevCertificate, Running, ServeOptions, Tls};
#[cfg(unix)]
use enclave_shell::workloads::{self, Ports};
use enclave_shell::{Deployment, Emitted, Error, Sources, audit, emit};
use kms_manifest::{Manifest, short_code, word_code};
use kms_tlog::VerifierKey;
use kms_verify::ReleasePolicy;
use kms_verify::case::{MAX_QUESTION, Question};

use args::{AuditCommand, AuditVerifyArgs, Command, DemoArgs, EmitArgs, ServeArgs};

/// Exit code for arguments that cannot be used.
const USAGE: u8 = 2;

/// Where `cargo xtask build` leaves the enclave.
const ENCLAVE_DIR: &str = "target/enclave";

type Failure = Box<dyn std::error::Error>;

/// Runs the command given on the command line.
pub(crate) fn run() -> ExitCode {
    let result = match args::Cli::parse().command {
        Command::Emit(args) => run_emit(&args),
        Command::Serve(args) => run_serve(&args),
        Command::Verify(args) => verify::run(&args),
        Command::VerifyCase => run_verify_case(),
        Command::Audit(AuditCommand::Verify(args)) => run_audit_verify(&args),
        Command::Key(command) => release::run_key(&command),
        Command::Release(command) => release::run(&command),
        Command::Log(command) => log::run(&command),
        Command::Witness(command) => log::run_witness(&command),
        Command::Monitor(args) => log::run_monitor(&args),
        #[cfg(unix)]
        Command::Relay(args) => relay::run(&args),
        Command::Demo(args) => run_demo(&args),
    };
    result.unwrap_or_else(|error| {
        eprintln!("enclave-shell: {error}");
        ExitCode::from(USAGE)
    })
}

/// The sources asked for: a folder, else the embedded enclave, else the build folder.
fn sources(dir: Option<&Path>) -> Result<Sources, Error> {
    if let Some(dir) = dir {
        return Sources::load(dir);
    }
    match Sources::embedded()? {
        Some(sources) => Ok(sources),
        None => Sources::load(Path::new(ENCLAVE_DIR)),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()).into())
}

fn run_emit(args: &EmitArgs) -> Result<ExitCode, Failure> {
    let mut deployment = Deployment::new(&args.origin, &args.embedder)?;
    deployment.epoch = args.epoch;
    deployment.commit.clone_from(&args.commit);
    if let Some(version) = &args.version {
        deployment.version.clone_from(version);
    }
    if let Some(toolchain) = &args.toolchain {
        deployment.toolchain.clone_from(toolchain);
    }
    if let Some(path) = &args.previous {
        let previous = Manifest::parse(&read(path)?)?;
        if previous.epoch.checked_add(1) != Some(args.epoch) {
            return Err(format!("the epoch has to follow {}", previous.epoch).into());
        }
        deployment.previous = Some(previous.digest()?);
    }
    deployment.webcat = args.webcat;
    deployment.status.allowed.clone_from(&args.allowed);
    deployment.status.deprecated.clone_from(&args.deprecated);
    deployment.status.revoked.clone_from(&args.revoked);
    if let Some(path) = &args.signers {
        let policy = ReleasePolicy::parse(&read(path)?).map_err(|fault| fault.to_string())?;
        deployment.signers = Some(policy.signers.names());
    }
    let emitted = emit(&sources(args.enclave.as_deref())?, &deployment)?;
    emitted.write_to(&args.out)?;
    for (path, asset) in &emitted.files {
        println!("{:>9}  {path}", asset.bytes.len());
    }
    println!("release {} of {}", emitted.manifest.version, emitted.pin.url);
    println!("manifest {}  short code {}", emitted.pin.manifest, short_code(&emitted.pin.manifest));
    println!("words {}", word_code(&emitted.pin.manifest));
    Ok(ExitCode::SUCCESS)
}

fn tls(args: &ServeArgs, host: &str) -> Result<Option<Tls>, Failure> {
    if let (Some(certificate), Some(key)) = (&args.tls_cert, &args.tls_key) {
        let (certificate, key) = (read(certificate)?, read(key)?);
        return Ok(Some(Tls { certificate, key, min_version: args.tls_min_version }));
    }
    let Some(ca) = &args.tls_dev else { return Ok(None) };
    let development = DevCertificate::new(&[host])?;
    fs::write(ca, &development.ca).map_err(|error| format!("{}: {error}", ca.display()))?;
    println!("throw-away CA written to {}", ca.display());
    Ok(Some(development.tls(args.tls_min_version)))
}

fn run_serve(args: &ServeArgs) -> Result<ExitCode, Failure> {
    let emitted = Emitted::load(&args.dir)?;
    let origin = emitted.manifest.deployment.origin.clone();
    let default = ([127, 0, 0, 1], origin.port()).into();
    let options = ServeOptions {
        listen: args.listen.unwrap_or(default),
        tls: tls(args, origin.host())?,
        access_log: true,
        head_timeout: serve::HEAD_TIMEOUT,
    };
    until_stopped(async move {
        let running = serve::start(emitted, options)?;
        println!("serving {origin} on {}", running.addr);
        Ok(vec![running])
    })
}

fn run_demo(args: &DemoArgs) -> Result<ExitCode, Failure> {
    let origins = DemoOrigins::new(args.port_pwa, args.port_kms)?;
    let deployment = Deployment::new(origins.kms.as_str(), &[origins.pwa.as_str()])?;
    let sources = sources(args.enclave.as_deref())?;
    let emitted = emit(&sources, &deployment)?;
    let access_log = args.access_log;
    let mut site = demo::embedder(&emitted.pin)?;
    if let Some(kit) = &sources.kit {
        demo::add_kit(&mut site, kit);
    }
    #[cfg(unix)]
    let ports = args.workloads.then_some(Ports { agent: args.port_agent, relay: args.port_relay });
    #[cfg(unix)]
    ports.map_or(Ok(()), |ports| demo::add_workloads(&mut site, ports))?;
    until_stopped(async move {
        #[cfg(unix)]
        if let Some(ports) = ports {
            workloads::start(&origins.pwa, ports).await?;
            println!("agent   {}/workloads.html", origins.pwa);
        }
        let running = demo::start_with(emitted, site, (&origins, access_log))?;
        println!("enclave {}", origins.kms);
        println!("open    {}/", origins.pwa);
        Ok(running.into())
    })
}

/// Runs servers until Ctrl-C or a termination signal, then lets running requests end.
fn until_stopped(
    servers: impl Future<Output = Result<Vec<Running>, Error>>,
) -> Result<ExitCode, Failure> {
    tokio::runtime::Runtime::new()?.block_on(async {
        let running = servers.await?;
        stop_signal().await?;
        for server in running {
            server.stop().await;
        }
        Ok(ExitCode::SUCCESS)
    })
}

#[cfg(unix)]
async fn stop_signal() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn stop_signal() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}

fn run_verify_case() -> Result<ExitCode, Failure> {
    let mut question = Vec::new();
    let limit = u64::try_from(MAX_QUESTION)? + 1;
    std::io::stdin().take(limit).read_to_end(&mut question)?;
    let answer = Question::parse(&question)?.answer()?;
    println!("{}", serde_json::to_string(&answer)?);
    Ok(ExitCode::from(u8::from(!answer.accepted)))
}

fn run_audit_verify(args: &AuditVerifyArgs) -> Result<ExitCode, Failure> {
    let text = |path: &Path| -> Result<String, Failure> {
        String::from_utf8(read(path)?).map_err(|_| format!("{}: not text", path.display()).into())
    };
    let key = VerifierKey::parse(&args.key)?;
    let since = args.since.as_deref().map(text).transpose()?;
    let report = audit::verify(&text(&args.file)?, &key, since.as_deref());
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{report}");
    }
    Ok(ExitCode::from(report.outcome.exit_code()))
}
