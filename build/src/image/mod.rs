//! The broker as a container image: one static program and the names of its user, nothing else.

mod inspect;
mod layer;
mod layout;
mod start;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::repo::Repo;
use crate::{archive, files, program, report, repro, sbom};

/// Name of the program, of its package and in the image.
const NAME: &str = program::BROKER.package;
/// Who runs it, with nobody's rights.
const USER: u32 = 65_532;

/// Builds the program and writes image and list of parts below `target/image`.
pub(crate) fn write(repo: &Repo) -> Result<PathBuf> {
    let program = program::BROKER.build(repo)?;
    let dir = repo.target("image");
    if dir.exists() {
        std::fs::remove_dir_all(&dir).with_context(|| format!("cannot clear {}", dir.display()))?;
    }
    let image = dir.join(NAME);
    layout::write(&image, &archive::of(&layer::entries(&program))?)?;
    std::fs::write(dir.join(sbom::name(NAME)), sbom::of(repo, NAME, program::TARGET)?)?;
    inspect::check(&image)?;
    println!("  {}: {} bytes, sha256 {}", NAME, program.len(), report::sha256_hex(&program));
    println!("  {}: an OCI image layout, looked through", repo.shown(&image));
    Ok(dir)
}

/// What a release publishes of the folder that `write` left: names and bytes.
pub(crate) fn published(dir: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let image = dir.join(NAME);
    let program = program_in(&image)?;
    let layout = archive::of(&archive::below(&image)?)?;
    Ok(vec![(NAME.to_owned(), program), (format!("{NAME}.oci.tar"), layout)])
}

fn program_in(image: &Path) -> Result<Vec<u8>> {
    let program = inspect::entries(image)?.into_iter().find(|entry| entry.path == NAME);
    Ok(program.context("no program in the image")?.bytes)
}

/// Where the programs in two images part.
fn parted(here: &Path, there: &Path) -> Result<String> {
    let [ours, theirs] = [program_in(&here.join(NAME))?, program_in(&there.join(NAME))?];
    let same = || "the program is the same".to_owned();
    let other = || format!("its program in {}", repro::between(&ours, &theirs));
    Ok(if ours == theirs { same() } else { other() })
}

/// Writes the image here and of a copy under other circumstances, compares every byte, and starts what
/// is in it.
pub(crate) fn check(repo: &Repo) -> Result<()> {
    let here = write(repo)?;
    start::run_all(repo, &here.join(NAME))?;
    let copy = repro::elsewhere(repo, "image")?;
    let there = copy.join("target/image");
    let names = files::below(&here)?;
    if names != files::below(&there)? {
        bail!("the two images have not the same files");
    }
    for name in &names {
        if std::fs::read(here.join(name))? != std::fs::read(there.join(name))? {
            bail!("the two images differ in {}; {}", name.display(), parted(&here, &there)?);
        }
    }
    println!("  image: {} files, identical in both builds", names.len());
    std::fs::remove_dir_all(&copy).with_context(|| format!("cannot clear {}", copy.display()))
}
