//! Arguments of every command.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use kms_broker::tls::{Files, TlsVersion};

/// Checks proof-of-authorization tokens over mutual TLS.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve every endpoint on one listener.
    Serve(ServeArgs),
    /// Ask a broker whether it decides; fails if it does not.
    Healthcheck(HealthArgs),
    /// Revoke a token, a challenge, all tokens of a workload, or a key.
    Revoke(RevokeArgs),
    /// Put a new approver's key in the place of an old one.
    Rotate(RotateArgs),
    /// Check a log, or follow a token through it.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Have a token made at each broker, revoke it, and measure the time until it is refused.
    Drill(DrillArgs),
    /// Print the objects of Kubernetes that run a broker with this configuration, as one JSON list.
    Manifests(ManifestArgs),
    /// Print the description of the endpoints (`OpenAPI` 3.1).
    Openapi,
    /// Development only: write an authority and certificates of workloads.
    DevPki(PkiArgs),
}

/// Whose certificate it is and whom it trusts.
#[derive(Debug, Args)]
pub(crate) struct FileArgs {
    /// Certificate chain (X509-SVID), PEM. Looked at every two seconds.
    #[arg(long, value_name = "FILE")]
    pub(crate) svid_cert: PathBuf,
    /// Its private key, PEM.
    #[arg(long, value_name = "FILE")]
    pub(crate) svid_key: PathBuf,
    /// Authorities of the trust domain, PEM.
    #[arg(long, value_name = "FILE")]
    pub(crate) bundle: PathBuf,
}

impl FileArgs {
    pub(crate) fn files(&self) -> Files {
        let (certificate, key) = (self.svid_cert.clone(), self.svid_key.clone());
        Files { certificate, key, bundle: self.bundle.clone() }
    }
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Configuration, JSON.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Folder of the log, its key and its last checkpoint; of the keys alone, if the log is in a database.
    #[arg(long, value_name = "DIR")]
    pub(crate) state: PathBuf,
    #[command(flatten)]
    pub(crate) files: Option<FileArgs>,
    /// Socket of the SPIFFE Workload API, instead of files: `unix:/run/spire/agent.sock`.
    #[arg(
        long,
        value_name = "unix:PATH",
        conflicts_with = "FileArgs",
        required_unless_present = "FileArgs"
    )]
    pub(crate) workload_api: Option<String>,
    /// Address and port.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8443")]
    pub(crate) listen: SocketAddr,
    /// Lowest TLS version to accept.
    #[arg(long, value_name = "1.2|1.3", default_value = "1.3")]
    pub(crate) tls_min_version: TlsVersion,
}

/// Which broker to ask, and as whom.
#[derive(Debug, Args)]
pub(crate) struct PeerArgs {
    /// Address of the broker.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8443")]
    pub(crate) broker: String,
    /// SPIFFE id of the broker.
    #[arg(long, value_name = "ID")]
    pub(crate) broker_id: String,
    /// Own SPIFFE id.
    #[arg(long, value_name = "ID")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) files: FileArgs,
}

#[derive(Debug, Args)]
pub(crate) struct HealthArgs {
    #[command(flatten)]
    pub(crate) peer: PeerArgs,
}

#[derive(Debug, Args)]
#[group(id = "what", required = true, multiple = false, args = ["jti", "challenge", "subject", "kid"])]
pub(crate) struct RevokeArgs {
    #[command(flatten)]
    pub(crate) peer: PeerArgs,
    /// Key that signs: an operator's Ed25519 seed in base64, of an approver's or administrator's key.
    #[arg(long, value_name = "FILE")]
    pub(crate) signing_key: PathBuf,
    /// A token.
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) jti: Option<String>,
    /// A challenge and its token.
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) challenge: Option<String>,
    /// All that a workload has now, by its SPIFFE id.
    #[arg(long)]
    pub(crate) subject: Option<String>,
    /// A key and all that it has signed.
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) kid: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct RotateArgs {
    #[command(flatten)]
    pub(crate) peer: PeerArgs,
    /// The key until now.
    #[arg(long, value_name = "FILE")]
    pub(crate) old_key: PathBuf,
    /// The key from now on.
    #[arg(long, value_name = "FILE")]
    pub(crate) new_key: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Check every line, the chain, and the signature of every statement.
    Verify(VerifyArgs),
    /// Print all lines about a token.
    Trace(TraceArgs),
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The log.
    #[arg(long, value_name = "FILE")]
    pub(crate) log: PathBuf,
    /// SPIFFE id of the broker.
    #[arg(long, value_name = "ID")]
    pub(crate) id: String,
    /// A signed checkpoint that the log has to continue.
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(crate) checkpoint: Option<PathBuf>,
    /// The log's key, `name+id+key`, as it was noted earlier.
    #[arg(long, value_name = "KEY", requires = "checkpoint")]
    pub(crate) key: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct TraceArgs {
    /// The log.
    #[arg(long, value_name = "FILE")]
    pub(crate) log: PathBuf,
    /// Name of the token.
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) jti: String,
}

#[derive(Debug, Args)]
pub(crate) struct DrillArgs {
    /// Address of a broker; repeat for more.
    #[arg(long, required = true, value_name = "HOST:PORT")]
    pub(crate) broker: Vec<String>,
    /// The brokers share a log: what is revoked at one has to be refused at each of the others.
    #[arg(long)]
    pub(crate) shared: bool,
    /// SPIFFE id of the brokers.
    #[arg(long, value_name = "ID")]
    pub(crate) broker_id: String,
    /// Folder of the three workloads' certificates and keys, named as `dev-pki` names them.
    #[arg(long, value_name = "DIR")]
    pub(crate) svids: PathBuf,
    /// SPIFFE id of the workload that asks and is refused.
    #[arg(long, value_name = "ID")]
    pub(crate) agent: String,
    /// SPIFFE id that brings the approval.
    #[arg(long, value_name = "ID")]
    pub(crate) relay: String,
    /// SPIFFE id that brings the revocation.
    #[arg(long, value_name = "ID")]
    pub(crate) admin: String,
    /// What is asked: the body of `POST /v1/challenges`, of an action at the proxy that one approves.
    #[arg(long, value_name = "FILE")]
    pub(crate) ask: PathBuf,
    /// Key that approves and revokes: an Ed25519 seed in base64.
    #[arg(long, value_name = "FILE")]
    pub(crate) signing_key: PathBuf,
    /// Fail if a refusal takes longer, in milliseconds.
    #[arg(long, default_value_t = 1000, value_name = "MS")]
    pub(crate) within: u64,
}

#[derive(Debug, Args)]
pub(crate) struct ManifestArgs {
    /// Configuration, JSON.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// The image, by its digest.
    #[arg(long, value_name = "NAME@sha256:DIGEST")]
    pub(crate) image: String,
    /// Namespace.
    #[arg(long, default_value = "kms")]
    pub(crate) namespace: String,
}

#[derive(Debug, Args)]
pub(crate) struct PkiArgs {
    /// Folder to write.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// SPIFFE id of a workload; repeat for more.
    #[arg(long, required = true, value_name = "ID")]
    pub(crate) id: Vec<String>,
    /// How long certificates live, in seconds.
    #[arg(long, default_value_t = 3600)]
    pub(crate) life: u64,
}
