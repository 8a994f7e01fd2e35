//! The release manifest: one RFC 8785 canonical JSON object without a clock.

use serde::{Deserialize, Serialize};

use crate::digest::{Sha256, Sha384};
use crate::headers::{HeaderError, HeaderSet};
use crate::origin::Origin;
use crate::validate::{is_commit, is_line, is_path, is_version};

/// Version of the manifest format.
pub const SCHEMA: u32 = 1;

/// A manifest is refused unread beyond this many bytes.
pub const MANIFEST_LIMIT: usize = 64 * 1024;

/// Where every deployment serves its manifest.
pub const MANIFEST_PATH: &str = "/.well-known/ats-kms/manifest.json";

/// The largest integer that JSON readers agree on (RFC 8785 §3.2.2.3): 2^53 - 1.
const INTEGER_LIMIT: u64 = (1 << 53) - 1;

/// What a release is, byte for byte and header for header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Format version, [`SCHEMA`].
    pub schema: u32,
    /// Release version.
    pub version: String,
    /// Counter that only grows; a client refuses a lower one than it has seen.
    pub epoch: u64,
    /// Source commit, or `unknown`.
    pub commit: String,
    /// The compiler that made the wasm.
    pub toolchain: String,
    /// Where it is served and who may embed it.
    pub deployment: Deployment,
    /// Every served file except this one, ordered by path.
    pub assets: Vec<AssetEntry>,
    /// Digest of the worker source inside the module.
    pub worker: Sha256,
    /// Digest of the wasm inside the module.
    pub wasm: Sha256,
    /// Exact response headers.
    pub headers: HeaderSet,
    /// SHA-256 of every wasm module, base64url, as a WAICT manifest lists them.
    pub wasm_hashes: Vec<String>,
    /// Digest of the previous release's manifest.
    pub previous: Option<Sha256>,
    /// What is known of other releases.
    pub status: Status,
}

/// The configuration compiled into a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deployment {
    /// Origin of the enclave.
    pub origin: Origin,
    /// Origins that may embed it.
    pub embedders: Vec<Origin>,
}

/// One served file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AssetEntry {
    /// Absolute path on the origin.
    pub path: String,
    /// SHA-256 of the body before content coding.
    pub sha256: Sha256,
    /// SHA-384 of the same bytes, as `integrity` and CSP use it.
    pub sha384: Sha384,
    /// Length of the body in bytes.
    pub size: u64,
    /// Exact `Content-Type`.
    pub media_type: String,
}

/// Releases by manifest digest.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// In use.
    pub allowed: Vec<Sha256>,
    /// Still run, but to be replaced.
    pub deprecated: Vec<Sha256>,
    /// Must not run.
    pub revoked: Vec<Sha256>,
}

/// What the running enclave reports of itself, as the release promises it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Measurement {
    /// Digest of the worker source.
    pub worker: Sha256,
    /// Digest of the wasm.
    pub wasm: Sha256,
}

/// Why bytes are not a manifest.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// Longer than [`MANIFEST_LIMIT`].
    #[error("the manifest is longer than {MANIFEST_LIMIT} bytes")]
    TooLong,
    /// Not JSON, a field missing, unknown or of the wrong form.
    #[error("the manifest does not parse: {0}")]
    Json(#[from] serde_json::Error),
    /// Not the canonical spelling of its content.
    #[error("the manifest is not in RFC 8785 canonical form")]
    NotCanonical,
    /// A field breaks a rule.
    #[error("the manifest's {0} is invalid")]
    Field(&'static str),
    /// A header cannot be sent.
    #[error("the manifest lists an {0}")]
    Header(#[from] HeaderError),
}

/// The content address of a release: the first 16 hexadecimal digits of its module's SHA-256.
#[must_use]
pub fn release_id(module: &[u8]) -> String {
    let mut hex = Sha256::of(module).to_hex();
    hex.truncate(16);
    hex
}

impl Manifest {
    /// Parses exactly the bytes that [`Manifest::to_bytes`] writes and nothing else.
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        if bytes.len() > MANIFEST_LIMIT {
            return Err(ManifestError::TooLong);
        }
        let manifest: Self = serde_json::from_slice(bytes)?;
        manifest.check()?;
        if manifest.to_bytes()? == bytes { Ok(manifest) } else { Err(ManifestError::NotCanonical) }
    }

    /// The canonical bytes (RFC 8785).
    pub fn to_bytes(&self) -> Result<Vec<u8>, ManifestError> {
        Ok(json_canon::to_vec(self)?)
    }

    /// Digest of the canonical bytes: the release's identity.
    pub fn digest(&self) -> Result<Sha256, ManifestError> {
        Ok(Sha256::of(&self.to_bytes()?))
    }

    /// What the running enclave must report of itself.
    #[must_use]
    pub fn measurement(&self) -> Measurement {
        Measurement { worker: self.worker, wasm: self.wasm }
    }

    /// The entry of a path.
    #[must_use]
    pub fn asset(&self, path: &str) -> Option<&AssetEntry> {
        self.assets.iter().find(|asset| asset.path == path)
    }

    /// The frame page.
    #[must_use]
    pub fn html(&self) -> Option<&AssetEntry> {
        self.asset("/")
    }

    /// The module: the one asset beside the frame page.
    #[must_use]
    pub fn module(&self) -> Option<&AssetEntry> {
        self.assets.iter().find(|asset| asset.path != "/")
    }

    /// Checks the rules that the types do not carry.
    pub fn check(&self) -> Result<(), ManifestError> {
        let rules = [
            ("schema", self.schema == SCHEMA),
            ("version", is_version(&self.version)),
            ("epoch", self.epoch <= INTEGER_LIMIT),
            ("commit", is_commit(&self.commit)),
            ("toolchain", is_line(&self.toolchain)),
            ("embedder list", strictly_ordered(&self.deployment.embedders)),
            ("asset list", self.assets_are_sound()),
            ("wasm_hashes", self.wasm_hashes == [self.wasm.to_base64url()]),
        ];
        if let Some((name, _)) = rules.iter().find(|(_, holds)| !holds) {
            return Err(ManifestError::Field(name));
        }
        for headers in [&self.headers.html, &self.headers.module, &self.headers.manifest] {
            headers.check()?;
        }
        Ok(())
    }

    /// Exactly the frame page and one content-addressed module, in order.
    fn assets_are_sound(&self) -> bool {
        let [html, module] = self.assets.as_slice() else { return false };
        let mut id = module.sha256.to_hex();
        id.truncate(16);
        html.path == "/"
            && is_path(&module.path)
            && module.path == format!("/r/{id}/enclave.js")
            && self
                .assets
                .iter()
                .all(|asset| asset.size <= INTEGER_LIMIT && is_line(&asset.media_type))
    }
}

fn strictly_ordered<T: Ord>(items: &[T]) -> bool {
    items.is_sorted_by(|a, b| a < b)
}
