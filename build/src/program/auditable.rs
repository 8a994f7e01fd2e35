//! The list of parts inside a program, in the form of cargo-auditable, so that scanners read from the file
//! itself which holes concern it. It is added after the link: in the source it would take `unsafe`.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use auditable_info::audit_info_from_slice;
use auditable_serde::{DependencyKind, Package as Part, Source, VersionInfo};
use flate2::{Compression, write::ZlibEncoder};

use super::TARGET;
use crate::metadata::{self, Metadata, Package};
use crate::process::run;
use crate::repo::Repo;
use crate::setup;

/// Where readers look for it.
const SECTION: &str = ".dep-v0";
/// Longest list that is read, in bytes.
const LIMIT: usize = 4 * 1024 * 1024;

/// Adds the list to a program that was built; returns the bytes of both.
pub(super) fn add(repo: &Repo, package: &str, program: &Path) -> Result<Vec<u8>> {
    let list = list(&metadata::read(repo, TARGET)?, package)?;
    let (stored, out) = (program.with_extension("parts"), program.with_extension("listed"));
    std::fs::write(&stored, compress(&list)?)?;
    let mut command = Command::new(setup::objcopy(repo)?);
    command.arg(format!("--add-section={SECTION}={}", stored.display()));
    run(command.arg(program).arg(&out))?;
    let bytes = std::fs::read(&out).with_context(|| format!("no {}", out.display()))?;
    let found = audit_info_from_slice(&bytes, LIMIT).context("the list of parts is not read")?;
    ensure!(found == list, "the list of parts is read as another one");
    Ok(bytes)
}

/// Fails unless a program has a list.
pub(super) fn check(program: &[u8]) -> Result<()> {
    let found =
        audit_info_from_slice(program, LIMIT).context("the program has no list of parts")?;
    ensure!(found.packages.len() > 1, "the program's list of parts is empty");
    Ok(())
}

fn list(metadata: &Metadata, root: &str) -> Result<VersionInfo> {
    let root = metadata.package(root)?;
    let mut parts = metadata.parts(root);
    parts.sort_by_key(|(package, _)| (&package.name, &package.version));
    let places: BTreeMap<&str, usize> =
        parts.iter().enumerate().map(|(place, (package, _))| (&*package.id, place)).collect();
    let part = |(package, needs): &(&Package, Vec<&Package>)| {
        let mut dependencies: Vec<_> =
            needs.iter().filter_map(|need| places.get(&*need.id).copied()).collect();
        dependencies.sort_unstable();
        let source = if package.source.is_some() { Source::CratesIo } else { Source::Local };
        Ok(Part {
            name: package.name.clone(),
            version: package.version.parse().context("a version that is none")?,
            source,
            kind: DependencyKind::Runtime,
            dependencies,
            root: package.id == root.id,
        })
    };
    let packages = parts.iter().map(part).collect::<Result<_>>()?;
    Ok(VersionInfo { packages, format: 0 })
}

fn compress(list: &VersionInfo) -> Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&serde_json::to_vec(list)?)?;
    encoder.finish().context("cannot compress the list of parts")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::tests::sample;

    #[test]
    fn the_list_has_one_root_and_what_each_part_needs() {
        let list = list(&sample(), "root").unwrap();
        let shown: Vec<_> = list
            .packages
            .iter()
            .map(|part| (&*part.name, part.root, &part.dependencies[..], part.source.clone()))
            .collect();
        assert_eq!(
            shown,
            [
                ("a", false, &[1][..], Source::CratesIo),
                ("b", false, &[], Source::CratesIo),
                ("root", true, &[0], Source::Local),
            ]
        );
    }

    #[test]
    fn a_program_without_a_list_is_found() {
        // Tests are built by cargo alone.
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert!(check(&own).unwrap_err().to_string().contains("no list of parts"));
    }

    #[test]
    fn what_is_added_is_read_back() {
        let repo = Repo::open(None).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("program");
        std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
        let bytes = add(&repo, "kms-tlog", &program).unwrap();
        check(&bytes).unwrap();
        let found = audit_info_from_slice(&bytes, LIMIT).unwrap();
        let root = found.packages.iter().find(|part| part.root).unwrap();
        assert_eq!(root.name, "kms-tlog");
        assert!(found.packages.iter().any(|part| part.name == "sha2"));
        assert_eq!(bytes, add(&repo, "kms-tlog", &program).unwrap());
    }
}
