//! Calling `kms-e2e`: browser tests, benchmarks and screenshots.

use std::process::Command;

use anyhow::{Result, bail, ensure};
use clap::ValueEnum;

use crate::process::{copy, run, run_together};
use crate::repo::Repo;
use crate::setup::{self, Browsers};
use crate::workspace;
use crate::{dist, wasm};

/// The engines that the enclave is tested in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    Chromium,
    Firefox,
    Webkitgtk,
    All,
}

impl Engine {
    /// The single engines that this one stands for.
    pub(crate) fn each(self) -> Vec<Self> {
        match self {
            Self::All => vec![Self::Chromium, Self::Firefox, Self::Webkitgtk],
            one => vec![one],
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
            Self::Webkitgtk => "webkitgtk",
            Self::All => "all",
        }
    }

    /// Whether this machine can drive the engine.
    pub(crate) fn is_present(self) -> bool {
        let present = Browsers::present();
        match self {
            Self::Chromium => present.chromium,
            Self::Firefox => present.firefox && setup::has_geckodriver(),
            Self::Webkitgtk => present.webkitgtk,
            Self::All => self.each().into_iter().all(Self::is_present),
        }
    }
}

/// What lets the browser tests leave out most of what the tree has passed before.
#[derive(Clone, Copy)]
pub(crate) struct Account<'a> {
    /// Fingerprint of the tree that was built.
    pub tree: &'a str,
    /// Leave nothing out.
    pub again: bool,
}

/// Builds everything that the browser programs read.
pub(crate) fn prepare(repo: &Repo) -> Result<()> {
    setup::browsers()?;
    dist::emit(repo)?;
    wasm::Build::probe(repo).run()?;
    Ok(())
}

/// Runs the end-to-end tests on what `prepare` built, in every engine even if one fails.
///
/// The engines run beside each other and take turns, so that there is always work and never too much.
pub(crate) fn test(
    repo: &Repo,
    engine: Engine,
    filter: Option<&str>,
    account: Option<Account<'_>>,
) -> Result<()> {
    let program = program(repo, "run")?;
    let runs = present(engine)?.into_iter().map(|engine| {
        let mut command = copy(&program);
        command.args(["--engine", engine.name()]).arg("--turns").arg(repo.target("e2e/turns"));
        if let Some(filter) = filter {
            command.args(["--filter", filter]);
        }
        if let Some(Account { tree, again }) = account {
            command.args(["--tree", tree]).args(again.then_some("--again"));
        }
        (engine.name(), command)
    });
    let failed = run_together(runs.collect())?;
    ensure!(failed.is_empty(), "browser tests failed in {}", failed.join(", "));
    Ok(())
}

/// Prints the performance tables and writes `target/bench`. WebKitGTK's clock
/// is too coarse to be measured with.
pub(crate) fn bench(repo: &Repo, engine: Engine, quick: bool) -> Result<()> {
    let measured = present(engine)?.into_iter().filter(|engine| *engine != Engine::Webkitgtk);
    for engine in measured {
        let mut command = program(repo, "bench")?;
        command.args(["--engine", engine.name()]);
        if quick {
            command.arg("--quick");
        }
        run(&mut command)?;
    }
    Ok(())
}

/// Takes a picture of each screen.
pub(crate) fn screenshots(repo: &Repo) -> Result<()> {
    run(&mut program(repo, "screenshots")?)
}

/// The single engines of `engine` that can be driven; a missing one fails in
/// CI and is skipped, loudly, elsewhere.
pub(crate) fn present(engine: Engine) -> Result<Vec<Engine>> {
    let (present, missing): (Vec<_>, Vec<_>) =
        engine.each().into_iter().partition(|engine| engine.is_present());
    for engine in &missing {
        println!("  SKIPPED: {} or its driver is not installed", engine.name());
    }
    if !missing.is_empty() && std::env::var_os("CI").is_some() {
        bail!("every engine must be there when CI is set");
    }
    Ok(present)
}

fn program(repo: &Repo, task: &str) -> Result<Command> {
    let mut command = Command::new(workspace::binary(repo, "kms-e2e")?);
    command.current_dir(repo.root()).arg(task);
    Ok(command)
}
