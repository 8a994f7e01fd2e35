//! The fuzz targets: seeds, instrumented build, a run of each for a few seconds.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::process::{cargo, output, run_together};
use crate::repo::Repo;
use crate::workspace;

/// The binaries of `fuzz/`, which are the targets of `kms_testkit::fuzz`.
const TARGETS: [&str; 7] = ["request", "envelope", "records", "jws", "template", "proof", "backup"];

/// What libFuzzer wants to be told by the code that runs; the flags of cargo-fuzz without a
/// sanitizer, since no code of ours is unsafe.
const FLAGS: [&str; 8] = [
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Aunexpected_cfgs",
    "-Ccodegen-units=16",
];

/// Longest input, in bytes: the seeds of backups are the longest.
const MAX_LEN: u32 = 65_536;

/// Builds the targets and runs each for so many seconds, as many at once as there are cores. What
/// is found is written to `tests/vectors/fuzz`, where the native tests run it from then on.
pub(crate) fn run(repo: &Repo, seconds: u32) -> Result<()> {
    let corpus = repo.target("fuzz/corpus");
    let mut seeds = Command::new(workspace::example(repo, "seeds")?);
    output(seeds.current_dir(repo.root()).arg(&corpus))?;
    let triple = host(repo)?;
    let mut build = cargo(repo);
    build.args(["build", "--quiet", "--locked", "--release", "--bins", "--target", &triple]);
    build.arg("--manifest-path").arg(repo.path("fuzz/Cargo.toml"));
    build.arg("--target-dir").arg(repo.target("fuzz"));
    output(build.env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\u{1f}")))
        .context("the targets cannot be built: a C++ compiler is needed (apt-get install g++)")?;
    let programs = repo.target("fuzz").join(triple).join("release");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    for group in TARGETS.chunks(cores) {
        let commands =
            group.iter().map(|target| (*target, fuzzer(repo, &programs, target, seconds)));
        let failed = run_together(commands.collect())?;
        ensure!(failed.is_empty(), "{}: see tests/vectors/fuzz", failed.join(", "));
    }
    Ok(())
}

fn fuzzer(repo: &Repo, programs: &Path, target: &str, seconds: u32) -> Command {
    let found = repo.path("tests/vectors/fuzz").join(format!("{target}-"));
    let mut command = Command::new(programs.join(target));
    command.arg(repo.target("fuzz/corpus").join(target));
    command.arg(format!("-max_total_time={seconds}"));
    command.arg(format!("-max_len={MAX_LEN}"));
    command.arg(format!("-artifact_prefix={}", found.display()));
    command.args(["-timeout=5", "-rss_limit_mb=1024", "-print_funcs=0", "-print_final_stats=1"]);
    command
}

fn host(repo: &Repo) -> Result<String> {
    let version = output(Command::new("rustc").current_dir(repo.root()).arg("-vV"))?;
    let line = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(line.context("rustc does not tell its host")?.to_owned())
}
