//! A run of named steps that stops at the first failure and ends in a table.

use std::time::{Duration, Instant};

use anyhow::Result;

/// How one step went.
struct Outcome {
    name: String,
    took: Duration,
    passed: bool,
}

/// Runs steps one after another and keeps their times.
pub(crate) struct Steps {
    outcomes: Vec<Outcome>,
    skipped: Vec<String>,
    known: Vec<String>,
}

impl Steps {
    pub(crate) fn new() -> Self {
        Self { outcomes: Vec::new(), skipped: Vec::new(), known: Vec::new() }
    }

    /// Runs `work` and remembers the outcome.
    pub(crate) fn run(&mut self, name: &str, work: impl FnOnce() -> Result<()>) -> Result<()> {
        println!("\n== {name}");
        let start = Instant::now();
        let result = work();
        let passed = result.is_ok();
        self.outcomes.push(Outcome { name: name.to_owned(), took: start.elapsed(), passed });
        result
    }

    /// Notes a step that this very tree has passed before.
    pub(crate) fn note_passed(&mut self, name: &str) {
        println!("\n== {name}\n  this very tree has passed it before (--again repeats it)");
        self.known.push(name.to_owned());
    }

    /// Notes a step that could not run here.
    pub(crate) fn skip(&mut self, name: &str) {
        self.skipped.push(name.to_owned());
    }

    /// Prints the table; the last line is for machines.
    pub(crate) fn print(&self) {
        println!("\n== summary");
        for outcome in &self.outcomes {
            let verdict = if outcome.passed { "passed" } else { "FAILED" };
            println!("  {verdict} {:>7.1} s  {}", outcome.took.as_secs_f64(), outcome.name);
        }
        for name in &self.known {
            println!("  passed     before  {name}");
        }
        for name in &self.skipped {
            println!("  SKIPPED            {name}");
        }
        let total: Duration = self.outcomes.iter().map(|outcome| outcome.took).sum();
        let run = self.outcomes.iter().filter(|outcome| outcome.passed).count();
        let passed = run + self.known.len();
        println!("  total  {:>7.1} s", total.as_secs_f64());
        println!("{passed} passed, {} failed", self.outcomes.len() - run);
    }
}
