//! A release as a folder that any static host can serve.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use kms_manifest::{FileKind, MANIFEST_PATH, Manifest, Pin, Sha256};

use crate::asset::{Asset, Encoding};
use crate::earlier;
use crate::emit::Emitted;
use crate::error::Error;
use crate::export;
use crate::transparency::publish::{PROOF_PATH, REVOCATIONS_PATH};
use crate::webcat::{self, AppManifest};

const PIN_FILE: &str = "pin.json";
/// The pin of the page for WEBCAT.
const WEBCAT_PIN_FILE: &str = "pin-webcat.json";
/// What is to be signed for WEBCAT; no more served than the pins.
const WEBCAT_FILE: &str = "webcat-manifest.json";
const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";

/// The file that holds a path's body.
fn file_of(dir: &Path, path: &str) -> PathBuf {
    dir.join(export::file_name(path).trim_start_matches('/'))
}

/// The precompressed sibling of a file.
fn sibling(file: &Path, encoding: Encoding) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(encoding.extension());
    PathBuf::from(name)
}

/// What an emitted folder holds for WEBCAT beside what is served, by name.
fn for_webcat(manifest: &Manifest) -> Result<Vec<(&'static str, String)>, Error> {
    let (pin, app) = (Pin::of_webcat(manifest)?, AppManifest::of(manifest));
    let (Some(pin), Some(manifest)) = (pin, app) else { return Ok(Vec::new()) };
    let unsigned = serde_json::to_string_pretty(&webcat::Unsigned { manifest })? + "\n";
    Ok(vec![(WEBCAT_PIN_FILE, pin.to_json()?), (WEBCAT_FILE, unsigned)])
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(Error::file(parent))?;
    }
    fs::write(path, bytes).map_err(Error::file(path))
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(Error::file(path))
}

impl Emitted {
    /// Writes every file, its precompressed siblings, the pin and header files for common hosts.
    pub fn write_to(&self, dir: &Path) -> Result<(), Error> {
        for (path, asset) in &self.files {
            let file = file_of(dir, path);
            write(&file, &asset.bytes)?;
            for (encoding, bytes) in asset.encodings() {
                write(&sibling(&file, *encoding), bytes)?;
            }
        }
        let (not_found, page) = export::NOT_FOUND;
        write(&file_of(dir, not_found), page.as_bytes())?;
        write(&dir.join(PIN_FILE), self.pin.to_json()?.as_bytes())?;
        for (name, text) in for_webcat(&self.manifest)? {
            write(&dir.join(name), text.as_bytes())?;
        }
        write(&dir.join("_headers"), export::headers_file(self).as_bytes())?;
        write(&dir.join("headers.json"), export::headers_json(self)?.as_bytes())?;
        write(&dir.join("nginx.conf"), export::nginx(self).as_bytes())
    }

    /// Reads a folder back and refuses any file that differs from the manifest in it.
    pub fn load(dir: &Path) -> Result<Self, Error> {
        let bytes = read(&file_of(dir, MANIFEST_PATH))?;
        let manifest = Manifest::parse(&bytes)?;
        manifest.check_waict()?;
        let pin = Pin::of(&manifest)?;
        if Pin::parse(&read(&dir.join(PIN_FILE))?)? != pin {
            return Err(Error::Altered(PIN_FILE.to_owned()));
        }
        for (name, text) in for_webcat(&manifest)? {
            if read(&dir.join(name))? != text.as_bytes() {
                return Err(Error::Altered(name.to_owned()));
            }
        }
        let mut files = BTreeMap::new();
        for entry in &manifest.assets {
            let altered = || Error::Altered(entry.path.clone());
            let kind = FileKind::of_path(&entry.path).ok_or_else(altered)?;
            let body = read(&file_of(dir, &entry.path))?;
            if Sha256::of(&body) != entry.sha256 {
                return Err(altered());
            }
            let asset = Asset::of_kind(body, kind, manifest.headers.of(kind));
            files.insert(entry.path.clone(), with_siblings(asset, dir, &entry.path)?);
        }
        let asset = Asset::of_kind(bytes, FileKind::Manifest, &manifest.headers.manifest);
        files.insert(MANIFEST_PATH.to_owned(), with_siblings(asset, dir, MANIFEST_PATH)?);
        for Beside { path, bytes, media_type } in beside(dir)? {
            if path == webcat::BUNDLE_PATH
                && let Some(fault) = webcat::check(&bytes, &manifest).into_iter().next()
            {
                return Err(Error::Webcat(fault));
            }
            let mut asset = Asset::of_kind(bytes, FileKind::Manifest, &manifest.headers.manifest);
            media_type.clone_into(&mut asset.media_type);
            files.insert(path, asset);
        }
        Ok(Self { files, manifest, pin })
    }
}

/// A file that is made after the manifest, so that it cannot list it. What it says is signed, or has the
/// digest that is asked for.
struct Beside {
    path: String,
    bytes: Vec<u8>,
    media_type: &'static str,
}

fn beside(dir: &Path) -> Result<Vec<Beside>, Error> {
    let mut found = Vec::new();
    let for_webcat = webcat::OTHER_PATHS.into_iter().chain([webcat::BUNDLE_PATH]);
    let texts = for_webcat.chain([REVOCATIONS_PATH]).map(|path| (path, JSON));
    for (path, media_type) in texts.chain([(PROOF_PATH, TEXT)]) {
        let file = file_of(dir, path);
        if file.is_file() {
            found.push(Beside { path: path.to_owned(), bytes: read(&file)?, media_type });
        }
    }
    let earlier = earlier::load(dir)?.into_iter();
    found.extend(earlier.map(|(path, bytes)| Beside { path, bytes, media_type: JSON }));
    Ok(found)
}

/// Adds the precompressed siblings that exist; each must decode to the same bytes.
fn with_siblings(asset: Asset, dir: &Path, path: &str) -> Result<Asset, Error> {
    let file = file_of(dir, path);
    let mut encodings = Vec::new();
    for encoding in Encoding::ALL {
        let sibling = sibling(&file, encoding);
        if !sibling.is_file() {
            continue;
        }
        let bytes = read(&sibling)?;
        let limit = asset.bytes.len() as u64;
        if encoding.decode(&bytes, limit).ok().as_ref() != Some(&asset.bytes) {
            return Err(Error::Altered(format!("{path}.{}", encoding.extension())));
        }
        encodings.push((encoding, bytes));
    }
    Ok(asset.with_encodings(encodings))
}
