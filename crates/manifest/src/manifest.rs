//! The release manifest: one RFC 8785 canonical JSON object without a clock.

use serde::{Deserialize, Serialize};

use crate::digest::{Sha256, Sha384};
use crate::headers::{HeaderError, HeaderSet, Scripts};
use crate::kind::FileKind;
use crate::origin::Origin;
use crate::validate::{is_commit, is_line, is_version};
use crate::waict::{WAICT_POLICY, waict_manifest, waict_policy};

/// Version of the manifest format.
pub const SCHEMA: u32 = 1;

/// A manifest is refused unread beyond this many bytes.
pub const MANIFEST_LIMIT: usize = 64 * 1024;

/// The largest integer that JSON readers agree on (RFC 8785 §3.2.2.3): 2^53 - 1.
const INTEGER_LIMIT: u64 = (1 << 53) - 1;

/// What a release is, byte for byte and header for header. Here and in all that it holds, members stand in
/// the order of their names: that is the order of RFC 8785, in which they are written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Manifest {
    /// Every served file except this one, ordered by path.
    pub assets: Vec<AssetEntry>,
    /// Source commit, or `unknown`.
    pub commit: String,
    /// Where it is served and who may embed it.
    pub deployment: Deployment,
    /// Counter that only grows; a client refuses a lower one than it has seen.
    pub epoch: u64,
    /// Exact response headers.
    pub headers: HeaderSet,
    /// Digest of the previous release's manifest.
    pub previous: Option<Sha256>,
    /// Format version, [`SCHEMA`].
    pub schema: u32,
    /// What is known of other releases.
    pub status: Status,
    /// The compiler that made the wasm.
    pub toolchain: String,
    /// Digests of what is inside the tools script.
    pub tools: Measurement,
    /// Release version.
    pub version: String,
    /// Digest of the wasm inside the module.
    pub wasm: Sha256,
    /// SHA-256 of every wasm module, base64url, as a WAICT manifest lists them.
    pub wasm_hashes: Vec<String>,
    /// Digest of the worker source inside the module.
    pub worker: Sha256,
}

/// The configuration compiled into a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Deployment {
    /// Origins that may embed it.
    pub embedders: Vec<Origin>,
    /// Origin of the enclave.
    pub origin: Origin,
    /// Whose word against a release the enclave honours, if it knows any signers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signers: Option<SigningKeys>,
}

/// Who signs statements about releases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct SigningKeys {
    /// Verifier keys of notes (C2SP signed-note).
    pub keys: Vec<String>,
    /// How many of them have to.
    pub threshold: usize,
}

/// One served file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct AssetEntry {
    /// Exact `Content-Type`.
    pub media_type: String,
    /// Absolute path on the origin.
    pub path: String,
    /// SHA-256 of the body before content coding.
    pub sha256: Sha256,
    /// SHA-384 of the same bytes, as `integrity` and CSP use it.
    pub sha384: Sha384,
    /// Length of the body in bytes.
    pub size: u64,
}

/// Releases by manifest digest.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Status {
    /// In use.
    pub allowed: Vec<Sha256>,
    /// Still run, but to be replaced.
    pub deprecated: Vec<Sha256>,
    /// Must not run.
    pub revoked: Vec<Sha256>,
}

/// What is inside a script that starts a worker with a wasm module. Of the frame's module it is
/// also what the running enclave reports of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Measurement {
    /// Digest of the wasm.
    pub wasm: Sha256,
    /// Digest of the worker source.
    pub worker: Sha256,
}

crate::read_from_objects!(Manifest, Deployment, SigningKeys, AssetEntry, Status, Measurement);
crate::written_as_derived!(Manifest, Deployment, SigningKeys, AssetEntry, Status, Measurement);

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

    /// The canonical bytes (RFC 8785): for texts, whole numbers below 2^53 and members in order, those are
    /// what JSON is written as without spaces.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ManifestError> {
        Ok(serde_json::to_vec(self)?)
    }

    /// Digest of the canonical bytes: the release's identity.
    pub fn digest(&self) -> Result<Sha256, ManifestError> {
        Ok(Sha256::of(&self.to_bytes()?))
    }

    /// Digests of every wasm module of the release.
    #[must_use]
    pub fn wasm_digests(&self) -> [Sha256; 2] {
        [self.wasm, self.tools.wasm]
    }

    /// What is inside a script of this kind, if anything is.
    #[must_use]
    pub fn measurement(&self, kind: FileKind) -> Option<Measurement> {
        match kind {
            FileKind::Module => Some(Measurement { worker: self.worker, wasm: self.wasm }),
            FileKind::Tools => Some(self.tools),
            // Its worker is a file of its own.
            FileKind::WebcatModule => {
                Some(Measurement { worker: Sha256::of(b""), wasm: self.wasm })
            }
            _ => None,
        }
    }

    /// The one file of a kind.
    #[must_use]
    pub fn asset(&self, kind: FileKind) -> Option<&AssetEntry> {
        self.assets.iter().find(|asset| FileKind::of_path(&asset.path) == Some(kind))
    }

    /// Digests of the scripts that the pages may run.
    #[must_use]
    pub fn scripts(&self) -> Option<Scripts> {
        let digest = |kind| self.asset(kind).map(|asset| asset.sha384);
        Some(Scripts {
            module: digest(FileKind::Module)?,
            tools: digest(FileKind::Tools)?,
            enrol: digest(FileKind::EnrolScript)?,
        })
    }

    /// Digests of the scripts that the page for WEBCAT may run, where there is one.
    #[must_use]
    pub fn webcat_scripts(&self) -> Option<Scripts> {
        Some(Scripts { module: self.asset(FileKind::WebcatModule)?.sha384, ..self.scripts()? })
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
            ("headers", self.headers_fit()),
            ("WAICT manifest", self.waict_is_named()),
            ("wasm_hashes", self.wasm_hashes == self.wasm_digests().map(|it| it.to_base64url())),
        ];
        if let Some((name, _)) = rules.iter().find(|(_, holds)| !holds) {
            return Err(ManifestError::Field(name));
        }
        for kind in FileKind::ASSETS
            .into_iter()
            .chain(FileKind::WEBCAT)
            .chain([FileKind::Waict, FileKind::Manifest])
        {
            self.headers.of(kind).check()?;
        }
        Ok(())
    }

    /// Checks that the WAICT manifest lists what this one does. Apart from [`Self::check`]: whoever
    /// serves or watches a release asks for it, and a verifier in a page has no use for it.
    pub fn check_waict(&self) -> Result<(), ManifestError> {
        let Some(asset) = self.asset(FileKind::Waict) else { return Ok(()) };
        let body = waict_manifest(&self.deployment.origin, &self.assets, &self.wasm_hashes)?;
        let same = asset.sha256 == Sha256::of(body.as_bytes());
        if same { Ok(()) } else { Err(ManifestError::Field("WAICT manifest")) }
    }

    /// Exactly one file of each kind, at the path of its kind and content, in order. Those for
    /// WEBCAT are there together or not at all, and their workers are those of the scripts.
    fn assets_are_sound(&self) -> bool {
        let sound = |asset: &AssetEntry| {
            FileKind::of_path(&asset.path).is_some_and(|kind| {
                kind.path(&asset.sha256) == asset.path
                    && kind.media_type() == asset.media_type
                    && asset.size <= INTEGER_LIMIT
            })
        };
        let is = |kind, digest| self.asset(kind).is_none_or(|asset| asset.sha256 == digest);
        let listed = |kind: &FileKind| self.asset(*kind).is_some();
        let more = FileKind::WEBCAT.iter().filter(|kind| listed(kind)).count();
        let waict = usize::from(listed(&FileKind::Waict));
        self.assets.is_sorted_by(|a, b| a.path < b.path)
            && self.assets.len() == FileKind::ASSETS.len() + more + waict
            && [0, FileKind::WEBCAT.len()].contains(&more)
            && FileKind::ASSETS.iter().all(listed)
            && self.assets.iter().all(sound)
            && is(FileKind::Worker, self.worker)
            && is(FileKind::ToolsWorker, self.tools.worker)
    }

    /// What is not served has no headers.
    fn headers_fit(&self) -> bool {
        let fits = |kind| self.asset(kind).is_some() != self.headers.of(kind).is_empty();
        [FileKind::Webcat, FileKind::Worker, FileKind::Waict].into_iter().all(fits)
    }

    /// Every page names the WAICT manifest, if there is one.
    fn waict_is_named(&self) -> bool {
        let named = self.asset(FileKind::Waict).map(|asset| waict_policy(&asset.path));
        let pages =
            [FileKind::Html, FileKind::Enrol, FileKind::Webcat].map(|it| self.headers.of(it));
        let mut pages = pages.into_iter().filter(|headers| !headers.is_empty());
        pages.all(|headers| headers.value(WAICT_POLICY) == named.as_deref())
    }
}

fn strictly_ordered<T: Ord>(items: &[T]) -> bool {
    items.is_sorted_by(|a, b| a < b)
}
