//! What WEBCAT wants of an enrolled host, and whether a release gives it.
//!
//! WEBCAT, by the Freedom of the Press Foundation, is an extension for Firefox. Of an enrolled host it
//! lets nothing load but what a signed manifest lists, under the policies that stand there. The
//! formats and rules are those of `webcat-spec` (066b23c) and `webcat-cli` (002d30f), read as they
//! were published and written anew here. Signatures are made and verified with WEBCAT's own tools:
//! what is checked here is everything else.

mod csp;
mod enrolment;

use std::collections::BTreeMap;

use kms_manifest::{AssetEntry, FileKind, INERT_CSP, Manifest, Sha256};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::export;
use enrolment::Enrolment;

/// Where a host serves what the extension reads.
pub const BUNDLE_PATH: &str = "/.well-known/webcat/bundle.json";

/// Files beside it that enrolment, monitors and the change of an enrolment read.
pub const OTHER_PATHS: [&str; 4] = [
    "/.well-known/webcat/bundle-prev.json",
    "/.well-known/webcat/enrollment.json",
    "/.well-known/webcat/enrollment-prev.json",
    "/.well-known/webcat/manifest.json",
];

/// A bundle is refused unread beyond this many bytes.
pub const BUNDLE_LIMIT: usize = 512 * 1024;

/// What a folder is opened as.
const INDEX: &str = "index.html";

/// Why the extension would refuse the host, or the page in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The bundle is too long, not JSON, or a field has the wrong type.
    #[error("the bundle cannot be read: {0}")]
    Unreadable(String),
    /// A field of the enrolment breaks a rule.
    #[error("the enrolment's {0} is missing or not valid")]
    Enrolment(&'static str),
    /// There are not as many signatures as the enrolment asks for.
    #[error("the signatures are not those that the enrolment asks for")]
    Signatures,
    /// A field of the manifest breaks a rule.
    #[error("the manifest's {0} is missing or not valid")]
    Manifest(&'static str),
    /// A policy in the manifest may not be there.
    #[error("the policy of {path} is not allowed: {directive}")]
    Csp {
        /// Its key in the manifest.
        path: String,
        /// What breaks a rule.
        directive: String,
    },
    /// The release serves other bytes at this path, or nothing lists it.
    #[error("{0} is not in the manifest as it is served")]
    File(String),
    /// The release sends another policy with this path.
    #[error("{0} is served with another policy than the manifest's")]
    Policy(String),
    /// A module of the release may not be compiled.
    #[error("the manifest does not list wasm {0}")]
    Wasm(String),
    /// A header that the extension blocks.
    #[error("{path} is sent with a header that is blocked: {name}")]
    Header {
        /// Where it is sent.
        path: String,
        /// Its name.
        name: &'static str,
    },
}

/// WEBCAT's manifest. What is missing reads as empty, as the extension takes it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AppManifest {
    /// Address of the application.
    pub app: String,
    /// Its version.
    pub version: String,
    /// Policy of every path that has no other.
    pub default_csp: String,
    /// File that a folder is opened as.
    pub default_index: String,
    /// Path of what is sent for any other.
    pub default_fallback: String,
    /// Policies by path or by the start of paths.
    pub extra_csp: BTreeMap<String, String>,
    /// SHA-256 by path, base64url.
    pub files: BTreeMap<String, String>,
    /// SHA-256 of modules, base64url.
    pub wasm: Option<Vec<String>>,
    /// What its signatures are not older than, where they are of Sigsum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
}

/// A manifest as `webcat manifest sign` reads it.
#[derive(Debug, Serialize)]
pub(crate) struct Unsigned {
    pub(crate) manifest: AppManifest,
}

#[derive(Deserialize)]
struct Bundle {
    enrollment: Enrolment,
    manifest: AppManifest,
    signatures: Value,
}

impl AppManifest {
    /// The manifest of a release, if it has the page for WEBCAT.
    #[must_use]
    pub fn of(release: &Manifest) -> Option<Self> {
        release.asset(FileKind::Webcat)?;
        let mut files = BTreeMap::new();
        let mut extra_csp = BTreeMap::new();
        for asset in &release.assets {
            files.insert(opened_as(&asset.path), asset.sha256.to_base64url());
            let policy = policy_of(release, asset);
            // The page whose worker is made in the browser has a policy that no manifest may hold.
            if policy != INERT_CSP && FileKind::of_path(&asset.path) != Some(FileKind::Html) {
                extra_csp.insert(asset.path.clone(), policy.to_owned());
            }
        }
        let (not_found, page) = export::NOT_FOUND;
        files.insert(not_found.to_owned(), Sha256::of(page.as_bytes()).to_base64url());
        let mut wasm = release.wasm_hashes.clone();
        wasm.sort();
        Some(Self {
            app: release.deployment.origin.to_string(),
            version: release.version.clone(),
            default_csp: INERT_CSP.to_owned(),
            default_index: INDEX.to_owned(),
            default_fallback: not_found.to_owned(),
            extra_csp,
            files,
            wasm: Some(wasm),
            timestamp: None,
        })
    }

    /// The digest that the extension compares a path with.
    fn digest_of(&self, path: &str) -> Option<&String> {
        let folder = format!("{path}{}", self.default_index);
        let other = if path.ends_with('/') { &folder } else { &self.default_fallback };
        self.files.get(path).or_else(|| self.files.get(other))
    }

    /// The policy that the extension compares a path's with: of the path, of the longest start of it,
    /// or of all.
    fn policy_of(&self, path: &str) -> &str {
        let path = if path == "/" { &self.default_index } else { path };
        let starts = self.extra_csp.iter().filter(|(start, _)| path.starts_with(start.as_str()));
        let longest = starts.max_by_key(|(start, _)| start.len());
        longest.map_or(self.default_csp.as_str(), |(_, policy)| policy)
    }

    /// What breaks the rules of a manifest by itself.
    fn faults(&self) -> Vec<Fault> {
        let index = format!("/{}", self.default_index);
        let rules = [
            ("files", !self.files.is_empty()),
            ("default_csp", !self.default_csp.is_empty()),
            ("default_index", !self.default_index.is_empty() && self.files.contains_key(&index)),
            ("default_fallback", self.files.contains_key(&self.default_fallback)),
            ("wasm", self.wasm.is_some()),
            ("extra_csp", self.extra_csp.keys().all(|path| path.starts_with('/'))),
        ];
        let fields = rules.into_iter().filter(|(_, holds)| !holds);
        let mut faults: Vec<_> = fields.map(|(name, _)| Fault::Manifest(name)).collect();
        let whole = [("default_csp", &self.default_csp)];
        let parts = self.extra_csp.iter().map(|(path, policy)| (path.as_str(), policy));
        for (path, policy) in whole.into_iter().chain(parts) {
            faults.extend(
                csp::defects(policy)
                    .into_iter()
                    .map(|directive| Fault::Csp { path: path.to_owned(), directive }),
            );
        }
        faults
    }

    /// What a release serves otherwise than the manifest says.
    fn differences(&self, release: &Manifest) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.version != release.version {
            faults.push(Fault::Manifest("version"));
        }
        for asset in &release.assets {
            let path = &asset.path;
            if self.digest_of(path) != Some(&asset.sha256.to_base64url()) {
                faults.push(Fault::File(path.clone()));
            }
            let policy = policy_of(release, asset);
            let html = FileKind::of_path(path) == Some(FileKind::Html);
            if !html && self.policy_of(path) != policy {
                faults.push(Fault::Policy(path.clone()));
            }
            faults.extend(blocked(release, asset));
        }
        let listed = self.wasm.as_deref().unwrap_or_default();
        let missing = release.wasm_hashes.iter().filter(|digest| !listed.contains(digest));
        faults.extend(missing.map(|digest| Fault::Wasm(digest.clone())));
        faults
    }
}

/// Says why the extension would refuse a release with this bundle; nothing if it would not.
///
/// The page at `/` is the exception: with a worker that is made in the browser its policy cannot be in
/// a manifest, so whoever has the extension is sent to the page for WEBCAT instead.
#[must_use]
pub fn check(bundle: &[u8], release: &Manifest) -> Vec<Fault> {
    let bundle = match parse(bundle) {
        Ok(bundle) => bundle,
        Err(fault) => return vec![fault],
    };
    let mut faults = bundle.enrollment.faults();
    if !bundle.enrollment.is_signed_by(&bundle.signatures) {
        faults.push(Fault::Signatures);
    }
    if bundle.enrollment.needs_timestamp() && bundle.manifest.timestamp.is_none() {
        faults.push(Fault::Manifest("timestamp"));
    }
    faults.extend(bundle.manifest.faults());
    faults.extend(bundle.manifest.differences(release));
    faults
}

fn parse(bytes: &[u8]) -> Result<Bundle, Fault> {
    if bytes.len() > BUNDLE_LIMIT {
        return Err(Fault::Unreadable("too long".to_owned()));
    }
    serde_json::from_slice(bytes).map_err(|error| Fault::Unreadable(error.to_string()))
}

/// The key of a path in a manifest: a folder is listed by the file that it is opened as.
fn opened_as(path: &str) -> String {
    if path.ends_with('/') { format!("{path}{INDEX}") } else { path.to_owned() }
}

fn policy_of<'a>(release: &'a Manifest, asset: &AssetEntry) -> &'a str {
    header(release, asset, "Content-Security-Policy").unwrap_or_default()
}

fn header<'a>(release: &'a Manifest, asset: &AssetEntry, name: &str) -> Option<&'a str> {
    FileKind::of_path(&asset.path).and_then(|kind| release.headers.of(kind).value(name))
}

/// Headers that lead elsewhere, and that of a site which does not want its documents set apart.
fn blocked(release: &Manifest, asset: &AssetEntry) -> Option<Fault> {
    const CLUSTER: &str = "Origin-Agent-Cluster";
    let sent = |name: &&str| header(release, asset, name).is_some();
    let leads_away = ["Link", "Refresh", "Location"].into_iter().find(sent);
    let together = header(release, asset, CLUSTER).is_some_and(|value| value != "?1");
    let name = leads_away.or_else(|| together.then_some(CLUSTER))?;
    Some(Fault::Header { path: asset.path.clone(), name })
}
