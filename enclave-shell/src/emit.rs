//! From sources and a deployment to the exact files and headers of a release.

use std::collections::BTreeMap;

use kms_manifest::{
    AssetEntry, FileKind, HeaderSet, Headers, MANIFEST_PATH, Manifest, Origin, Pin, SCHEMA, Sha256,
    Sha384, Status, release_id,
};

use crate::assemble;
use crate::compress;
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
}

pub(crate) fn parse_origin(text: &str) -> Result<Origin, Error> {
    text.parse().map_err(|error: kms_manifest::OriginError| Error::Deployment {
        what: text.to_owned(),
        why: error.to_string(),
    })
}

/// A content coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Brotli (RFC 7932).
    Brotli,
    /// gzip (RFC 1952).
    Gzip,
}

impl Encoding {
    /// Every coding, the preferred one first.
    pub const ALL: [Self; 2] = [Self::Brotli, Self::Gzip];

    /// The name in `Accept-Encoding` and `Content-Encoding`.
    #[must_use]
    pub fn token(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    /// The ending of a precompressed sibling file.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gz",
        }
    }

    pub(crate) fn encode(self, bytes: &[u8]) -> Result<Vec<u8>, Error> {
        match self {
            Self::Brotli => compress::brotli(bytes),
            Self::Gzip => compress::gzip(bytes),
        }
        .map_err(Error::Compress)
    }

    pub(crate) fn decode(self, bytes: &[u8], limit: u64) -> std::io::Result<Vec<u8>> {
        match self {
            Self::Brotli => compress::unbrotli(bytes, limit),
            Self::Gzip => compress::gunzip(bytes, limit),
        }
    }
}

/// One served file. The fields are plain data: what they hold is what is served, right or wrong.
#[derive(Debug, Clone)]
pub struct Asset {
    /// The body.
    pub bytes: Vec<u8>,
    /// `Content-Type`; not sent if empty.
    pub media_type: String,
    /// Every other header.
    pub headers: Headers,
    /// Whether this is the frame page, which only embedders may load.
    pub frame: bool,
    encodings: Vec<(Encoding, Vec<u8>)>,
    encoded: Option<Sha256>,
}

impl Asset {
    /// A file that is served as it is.
    #[must_use]
    pub fn new(bytes: Vec<u8>, media_type: &str, headers: Headers) -> Self {
        let (encodings, encoded) = (Vec::new(), None);
        Self { bytes, media_type: media_type.to_owned(), headers, frame: false, encodings, encoded }
    }

    /// Adds precompressed forms of the present bytes.
    pub(crate) fn with_encodings(mut self, encodings: Vec<(Encoding, Vec<u8>)>) -> Self {
        self.encoded = Some(Sha256::of(&self.bytes));
        self.encodings = encodings;
        self
    }

    /// The precompressed forms, unless the bytes were changed after compressing.
    #[must_use]
    pub fn encodings(&self) -> &[(Encoding, Vec<u8>)] {
        if self.encoded == Some(Sha256::of(&self.bytes)) { &self.encodings } else { &[] }
    }

    /// A file of a release: its headers from the header set, its content type apart.
    pub(crate) fn of_kind(bytes: Vec<u8>, kind: FileKind, headers: &Headers) -> Self {
        let mut headers = headers.clone();
        let media_type = headers.remove("Content-Type").unwrap_or_default();
        let mut asset = Self::new(bytes, &media_type, headers);
        asset.frame = kind == FileKind::Html;
        asset
    }

    fn compressed(self) -> Result<Self, Error> {
        let mut encodings = Vec::new();
        for encoding in Encoding::ALL {
            encodings.push((encoding, encoding.encode(&self.bytes)?));
        }
        Ok(self.with_encodings(encodings))
    }
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

/// Emits a release. The same input gives the same bytes, everywhere and at any time.
pub fn emit(sources: &Sources, deployment: &Deployment) -> Result<Emitted, Error> {
    let embedders = deployment.sorted_embedders()?;
    let module = assemble::module(sources, &deployment.version, &deployment.origin, &embedders)?;
    let script = module.source.into_bytes();
    let path = format!("/r/{}/enclave.js", release_id(&script));
    let integrity = Sha384::of(&script);
    let page = html::render(&path, &integrity).into_bytes();
    let manifest = Manifest {
        schema: SCHEMA,
        version: deployment.version.clone(),
        epoch: deployment.epoch,
        commit: deployment.commit.clone(),
        toolchain: deployment.toolchain.clone(),
        assets: vec![entry("/", &page, FileKind::Html), entry(&path, &script, FileKind::Module)],
        worker: module.measurement.worker,
        wasm: module.measurement.wasm,
        headers: HeaderSet::new(&deployment.origin, &embedders, &integrity),
        wasm_hashes: vec![module.measurement.wasm.to_base64url()],
        previous: None,
        status: Status::default(),
        deployment: kms_manifest::Deployment { origin: deployment.origin.clone(), embedders },
    };
    let pin = Pin::of(&manifest)?;
    let set = &manifest.headers;
    let files = [
        ("/".to_owned(), Asset::of_kind(page, FileKind::Html, &set.html)),
        (path, Asset::of_kind(script, FileKind::Module, &set.module)),
        (
            MANIFEST_PATH.to_owned(),
            Asset::of_kind(manifest.to_bytes()?, FileKind::Manifest, &set.manifest),
        ),
    ]
    .into_iter()
    .map(|(path, asset)| Ok((path, asset.compressed()?)))
    .collect::<Result<_, Error>>()?;
    Ok(Emitted { files, manifest, pin })
}

fn entry(path: &str, bytes: &[u8], kind: FileKind) -> AssetEntry {
    AssetEntry {
        path: path.to_owned(),
        sha256: Sha256::of(bytes),
        sha384: Sha384::of(bytes),
        size: bytes.len() as u64,
        media_type: kind.media_type().to_owned(),
    }
}
