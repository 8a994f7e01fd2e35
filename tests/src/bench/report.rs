//! The results as JSON, as a Markdown table and as a chart.

use std::{fmt::Write as _, fs, path::Path};

use anyhow::{Context as _, Result};

use super::{chart, row::Row};
use crate::engine::Engine;

/// One run in one engine.
pub(super) struct Report {
    pub engine: Engine,
    /// Where and when.
    pub machine: String,
    /// How thoroughly.
    pub effort: &'static str,
    pub rows: Vec<Row>,
}

impl Report {
    pub(super) fn meets_every_goal(&self) -> bool {
        self.rows.iter().all(|row| row.pass)
    }

    /// The machine and the table, in Markdown.
    pub(super) fn table(&self) -> String {
        let mut text = format!("{} · {} run\n\n", self.machine, self.effort);
        text.push_str("| # | what | ours | reference | ratio | goal | |\n");
        text.push_str("|---|---|---:|---:|---:|---:|---|\n");
        for row in &self.rows {
            let Row { number, name, ours, reference, ratio, goal, pass, unit } = row;
            let verdict = if *pass { "met" } else { "**missed**" };
            // Writing to a string does not fail.
            let _ = writeln!(
                text,
                "| {number} | {name} | {} {unit} | {} {unit} | {ratio:.2} | ≤ {goal} | {verdict} |",
                rounded(*ours),
                rounded(*reference),
            );
        }
        text
    }

    /// Writes `<engine>.json`, `.md` and `.svg`.
    pub(super) fn write(&self, directory: &Path) -> Result<()> {
        fs::create_dir_all(directory)?;
        let files = [
            ("json", serde_json::to_string_pretty(&self.rows)? + "\n"),
            ("md", self.table()),
            ("svg", chart::draw(&format!("ATS KMS in {}", self.engine), &self.rows)),
        ];
        for (ending, text) in files {
            let path = directory.join(format!("{}.{ending}", self.engine));
            fs::write(&path, text).with_context(|| path.display().to_string())?;
        }
        Ok(())
    }
}

/// Three digits that count, as far as there are that many.
fn rounded(value: f64) -> String {
    let decimals = match value {
        value if value < 1.0 => 3,
        value if value < 10.0 => 2,
        value if value < 100.0 => 1,
        _ => 0,
    };
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::row::Goal;

    fn report() -> Report {
        let rows = vec![
            Goal::ECHO.reached(Engine::Chromium, 0.125, 0.1),
            Goal::WIRE.reached(Engine::Chromium, 123.4, Goal::WIRE_BUDGET),
        ];
        Report { engine: Engine::Chromium, machine: "here".into(), effort: "quick", rows }
    }

    #[test]
    fn the_table_says_what_is_met() {
        let table = report().table();
        assert!(table.contains("| 0.125 ms | 0.100 ms | 1.25 | ≤ 1.25 | met |"), "{table}");
        assert!(table.contains("| 123 KB | 90.0 KB | 1.37 | ≤ 1 | **missed** |"), "{table}");
        assert!(!report().meets_every_goal());
    }

    #[test]
    fn the_json_has_exactly_the_documented_members() {
        let value = serde_json::to_value(report().rows).unwrap();
        let mut members: Vec<_> = value[0].as_object().unwrap().keys().cloned().collect();
        members.sort();
        assert_eq!(members, ["goal", "name", "ours", "pass", "ratio", "reference", "row"]);
    }
}
