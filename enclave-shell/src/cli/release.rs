//! Commands of those who sign releases, and of those who check them by a policy.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use enclave_shell::Emitted;
use enclave_shell::transparency::{
    self, Reproduced, add_signatures, create_key, load_key, publish, release_statement,
    revocation_statement,
};
use enclave_shell::verify::{PolicyOptions, Report, VerifyOptions, verify_by_policy};
use kms_manifest::Sha256;
use kms_tlog::SignerKey;
use kms_verify::{Mark, ReleasePolicy, Statement};

use super::args::VerifyArgs;
use super::{Failure, read};

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a key and print its public forms.
    New(NewKeyArgs),
}

#[derive(Debug, Args)]
pub(crate) struct NewKeyArgs {
    /// Name of the key, like `log.example/kms`.
    name: String,
    /// File to create; only its owner may read it.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Encrypt it in the age format, under the first line of this file.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// Keys to sign with.
#[derive(Debug, Args)]
pub(crate) struct KeyArgs {
    /// Private key; repeat for more.
    #[arg(long, value_name = "FILE")]
    key: Vec<PathBuf>,
    /// The keys are age files; their passphrase is the first line of this file.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl KeyArgs {
    fn load(&self) -> Result<Vec<SignerKey>, transparency::Error> {
        let passphrase = self.passphrase_file.as_deref();
        self.key.iter().map(|path| load_key(path, passphrase)).collect()
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum ReleaseCommand {
    /// Write the statement of an emitted folder, to be signed.
    Create {
        /// Folder written by `emit`.
        dir: PathBuf,
        /// File to write.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Sign a statement, if a second build has given the same bytes.
    Sign {
        /// The statement, signed by others already or not.
        statement: PathBuf,
        /// Folder written by `emit`.
        #[arg(long)]
        dir: PathBuf,
        /// Folder written by `emit` from a build of one's own.
        #[arg(long)]
        rebuilt: PathBuf,
        #[command(flatten)]
        keys: KeyArgs,
        /// File to write: the signed note.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Say that a release must not run, and sign it.
    Revoke {
        /// Origin of the enclave.
        #[arg(long)]
        origin: String,
        /// Digest of the manifest.
        #[arg(long, value_name = "DIGEST")]
        manifest: Sha256,
        /// Why, in one line.
        #[arg(long)]
        reason: String,
        /// The same revocation, signed by others.
        #[arg(long, value_name = "FILE")]
        signed: Option<PathBuf>,
        #[command(flatten)]
        keys: KeyArgs,
        /// File to write: the signed note.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Put proof, revocations and earlier manifests next to the manifest of an emitted folder.
    Publish {
        /// Folder written by `emit`.
        dir: PathBuf,
        /// The proof that `log prove` wrote.
        #[arg(long, value_name = "FILE")]
        proof: Option<PathBuf>,
        /// Refuse what this policy does not accept now.
        #[arg(long, value_name = "FILE", requires = "proof")]
        policy: Option<PathBuf>,
        /// A signed revocation; repeat for more.
        #[arg(long, value_name = "FILE")]
        revocation: Vec<PathBuf>,
        /// The folder that was published before: its revocations, its manifest and those that it
        /// kept stay published.
        #[arg(long, value_name = "DIR")]
        after: Option<PathBuf>,
    },
}

pub(crate) fn run_key(KeyCommand::New(args): &KeyCommand) -> Result<ExitCode, Failure> {
    let key = create_key(&args.name, &args.out, args.passphrase_file.as_deref())?;
    println!("signer or log  {}", key.verifier());
    println!("witness        {}", key.cosigner());
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn run(command: &ReleaseCommand) -> Result<ExitCode, Failure> {
    match command {
        ReleaseCommand::Create { dir, out } => {
            write(out, &release_statement(&Emitted::load(dir)?.manifest)?)?;
        }
        ReleaseCommand::Sign { statement, dir, rebuilt, keys, out } => {
            let reproduced = Reproduced::compare(dir, rebuilt)?;
            let note = reproduced.sign(&text(statement)?, &keys.load()?)?;
            write(out, &note.to_string())?;
        }
        ReleaseCommand::Revoke { origin, manifest, reason, signed, keys, out } => {
            let statement = revocation_statement(origin, *manifest, reason)?;
            let given = signed.as_deref().map(text).transpose()?;
            let given = given.as_deref().unwrap_or(&statement);
            write(out, &add_signatures(given, &statement, &keys.load()?)?.to_string())?;
        }
        ReleaseCommand::Publish { dir, proof, policy, revocation, after } => {
            let policy = policy.as_deref().map(read).transpose()?;
            let policy = policy.map(|policy| ReleasePolicy::parse(&policy)).transpose()?;
            let proof = proof.as_deref().map(text).transpose()?;
            let revocations = revocation.iter().map(|path| text(path));
            let revocations: Vec<_> = revocations.collect::<Result<_, _>>()?;
            let publication = publish::Publication {
                proof: proof.as_deref(),
                policy: policy.as_ref(),
                revocations: &revocations,
                after: after.as_deref(),
            };
            publish::publish(dir, &publication)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Verifies by a policy, and keeps what is to be remembered before anything is said.
pub(crate) fn verify_release(
    args: &VerifyArgs,
    url: &str,
    policy: &[u8],
    options: &VerifyOptions,
) -> Result<Report, Failure> {
    let policy = ReleasePolicy::parse(policy)?;
    let mark = match args.mark.as_deref().filter(|path| path.exists()) {
        Some(path) => Mark::parse(&read(path)?, &policy.origin)?,
        None => Mark::new(&policy.origin),
    };
    let revocations = args.revocation.iter().map(|path| read(path));
    let revocations: Vec<_> = revocations.collect::<Result<_, _>>()?;
    if revocations.iter().any(|note| Statement::of_note(note).is_none()) {
        return Err("a revocation cannot be read".into());
    }
    let now = transparency::now();
    let by = PolicyOptions { policy, mark, revocations, log: args.log.clone(), now };
    let (report, mark) = verify_by_policy(url, options, &by)?;
    if let Some(path) = &args.mark {
        transparency::write_durably(path, mark.to_json()?.as_bytes())?;
    }
    Ok(report)
}

pub(super) fn text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(read(path)?).map_err(|_| format!("{}: not text", path.display()).into())
}

pub(super) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()).into())
}
