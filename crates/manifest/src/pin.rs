//! The pin: what an embedder keeps of a release at build time.

use serde::{Deserialize, Serialize};

use crate::csp::{Csp, enclave_csp, webcat_csp};
use crate::digest::{Sha256, Sha384};
use crate::kind::FileKind;
use crate::manifest::{Manifest, ManifestError};
use crate::origin::Origin;

/// The content of `pin.json`. Not secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Pin {
    /// Release version.
    pub version: String,
    /// Origin of the enclave.
    pub url: Origin,
    /// Digest of the manifest's bytes.
    pub manifest: Sha256,
    /// Value of `iframe.csp`: the frame's policy without `frame-ancestors` and `sandbox`.
    pub csp: String,
    /// The frame's one module.
    pub module: PinnedScript,
    /// The backup tools, which the frame runs when they are needed.
    pub tools: PinnedScript,
    /// Digest of the frame page.
    pub html: Sha256,
    /// Digest of the worker source inside the module.
    pub worker: Sha256,
    /// Digest of the wasm inside the module.
    pub wasm: Sha256,
    /// Whether the frame is the page for WEBCAT.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub webcat: bool,
}

/// A pinned script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct PinnedScript {
    /// Absolute path on the origin.
    pub path: String,
    /// SRI digest.
    pub integrity: Sha384,
}

crate::read_from_objects!(Pin, PinnedScript);
crate::written_as_derived!(Pin, PinnedScript);

/// Why there is no pin.
#[derive(Debug, thiserror::Error)]
pub enum PinError {
    /// Not JSON, a field missing, unknown or of the wrong form.
    #[error("the pin does not parse: {0}")]
    Json(#[from] serde_json::Error),
    /// The manifest cannot be pinned.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
}

/// A manifest that passes its check lists every file.
const NO_SUCH_FILE: ManifestError = ManifestError::Field("asset list");

impl Pin {
    /// The pin of a release.
    pub fn of(manifest: &Manifest) -> Result<Self, PinError> {
        manifest.check()?;
        let scripts = manifest.scripts().ok_or(NO_SUCH_FILE)?;
        let policy = enclave_csp(&scripts, &manifest.deployment.embedders);
        Self::of_page(manifest, [FileKind::Html, FileKind::Module], &policy)
    }

    /// The pin of its page for WEBCAT, if it has one.
    pub fn of_webcat(manifest: &Manifest) -> Result<Option<Self>, PinError> {
        manifest.check()?;
        let Some(scripts) = manifest.webcat_scripts() else { return Ok(None) };
        let policy = webcat_csp(&scripts, &manifest.deployment.embedders);
        let pin = Self::of_page(manifest, [FileKind::Webcat, FileKind::WebcatModule], &policy)?;
        Ok(Some(Self { webcat: true, ..pin }))
    }

    fn of_page(
        manifest: &Manifest,
        [page, module]: [FileKind; 2],
        policy: &Csp,
    ) -> Result<Self, PinError> {
        let asset = |kind| manifest.asset(kind).ok_or(NO_SUCH_FILE);
        let script = |kind| {
            asset(kind)
                .map(|script| PinnedScript { path: script.path.clone(), integrity: script.sha384 })
        };
        Ok(Self {
            version: manifest.version.clone(),
            url: manifest.deployment.origin.clone(),
            manifest: manifest.digest()?,
            csp: policy.embedder_csp().to_string(),
            module: script(module)?,
            tools: script(FileKind::Tools)?,
            html: asset(page)?.sha256,
            worker: manifest.worker,
            wasm: manifest.wasm,
            webcat: false,
        })
    }

    /// Reads `pin.json`.
    pub fn parse(bytes: &[u8]) -> Result<Self, PinError> {
        Ok(serde_json::from_slice(bytes)?)
    }

    /// Writes `pin.json`, indented for people.
    pub fn to_json(&self) -> Result<String, PinError> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}
