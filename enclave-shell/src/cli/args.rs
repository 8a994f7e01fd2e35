//! Arguments of every command.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use enclave_shell::serve::TlsVersion;
use kms_manifest::Sha256;

use super::log::{LogCommand, MonitorArgs, WitnessCommand};
use super::release::{KeyCommand, ReleaseCommand};
use super::sigstore::SigstoreArgs;

/// Emits, serves and verifies an ATS KMS enclave.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write a release as a folder: files, headers, manifest and pin.
    Emit(EmitArgs),
    /// Serve an emitted folder with its exact headers.
    Serve(ServeArgs),
    /// Compare a live server with its release, byte for byte and header for header.
    ///
    /// Exit code: 0 match, 1 mismatch, 2 unusable arguments, 3 unreachable.
    Verify(VerifyArgs),
    /// Answer one question of the verifier's conformance cases: JSON in, JSON out.
    ///
    /// Exit code: 0 accepted, 1 refused, 2 not a question.
    VerifyCase,
    /// Check what a vault exported of its audit log.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Make keys of signers, logs and witnesses.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Say what a release is, sign it, revoke it, and publish its proof.
    #[command(subcommand)]
    Release(ReleaseCommand),
    /// Keep a log of releases as files that any static host can serve.
    #[command(subcommand)]
    Log(LogCommand),
    /// Witness logs.
    #[command(subcommand)]
    Witness(WitnessCommand),
    /// Follow a log and a deployment, and report what is not logged or has changed.
    ///
    /// Exit code: 0 nothing found, 1 something found, 2 unusable arguments, 3 unreachable.
    Monitor(MonitorArgs),
    /// Bring what workloads ask a broker for to pages of one origin, and back what approvers sign.
    ///
    /// It listens on this machine alone, without TLS. It has no approver's key and can forge nothing.
    #[cfg(unix)]
    Relay(RelayArgs),
    /// Serve the demo PWA and the enclave it embeds on two origins of this machine.
    Demo(DemoArgs),
}

#[derive(Debug, Args)]
pub(crate) struct EmitArgs {
    /// Origin that will serve the enclave, like `https://kms.example`.
    #[arg(long)]
    pub(crate) origin: String,
    /// Origin that may embed it; repeat for more.
    #[arg(long, required = true)]
    pub(crate) embedder: Vec<String>,
    /// Folder to write.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Folder with enclave.wasm and enclave.glue.js.
    #[arg(long, value_name = "DIR")]
    pub(crate) enclave: Option<PathBuf>,
    /// Release version (default: the version of this program).
    #[arg(long, value_name = "VERSION")]
    pub(crate) version: Option<String>,
    /// Release counter, higher than that of every earlier release.
    #[arg(long, default_value_t = 1)]
    pub(crate) epoch: u64,
    /// Source commit of the release.
    #[arg(long, default_value = "unknown")]
    pub(crate) commit: String,
    /// Compiler that made the wasm (default: the pinned one).
    #[arg(long)]
    pub(crate) toolchain: Option<String>,
    /// Manifest of the release before, whose epoch this one has to follow.
    #[arg(long, value_name = "MANIFEST")]
    pub(crate) previous: Option<PathBuf>,
    /// Digest of another release in use; repeat for more.
    #[arg(long, value_name = "DIGEST")]
    pub(crate) allowed: Vec<Sha256>,
    /// Digest of a release that is to be replaced; repeat for more.
    #[arg(long, value_name = "DIGEST")]
    pub(crate) deprecated: Vec<Sha256>,
    /// Digest of a release that must not run; repeat for more.
    #[arg(long, value_name = "DIGEST")]
    pub(crate) revoked: Vec<Sha256>,
    /// Add a frame page for people who use WEBCAT, with its workers as files of their own.
    #[arg(long)]
    pub(crate) webcat: bool,
    /// Policy whose signers the enclave honours when they revoke or deprecate a release.
    #[arg(long, value_name = "POLICY")]
    pub(crate) signers: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Folder written by `emit`.
    pub(crate) dir: PathBuf,
    /// Address and port (default: loopback, port of the release's origin).
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) listen: Option<SocketAddr>,
    /// Certificate chain, PEM.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Private key, PEM.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Development only: serve TLS under a throw-away CA and write its certificate to FILE.
    #[arg(
        long,
        value_name = "FILE",
        num_args = 0..=1,
        default_missing_value = "kms-dev-ca.pem",
        conflicts_with = "tls_cert"
    )]
    pub(crate) tls_dev: Option<PathBuf>,
    /// Lowest TLS version to accept.
    #[arg(long, value_name = "1.2|1.3", default_value = "1.3")]
    pub(crate) tls_min_version: TlsVersion,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// Origin of the enclave.
    #[arg(required_unless_present = "manifest")]
    pub(crate) url: Option<String>,
    #[command(flatten)]
    pub(crate) sigstore: SigstoreArgs,
    /// The release that should be there: a pin.json. Twice in a roll-out, for the current and the next.
    #[arg(long, value_name = "FILE", conflicts_with = "policy")]
    pub(crate) pin: Vec<PathBuf>,
    /// Whose word counts for a release: signers, log, witnesses, age.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// What was accepted before; made if it is missing, and updated.
    #[arg(long, value_name = "FILE", requires = "policy")]
    pub(crate) mark: Option<PathBuf>,
    /// Where the log is, in place of its address in the policy.
    #[arg(long, value_name = "URL", requires = "policy")]
    pub(crate) log: Option<String>,
    /// A revocation that came another way; repeat for more.
    #[arg(long, value_name = "FILE", requires = "policy")]
    pub(crate) revocation: Vec<PathBuf>,
    /// Trust the certificates in this PEM file instead of the public authorities.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// Check in addition what this page of an embedder sends, and say what it lacks.
    #[arg(long, value_name = "URL")]
    pub(crate) embedder: Option<String>,
    /// Write the report as JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// Show the digest of the manifest as a QR code as well, to be compared with another device.
    #[arg(long, conflicts_with = "json")]
    pub(crate) qr: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Check an export offline: every entry, their tree, and the vault's signature.
    ///
    /// Exit code: 0 match, 1 mismatch, 2 unusable arguments.
    Verify(AuditVerifyArgs),
}

#[derive(Debug, Args)]
pub(crate) struct AuditVerifyArgs {
    /// The export: JSON lines, the signed checkpoint last.
    pub(crate) file: PathBuf,
    /// The vault's key, `name+id+key`, as it was noted earlier. Not that in the export: a forged
    /// one names the forger's.
    #[arg(long, value_name = "KEY")]
    pub(crate) key: String,
    /// A checkpoint that was signed earlier: the log must have grown from it.
    #[arg(long, value_name = "FILE")]
    pub(crate) since: Option<PathBuf>,
    /// Write the report as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[cfg(unix)]
#[derive(Debug, Args)]
pub(crate) struct RelayArgs {
    /// Origin of the pages that may ask, like `https://app.example`.
    #[arg(long)]
    pub(crate) embedder: String,
    /// Address and port.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:7003")]
    pub(crate) listen: SocketAddr,
    /// Address of the broker.
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) broker: String,
    /// SPIFFE id of the broker.
    #[arg(long, value_name = "ID")]
    pub(crate) broker_id: String,
    /// Key of the broker's log, as it prints it at its start.
    #[arg(long, value_name = "KEY")]
    pub(crate) log_key: String,
    /// Own SPIFFE id.
    #[arg(long, value_name = "ID")]
    pub(crate) id: String,
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

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Port of the PWA.
    #[arg(long, default_value_t = 7002)]
    pub(crate) port_pwa: u16,
    /// Port of the enclave.
    #[arg(long, default_value_t = 7001)]
    pub(crate) port_kms: u16,
    /// Serve workloads as well, on `/workloads.html`: an agent, a service, a broker and its relay.
    #[cfg(unix)]
    #[arg(long)]
    pub(crate) workloads: bool,
    /// Port of the relay.
    #[cfg(unix)]
    #[arg(long, default_value_t = 7003)]
    pub(crate) port_relay: u16,
    /// Port of the agent's buttons.
    #[cfg(unix)]
    #[arg(long, default_value_t = 7004)]
    pub(crate) port_agent: u16,
    /// Folder with enclave.wasm and enclave.glue.js.
    #[arg(long, value_name = "DIR")]
    pub(crate) enclave: Option<PathBuf>,
    /// Print one line per request.
    #[arg(long)]
    pub(crate) access_log: bool,
}
