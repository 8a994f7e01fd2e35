//! Everything that a release publishes, in one folder: built by its machine, built again by another one,
//! and compared by one file of digests.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::program::SHELL;
use crate::repo::Repo;
use crate::report::sha256_hex;
use crate::shell::{Deployment, MANIFEST};
use crate::{archive, dist, files, image, process, sbom, shell, wasm};

/// For whom the next release is.
const SETTINGS: &str = "deploy/release.json";
/// Whose word counts for a release, once there are signers: what is published has to name them.
const POLICY: &str = "deploy/policy.json";
/// Digests of all the others.
const SUMS: &str = "SHA256SUMS";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    origin: String,
    embedders: Vec<String>,
    /// One more than that of the release before.
    epoch: u64,
    /// Manifest of the release before, in this repository.
    previous: Option<PathBuf>,
    /// Policy in this repository whose signers the enclave honours when they speak against a release.
    signers: Option<PathBuf>,
    /// Whether it has a page for WEBCAT.
    #[serde(default)]
    webcat: bool,
}

impl Settings {
    fn read(repo: &Repo) -> Result<Self> {
        let text = std::fs::read(repo.path(SETTINGS)).with_context(|| format!("no {SETTINGS}"))?;
        let settings: Self = serde_json::from_slice(&text).context(SETTINGS)?;
        let first = settings.epoch == 1;
        ensure!(
            first == settings.previous.is_none(),
            "{SETTINGS}: all but the first follow another"
        );
        ensure!(
            settings.signers.is_some() || !repo.path(POLICY).exists(),
            "{SETTINGS}: no signers, but there is {POLICY}"
        );
        Ok(settings)
    }

    fn deployment(self, repo: &Repo) -> Deployment {
        let mut more = vec!["--epoch".to_owned(), self.epoch.to_string()];
        for (option, file) in [("--previous", self.previous), ("--signers", self.signers)] {
            if let Some(file) = file {
                more.push(option.to_owned());
                more.push(repo.root().join(file).to_string_lossy().into_owned());
            }
        }
        more.extend(self.webcat.then(|| "--webcat".to_owned()));
        let (origin, embedders) = (self.origin, self.embedders);
        Deployment { origin, embedders, commit: dist::commit(repo), more }
    }
}

/// Builds all of it into `target/published`.
pub(crate) fn write(repo: &Repo) -> Result<()> {
    let out = repo.target("published");
    if out.exists() {
        std::fs::remove_dir_all(&out).with_context(|| format!("cannot clear {}", out.display()))?;
    }
    std::fs::create_dir_all(&out)?;
    site(repo, &out)?;
    std::fs::write(out.join(SHELL.package), SHELL.build(repo)?)?;
    let image = image::write(repo)?;
    for (name, bytes) in image::published(&image)? {
        std::fs::write(out.join(name), bytes)?;
    }
    for list in sbom::write_all(repo)? {
        std::fs::copy(&list, out.join(list.file_name().context("no name")?))?;
    }
    let sums = sums(&out)?;
    print!("{sums}");
    std::fs::write(out.join(SUMS), sums)?;
    Ok(())
}

/// The folder that is served, its manifest, and what signers are asked to sign.
fn site(repo: &Repo, out: &Path) -> Result<()> {
    let enclave = wasm::Build::release(repo).run()?;
    dist::refuse_probe(&enclave)?;
    let (program, site) = (shell::program(repo)?, repo.target("site"));
    shell::emit(&program, &enclave, &site, &Settings::read(repo)?.deployment(repo))?;
    // What the npm package has to carry.
    for name in [wasm::KIT.wasm, wasm::KIT.glue] {
        std::fs::copy(enclave.join(name), out.join(name))?;
    }
    std::fs::write(out.join("site.tar"), archive::of(&archive::below(&site)?)?)?;
    std::fs::copy(site.join(MANIFEST), out.join("manifest.json"))?;
    let mut command = Command::new(program);
    command.args(["release", "create"]).arg(&site).arg("--out");
    process::run(command.arg(out.join("statement.txt")))
}

/// In the form of `sha256sum`, which checks it.
fn sums(dir: &Path) -> Result<String> {
    let line = |name: PathBuf| {
        let digest = sha256_hex(&std::fs::read(dir.join(&name))?);
        Ok(format!("{digest}  {}\n", name.display()))
    };
    files::below(dir)?.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repo_with(files: &[(&str, &str)]) -> (tempfile::TempDir, Repo) {
        let dir = tempfile::tempdir().unwrap();
        for folder in ["crates", "deploy"] {
            std::fs::create_dir(dir.path().join(folder)).unwrap();
        }
        for (name, text) in files {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        let repo = Repo::open(Some(dir.path().to_owned())).unwrap();
        (dir, repo)
    }

    fn settings(text: &str) -> Result<Settings> {
        Settings::read(&repo_with(&[(SETTINGS, text)]).1)
    }

    #[test]
    fn what_is_published_names_its_signers_once_there_is_a_policy() {
        let form = |signers: &str| {
            format!(
                r#"{{"origin":"https://k.example","embedders":[],"epoch":1,"previous":null,"signers":{signers}}}"#
            )
        };
        let (none, named) = (form("null"), form("\"deploy/policy.json\""));
        let (_dir, repo) = repo_with(&[(SETTINGS, &named), (POLICY, "{}")]);
        let more = Settings::read(&repo).unwrap().deployment(&repo).more;
        let place = more.iter().position(|word| word == "--signers").unwrap();
        assert_eq!(Path::new(&more[place + 1]), repo.path(POLICY));
        assert!(settings(&none).is_ok());
        let (_dir, repo) = repo_with(&[(SETTINGS, &none), (POLICY, "{}")]);
        assert!(Settings::read(&repo).is_err(), "a policy that no release names");
    }

    #[test]
    fn the_settings_of_the_next_release_are_sound() {
        let repo = Repo::open(None).unwrap();
        let own = Settings::read(&repo).unwrap().deployment(&repo);
        assert_eq!(own.more[0], "--epoch");
        let form = |epoch: u64, previous: &str| {
            settings(&format!(
                r#"{{"origin":"https://k.example","embedders":[],"epoch":{epoch},"previous":{previous}}}"#
            ))
        };
        assert!(form(1, "null").is_ok() && form(2, "\"manifest.json\"").is_ok());
        for (epoch, previous) in [(2, "null"), (1, "\"manifest.json\""), (2, "null,\"x\":1")] {
            assert!(form(epoch, previous).is_err(), "{epoch} {previous}");
        }
    }

    #[test]
    fn sums_are_those_of_sha256sum() {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in [("b", "two"), ("a", "one")] {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        let list = sums(dir.path()).unwrap();
        std::fs::write(dir.path().join(SUMS), &list).unwrap();
        let mut check = Command::new("sha256sum");
        check.args(["--check", "--strict", SUMS]).current_dir(dir.path());
        assert!(process::succeeds(&mut check), "{list}");
        std::fs::write(dir.path().join("a"), "onf").unwrap();
        assert!(!process::succeeds(&mut check));
    }
}
