//! The list of lines that no native test reaches, each with the reason.
//!
//! A line is named by its file and text, so that it stays listed when it moves. A block is
//! `path: reason`, and below it, indented, the texts that it holds for.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::Line;

/// Stands where the reason is still to be written.
const NO_REASON: &str = "?";

const INDENT: &str = "    ";

const HEAD: &str = "\
# Lines of the pure crates that no native test reaches, and why. Compared by `cargo xtask test`;
# `cargo xtask coverage --update` adds and removes lines, a person writes the reasons.
";

/// Texts with their reason, by path.
#[derive(Debug, Default)]
pub(super) struct Listed(BTreeMap<String, Vec<(String, String)>>);

impl Listed {
    /// Reads the list; where there is none, nothing is listed.
    pub(super) fn read(path: &Path) -> Result<Self> {
        if !path.exists() {
            return Ok(Self::default());
        }
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self> {
        let mut listed = Self::default();
        let mut block = None;
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some(code) = line.strip_prefix(INDENT) {
                let Some((path, reason)) = block else { bail!("no file and reason above: {code}") };
                let texts = listed.0.entry(str::to_owned(path)).or_default();
                texts.push((code.to_owned(), str::to_owned(reason)));
            } else {
                block = Some(line.split_once(": ").context("expected `path: reason`")?);
            }
        }
        Ok(listed)
    }

    /// What keeps the list from being exactly what was missed, for good reasons.
    pub(super) fn problems(&self, missed: &[Line]) -> Vec<String> {
        let mut left = self.0.clone();
        let mut problems = Vec::new();
        for line in missed {
            match take(&mut left, line) {
                None => problems
                    .push(format!("not listed: {}:{}: {}", line.path, line.number, line.text)),
                Some(reason) if reason == NO_REASON => {
                    problems
                        .push(format!("no reason: {}:{}: {}", line.path, line.number, line.text));
                }
                Some(_) => {}
            }
        }
        for (path, texts) in left {
            problems
                .extend(texts.iter().map(|(text, _)| format!("reached or gone: {path}: {text}")));
        }
        problems
    }

    /// The list of what was missed, with the reasons that are known.
    pub(super) fn updated(mut self, missed: &[Line]) -> Self {
        let mut updated = Self::default();
        for line in missed {
            let reason = take(&mut self.0, line).unwrap_or_else(|| NO_REASON.to_owned());
            updated.0.entry(line.path.clone()).or_default().push((line.text.clone(), reason));
        }
        updated
    }

    pub(super) fn len(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }

    pub(super) fn unexplained(&self) -> usize {
        self.0.values().flatten().filter(|(_, reason)| reason == NO_REASON).count()
    }
}

/// Takes the entry of a line out of the list and returns its reason.
fn take(list: &mut BTreeMap<String, Vec<(String, String)>>, line: &Line) -> Option<String> {
    let texts = list.get_mut(&line.path)?;
    let at = texts.iter().position(|(text, _)| *text == line.text)?;
    Some(texts.remove(at).1)
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HEAD)?;
        for (path, texts) in &self.0 {
            let mut last = None;
            for (text, reason) in texts {
                if last != Some(reason) {
                    write!(f, "\n{path}: {reason}\n")?;
                    last = Some(reason);
                }
                writeln!(f, "{INDENT}{text}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: usize, text: &str) -> Line {
        Line { path: "a.rs".to_owned(), number, text: text.to_owned() }
    }

    const LIST: &str = "# head\n\na.rs: It cannot fail: ever.\n    return x;\n    return x;\n\
                        b.rs: Gone.\n    y();\n";

    #[test]
    fn moved_lines_stay_listed_and_each_counts_once() {
        let listed = Listed::parse(LIST).unwrap();
        let missed = [line(7, "return x;"), line(90, "return x;"), line(99, "return x;")];
        assert_eq!(
            listed.problems(&missed),
            ["not listed: a.rs:99: return x;", "reached or gone: b.rs: y();"]
        );
    }

    #[test]
    fn an_update_keeps_reasons_and_asks_for_new_ones() {
        let updated =
            Listed::parse(LIST).unwrap().updated(&[line(7, "return x;"), line(8, "z();")]);
        assert_eq!((updated.len(), updated.unexplained()), (2, 1));
        let text = updated.to_string();
        assert_eq!(
            text.strip_prefix(HEAD).unwrap(),
            "\na.rs: It cannot fail: ever.\n    return x;\n\na.rs: ?\n    z();\n"
        );
        let again = Listed::parse(&text).unwrap();
        let problems = again.problems(&[line(7, "return x;"), line(8, "z();")]);
        assert_eq!(problems, ["no reason: a.rs:8: z();"]);
    }

    #[test]
    fn a_line_needs_a_file_and_a_reason() {
        assert!(Listed::parse("    x();\n").is_err());
        assert!(Listed::parse("a.rs\n    x();\n").is_err());
    }
}
