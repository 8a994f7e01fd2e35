//! Manifests of earlier releases, which a deployment keeps beside the one that it serves: a revocation
//! names a digest, and whoever hears it has to see of which release that is.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use kms_manifest::{MANIFEST_LIMIT, Sha256};

use crate::error::Error;

/// Where they are served.
const FOLDER: &str = "/.well-known/ats-kms/manifests/";
const ENDING: &str = ".json";

/// Where every deployment that had a release of this manifest serves it.
#[must_use]
pub fn earlier_path(manifest: &Sha256) -> String {
    format!("{FOLDER}{}{ENDING}", manifest.to_hex())
}

/// Those of an emitted folder, by their paths. A file that its name does not tell is refused; what does
/// not end like one is none, and is not served.
pub(crate) fn load(dir: &Path) -> Result<BTreeMap<String, Vec<u8>>, Error> {
    let folder = dir.join(FOLDER.trim_start_matches('/'));
    let entries = match folder.read_dir() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeMap::new()),
        entries => entries.map_err(Error::file(&folder))?,
    };
    let mut found = BTreeMap::new();
    for entry in entries {
        let file = entry.map_err(Error::file(&folder))?.path();
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        if !name.ends_with(ENDING) {
            continue;
        }
        let path = format!("{FOLDER}{name}");
        let bytes = read(&file)?;
        if bytes.len() > MANIFEST_LIMIT || earlier_path(&Sha256::of(&bytes)) != path {
            return Err(Error::Altered(path));
        }
        found.insert(path, bytes);
    }
    Ok(found)
}

/// A file, or so much of it that it is too long.
fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(Error::file(path))?;
    let limit = MANIFEST_LIMIT as u64 + 1;
    file.take(limit).read_to_end(&mut bytes).map_err(Error::file(path))?;
    Ok(bytes)
}
