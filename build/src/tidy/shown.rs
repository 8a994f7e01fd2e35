//! Tables that name the test behind a claim: the test exists.

use std::collections::BTreeSet;

use super::{Findings, Source};

/// Heading of the column that names tests.
const COLUMN: &str = "shown by";

pub(super) fn check(sources: &[Source], findings: &mut Findings) {
    let tests: BTreeSet<&str> = sources
        .iter()
        .filter(|source| source.has_extension(&["rs"]))
        .flat_map(|source| functions(&source.text))
        .collect();
    for page in sources.iter().filter(|source| source.has_extension(&["md"])) {
        for name in named(&page.text).into_iter().filter(|name| !tests.contains(name)) {
            findings.problem(format!("{}: there is no test `{name}`", page.path));
        }
    }
}

/// Names of the functions in a Rust file.
fn functions(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("fn ").filter_map(|(at, word)| {
        let rest = &text[at + word.len()..];
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
        (end > 0).then(|| &rest[..end])
    })
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
    fn functions_are_found_by_name() {
        let found: Vec<_> =
            functions("async fn one_test(world: &mut World) {}\nfn two<T>() {}").collect();
        assert_eq!(found, ["one_test", "two"]);
    }
}
