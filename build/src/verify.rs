//! `cargo xtask test`: everything that must hold before a change is accepted.

use std::process::Command;

use anyhow::Result;

use crate::browsers::{self, Account, Engine};
use crate::compiler;
use crate::passed::Passed;
use crate::process::{Beside, cargo, run};
use crate::repo::Repo;
use crate::steps::Steps;
use crate::{codegen, coverage, dist, files, fuzz, generated, repro, scripts, setup, tidy, wasm};

/// How long each fuzz target runs.
const FUZZ_SECONDS: u32 = 10;

/// Runs all steps, cheap ones first, and always prints the summary.
pub(crate) fn run_all(repo: &Repo, with_browsers: bool, again: bool) -> Result<()> {
    let (tree, repo) = (files::fingerprint(repo)?, &repo.linted()?);
    let account = Account { tree: &tree, again };
    let mut steps = Steps::new();
    let result = sources(repo, &mut steps, with_browsers)
        .and_then(|()| compiled(repo, &mut steps, again))
        .and_then(|second| artefacts(repo, &mut steps, second))
        .and_then(|()| in_browsers(repo, &mut steps, with_browsers.then_some(account)));
    steps.print();
    result
}

fn sources(repo: &Repo, steps: &mut Steps, with_browsers: bool) -> Result<()> {
    steps.run("setup", || if with_browsers { setup::all(repo) } else { setup::tools(repo) })?;
    if !setup::has_postgres() {
        steps.skip("tests of brokers that share a database: no PostgreSQL");
    }
    steps.run("format", || run(cargo(repo).args(["fmt", "--all", "--check"])))?;
    steps.run("tidy", || tidy::run(repo))?;
    steps.run("spelling", || spelling(repo))?;
    steps.run("script types", || scripts::check_types(repo))?;
    // What these make, the client's verifier, its tests run.
    steps.run("generated files", || codegen::check(repo))?;
    steps.run("client tests", || scripts::test_client(repo))
}

/// What takes minutes, and depends on nothing but the tree. Beside the tests, whose ends leave cores
/// to nobody, the enclave is built once more, elsewhere.
fn compiled(repo: &Repo, steps: &mut Steps, again: bool) -> Result<Beside> {
    let mut passed = Passed::recall(repo, again)?;
    let mut once = |steps: &mut Steps, name: &str, work: fn(&Repo) -> Result<()>| {
        if passed.has(name) {
            steps.note_passed(name);
            return Ok(());
        }
        steps.run(name, || work(repo))?;
        passed.add(repo, name)
    };
    once(steps, "clippy for wasm", clippy_for_wasm)?;
    let second = repro::once_beside(repo)?;
    once(steps, "native tests", native_tests)?;
    once(steps, "generated requests", |repo| generated::run_all(repo, false))?;
    once(steps, "native tests of the pure crates, with coverage", coverage::check)?;
    steps.run("fuzzing", || fuzz::run(repo, FUZZ_SECONDS))?;
    Ok(second)
}

fn artefacts(repo: &Repo, steps: &mut Steps, second: Beside) -> Result<()> {
    // Both leave the enclave in one place in turn: the one that is there already comes first.
    steps.run("dist", || dist::emit(repo).map(drop))?;
    steps.run("probe build", || wasm::Build::probe(repo).run().map(drop))?;
    steps.run("reproducible", || second.end())
}

fn in_browsers(repo: &Repo, steps: &mut Steps, account: Option<Account<'_>>) -> Result<()> {
    let Some(account) = account else {
        steps.skip("browser tests (--skip-browsers)");
        return Ok(());
    };
    for engine in Engine::All.each().into_iter().filter(|engine| !engine.is_present()) {
        steps.skip(&format!("browser tests in {}", engine.name()));
    }
    // Of a tree that has changed since the builds began nothing is to be remembered.
    let account = (files::fingerprint(repo)? == account.tree).then_some(account);
    steps.run("browser tests", || browsers::test(repo, Engine::All, None, account))
}

fn spelling(repo: &Repo) -> Result<()> {
    run(Command::new(setup::checker(repo, "typos")?).current_dir(repo.root()))
}

/// What is compiled for wasm only is invisible to the host. All at once, so that what they share is read
/// once; each is built by itself elsewhere.
fn clippy_for_wasm(repo: &Repo) -> Result<()> {
    let mut command = cargo(repo);
    command.args(["clippy", "--quiet", "--locked", "--target", wasm::TARGET]);
    for module in [wasm::ENCLAVE, wasm::TOOLS, wasm::KIT] {
        command.args(["--package", module.package]);
    }
    command.args(["--features", "kms-enclave/probe", "--", "-D", "warnings"]);
    run(&mut command)
}

/// The pure crates have a step of their own. What is no test is compiled to be read by clippy.
fn native_tests(repo: &Repo) -> Result<()> {
    run(tests(repo)?.args(["--no-run", "--all-targets"]))?;
    run(&mut tests(repo)?)
}

/// The tests of all other crates, as they are compiled once.
pub(crate) fn tests(repo: &Repo) -> Result<Command> {
    let mut command = cargo(repo);
    command.args(["test", "--quiet", "--locked", "--workspace"]);
    for name in coverage::CRATES {
        command.args(["--exclude", name]);
    }
    compiler::read_along(repo, &mut command)?;
    Ok(command)
}
