//! Every error code is met in a test that expects it.

use super::{Findings, Source};

/// The one table of error codes.
const TABLE: &str = "crates/protocol/src/error.rs";
/// Only maps codes to names and back.
const NAMES: &str = "crates/vault/tests/names.rs";

pub(super) fn check(sources: &[Source], findings: &mut Findings) {
    let Some(table) = sources.iter().find(|source| source.path == TABLE) else {
        findings.problem(format!("{TABLE} is missing"));
        return;
    };
    let tests: Vec<&str> = sources.iter().filter_map(tests_of).collect();
    for (variant, name) in rows(&table.text) {
        let mut forms = vec![format!("ErrorCode::{variant}")];
        // As a word of its own, or after what the frame says before it.
        forms.extend(["\"", "'", "refused "].map(|before| format!("{before}{name}")));
        let is_met = |text: &&str| forms.iter().any(|form| contains_word(text, form));
        if !tests.iter().any(is_met) {
            findings.problem(format!("{TABLE}: no test expects `{name}`"));
        }
    }
}

/// The part of a file that is tests.
fn tests_of(source: &Source) -> Option<&str> {
    let path = source.path.as_str();
    let is_test = path.starts_with("tests/") || path.contains("/tests/") || path.contains("/test/");
    if path == NAMES || source.is_generated() || !source.has_extension(&["rs", "js", "mjs"]) {
        None
    } else if is_test || path.ends_with("/tests.rs") {
        Some(&source.text)
    } else {
        source.text.find("#[cfg(test)]").map(|at| &source.text[at..])
    }
}

/// Variants and names of the table.
fn rows(table: &str) -> impl Iterator<Item = (&str, &str)> {
    table.lines().filter_map(|line| {
        let (variant, rest) = line.strip_prefix("    ")?.split_once(", \"")?;
        let (name, rest) = rest.split_once('"')?;
        (variant.chars().all(char::is_alphanumeric) && rest.ends_with(';'))
            .then_some((variant, name))
    })
}

fn contains_word(text: &str, word: &str) -> bool {
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    text.match_indices(word).any(|(at, _)| ends(&text[at + word.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_to_stand_whole_in_a_test() {
        let table = "errors! {\n    Lost, \"lost\", Never, Enclave, \"Gone.\";\n}\n";
        assert_eq!(rows(table).collect::<Vec<_>>(), [("Lost", "lost")]);
        assert!(contains_word("== ErrorCode::Lost)", "ErrorCode::Lost"));
        assert!(!contains_word("== ErrorCode::LostKey)", "ErrorCode::Lost"));
    }
}
