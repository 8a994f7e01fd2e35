//! Verifies a Sigstore bundle of a file that a release publishes, without a network: against a root of
//! trust that the caller brings, and for one signer.
//!
//! The rules are those of the crate `sigstore-verify`. Here is what it leaves to its caller: the
//! cryptography (that of the host's TLS, since its own brings a C library of its own), limits, the one
//! version of the format, and what a signed statement has to be about.

mod fault;
mod provider;
mod signer;

pub use fault::Fault;
pub use signer::Signer;

use sigstore_verify::Verifier;
use sigstore_verify::trust_root::TrustedRoot;
use sigstore_verify::types::{Bundle, MediaType, Sha256Hash, SignatureContent, Statement};

/// Longest bundle. The statement inside names every published file.
pub const BUNDLE_LIMIT: usize = 256 * 1024;
/// Longest root of trust. That of the public instance has about 7 kB.
pub const ROOT_LIMIT: usize = 256 * 1024;

/// What the workflow of a release says of what it has built.
const PROVENANCE: &str = "https://slsa.dev/provenance/v1";

/// What a bundle that was accepted says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The file itself was signed, or a statement of where it comes from.
    pub provenance: bool,
    /// When a log or an authority of times has seen the signature, in seconds after 1970 began. Signatures by a
    /// key need no such time.
    pub seen: Option<i64>,
}

/// Verifies `bundle` over the file with the digest `file` (SHA-256).
pub fn verify(
    file: [u8; 32],
    bundle: &[u8],
    root: &[u8],
    signer: &Signer,
) -> Result<Signed, Fault> {
    provider::install();
    let bundle = parse_bundle(bundle)?;
    let root = parse_root(root)?;
    let provenance = is_provenance(&bundle.content)?;
    let verifier = Verifier::new(&root).map_err(|error| Fault::Root(error.to_string()))?;
    let policy = signer.policy();
    let result = verifier
        .verify(Sha256Hash::new(file), &bundle, policy.as_ref())
        .map_err(|error| Fault::Refused(error.to_string()))?;
    let seen = result.verified_timestamps().iter().map(|time| time.as_second()).min();
    Ok(Signed { provenance, seen })
}

fn parse_bundle(bytes: &[u8]) -> Result<Bundle, Fault> {
    let text = text(bytes, BUNDLE_LIMIT, "bundle")?;
    let bundle = Bundle::from_json(text).map_err(|error| Fault::Bundle(error.to_string()))?;
    if bundle.media_type() == MediaType::Bundle0_3 { Ok(bundle) } else { Err(Fault::Version) }
}

fn parse_root(bytes: &[u8]) -> Result<TrustedRoot, Fault> {
    let text = text(bytes, ROOT_LIMIT, "root of trust")?;
    TrustedRoot::from_json(text).map_err(|error| Fault::Root(error.to_string()))
}

fn text<'a>(bytes: &'a [u8], limit: usize, what: &'static str) -> Result<&'a str, Fault> {
    if bytes.len() > limit {
        return Err(Fault::TooLong(what));
    }
    std::str::from_utf8(bytes).map_err(|_| Fault::NotText(what))
}

/// Statements of other kinds may name the file as well, and say anything of it.
fn is_provenance(content: &SignatureContent) -> Result<bool, Fault> {
    let SignatureContent::DsseEnvelope(envelope) = content else { return Ok(false) };
    let statement: Statement = serde_json::from_slice(envelope.payload.as_bytes())
        .map_err(|error| Fault::Bundle(error.to_string()))?;
    if statement.predicate_type == PROVENANCE { Ok(true) } else { Err(Fault::Statement) }
}
