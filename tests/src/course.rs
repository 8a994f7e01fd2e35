//! A run through the scenarios of one engine, in several browsers of it.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::Result;
use tokio::task;

use crate::{
    engine::Launch,
    known::Known,
    scenario::{self, Ending, Scenario},
    turns::Turns,
    world::World,
};

/// Browsers of one engine that scenarios are run in at the same time. With two there is work for every
/// turn until the last scenarios of all engines; with one the engine with the most of it is left alone.
const BROWSERS: usize = 2;

/// How many scenarios ended how.
#[derive(Clone, Copy, Debug, Default)]
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

    fn count(&mut self, ending: Ending) {
        match ending {
            Ending::Passed => self.passed += 1,
            Ending::Skipped => self.skipped += 1,
            Ending::Failed => self.failed += 1,
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { passed, failed, skipped, known } = self;
        write!(out, "{passed} passed, {failed} failed, {skipped} skipped")?;
        if *known > 0 { write!(out, ", {known} passed before") } else { Ok(()) }
    }
}

/// What the threads share.
struct Course {
    turns: Turns,
    state: Mutex<State>,
}

struct State {
    waiting: VecDeque<Scenario>,
    known: Known,
    tally: Tally,
}

/// Runs the scenarios whose names contain `filter`, or one of several with commas between, a line
/// for each.
pub(crate) async fn run(world: World, filter: &str, turns: Turns, known: Known) -> Result<Tally> {
    let is_meant = |scenario: &Scenario| filter.split(',').any(|part| scenario.name.contains(part));
    let (covered, mut chosen): (Vec<_>, Vec<_>) =
        crate::scenarios::all().filter(is_meant).partition(|scenario| known.covers(scenario.name));
    // A different start needs a different browser: those come last, together.
    chosen.sort_by_key(|scenario| scenario.launch != Launch::ORDINARY);
    let browsers = BROWSERS.min(chosen.len());
    let tally = Tally { known: covered.len(), ..Tally::default() };
    let state = Mutex::new(State { waiting: chosen.into(), known, tally });
    let course = Arc::new(Course { turns, state });
    let threads = (0..browsers).map(|_| {
        let (course, world) = (Arc::clone(&course), world.beside());
        task::spawn_blocking(move || course.walk(world))
    });
    for thread in threads.collect::<Vec<_>>() {
        thread.await??;
    }
    let tally = course.state().tally;
    Ok(tally)
}

impl Course {
    fn state(&self) -> MutexGuard<'_, State> {
        // A thread that panicked ends the run with its own error.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs what waits, one after another. The thread has a runtime of its own: a scenario that computes
    /// keeps no other one from being asked in time.
    fn walk(&self, mut world: World) -> Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            while let Some(scenario) = self.next() {
                let turn = self.turns.take(scenario.load).await?;
                let ending = scenario::run(&mut world, &scenario).await;
                drop(turn);
                let mut state = self.state();
                state.tally.count(ending);
                state.known.keep(scenario.name, ending == Ending::Passed)?;
            }
            Ok(())
        })
    }

    fn next(&self) -> Option<Scenario> {
        self.state().waiting.pop_front()
    }
}
