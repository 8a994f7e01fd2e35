//! Static programs that say what they are compiled from.

mod auditable;

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use object::Endianness;
use object::elf::{DT_NEEDED, FileHeader64, PT_INTERP};
use object::read::elf::{Dyn, FileHeader, ProgramHeader};

use crate::process::{cargo, run};
use crate::repo::Repo;
use crate::{remap, setup};

/// The target: a C library that is linked in.
pub(crate) const TARGET: &str = "x86_64-unknown-linux-musl";

/// A program that is released. Package and program have one name.
#[derive(Clone, Copy)]
pub(crate) struct Program {
    pub(crate) package: &'static str,
    features: &'static [&'static str],
}

/// The relying party.
pub(crate) const BROKER: Program = Program { package: "kms-broker", features: &[] };
/// The host shell, with the enclave of `target/enclave` inside.
pub(crate) const SHELL: Program =
    Program { package: "enclave-shell", features: &["--features", "embedded"] };

impl Program {
    /// Builds it, adds the list of its parts, and returns its bytes.
    pub(crate) fn build(self, repo: &Repo) -> Result<Vec<u8>> {
        setup::static_target(repo, TARGET)?;
        let target_dir = repo.target("static");
        let mut command = cargo(repo);
        command.args(["build", "--release", "--locked", "--package", self.package]);
        command.args(["--bin", self.package]).args(self.features);
        command.args(["--target", TARGET, "--target-dir"]).arg(&target_dir);
        let mut flags = remap::flags(repo, TARGET)?;
        flags.extend(["-Ctarget-feature=+crt-static", "-Cstrip=symbols"].map(str::to_owned));
        remap::apply(&mut command, &flags);
        command.env("CC_x86_64_unknown_linux_musl", "musl-gcc");
        run(command.env("KMS_ENCLAVE_DIR", repo.enclave_dir(false)))?;
        let program: PathBuf = target_dir.join(TARGET).join("release").join(self.package);
        let bytes = auditable::add(repo, self.package, &program)?;
        check(&bytes)?;
        Ok(bytes)
    }
}

/// Fails unless the program needs nothing but the kernel, and says what is in it.
pub(crate) fn check(program: &[u8]) -> Result<()> {
    let header = FileHeader64::<Endianness>::parse(program).context("not a program")?;
    let endian = header.endian()?;
    for segment in header.program_headers(endian, program)? {
        ensure!(segment.p_type(endian) != PT_INTERP, "the program has an interpreter");
        let dynamic = segment.dynamic(endian, program)?.unwrap_or_default();
        let needs = dynamic.iter().any(|entry| entry.tag(endian) == DT_NEEDED);
        ensure!(!needs, "the program needs a library");
    }
    auditable::check(program)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_needs_a_library_is_refused() {
        // This very test is one, of the machine's C library.
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let refused = |bytes: &[u8]| check(bytes).unwrap_err().to_string();
        assert_eq!(refused(&own), "the program has an interpreter");
        assert_eq!(refused(b"#!/bin/sh\n"), "not a program");
    }
}
