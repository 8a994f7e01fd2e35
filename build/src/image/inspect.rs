//! Looks through an image as somebody who did not write it.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use oci_spec::image::{Descriptor, ImageConfiguration, ImageIndex, ImageManifest};

use super::layer;
use super::layout::BLOBS;
use super::{NAME, USER};
use crate::archive::{self, Entry};
use crate::program;
use crate::report::sha256_hex;

/// Fails unless the image is one static program that a user without rights runs, and nothing else.
pub(super) fn check(dir: &Path) -> Result<()> {
    let found = entries(dir)?;
    let program = found.iter().find(|entry| entry.path == NAME).context("no program")?;
    program::check(&program.bytes)?;
    check_entries(&found, &program.bytes)
}

/// Everything in the layers of an image whose digests are all right.
pub(super) fn entries(dir: &Path) -> Result<Vec<Entry>> {
    let index = ImageIndex::from_file(dir.join("index.json"))?;
    let [manifest] = &index.manifests()[..] else { anyhow::bail!("not one image") };
    let manifest = ImageManifest::from_reader(&*blob(dir, manifest)?)?;
    let config = ImageConfiguration::from_reader(&*blob(dir, manifest.config())?)?;
    let user = config.config().as_ref().and_then(|config| config.user().clone());
    ensure!(user.as_deref() == Some(&*format!("{USER}:{USER}")), "it runs as {user:?}");
    let mut found = Vec::new();
    for (layer, digest) in manifest.layers().iter().zip(config.rootfs().diff_ids()) {
        let archive = archive::expand(&blob(dir, layer)?)?;
        ensure!(*digest == format!("sha256:{}", sha256_hex(&archive)), "a layer was changed");
        found.extend(archive::read(&archive)?);
    }
    Ok(found)
}

fn check_entries(found: &[Entry], program: &[u8]) -> Result<()> {
    for entry in found {
        ensure!(entry.mode & 0o7022 == 0, "{}: mode {:o}", entry.path, entry.mode);
        ensure!(entry.owner == (0, 0), "{} is of {:?}", entry.path, entry.owner);
    }
    ensure!(found == layer::entries(program), "there is more or less than a program");
    Ok(())
}

fn blob(dir: &Path, descriptor: &Descriptor) -> Result<Vec<u8>> {
    let digest = descriptor.as_digest_sha256().context("not a SHA-256 digest")?;
    let bytes = std::fs::read(dir.join(BLOBS).join(digest)).context("a blob is missing")?;
    ensure!(sha256_hex(&bytes) == digest, "a blob was changed");
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::layout;
    use super::*;
    use crate::files;

    fn image(program: &[u8]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        layout::write(dir.path(), &archive::of(&layer::entries(program)).unwrap()).unwrap();
        dir
    }

    #[test]
    fn an_image_has_a_program_and_the_names_of_its_user() {
        let dir = image(b"program");
        let found = entries(dir.path()).unwrap();
        let names: Vec<_> = found.iter().map(|entry| entry.path.as_str()).collect();
        assert_eq!(names, ["etc/", "etc/group", "etc/passwd", NAME]);
        check_entries(&found, b"program").unwrap();
        assert!(check_entries(&found[1..], b"program").is_err());
        assert!(check(dir.path()).is_err(), "what is no program was taken for one");
    }

    #[test]
    fn two_images_of_one_program_are_the_same() {
        let [first, second] = [image(b"program"), image(b"program")];
        let names = files::below(first.path()).unwrap();
        assert_eq!(names, files::below(second.path()).unwrap());
        assert_eq!(names.len(), 5);
        for name in names {
            let [first, second] =
                [&first, &second].map(|dir| std::fs::read(dir.path().join(&name)));
            assert_eq!(first.unwrap(), second.unwrap(), "{}", name.display());
        }
    }

    #[test]
    fn what_was_changed_is_found() {
        let dir = image(b"program");
        for name in files::below(dir.path()).unwrap() {
            if !name.starts_with("blobs") {
                continue;
            }
            let path = dir.path().join(&name);
            let bytes = std::fs::read(&path).unwrap();
            std::fs::write(&path, [&bytes[..], b" "].concat()).unwrap();
            assert!(entries(dir.path()).is_err(), "{}", name.display());
            std::fs::write(&path, bytes).unwrap();
        }
        entries(dir.path()).unwrap();
    }

    #[test]
    fn an_owner_or_a_right_too_many_is_found() {
        let mut found = layer::entries(b"program");
        found[3].mode = 0o4555;
        assert!(check_entries(&found, b"program").is_err());
        found[3].mode = 0o555;
        found[1].owner = (1000, 0);
        assert!(check_entries(&found, b"program").is_err());
    }
}
