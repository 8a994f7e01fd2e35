//! What `cargo metadata` tells of packages and what each needs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::process::{cargo, output};
use crate::repo::Repo;

/// The part that tasks read.
#[derive(Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    pub(crate) resolve: Resolve,
}

#[derive(Deserialize)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) license: Option<String>,
    /// The registry; none for packages of this repository.
    pub(crate) source: Option<String>,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) features: BTreeMap<String, Vec<String>>,
    pub(crate) manifest_path: PathBuf,
}

#[derive(Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) kind: Option<String>,
    pub(crate) features: Vec<String>,
}

#[derive(Deserialize)]
pub(crate) struct Resolve {
    pub(crate) nodes: Vec<Node>,
}

#[derive(Deserialize)]
pub(crate) struct Node {
    pub(crate) id: String,
    pub(crate) deps: Vec<Edge>,
}

#[derive(Deserialize)]
pub(crate) struct Edge {
    pub(crate) pkg: String,
    pub(crate) dep_kinds: Vec<EdgeKind>,
}

#[derive(Deserialize)]
pub(crate) struct EdgeKind {
    pub(crate) kind: Option<String>,
}

/// Everything that the workspace pulls in on a platform.
pub(crate) fn read(repo: &Repo, platform: &str) -> Result<Metadata> {
    let mut command = cargo(repo);
    command.args(["metadata", "--format-version=1", "--locked", "--filter-platform", platform]);
    Ok(serde_json::from_str(&output(&mut command)?)?)
}

/// The packages that one is compiled from, itself included, each with those that it needs: ordered by
/// their ids.
pub(crate) type Parts<'a> = Vec<(&'a Package, Vec<&'a Package>)>;

impl Metadata {
    pub(crate) fn package(&self, name: &str) -> Result<&Package> {
        let found = self.packages.iter().find(|package| package.name == name);
        found.with_context(|| format!("there is no {name}"))
    }

    /// What is compiled into a package; not what builds or tests it.
    pub(crate) fn parts<'a>(&'a self, root: &'a Package) -> Parts<'a> {
        let packages: BTreeMap<_, _> =
            self.packages.iter().map(|package| (&*package.id, package)).collect();
        let nodes: BTreeMap<_, _> =
            self.resolve.nodes.iter().map(|node| (&*node.id, node)).collect();
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
}

fn normal(node: &Node) -> BTreeSet<&str> {
    let normal = |edge: &&Edge| edge.dep_kinds.iter().any(|kind| kind.kind.is_none());
    node.deps.iter().filter(normal).map(|edge| &*edge.pkg).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// `root` needs `a`, which needs `b`; it is built with `cc` and tested with `test`.
    pub(crate) fn sample() -> Metadata {
        let package = |name: &str| Package {
            id: name.into(),
            name: name.into(),
            version: "1.0.0".into(),
            license: Some("MIT/Apache-2.0".into()),
            source: (name != "root").then(|| "registry+https://index.example".into()),
            dependencies: Vec::new(),
            features: BTreeMap::new(),
            manifest_path: PathBuf::new(),
        };
        let edge = |pkg: &str, kind: Option<&str>| {
            let kind = EdgeKind { kind: kind.map(str::to_owned) };
            Edge { pkg: pkg.into(), dep_kinds: vec![kind] }
        };
        let node = |id: &str, deps| Node { id: id.into(), deps };
        let root = vec![edge("a", None), edge("test", Some("dev")), edge("cc", Some("build"))];
        let nodes = vec![node("root", root), node("a", vec![edge("b", None)]), node("b", vec![])];
        let packages = ["root", "a", "b", "cc", "other", "test"].map(package).into();
        Metadata { packages, resolve: Resolve { nodes } }
    }

    #[test]
    fn what_is_compiled_in_is_a_part_and_nothing_else() {
        let metadata = sample();
        let parts = metadata.parts(metadata.package("root").unwrap());
        let names: Vec<_> = parts.iter().map(|(package, _)| &*package.name).collect();
        assert_eq!(names, ["a", "b", "root"]);
        let needs: Vec<_> = parts[2].1.iter().map(|package| &*package.name).collect();
        assert_eq!(needs, ["a"]);
        assert!(metadata.package("nobody").is_err());
    }
}
