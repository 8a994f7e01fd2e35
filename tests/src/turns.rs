//! Turns of scenarios that run beside each other on one machine, in several browsers and programs.
//!
//! A scenario waits about a third of its time, for a screen to be seen or for an answer that must not
//! come, so two of them use two cores well. A third one leaves none of them time to answer in time,
//! unless it waits for longer than that: the light ones have turns of their own.

use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result};

/// What a scenario asks of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Load {
    /// A core, for most of its time.
    Heavy,
    /// Less than half of one.
    Light,
}

impl Load {
    /// How many such scenarios run at a time.
    const fn turns(self) -> usize {
        match self {
            Self::Heavy | Self::Light => 2,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Heavy => "heavy",
            Self::Light => "light",
        }
    }
}

/// How often is looked whether one has ended.
const LOOK: Duration = Duration::from_millis(10);
/// Who has had a turn lets the others look first: who would take the next at once would leave none
/// to them, and the last program would run alone at the end, on one core of two.
const REST: Duration = Duration::from_millis(30);

/// Where the programs agree on whose turn it is.
pub(crate) struct Turns(Option<PathBuf>);

/// A turn. It ends when this is dropped, also by the end of the program.
pub(crate) struct Turn(#[expect(dead_code, reason = "the lock is what counts")] Option<File>);

impl Turns {
    /// The folder that all programs are given; a program without one is alone.
    pub(crate) fn new(directory: Option<&Path>) -> Result<Self> {
        if let Some(directory) = directory {
            fs::create_dir_all(directory)?;
        }
        Ok(Self(directory.map(Path::to_owned)))
    }

    /// Waits for a turn.
    pub(crate) async fn take(&self, load: Load) -> Result<Turn> {
        let Some(directory) = &self.0 else { return Ok(Turn(None)) };
        tokio::time::sleep(REST).await;
        loop {
            for number in 0..load.turns() {
                let path = directory.join(format!("{}-{number}", load.name()));
                let file = File::create(&path).with_context(|| path.display().to_string())?;
                match file.try_lock() {
                    Ok(()) => return Ok(Turn(Some(file))),
                    Err(TryLockError::WouldBlock) => {}
                    Err(TryLockError::Error(error)) => return Err(error.into()),
                }
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[tokio::test]
    async fn two_of_a_load_have_a_turn_at_a_time() {
        let directory = tempfile::tempdir().unwrap();
        let turns = || Turns::new(Some(directory.path())).unwrap();
        for (load, other) in [(Load::Heavy, Load::Light), (Load::Light, Load::Heavy)] {
            let first = turns().take(load).await.unwrap();
            let _second = turns().take(load).await.unwrap();
            let third = turns();
            let soon = tokio::time::timeout(20 * LOOK, third.take(load)).await;
            assert!(soon.is_err());
            assert!(tokio::time::timeout(100 * LOOK, third.take(other)).await.unwrap().is_ok());
            drop(first);
            assert!(tokio::time::timeout(100 * LOOK, third.take(load)).await.unwrap().is_ok());
        }
        assert!(Turns::new(None).unwrap().take(Load::Heavy).await.is_ok());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 3)]
    async fn nobody_waits_for_all_turns_of_others() {
        let directory = tempfile::tempdir().unwrap();
        let programs = [(); Load::Heavy.turns() + 1].map(|()| {
            let turns = Turns::new(Some(directory.path())).unwrap();
            tokio::spawn(async move {
                let mut ends = Vec::new();
                for _ in 0..10 {
                    let turn = turns.take(Load::Heavy).await.unwrap();
                    tokio::time::sleep(6 * LOOK).await;
                    drop(turn);
                    ends.push(Instant::now());
                }
                ends
            })
        });
        let mut ends = Vec::new();
        for program in programs {
            ends.push(program.await.unwrap());
        }
        // No program has more than half of its turns left when another has had all of its own.
        let first = ends.iter().filter_map(|ends| ends.last()).min().unwrap();
        assert!(ends.iter().all(|ends| ends[5] < *first), "one had no turn");
    }
}
