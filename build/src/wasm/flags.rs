//! Compiler and linker flags: fixed memory, and no path of this machine.

use std::process::Command;

use anyhow::Result;

use super::{Home, TARGET};
use crate::remap;
use crate::repo::Repo;

const PAGE: u32 = 65_536;
/// What the module asks for: the whole, never growing memory of the enclave
/// instance (8 MiB).
const INITIAL_PAGES: u32 = 128;
/// What the module may be given: the key-derivation instance, with Argon2id's
/// 64 MiB (80 MiB).
const MAXIMUM_PAGES: u32 = 1_280;
const STACK_BYTES: u32 = 256 * 1024;
/// What the client's verifier may use (32 MiB): a question of 4 MiB several times over.
const KIT_MAXIMUM_PAGES: u32 = 512;

// Argon2id's blocks must fit beside what the enclave instance has.
const _: () = assert!((MAXIMUM_PAGES - INITIAL_PAGES) * PAGE >= 65 * 1024 * 1024);

/// SHA-2 in its rolled form: a fifth of the code. What is hashed here is short; the megabytes go
/// through `WebCrypto`.
const SHA2_COMPACT: &str = r#"--cfg=sha2_backend_soft="compact""#;

/// No dependency draws randomness on its own; `.cargo/config.toml`, which these flags replace, says
/// the same.
const NO_RANDOMNESS: &str = r#"--cfg=getrandom_backend="unsupported""#;

/// Makes `command` compile with the release flags and nothing else.
pub(super) fn apply(repo: &Repo, command: &mut Command, home: Home) -> Result<()> {
    let mut flags = match home {
        Home::Worker => enclave_memory(),
        Home::Page => kit_memory(),
    };
    flags.push(format!("-Clink-arg=-zstack-size={STACK_BYTES}"));
    flags.extend([SHA2_COMPACT, NO_RANDOMNESS].map(str::to_owned));
    flags.extend(remap::flags(repo, TARGET)?);
    remap::apply(command, &flags);
    Ok(())
}

/// One module serves two instances, so the memory is imported: the enclave
/// passes one with `initial == maximum == INITIAL_PAGES`.
fn enclave_memory() -> Vec<String> {
    vec![
        "-Clink-arg=--import-memory".to_owned(),
        format!("-Clink-arg=--initial-memory={}", INITIAL_PAGES * PAGE),
        format!("-Clink-arg=--max-memory={}", MAXIMUM_PAGES * PAGE),
    ]
}

/// A memory of its own, small at first.
fn kit_memory() -> Vec<String> {
    vec![format!("-Clink-arg=--max-memory={}", KIT_MAXIMUM_PAGES * PAGE)]
}
