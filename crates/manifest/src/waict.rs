//! The manifest by which a browser could check every file of a site by itself.
//!
//! WAICT (Web Application Integrity, Consistency and Transparency) is a draft; this is its integrity
//! part, `draft-waict-integrity-v2` of 2026-04-15. Without a transparency proof in its own format,
//! `max-age` has to be 0: a browser checks what it loads, and remembers nothing.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::kind::FileKind;
use crate::manifest::{AssetEntry, ManifestError};
use crate::origin::Origin;

/// The header that names the manifest.
pub const WAICT_POLICY: &str = "Integrity-Policy-WAICT-v1";

/// The value of the header for a manifest at `path`.
#[must_use]
pub fn waict_policy(path: &str) -> String {
    format!("max-age=0, mode=enforce, manifest=\"{path}\"")
}

#[derive(Serialize)]
struct Waict<'a> {
    hashes: BTreeMap<String, String>,
    wasm_hashes: Vec<&'a str>,
}

/// The body of the manifest of these files: canonical JSON, and the line of a proof that it has not.
pub fn waict_manifest(
    origin: &Origin,
    assets: &[AssetEntry],
    wasm: &[String],
) -> Result<String, ManifestError> {
    let others = assets.iter().filter(|it| FileKind::of_path(&it.path) != Some(FileKind::Waict));
    // Whole addresses: the one form that is canonical wherever the manifest is read.
    let hashes =
        others.map(|it| (format!("{origin}{}", it.path), it.sha256.to_base64url())).collect();
    let mut wasm_hashes: Vec<_> = wasm.iter().map(String::as_str).collect();
    wasm_hashes.sort_unstable();
    wasm_hashes.dedup();
    Ok(serde_json::to_string(&Waict { hashes, wasm_hashes })? + "\n\n")
}
