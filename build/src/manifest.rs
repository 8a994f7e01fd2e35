//! Published manifests, as far as a rebuild is compared with them.

use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process::output;
use crate::shell::Deployment;

/// What a rebuild must reproduce. The commit is left out: a manifest names
/// its own, and other commits may build the same bytes.
const COMPARED: [&str; 7] =
    ["version", "deployment", "assets", "worker", "wasm", "tools", "headers"];

/// A manifest, read for comparison only: `enclave-shell verify` judges it.
pub(crate) struct Manifest(Value);

/// Reads a manifest from a file, or by `curl` from a URL.
pub(crate) fn read(place: &str) -> Result<Manifest> {
    let text = if place.starts_with("https://") || place.starts_with("http://") {
        output(Command::new("curl").args(["--fail", "--silent", "--show-error", place]))
            .context("fetch the manifest yourself and pass the file")?
    } else {
        std::fs::read_to_string(place).with_context(|| format!("cannot read {place}"))?
    };
    let value = serde_json::from_str(&text).with_context(|| format!("{place} is no manifest"))?;
    Ok(Manifest(value))
}

impl Manifest {
    /// Whom the manifest's enclave was emitted for.
    pub(crate) fn deployment(&self) -> Result<Deployment> {
        let deployment = &self.0["deployment"];
        let origin = deployment["origin"].as_str().context("the manifest names no origin")?;
        let embedders =
            deployment["embedders"].as_array().context("the manifest names no embedders")?;
        let embedders = embedders.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        let commit = self.0["commit"].as_str().map(str::to_owned);
        let assets = self.0["assets"].as_array().into_iter().flatten();
        let webcat = assets.filter(|asset| asset["path"] == "/webcat/");
        let more = webcat.map(|_| "--webcat".to_owned()).collect();
        Ok(Deployment { origin: origin.to_owned(), embedders, commit, more })
    }

    /// Parts that are not the same in both, down to the single asset.
    pub(crate) fn differences(&self, other: &Self) -> Vec<String> {
        let mut found = Vec::new();
        for part in COMPARED {
            let (ours, theirs) = (&self.0[part], &other.0[part]);
            if ours == theirs {
                continue;
            }
            let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
            let (ours, theirs) = (list(ours), list(theirs));
            let one_sided = |from: &[Value], to: &[Value]| {
                let missing = from.iter().filter(|asset| !to.contains(asset));
                missing.map(|asset| format!("{part}: {}", asset["path"])).collect::<Vec<_>>()
            };
            found.push(part.to_owned());
            found.extend(one_sided(&ours, &theirs));
            found.extend(one_sided(&theirs, &ours));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn manifest(digest: &str) -> Manifest {
        Manifest(json!({
            "deployment": { "origin": "https://k.example", "embedders": ["https://p.example"] },
            "assets": [{ "path": "/", "sha256": digest }],
            "wasm": "sha256-x",
            "commit": digest,
        }))
    }

    #[test]
    fn equal_manifests_of_other_commits_do_not_differ() {
        let mut other = manifest("1");
        other.0["commit"] = json!("other");
        assert!(manifest("1").differences(&other).is_empty());
    }

    #[test]
    fn a_changed_asset_is_named() {
        let found = manifest("1").differences(&manifest("2"));
        assert_eq!(found[0], "assets");
        assert_eq!(found[1], "assets: \"/\"");
    }

    #[test]
    fn the_deployment_is_read_back() {
        let deployment = manifest("1").deployment().unwrap();
        assert_eq!(deployment.origin, "https://k.example");
        assert_eq!(deployment.embedders, ["https://p.example"]);
        assert_eq!(deployment.more, <[&str; 0]>::default());
        let mut published = manifest("1");
        published.0["assets"] = json!([{ "path": "/" }, { "path": "/webcat/" }]);
        assert_eq!(published.deployment().unwrap().more, ["--webcat"]);
    }
}
