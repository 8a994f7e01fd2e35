//! Workflows of the forge: each step can fail, and what others provide is named by its content.

use super::{Findings, Source};

/// What makes a step pass whatever it finds.
const LENIENT: [&str; 5] = ["continue-on-error", "|| true", "|| :", "exit-code: 0", "set +e"];

pub(super) fn check(sources: &[Source], findings: &mut Findings) {
    for source in sources.iter().filter(|source| source.path.starts_with(".github/workflows/")) {
        for problem in problems(&source.text) {
            findings.problem(format!("{}: {problem}", source.path));
        }
    }
}

fn problems(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(word) = LENIENT.iter().find(|word| line.contains(*word)) {
            found.push(format!("`{word}`: this step cannot fail"));
        }
        let used = line.trim_start_matches("- ").strip_prefix("uses:");
        if let Some(used) = used.filter(|used| !is_pinned(used.trim())) {
            found.push(format!("{} can change: name it by its commit", used.trim()));
        }
    }
    found
}

fn is_pinned(action: &str) -> bool {
    let commit = action.split_once('@').and_then(|(_, rest)| rest.split_whitespace().next());
    commit.is_some_and(|commit| {
        commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workflow_that_could_not_fail_is_found() {
        assert!(problems("- run: cargo deny check").is_empty());
        for lenient in LENIENT {
            assert_eq!(problems(&format!("- run: cargo audit\n  {lenient}: true")).len(), 1);
        }
    }

    #[test]
    fn an_action_is_named_by_its_commit() {
        let commit = "11bd71901bbe5b1630ceea73d27597364c9af683";
        assert!(problems(&format!("- uses: actions/checkout@{commit} # v4")).is_empty());
        for other in ["actions/checkout@v4", "actions/checkout", "x@11bd719"] {
            assert_eq!(problems(&format!("      - uses: {other}")).len(), 1, "{other}");
        }
    }
}
