//! What a release is assembled from.

use std::fs;
use std::path::Path;

use crate::embedded;
use crate::error::Error;
use crate::parts::{ENROL_PARTS, FRAME_PARTS, TOOLS_PARTS, WORKER_PARTS};

/// A worker with its wasm: JavaScript parts by name, in order, and what wasm-bindgen made.
#[derive(Debug, Clone)]
pub struct Program {
    /// Parts of the worker; the last one is its entry point.
    pub worker: Vec<(String, String)>,
    /// The wasm-bindgen glue (`no-modules`).
    pub glue: String,
    /// The wasm.
    pub wasm: Vec<u8>,
}

/// Everything that a release is made of.
#[derive(Debug, Clone)]
pub struct Sources {
    /// Parts of the frame by name, in order.
    pub frame: Vec<(String, String)>,
    /// The enclave.
    pub enclave: Program,
    /// The backup tools.
    pub tools: Program,
    /// Parts of the enrolment page's script.
    pub enrol: Vec<(String, String)>,
    /// The wasm of the client's verifier, for the demo; no part of a release.
    pub kit: Option<Vec<u8>>,
}

impl Sources {
    /// The parts of this build with the wasm in `dir`, as `cargo xtask build` leaves it there.
    pub fn load(dir: &Path) -> Result<Self, Error> {
        let built = |name: &str| {
            let (wasm, glue) =
                (dir.join(format!("{name}.wasm")), dir.join(format!("{name}.glue.js")));
            if !wasm.is_file() {
                return Err(Error::NoEnclave(dir.to_owned()));
            }
            let glue = fs::read_to_string(&glue).map_err(Error::file(glue))?;
            Ok((glue, fs::read(&wasm).map_err(Error::file(wasm))?))
        };
        let kit = fs::read(dir.join("kit.wasm")).ok();
        Ok(Self { kit, ..Self::with_built(built("enclave")?, built("tools")?)? })
    }

    /// The parts and the wasm of this build, if it holds some (feature `embedded`).
    pub fn embedded() -> Result<Option<Self>, Error> {
        let owned = |(glue, wasm): (&str, &[u8])| (glue.to_owned(), wasm.to_owned());
        match (embedded::ENCLAVE, embedded::TOOLS) {
            (Some(enclave), Some(tools)) => {
                let kit = embedded::KIT.map(|(_, wasm)| wasm.to_owned());
                Ok(Some(Self { kit, ..Self::with_built(owned(enclave), owned(tools))? }))
            }
            _ => Ok(None),
        }
    }

    fn with_built(enclave: (String, Vec<u8>), tools: (String, Vec<u8>)) -> Result<Self, Error> {
        let program = |(glue, wasm), parts: &[&str]| {
            Ok::<_, Error>(Program { worker: all(embedded::WORKER, parts)?, glue, wasm })
        };
        Ok(Self {
            frame: all(embedded::FRAME, &FRAME_PARTS)?,
            enclave: program(enclave, &WORKER_PARTS)?,
            tools: program(tools, &TOOLS_PARTS)?,
            enrol: all(embedded::ENROL, &ENROL_PARTS)?,
            kit: None,
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
        // What lies in another folder is listed with its path.
        let own = names.iter().filter(|name| !name.contains('/'));
        let mut names: Vec<String> = own.map(|name| (*name).to_owned()).collect();
        names.sort();
        names.dedup();
        names
    }

    #[test]
    fn every_file_is_listed_and_every_listed_file_exists() {
        assert_eq!(on_disk("frame"), sorted(&FRAME_PARTS));
        assert_eq!(on_disk("enrol"), sorted(&ENROL_PARTS));
        let shared: Vec<_> = on_disk("ui").iter().map(|name| format!("../ui/{name}")).collect();
        for parts in [FRAME_PARTS.as_slice(), &ENROL_PARTS] {
            let listed = parts.iter().filter(|name| name.starts_with("../ui/"));
            assert_eq!(listed.collect::<Vec<_>>(), shared.iter().collect::<Vec<_>>());
        }
        let workers = [WORKER_PARTS, TOOLS_PARTS].concat();
        assert_eq!(on_disk("../crates/enclave/worker"), sorted(&workers));
    }
}
