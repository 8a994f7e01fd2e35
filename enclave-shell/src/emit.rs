//! From sources and a deployment to the exact files and headers of a release.

use std::collections::BTreeMap;

use kms_manifest::{
    AssetEntry, FileKind, HeaderSet, MANIFEST_PATH, Manifest, Origin, Pin, SCHEMA, Scripts, Sha256,
    Sha384, SigningKeys, Status, waict_manifest,
};

use crate::assemble;
use crate::asset::Asset;
use crate::error::Error;
use crate::html;
use crate::sources::Sources;

/// Where an enclave is served, who may embed it, and what it is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// Origin of the enclave.
    pub origin: Origin,
    /// Origins that may embed it.
    pub embedders: Vec<Origin>,
    /// Release version.
    pub version: String,
    /// Release counter.
    pub epoch: u64,
    /// Source commit, or `unknown`.
    pub commit: String,
    /// The compiler that made the wasm.
    pub toolchain: String,
    /// Digest of the previous release's manifest.
    pub previous: Option<Sha256>,
    /// What is known of other releases.
    pub status: Status,
    /// Whose word against a release the enclave honours.
    pub signers: Option<SigningKeys>,
    /// Whether it has a frame page for WEBCAT.
    pub webcat: bool,
}

impl Deployment {
    /// A deployment of this version, the first of its epoch count, from an unknown commit.
    pub fn new<S: AsRef<str>>(origin: &str, embedders: &[S]) -> Result<Self, Error> {
        let mut parsed = Vec::new();
        for embedder in embedders {
            parsed.push(parse_origin(embedder.as_ref())?);
        }
        Ok(Self {
            origin: parse_origin(origin)?,
            embedders: parsed,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            epoch: 1,
            commit: "unknown".to_owned(),
            toolchain: env!("KMS_TOOLCHAIN").to_owned(),
            previous: None,
            status: Status::default(),
            signers: None,
            webcat: false,
        })
    }

    /// The embedders in the one order that a release records.
    fn sorted_embedders(&self) -> Result<Vec<Origin>, Error> {
        let mut embedders = self.embedders.clone();
        embedders.sort();
        embedders.dedup();
        let why = match embedders.as_slice() {
            [] => "at least one embedder is needed",
            list if list.contains(&self.origin) => "the enclave cannot embed itself",
            _ => return Ok(embedders),
        };
        Err(Error::Deployment { what: "embedder".to_owned(), why: why.to_owned() })
    }

    /// The enclave would not start with signers that cannot be.
    fn check_signers(&self) -> Result<(), Error> {
        let sound = |named| kms_verify::Signers::named(named).is_some();
        if self.signers.as_ref().is_none_or(sound) {
            return Ok(());
        }
        let why = "they cannot be signers".to_owned();
        Err(Error::Deployment { what: "signers".to_owned(), why })
    }
}

pub(crate) fn parse_origin(text: &str) -> Result<Origin, Error> {
    text.parse().map_err(|error: kms_manifest::OriginError| Error::Deployment {
        what: text.to_owned(),
        why: error.to_string(),
    })
}

/// A release ready to be served or written to a folder.
#[derive(Debug, Clone)]
pub struct Emitted {
    /// Every served file by path, the manifest included.
    pub files: BTreeMap<String, Asset>,
    /// What the release promises.
    pub manifest: Manifest,
    /// What an embedder keeps of it.
    pub pin: Pin,
}

/// A file before it has headers.
struct Body {
    kind: FileKind,
    path: String,
    bytes: Vec<u8>,
}

impl Body {
    fn new(kind: FileKind, text: String) -> Self {
        let bytes = text.into_bytes();
        Self { kind, path: kind.path(&Sha256::of(&bytes)), bytes }
    }

    fn integrity(&self) -> Sha384 {
        Sha384::of(&self.bytes)
    }

    fn entry(&self) -> AssetEntry {
        AssetEntry {
            path: self.path.clone(),
            sha256: Sha256::of(&self.bytes),
            sha384: self.integrity(),
            size: self.bytes.len() as u64,
            media_type: self.kind.media_type().to_owned(),
        }
    }
}

/// Emits a release. The same input gives the same bytes, everywhere and at any time.
pub fn emit(sources: &Sources, deployment: &Deployment) -> Result<Emitted, Error> {
    let mut emitted = emit_plain(sources, deployment)?;
    for asset in emitted.files.values_mut() {
        *asset = asset.clone().compressed()?;
    }
    Ok(emitted)
}

/// The same release without compressed forms, for hosts that have none or make their own: what is
/// pinned is the same, and it is there at once.
pub fn emit_plain(sources: &Sources, deployment: &Deployment) -> Result<Emitted, Error> {
    let embedders = deployment.sorted_embedders()?;
    deployment.check_signers()?;
    let assemble::Script { source, measurement: tools_inside } = assemble::tools(&sources.tools)?;
    let tools = Body::new(FileKind::Tools, source);
    let release = assemble::Release {
        version: &deployment.version,
        origin: &deployment.origin,
        embedders: &embedders,
        signers: deployment.signers.as_ref(),
        tools_url: &tools.path,
        tools_integrity: tools.integrity(),
        tools_inside,
        workers: None,
    };
    let assemble::Script { source, measurement: inside } = assemble::module(sources, &release)?;
    let module = Body::new(FileKind::Module, source);
    let enrol = Body::new(FileKind::EnrolScript, assemble::enrol(&sources.enrol, &release)?);
    let scripts =
        Scripts { module: module.integrity(), tools: tools.integrity(), enrol: enrol.integrity() };
    let page = html::frame(&module.path, &scripts.module);
    let enrol_page = html::enrol(&enrol.path, &scripts.enrol);
    let mut headers = HeaderSet::new(&deployment.origin, &embedders, &scripts);
    let mut bodies = Vec::new();
    if deployment.webcat {
        let (for_webcat, module) = for_webcat(sources, &release)?;
        let scripts = Scripts { module, ..scripts };
        headers = headers.with_webcat(&deployment.origin, &embedders, &scripts);
        bodies.extend(for_webcat);
    }
    let pages = [Body::new(FileKind::Html, page), Body::new(FileKind::Enrol, enrol_page)];
    bodies.extend(pages.into_iter().chain([module, tools, enrol]));
    let wasm_hashes = [inside.wasm, tools_inside.wasm].map(|it| it.to_base64url()).to_vec();
    let listed: Vec<_> = bodies.iter().map(Body::entry).collect();
    let waict = waict_manifest(&deployment.origin, &listed, &wasm_hashes)?;
    let waict = Body::new(FileKind::Waict, waict);
    headers = headers.with_waict(&deployment.origin, &waict.path);
    bodies.push(waict);
    bodies.sort_by(|a, b| a.path.cmp(&b.path));
    let manifest = Manifest {
        schema: SCHEMA,
        version: deployment.version.clone(),
        epoch: deployment.epoch,
        commit: deployment.commit.clone(),
        toolchain: deployment.toolchain.clone(),
        assets: bodies.iter().map(Body::entry).collect(),
        worker: inside.worker,
        wasm: inside.wasm,
        tools: tools_inside,
        headers,
        wasm_hashes,
        previous: deployment.previous,
        status: deployment.status.clone(),
        deployment: kms_manifest::Deployment {
            origin: deployment.origin.clone(),
            embedders,
            signers: deployment.signers.clone(),
        },
    };
    dress(bodies, manifest)
}

/// The page for WEBCAT with its module and the workers that it starts, and the module's digest.
fn for_webcat(
    sources: &Sources,
    release: &assemble::Release<'_>,
) -> Result<(Vec<Body>, Sha384), Error> {
    let worker = Body::new(FileKind::Worker, assemble::worker(&sources.enclave)?);
    let tools = Body::new(FileKind::ToolsWorker, assemble::worker(&sources.tools)?);
    let workers = Some([worker.path.as_str(), tools.path.as_str()]);
    let script = assemble::module(sources, &assemble::Release { workers, ..*release })?;
    let module = Body::new(FileKind::WebcatModule, script.source);
    let integrity = module.integrity();
    let page = Body::new(FileKind::Webcat, html::frame(&module.path, &integrity));
    Ok((vec![page, module, worker, tools], integrity))
}

/// Gives every file, the manifest included, its headers.
fn dress(bodies: Vec<Body>, manifest: Manifest) -> Result<Emitted, Error> {
    let pin = Pin::of(&manifest)?;
    let bytes = manifest.to_bytes()?;
    let own = Body { kind: FileKind::Manifest, path: MANIFEST_PATH.to_owned(), bytes };
    let mut files = BTreeMap::new();
    for Body { kind, path, bytes } in bodies.into_iter().chain([own]) {
        files.insert(path, Asset::of_kind(bytes, kind, manifest.headers.of(kind)));
    }
    Ok(Emitted { files, manifest, pin })
}
