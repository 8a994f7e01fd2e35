//! The list of parts (CycloneDX): every crate that the program is compiled from.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use cyclonedx_bom::models::bom::{Bom, SpecVersion};
use cyclonedx_bom::models::component::{Classification, Component, Components};
use cyclonedx_bom::models::dependency::{Dependencies, Dependency};
use cyclonedx_bom::models::license::{LicenseChoice, Licenses};
use cyclonedx_bom::models::metadata::Metadata as About;
use cyclonedx_bom::prelude::{Purl, Validate};
use serde::Deserialize;

use super::NAME;
use super::program::TARGET;
use crate::process::{cargo, output};
use crate::repo::Repo;

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Edge>,
}

#[derive(Deserialize)]
struct Edge {
    pkg: String,
    dep_kinds: Vec<Kind>,
}

#[derive(Deserialize)]
struct Kind {
    kind: Option<String>,
}

/// The list as JSON. Like the image it has no time and no random name.
pub(super) fn of(repo: &Repo) -> Result<Vec<u8>> {
    let mut command = cargo(repo);
    command.args(["metadata", "--format-version=1", "--locked", "--filter-platform", TARGET]);
    let bom = list(&serde_json::from_str(&output(&mut command)?)?)?;
    let mut json = Vec::new();
    bom.output_as_json_v1_5(&mut json).context("cannot write the list of parts")?;
    Ok(json)
}

fn list(metadata: &Metadata) -> Result<Bom> {
    let root = metadata.packages.iter().find(|package| package.name == NAME);
    let root = root.with_context(|| format!("there is no {NAME}"))?;
    let (mut parts, mut edges) = (BTreeMap::new(), Vec::new());
    for (package, needs) in compiled_in(metadata, root) {
        let name = reference(package);
        if package.id != root.id {
            parts.insert(name.clone(), component(package, Classification::Library)?);
        }
        let needs: BTreeSet<_> = needs.into_iter().map(reference).collect();
        edges.push(Dependency { dependency_ref: name, dependencies: needs.into_iter().collect() });
    }
    edges.sort_by(|one, other| one.dependency_ref.cmp(&other.dependency_ref));
    let about = component(root, Classification::Application)?;
    let bom = Bom {
        spec_version: SpecVersion::V1_5,
        serial_number: None,
        metadata: Some(About { component: Some(about), ..About::default() }),
        components: Some(Components(parts.into_values().collect())),
        dependencies: Some(Dependencies(edges)),
        ..Bom::default()
    };
    ensure!(bom.validate_version(SpecVersion::V1_5).passed(), "the list of parts is not valid");
    Ok(bom)
}

/// The packages that one is compiled from, itself included, each with those that it needs.
fn compiled_in<'a>(
    metadata: &'a Metadata,
    root: &'a Package,
) -> Vec<(&'a Package, Vec<&'a Package>)> {
    let packages: BTreeMap<_, _> =
        metadata.packages.iter().map(|package| (&*package.id, package)).collect();
    let nodes: BTreeMap<_, _> =
        metadata.resolve.nodes.iter().map(|node| (&*node.id, node)).collect();
    let (mut open, mut found) = (vec![root], BTreeMap::new());
    while let Some(package) = open.pop() {
        if found.contains_key(&package.id) {
            continue;
        }
        let needs = nodes.get(&*package.id).map(|node| normal(node)).unwrap_or_default();
        let needs: Vec<_> = needs.iter().filter_map(|id| packages.get(id).copied()).collect();
        open.extend(&needs);
        found.insert(&package.id, (package, needs));
    }
    found.into_values().collect()
}

/// What is compiled in; not what builds or tests it.
fn normal(node: &Node) -> Vec<&str> {
    let normal = |edge: &&Edge| edge.dep_kinds.iter().any(|kind| kind.kind.is_none());
    node.deps.iter().filter(normal).map(|edge| &*edge.pkg).collect()
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

    fn metadata() -> Metadata {
        let package = |name: &str| {
            let (id, licence) = (name.to_owned(), Some("MIT/Apache-2.0".to_owned()));
            Package { id, name: name.into(), version: "1.0.0".into(), license: licence }
        };
        let edge = |pkg: &str, kind: Option<&str>| {
            let kind = Kind { kind: kind.map(str::to_owned) };
            Edge { pkg: pkg.into(), dep_kinds: vec![kind] }
        };
        let node = |id: &str, deps| Node { id: id.into(), deps };
        let broker = vec![edge("a", None), edge("test", Some("dev")), edge("cc", Some("build"))];
        let nodes = vec![node(NAME, broker), node("a", vec![edge("b", None)]), node("b", vec![])];
        let packages = [NAME, "a", "b", "cc", "other", "test"].map(package).into();
        Metadata { packages, resolve: Resolve { nodes } }
    }

    #[test]
    fn what_is_compiled_in_is_listed_and_nothing_else() {
        let bom = list(&metadata()).unwrap();
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
        let json = || {
            let mut json = Vec::new();
            list(&metadata()).unwrap().output_as_json_v1_5(&mut json).unwrap();
            json
        };
        assert_eq!(json(), json());
    }
}
