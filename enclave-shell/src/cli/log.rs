//! Commands of those who keep, witness and watch logs.

use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use enclave_shell::transparency::monitor::{Monitor, Observation};
use enclave_shell::transparency::store::LogDir;
use enclave_shell::transparency::submit::HttpWitnesses;
use enclave_shell::transparency::witness::{self, Witness};
use enclave_shell::transparency::{load_key, prove};
use enclave_shell::verify::VerifyOptions;
use kms_tlog::{Policy, VerifierKey};
use kms_verify::ReleasePolicy;

use super::release::{text, write};
use super::{Failure, read, stop_signal};

#[derive(Debug, Args)]
pub(crate) struct LogKeyArgs {
    /// Private key of the log, whose name is the log's origin.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The key is an age file; its passphrase is the first line of this file.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LogCommand {
    /// Begin a log.
    Init {
        /// Folder of the log.
        dir: PathBuf,
        #[command(flatten)]
        key: LogKeyArgs,
    },
    /// Add signed statements to those that wait for the next checkpoint.
    Append {
        /// Folder of the log.
        dir: PathBuf,
        /// Signed notes of releases and revocations.
        #[arg(required = true)]
        entries: Vec<PathBuf>,
    },
    /// Publish what waits under a new checkpoint, which the witnesses of a policy have to sign.
    Checkpoint {
        /// Folder of the log.
        dir: PathBuf,
        #[command(flatten)]
        key: LogKeyArgs,
        /// A policy of releases, whose witnesses have addresses.
        #[arg(long, value_name = "FILE")]
        policy: Option<PathBuf>,
    },
    /// Write the proof that a statement is in the log.
    Prove {
        /// Folder of the log.
        dir: PathBuf,
        /// The signed note.
        entry: PathBuf,
        /// File to write.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Check a log in a folder: checkpoint, entries and every tile.
    Audit {
        /// Folder of the log.
        dir: PathBuf,
        /// A policy of releases.
        #[arg(long, value_name = "FILE")]
        policy: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum WitnessCommand {
    /// Sign the checkpoints of logs that only grow, over HTTP (C2SP tlog-witness).
    Serve {
        /// Private key of the witness.
        #[command(flatten)]
        key: LogKeyArgs,
        /// Folder of its state. Whoever loses it may sign a fork: keep it.
        #[arg(long, value_name = "DIR")]
        state: PathBuf,
        /// Public key of a log, `name+id+key`; repeat for more.
        #[arg(long, value_name = "KEY", required = true)]
        log: Vec<String>,
        /// Address and port.
        #[arg(long, value_name = "ADDR:PORT")]
        listen: SocketAddr,
    },
}

#[derive(Debug, Args)]
pub(crate) struct MonitorArgs {
    /// Origin of the enclave.
    url: String,
    /// Whose word counts.
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// Where the log is, in place of its address in the policy.
    #[arg(long, value_name = "URL")]
    log: Option<String>,
    /// What was seen of the log; made if it is missing, and updated.
    #[arg(long, value_name = "FILE")]
    state: PathBuf,
    /// Look again every so many seconds, until stopped by a signal; then the exit code is 0.
    #[arg(long, value_name = "SECONDS")]
    every: Option<NonZeroU64>,
    /// Write what was found in the text format of Prometheus.
    #[arg(long, value_name = "FILE")]
    metrics: Option<PathBuf>,
    /// Trust the certificates in this PEM file instead of the public authorities.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

impl LogKeyArgs {
    fn load(&self) -> Result<kms_tlog::SignerKey, Failure> {
        Ok(load_key(&self.key, self.passphrase_file.as_deref())?)
    }
}

fn policy(path: &Path) -> Result<Policy, Failure> {
    Ok(ReleasePolicy::parse(&read(path)?)?.transparency)
}

pub(crate) fn run(command: &LogCommand) -> Result<ExitCode, Failure> {
    match command {
        LogCommand::Init { dir, key } => LogDir::new(dir).init(&key.load()?)?,
        LogCommand::Append { dir, entries } => {
            for entry in entries {
                LogDir::new(dir).append(&read(entry)?)?;
            }
        }
        LogCommand::Checkpoint { dir, key, policy: path } => {
            let policy = path.as_deref().map(policy).transpose()?;
            let log = LogDir::new(dir);
            let new = log.checkpoint(&key.load()?, policy.as_ref(), &HttpWitnesses::default())?;
            println!("{} has {} entries", new.origin, new.size);
        }
        LogCommand::Prove { dir, entry, out } => {
            write(out, &prove::prove(dir, text(entry)?.as_bytes())?.to_string())?;
        }
        LogCommand::Audit { dir, policy: path } => {
            let policy = policy(path)?;
            return Ok(match LogDir::new(dir).audit(&policy) {
                Ok(audit) => {
                    println!("{}", serde_json::to_string_pretty(&audit)?);
                    ExitCode::SUCCESS
                }
                Err(error) => {
                    eprintln!("enclave-shell: {error}");
                    ExitCode::FAILURE
                }
            });
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn run_witness(command: &WitnessCommand) -> Result<ExitCode, Failure> {
    let WitnessCommand::Serve { key, state, log, listen } = command;
    let logs = log.iter().map(|key| VerifierKey::parse(key)).collect::<Result<_, _>>()?;
    let witness = Witness::open(key.load()?, logs, state)?;
    tokio::runtime::Runtime::new()?.block_on(async {
        let mut running = witness::start(witness, *listen)?;
        println!("witness on {}", running.addr);
        tokio::select! {
            result = running.ended() => result?,
            result = stop_signal() => result?,
        }
        Ok(ExitCode::SUCCESS)
    })
}

pub(crate) fn run_monitor(args: &MonitorArgs) -> Result<ExitCode, Failure> {
    let ca = args.ca.as_deref().map(read).transpose()?;
    let monitor = Monitor {
        policy: ReleasePolicy::parse(&read(&args.policy)?)?,
        url: args.url.clone(),
        log: args.log.clone(),
        state: args.state.clone(),
        options: VerifyOptions { ca, ..VerifyOptions::default() },
    };
    match args.every {
        None => Ok(ExitCode::from(look(&monitor, args.metrics.as_deref())?.outcome.exit_code())),
        Some(seconds) => {
            let pause = Duration::from_secs(seconds.get());
            tokio::runtime::Runtime::new()?.block_on(watch(&monitor, pause, args))
        }
    }
}

/// Looks again and again until it is asked to stop, which does not cut a look short: whoever reads
/// along gets whole lines, and the state is that of the last one.
async fn watch(
    monitor: &Monitor,
    pause: Duration,
    args: &MonitorArgs,
) -> Result<ExitCode, Failure> {
    // It waits on another thread, for this one is busy while it looks.
    let mut stop = tokio::spawn(stop_signal());
    loop {
        look(monitor, args.metrics.as_deref())?;
        tokio::select! {
            result = &mut stop => {
                result.map_err(std::io::Error::other)??;
                return Ok(ExitCode::SUCCESS);
            }
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Looks once, and says what it found.
fn look(monitor: &Monitor, metrics: Option<&Path>) -> Result<Observation, Failure> {
    let observation = monitor.look()?;
    println!("{}", serde_json::to_string(&observation)?);
    if let Some(path) = metrics {
        write(path, &observation.metrics())?;
    }
    Ok(observation)
}
