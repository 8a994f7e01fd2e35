//! The static program.

use anyhow::{Context, Result, ensure};
use object::Endianness;
use object::elf::{DT_NEEDED, FileHeader64, PT_INTERP};
use object::read::elf::{Dyn, FileHeader, ProgramHeader};

use super::NAME;
use crate::process::{cargo, run};
use crate::repo::Repo;
use crate::{remap, setup};

/// The target: a C library that is linked in.
pub(super) const TARGET: &str = "x86_64-unknown-linux-musl";

/// Builds it, and returns its bytes.
pub(super) fn build(repo: &Repo) -> Result<Vec<u8>> {
    setup::static_target(repo, TARGET)?;
    let target_dir = repo.target("static");
    let mut command = cargo(repo);
    command.args(["build", "--release", "--locked", "--package", NAME, "--bin", NAME]);
    command.args(["--target", TARGET, "--target-dir"]).arg(&target_dir);
    let mut flags = remap::flags(repo, TARGET)?;
    flags.extend(["-Ctarget-feature=+crt-static", "-Cstrip=symbols"].map(str::to_owned));
    remap::apply(&mut command, &flags);
    command.env("CC_x86_64_unknown_linux_musl", "musl-gcc");
    run(&mut command)?;
    let program = target_dir.join(TARGET).join("release").join(NAME);
    let bytes = std::fs::read(&program).with_context(|| format!("no {}", program.display()))?;
    check(&bytes)?;
    Ok(bytes)
}

/// Fails unless the program needs nothing but the kernel.
pub(super) fn check(program: &[u8]) -> Result<()> {
    let header = FileHeader64::<Endianness>::parse(program).context("not a program")?;
    let endian = header.endian()?;
    for segment in header.program_headers(endian, program)? {
        ensure!(segment.p_type(endian) != PT_INTERP, "the program has an interpreter");
        let dynamic = segment.dynamic(endian, program)?.unwrap_or_default();
        let needs = dynamic.iter().any(|entry| entry.tag(endian) == DT_NEEDED);
        ensure!(!needs, "the program needs a library");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_needs_a_library_is_refused() {
        // This very test is one, of the machine's C library.
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert!(check(&own).is_err());
        assert!(check(b"#!/bin/sh\n").is_err());
    }
}
