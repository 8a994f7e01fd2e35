//! What a release is assembled from.

use std::fs;
use std::path::Path;

use crate::embedded;
use crate::error::Error;
use crate::parts::{FRAME_PARTS, WORKER_PARTS};

/// JavaScript parts by name, in order, with the built enclave.
#[derive(Debug, Clone)]
pub struct Sources {
    /// Parts of the frame.
    pub frame: Vec<(String, String)>,
    /// Parts of the worker, its entry point included.
    pub worker: Vec<(String, String)>,
    /// The wasm-bindgen glue (`no-modules`).
    pub glue: String,
    /// The enclave.
    pub wasm: Vec<u8>,
}

impl Sources {
    /// The parts of this build with the enclave in `enclave_dir`, as `cargo xtask build` leaves
    /// it there.
    pub fn load(enclave_dir: &Path) -> Result<Self, Error> {
        let wasm_path = enclave_dir.join("enclave.wasm");
        let glue_path = enclave_dir.join("enclave.glue.js");
        if !wasm_path.is_file() {
            return Err(Error::NoEnclave(enclave_dir.to_owned()));
        }
        let glue = fs::read_to_string(&glue_path).map_err(Error::file(glue_path))?;
        let wasm = fs::read(&wasm_path).map_err(Error::file(wasm_path))?;
        Self::with_enclave(glue, wasm)
    }

    /// The parts and the enclave of this build, if it holds one (feature `embedded`).
    pub fn embedded() -> Result<Option<Self>, Error> {
        embedded::ENCLAVE
            .map(|(glue, wasm)| Self::with_enclave(glue.to_owned(), wasm.to_owned()))
            .transpose()
    }

    fn with_enclave(glue: String, wasm: Vec<u8>) -> Result<Self, Error> {
        Ok(Self {
            frame: all(embedded::FRAME, &FRAME_PARTS)?,
            worker: all(embedded::WORKER, &WORKER_PARTS)?,
            glue,
            wasm,
        })
    }
}

fn all(found: &[(&str, &str)], listed: &[&str]) -> Result<Vec<(String, String)>, Error> {
    let part = |name: &&str| {
        found
            .iter()
            .find(|(known, _)| known == name)
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .ok_or_else(|| Error::MissingPart((*name).to_owned()))
    };
    listed.iter().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names of the JavaScript files in a folder of the workspace.
    fn on_disk(dir: &str) -> Vec<String> {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join(dir);
        let mut names: Vec<String> = fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| Path::new(name).extension().is_some_and(|ending| ending == "js"))
            .collect();
        names.sort();
        names
    }

    fn sorted(names: &[&str]) -> Vec<String> {
        // What the frame shares with the worker is listed with its path.
        let own = names.iter().filter(|name| !name.contains('/'));
        let mut names: Vec<String> = own.map(|name| (*name).to_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn every_file_is_listed_and_every_listed_file_exists() {
        assert_eq!(on_disk("frame"), sorted(&FRAME_PARTS));
        assert_eq!(on_disk("../crates/enclave/worker"), sorted(&WORKER_PARTS));
    }
}
