//! Arguments that bring a Sigstore bundle.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use enclave_shell::verify::Attestation;
use kms_manifest::{MANIFEST_LIMIT, Manifest, Sha256};
use kms_sigstore::{BUNDLE_LIMIT, ROOT_LIMIT, Signer};

use super::{Failure, read};

#[derive(Debug, Args)]
pub(crate) struct SigstoreArgs {
    /// Check the manifest in this file, without a server.
    #[arg(
        long,
        value_name = "FILE",
        requires = "sigstore_bundle",
        conflicts_with_all = ["url", "pin", "policy", "ca", "embedder", "qr"]
    )]
    manifest: Option<PathBuf>,
    /// A Sigstore bundle (version 0.3) that has to speak for the manifest; nothing is fetched for it.
    #[arg(long, value_name = "FILE", requires_all = ["trusted_root", "bundle_signer"])]
    sigstore_bundle: Option<PathBuf>,
    /// Whose certificates and logs count for the bundle: a `trusted_root.json`.
    #[arg(long, value_name = "FILE", requires = "sigstore_bundle")]
    trusted_root: Option<PathBuf>,
    /// Who has signed, as the certificate names them: the address of a workflow, with its tag.
    #[arg(long, value_name = "NAME", requires = "issuer", group = "bundle_signer")]
    identity: Option<String>,
    /// Who has told the certificate's authority that it is them.
    #[arg(long, value_name = "URL", requires = "identity")]
    issuer: Option<String>,
    /// Whose key has signed, PEM (ECDSA on P-256).
    #[arg(long, value_name = "FILE", requires = "sigstore_bundle", group = "bundle_signer")]
    key: Option<PathBuf>,
}

impl SigstoreArgs {
    /// What was asked, if anything.
    pub(super) fn attestation(&self) -> Result<Option<Attestation>, Failure> {
        let (Some(bundle), Some(root)) = (&self.sigstore_bundle, &self.trusted_root) else {
            return Ok(None);
        };
        let bundle = read_up_to(bundle, BUNDLE_LIMIT)?;
        let trusted_root = read_up_to(root, ROOT_LIMIT)?;
        Ok(self.signer()?.map(|signer| Attestation { bundle, trusted_root, signer }))
    }

    fn signer(&self) -> Result<Option<Signer>, Failure> {
        if let Some(key) = &self.key {
            return Ok(Some(Signer::key(&read(key)?)?));
        }
        let both = self.identity.clone().zip(self.issuer.clone());
        Ok(both.map(|(identity, issuer)| Signer::Identity { identity, issuer }))
    }

    /// Checks the manifest of a file, if that was asked.
    pub(super) fn run(&self, json: bool) -> Result<Option<ExitCode>, Failure> {
        let (Some(path), Some(attestation)) = (&self.manifest, self.attestation()?) else {
            return Ok(None);
        };
        let bytes = read_up_to(path, MANIFEST_LIMIT)?;
        let manifest = Manifest::parse(&bytes)?;
        let attested = attestation.of(&Sha256::of(&bytes));
        if json {
            println!("{:#}", serde_json::to_value(&attested)?);
        } else {
            println!("release {} of {}", manifest.version, manifest.deployment.origin);
            print!("{attested}");
        }
        Ok(Some(ExitCode::from(attested.outcome.exit_code())))
    }
}

/// One byte more than the limit is enough to be refused as too long.
fn read_up_to(path: &Path, limit: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let failed = |error| format!("{}: {error}", path.display());
    let file = File::open(path).map_err(failed)?;
    file.take(u64::try_from(limit)? + 1).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}
