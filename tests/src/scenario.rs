//! Named scenarios, and what one comes to in one browser.

use std::{
    fmt, fs,
    future::Future,
    path::{Path, PathBuf},
    pin::Pin,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use fantoccini::Client;
use serde_json::Value;

use crate::{engine::Launch, page::Page as _, turns::Load, world::World};

/// One scenario may take this long, browser start included.
const LIMIT: Duration = Duration::from_mins(2);

/// What a scenario came to.
pub(crate) type Outcome<'a> = Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

/// A named test.
#[derive(Clone, Copy)]
pub(crate) struct Scenario {
    /// `theme::function`.
    pub name: &'static str,
    /// How its browser is started.
    pub launch: Launch,
    /// What it asks of the machine.
    pub load: Load,
    /// The test itself.
    pub run: for<'a> fn(&'a mut World) -> Outcome<'a>,
}

/// Lists the scenarios of a module by the names of their functions.
///
/// `[light]` stands behind those that leave the processor alone for more than half of their time.
macro_rules! scenarios {
    ($theme:literal: $($name:ident $([$light:ident])? $(with $launch:expr)?),+ $(,)?) => {
        /// The scenarios of this theme.
        pub(crate) const ALL: &[$crate::scenario::Scenario] = &[$($crate::scenario::Scenario {
            name: concat!($theme, "::", stringify!($name)),
            launch: scenarios!(@launch $($launch)?),
            load: scenarios!(@load $($light)?),
            run: |world| Box::pin($name(world)),
        }),+];
    };
    (@launch) => { $crate::engine::Launch::ORDINARY };
    (@launch $launch:expr) => { $launch };
    (@load) => { $crate::turns::Load::Heavy };
    (@load light) => { $crate::turns::Load::Light };
}
pub(crate) use scenarios;

/// The reason why a scenario says nothing about this engine.
#[derive(Debug)]
pub(crate) struct Skip(pub &'static str);

impl fmt::Display for Skip {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0)
    }
}

impl std::error::Error for Skip {}

/// What a scenario needs and the machine has not. On a build machine that is a failure: there,
/// everything can be installed.
#[derive(Debug)]
pub(crate) struct Missing(pub &'static str);

impl fmt::Display for Missing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0)
    }
}

impl std::error::Error for Missing {}

/// Whether this is a build machine, on which nothing may be left out for want of something.
pub(crate) fn on_build_machine() -> bool {
    std::env::var_os("CI").is_some()
}

/// Whether an error says why nothing was tested, in place of what went wrong.
fn excuses(error: &anyhow::Error, strict: bool) -> bool {
    error.is::<Skip>() || (error.is::<Missing>() && !strict)
}

/// How a scenario ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// As it should.
    Passed,
    /// It says nothing about this engine or machine.
    Skipped,
    /// Otherwise.
    Failed,
}

/// Runs one and says in a line how it ended.
pub(crate) async fn run(world: &mut World, scenario: &Scenario) -> Ending {
    let start = Instant::now();
    let outcome = run_one(world, scenario).await;
    let seconds = start.elapsed().as_secs_f32();
    let name = scenario.name;
    match outcome {
        Ok(()) => {
            println!("ok      {seconds:>5.1} s  {name}");
            Ending::Passed
        }
        Err(error) if excuses(&error, on_build_machine()) => {
            println!("skipped {seconds:>5.1} s  {name}: {error}");
            Ending::Skipped
        }
        Err(error) => {
            let evidence = match keep_evidence(world, name).await {
                Ok(path) => format!("see {}", path.display()),
                Err(error) => format!("no evidence could be kept: {error:#}"),
            };
            println!("FAILED  {seconds:>5.1} s  {name}: {error:#}\n        {evidence}");
            // Whatever state it was left in does not reach the next scenario.
            world.discard_browser();
            Ending::Failed
        }
    }
}

async fn run_one(world: &mut World, scenario: &Scenario) -> Result<()> {
    world.prepare(scenario.launch).await?;
    let outcome = tokio::time::timeout(LIMIT, (scenario.run)(world)).await;
    outcome.with_context(|| format!("no end within {LIMIT:?}"))?
}

/// Saves what can be seen: a picture, both documents, the console.
async fn keep_evidence(world: &World, name: &str) -> Result<PathBuf> {
    let directory = world.directory.join("failures").join(name.replace("::", "-"));
    fs::create_dir_all(&directory)?;
    let browser = world.browser()?;
    fs::write(directory.join("console.log"), browser.console())?;
    let saved = save_page(world, &directory);
    tokio::time::timeout(Duration::from_secs(10), saved).await.context("the browser hangs")??;
    Ok(directory)
}

async fn save_page(world: &World, directory: &Path) -> Result<()> {
    let client = world.page()?;
    client.leave_frame().await?;
    fs::write(directory.join("messages.json"), recorded(client).await?.to_string())?;
    fs::write(directory.join("page.png"), client.screenshot().await?)?;
    fs::write(directory.join("page.html"), client.source().await?)?;
    if client.enter_frame(0).await.is_ok() {
        fs::write(directory.join("frame.html"), client.source().await?)?;
    }
    Ok(())
}

/// Every reply and event that reached the page, where a page of `tests/hostile` is open.
async fn recorded(client: &Client) -> Result<Value> {
    let script =
        "return window.attack ? await window.attack('session', { op: 'recorded' }) : null;";
    Ok(client.eval(script, &[]).await.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_build_machine_lacks_is_a_failure_and_what_an_engine_lacks_is_not() {
        let (engine, machine) = (Skip("no such thing").into(), Missing("not installed").into());
        let failure = anyhow::anyhow!("went wrong");
        for strict in [false, true] {
            assert!(excuses(&engine, strict));
            assert_eq!(excuses(&machine, strict), !strict);
            assert!(!excuses(&failure, strict));
        }
    }
}
