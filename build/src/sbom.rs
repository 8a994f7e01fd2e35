//! Lists of parts (CycloneDX): every crate that an artefact is compiled from.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use cyclonedx_bom::models::bom::{Bom, SpecVersion};
use cyclonedx_bom::models::component::{Classification, Component, Components};
use cyclonedx_bom::models::dependency::{Dependencies, Dependency};
use cyclonedx_bom::models::license::{LicenseChoice, Licenses};
use cyclonedx_bom::models::metadata::Metadata as About;
use cyclonedx_bom::prelude::{Purl, Validate};

use crate::metadata::{self, Metadata, Package};
use crate::repo::Repo;
use crate::{program, wasm};

/// Packages that are released, and what each is compiled for.
const RELEASED: [(&str, &str); 5] = [
    (wasm::ENCLAVE.package, wasm::TARGET),
    (wasm::TOOLS.package, wasm::TARGET),
    (wasm::KIT.package, wasm::TARGET),
    (program::SHELL.package, program::TARGET),
    (program::BROKER.package, program::TARGET),
];

/// Writes the list of each package below `target/sbom`.
pub(crate) fn write_all(repo: &Repo) -> Result<Vec<PathBuf>> {
    let dir = repo.target("sbom");
    std::fs::create_dir_all(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
    let write = |(package, platform): (&str, &str)| {
        let path = dir.join(name(package));
        std::fs::write(&path, of(repo, package, platform)?)?;
        println!("  {}", repo.shown(&path));
        Ok(path)
    };
    RELEASED.into_iter().map(write).collect()
}

/// The file of a package's list.
pub(crate) fn name(package: &str) -> String {
    format!("{package}.cdx.json")
}

/// The list as JSON. Like what it describes it has no time and no random name.
pub(crate) fn of(repo: &Repo, package: &str, platform: &str) -> Result<Vec<u8>> {
    json(&list(&metadata::read(repo, platform)?, package)?)
}

fn json(bom: &Bom) -> Result<Vec<u8>> {
    let mut json = Vec::new();
    bom.clone().output_as_json_v1_5(&mut json).context("cannot write the list of parts")?;
    Ok(json)
}

fn list(metadata: &Metadata, root: &str) -> Result<Bom> {
    let root = metadata.package(root)?;
    let (mut parts, mut edges) = (Vec::new(), Vec::new());
    for (package, needs) in metadata.parts(root) {
        let name = reference(package);
        if package.id != root.id {
            parts.push((name.clone(), component(package, Classification::Library)?));
        }
        let mut dependencies: Vec<_> = needs.into_iter().map(reference).collect();
        dependencies.sort();
        edges.push(Dependency { dependency_ref: name, dependencies });
    }
    parts.sort_by(|one, other| one.0.cmp(&other.0));
    edges.sort_by(|one, other| one.dependency_ref.cmp(&other.dependency_ref));
    let about = component(root, Classification::Application)?;
    let bom = Bom {
        spec_version: SpecVersion::V1_5,
        serial_number: None,
        metadata: Some(About { component: Some(about), ..About::default() }),
        components: Some(Components(parts.into_iter().map(|(_, part)| part).collect())),
        dependencies: Some(Dependencies(edges)),
        ..Bom::default()
    };
    ensure!(bom.validate_version(SpecVersion::V1_5).passed(), "the list of parts is not valid");
    Ok(bom)
}

fn reference(package: &Package) -> String {
    format!("pkg:cargo/{}@{}", package.name, package.version)
}

fn component(package: &Package, kind: Classification) -> Result<Component> {
    let reference = reference(package);
    let mut part = Component::new(kind, &package.name, &package.version, Some(reference));
    part.purl = Some(Purl::new("cargo", &package.name, &package.version)?);
    // The older form of Cargo's field has `/` for `OR`.
    let licence = package.license.as_ref().map(|licence| licence.replace('/', " OR "));
    part.licenses = licence.map(|text| Licenses(vec![LicenseChoice::expression(&text)]));
    Ok(part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::tests::sample;

    #[test]
    fn what_is_compiled_in_is_listed_and_nothing_else() {
        let bom = list(&sample(), "root").unwrap();
        let parts = bom.components.unwrap().0;
        let names: Vec<_> = parts.iter().map(|part| part.name.to_string()).collect();
        assert_eq!(names, ["a", "b"]);
        assert!(bom.metadata.unwrap().component.is_some());
        let a = &bom.dependencies.unwrap().0[0];
        assert_eq!(
            (&*a.dependency_ref, &a.dependencies[..]),
            ("pkg:cargo/a@1.0.0", &["pkg:cargo/b@1.0.0".into()][..])
        );
    }

    #[test]
    fn two_lists_are_the_same() {
        let written = || json(&list(&sample(), "root").unwrap()).unwrap();
        assert_eq!(written(), written());
    }
}
