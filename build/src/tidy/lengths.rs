//! A file holds one thing: long ones are split.

use super::{Findings, Source};

const WARN_LINES: usize = 400;
const MOST_LINES: usize = 600;
/// All texts that the enclave shows stand in one file, however many they are.
const TEXTS: &str = "enclave-shell/ui/strings.js";
const EXTENSIONS: [&str; 7] = ["rs", "js", "mjs", "ts", "css", "html", "sh"];

pub(super) fn check(sources: &[Source], findings: &mut Findings) {
    let written = |source: &&Source| source.has_extension(&EXTENSIONS) && !source.is_generated();
    for source in sources.iter().filter(written) {
        let lines = source.text.lines().count();
        if lines > MOST_LINES && source.path != TEXTS {
            findings.problem(format!("{}: {lines} lines, at most {MOST_LINES}", source.path));
        } else if lines > WARN_LINES {
            findings.warning(format!("{}: {lines} lines", source.path));
        }
    }
}
