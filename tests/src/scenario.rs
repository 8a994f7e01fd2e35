//! Named scenarios, run one after another in one browser.

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

use crate::{engine::Launch, known::Known, page::Page as _, turns::Turns, world::World};

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
    /// It needs no turn.
    pub light: bool,
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
            light: scenarios!(@light $($light)?),
            run: |world| Box::pin($name(world)),
        }),+];
    };
    (@launch) => { $crate::engine::Launch::ORDINARY };
    (@launch $launch:expr) => { $launch };
    (@light) => { false };
    (@light light) => { true };
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

/// How many scenarios ended how.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    passed: usize,
    failed: usize,
    skipped: usize,
    /// Not run: this very tree has passed them before.
    known: usize,
}

impl Tally {
    /// Whether nothing failed, and something ran.
    pub(crate) fn is_good(&self) -> bool {
        self.failed == 0 && self.passed + self.known > 0
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { passed, failed, skipped, known } = self;
        write!(out, "{passed} passed, {failed} failed, {skipped} skipped")?;
        if *known > 0 { write!(out, ", {known} passed before") } else { Ok(()) }
    }
}

/// Runs the scenarios whose names contain `filter`, or one of several with commas between, a line
/// for each.
pub(crate) async fn run_all(
    world: &mut World,
    filter: &str,
    turns: &Turns,
    mut known: Known,
) -> Result<Tally> {
    let is_meant = |scenario: &Scenario| filter.split(',').any(|part| scenario.name.contains(part));
    let mut chosen: Vec<_> = crate::scenarios::all().filter(is_meant).collect();
    // A different start needs a different browser: those come last, together.
    chosen.sort_by_key(|scenario| scenario.launch != Launch::ORDINARY);
    let mut tally = Tally::default();
    for scenario in chosen {
        if known.covers(scenario.name) {
            tally.known += 1;
            continue;
        }
        let _turn = if scenario.light { None } else { Some(turns.take().await?) };
        let start = Instant::now();
        let outcome = run_one(world, &scenario).await;
        let seconds = start.elapsed().as_secs_f32();
        let name = scenario.name;
        known.keep(name, outcome.is_ok())?;
        match outcome {
            Ok(()) => {
                tally.passed += 1;
                println!("ok      {seconds:>5.1} s  {name}");
            }
            Err(error) if excuses(&error, on_build_machine()) => {
                tally.skipped += 1;
                println!("skipped {seconds:>5.1} s  {name}: {error}");
            }
            Err(error) => {
                tally.failed += 1;
                println!("FAILED  {seconds:>5.1} s  {name}: {error:#}");
                match keep_evidence(world, name).await {
                    Ok(path) => println!("        see {}", path.display()),
                    Err(error) => println!("        no evidence could be kept: {error:#}"),
                }
                // Whatever state it was left in does not reach the next scenario.
                world.discard_browser();
            }
        }
    }
    Ok(tally)
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
