//! Words that no committed file may hold, and what served scripts may not say.

use super::{Findings, Source};

/// Marks of unfinished work. Written in pieces: this file is checked too.
const UNFINISHED: [&str; 4] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("to", "do!("),
    concat!("unimpl", "emented!("),
];

/// Where people's files lie on their machines.
const MACHINE_PATHS: [&str; 4] =
    [concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("/ho", "me/"), concat!("/Us", "ers/")];

/// These scripts are concatenated into one: a module statement breaks them.
const JOINED: [&str; 4] =
    ["enclave-shell/ui/", "enclave-shell/frame/", "enclave-shell/enrol/", "crates/enclave/worker/"];
const MODULE_STATEMENTS: [&str; 5] = ["import ", "import{", "import(", "export ", "export{"];

pub(super) fn check(sources: &[Source], findings: &mut Findings) {
    for source in sources.iter().filter(|source| !source.has_extension(&["lock"])) {
        for (number, line) in source.text.lines().enumerate() {
            let place = format!("{}:{}", source.path, number + 1);
            check_line(&place, line, findings);
            if is_joined(source) && MODULE_STATEMENTS.iter().any(|word| line.starts_with(word)) {
                findings.problem(format!("{place}: joined scripts have no import or export"));
            }
        }
    }
}

fn check_line(place: &str, line: &str, findings: &mut Findings) {
    if let Some(word) = UNFINISHED.iter().find(|word| contains_word(line, word)) {
        findings.problem(format!("{place}: `{word}`"));
    }
    if let Some(path) = MACHINE_PATHS.iter().find(|path| contains_path(line, path)) {
        findings.problem(format!("{place}: path of one machine, below {path}"));
    }
}

fn is_joined(source: &Source) -> bool {
    source.has_extension(&["js"]) && JOINED.iter().any(|dir| source.path.starts_with(dir))
}

fn contains_word(line: &str, word: &str) -> bool {
    preceded(line, word, |before| !before.is_alphanumeric())
}

/// An absolute path: not the middle of a URL or of a relative path.
fn contains_path(line: &str, path: &str) -> bool {
    preceded(line, path, |before| !before.is_alphanumeric() && !"._-*}/>".contains(before))
}

fn preceded(line: &str, needle: &str, accept: impl Fn(char) -> bool) -> bool {
    line.match_indices(needle).any(|(at, _)| line[..at].chars().next_back().is_none_or(&accept))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_path_of_one_machine() {
        assert!(contains_path(concat!("let x = \"/ho", "me/me/x\""), MACHINE_PATHS[2]));
        assert!(!contains_path(concat!("https://host/ho", "me/x"), MACHINE_PATHS[2]));
        assert!(!contains_path(concat!("${HOME}/ro", "ot/x"), MACHINE_PATHS[0]));
    }

    #[test]
    fn words_inside_words_do_not_count() {
        assert!(contains_word(concat!("// TO", "DO: x"), UNFINISHED[0]));
        assert!(!contains_word(concat!("Mas", "TO", "DON"), UNFINISHED[0]));
    }
}
