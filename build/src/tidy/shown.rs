//! Tables that name the test behind a claim: the test exists.

use std::collections::BTreeSet;

use super::{Findings, Source};

/// Heading of the column that names tests.
const COLUMN: &str = "shown by";

pub(super) fn check(sources: &[Source], findings: &mut Findings) {
    let tests: BTreeSet<&str> = sources
        .iter()
        .filter(|source| source.has_extension(&["rs"]))
        .flat_map(|source| native(&source.text).chain(scenarios(&source.text)))
        .collect();
    for page in sources.iter().filter(|source| source.has_extension(&["md"])) {
        for name in named(&page.text).into_iter().filter(|name| !tests.contains(name)) {
            findings.problem(format!("{}: there is no test `{name}`", page.path));
        }
    }
}

/// Names of the tests in a Rust file: functions below the attribute, or with drawn parameters.
fn native(text: &str) -> impl Iterator<Item = &str> {
    let before = std::iter::once("").chain(text.lines());
    before.zip(text.lines()).filter_map(|(before, line)| {
        let (_, rest) = line.split_once("fn ")?;
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
        let attribute = before.trim();
        let is_test = attribute.starts_with("#[") && attribute.contains("test")
            || rest[end..].contains(" in ");
        is_test.then(|| &rest[..end])
    })
}

/// Names of the browser scenarios that a Rust file offers.
fn scenarios(text: &str) -> impl Iterator<Item = &str> {
    let lists = text.split("scenarios!(").skip(1).filter_map(|rest| rest.split_once(");"));
    lists.flat_map(|(list, _)| list.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'))
}

/// The snake-case words in code that stand in the last cell of such tables.
fn named(page: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        let Some(last) = last_cell(line) else {
            inside = false;
            continue;
        };
        if last == COLUMN {
            inside = true;
        } else if inside {
            let code = last.split('`').skip(1).step_by(2);
            found.extend(code.filter(|name| name.contains('_')));
        }
    }
    found
}

fn last_cell(line: &str) -> Option<&str> {
    let row = line.strip_prefix('|')?.trim_end().strip_suffix('|')?;
    row.rsplit('|').next().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_named_column_names_tests() {
        let page = "| a `x_y` | shown by |\n|---|---|\n| `no_test` | `one_test`, `two_tests` |\n\n\
                    | other | cells |\n|---|---|\n| a | `not_a_test` |\n";
        assert_eq!(named(page), ["one_test", "two_tests"]);
    }

    #[test]
    fn only_tests_are_found() {
        let text = "#[test]\nfn one() {}\nfn helper() {}\n    fn two(x in 0..3_usize) {}\n";
        assert_eq!(native(text).collect::<Vec<_>>(), ["one", "two"]);
        let text = "scenarios!(\"flow\": one_way,\n    other);\nasync fn helper() {}";
        let found: Vec<_> = scenarios(text).filter(|name| !name.is_empty()).collect();
        assert_eq!(found, ["flow", "one_way", "other"]);
    }
}
