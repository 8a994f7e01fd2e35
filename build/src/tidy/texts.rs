//! What a person reads stands in the files of texts, and what the enclave's pages look like in one
//! stylesheet: a word that stands apart is forgotten when the others are read, changed or translated.

use std::collections::BTreeSet;

use super::script::{Literal, literals};
use super::{Findings, Source};

/// The files of texts: of the enclave's two pages, and of the two parts of the client that show some.
const TEXTS: [&str; 3] = [
    "enclave-shell/ui/strings.js",
    "crates/client/src/sheet-text.js",
    "crates/client/src/verify-text.js",
];
/// How scripts begin that show something to people.
const SHOWN: [&str; 5] = [
    "enclave-shell/ui/",
    "enclave-shell/frame/",
    "enclave-shell/enrol/",
    "crates/client/src/sheet",
    "crates/client/src/verify",
];
/// The stylesheet of all scripts below `enclave-shell`.
const STYLE: &str = "enclave-shell/ui/style.js";
/// Every way for a script to style something.
const STYLING: [&str; 8] = [
    "CSSStyleSheet",
    "replaceSync",
    "insertRule",
    "cssText",
    ".style.",
    ".style[",
    "'style'",
    "<style",
];

/// What takes words that no person is shown: reasons for whoever reads the console, and selectors.
const FOR_PROGRAMS: [&str; 4] = ["Refusal(", "Error(", "checkDigest(", "querySelectorAll("];
/// Names that look like words: of keys, formats, permissions, and of a level that the client reports.
const NAMES: [&str; 9] = [
    "Enter",
    "Escape",
    "Tab",
    "-----BEGIN PUBLIC KEY-----",
    "-----END PUBLIC KEY-----",
    "witness ",
    "allow-scripts allow-same-origin allow-downloads",
    "noopener noreferrer",
    "enforced by browser",
];
/// Where even one small word is read by people.
const READ: [&str; 9] = [
    "textContent =",
    "innerText =",
    ".title =",
    ".placeholder =",
    ".alt =",
    "'aria-label',",
    "'aria-label':",
    "'title',",
    "placeholder:",
];

pub(super) fn check(sources: &[Source], findings: &mut Findings) {
    for path in TEXTS.iter().chain([&STYLE]) {
        if !sources.iter().any(|source| source.path == *path) {
            findings.problem(format!("{path} is missing"));
        }
    }
    let is_sheet = |source: &&Source| source.path.ends_with("style.js");
    let shown: Vec<_> = sources.iter().filter(|source| is_shown(source)).collect();
    let classes = shown.iter().copied().filter(is_sheet).flat_map(|it| classes(&it.text)).collect();
    for source in shown.iter().filter(|source| !TEXTS.contains(&&*source.path)) {
        if !is_sheet(source) {
            for (line, text) in in_script(&source.text, &classes) {
                let place = format!("{}:{line}", source.path);
                findings.problem(format!("{place}: `{text}` belongs into the file of texts"));
            }
        }
        if source.path.starts_with("enclave-shell/") && source.path != STYLE {
            for (line, way) in styling(&source.text) {
                let place = format!("{}:{line}", source.path);
                findings.problem(format!("{place}: `{way}` belongs into {STYLE}"));
            }
        }
    }
}

fn is_shown(source: &Source) -> bool {
    SHOWN.iter().any(|start| source.path.starts_with(start))
        && source.has_extension(&["js"])
        && !source.is_generated()
        && !source.path.contains("/test/")
}

/// Literals that a person is meant to read, by line.
fn in_script<'a>(script: &'a str, classes: &BTreeSet<&str>) -> Vec<(usize, &'a str)> {
    let read = |literal: &Literal<'_>| {
        is_read(literal) || is_prose(literal.text) && !is_for_programs(literal, classes)
    };
    literals(script).into_iter().filter(read).map(|it| (it.line, it.text)).collect()
}

/// Whether it is put where people read, of whatever words it is.
fn is_read(literal: &Literal<'_>) -> bool {
    let before = literal.before.trim_end();
    READ.iter().any(|place| before.ends_with(place)) && literal.text.contains(char::is_alphabetic)
}

/// Two words in a row, a word that begins a sentence, or a word that is set against another text.
fn is_prose(text: &str) -> bool {
    let words: Vec<_> = text.split_whitespace().map(bare).collect();
    let is_word = |word: &&str| word.len() > 1 && word.chars().all(char::is_alphabetic);
    let meet = |pair: &[&str]| {
        pair[0].ends_with(char::is_alphanumeric) && pair[1].starts_with(char::is_alphabetic)
    };
    let begins = words.first().filter(|word| is_word(word)).is_some_and(|word| {
        word.starts_with(char::is_uppercase) && word.chars().skip(1).all(char::is_lowercase)
    });
    let open = text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace);
    begins || words.windows(2).any(meet) || open && words.iter().any(is_word)
}

/// A word without the marks around it.
fn bare(word: &str) -> &str {
    word.trim_matches(|c| ",.:;!?…()“”‘’'\"`".contains(c))
}

fn is_for_programs(literal: &Literal<'_>, classes: &BTreeSet<&str>) -> bool {
    let line = literal.before.rsplit('\n').next().unwrap_or_default();
    NAMES.contains(&literal.text)
        || FOR_PROGRAMS.iter().any(|call| line.contains(call))
        || literal.text.split_whitespace().all(|word| classes.contains(word))
}

/// Names of classes in a stylesheet.
fn classes(sheet: &str) -> BTreeSet<&str> {
    let name = |part: &'_ str| part.find(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    let parts = sheet.split('.').skip(1);
    parts.map(|part| &part[..name(part).unwrap_or(part.len())]).collect()
}

/// Ways to style something, by line; what comments say does not count.
fn styling(script: &str) -> Vec<(usize, &'static str)> {
    let is_code = |line: &str| !["//", "/*", "*"].iter().any(|it| line.trim().starts_with(it));
    let lines = (1..).zip(script.lines()).filter(|(_, line)| is_code(line));
    lines
        .filter_map(|(at, line)| Some((at, *STYLING.iter().find(|way| line.contains(**way))?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHEET: &str = ".small { margin: 0; } .choice:hover, .danger { margin: .5em; }";

    fn found(script: &str) -> Vec<&str> {
        in_script(script, &classes(SHEET)).into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn what_a_person_reads_is_found() {
        for text in [
            "two words",
            "Word, then",
            "Copied",
            "Copied…",
            "One moment…",
            "1 minute",
            " hours",
            "of ",
            "(see below)",
            "“Quoted words”",
            "Vault of ",
            "color: inherit",
        ] {
            assert_eq!(found(&format!("make('p', {{}}, '{text}');")), [text]);
            assert_eq!(found(&format!("a = `${{b}}{text}${{c}}`;")), [text]);
        }
        for place in READ {
            assert_eq!(found(&format!("it{place} 'x'")), ["x"], "{place}");
        }
    }

    #[test]
    fn names_classes_selectors_and_reasons_are_not() {
        for code in [
            "throw new Refusal('internal', 'it broke off')",
            "throw new TypeError(`no key ${name} here`)",
            "card.querySelectorAll('input, select, a[href]')",
            "make('p', { class: 'small danger', id: 'x' }, TEXT.none)",
            "event.key === 'Escape' || name === 'NotAllowedError'",
            "'M12 1 21 4.6V11c0 5.6-3.7 9.9-9 12' + `M${x} ${y}h1v1`",
            "`asset:${path}` + 'aria-label' + 'SHA-256' + ' ' + ', ' + '×'",
            "link.textContent = '×'; // a comment, it's in words",
        ] {
            assert_eq!(found(code), [""; 0], "{code}");
        }
        assert_eq!(found("make('p', {}, 'small print')"), ["small print"]);
        assert_eq!(found("throw new Refusal('a b');\nshow('a b');"), ["a b"]);
    }

    #[test]
    fn there_is_one_stylesheet() {
        for way in STYLING {
            assert_eq!(styling(&format!("\n{way}")), [(2, way)]);
            assert_eq!(styling(&format!("// {way}\n/** {way} */\n * {way}\n")), []);
        }
    }

    #[test]
    fn only_scripts_that_show_something_are_looked_at() {
        let problems = |path: &str, text: &str| {
            let source = |path: &str, text: &str| Source { path: path.into(), text: text.into() };
            let mut sources: Vec<_> =
                TEXTS.iter().chain([&STYLE]).map(|path| source(path, "show('a b');")).collect();
            sources.push(source(path, text));
            let mut findings = Findings::default();
            check(&sources, &mut findings);
            findings.problems.len()
        };
        for path in [
            "enclave-shell/frame/ui.js",
            "enclave-shell/enrol/enrol.js",
            "enclave-shell/ui/mark.js",
            "crates/client/src/sheet.js",
            "crates/client/src/verify-view.js",
        ] {
            assert_eq!(problems(path, "show('a b');"), 1, "{path}");
        }
        for path in [
            "enclave-shell/frame/test/a.js",
            "enclave-shell/demo/demo.js",
            "crates/client/src/rpc.js",
            "crates/client/src/verify-style.js",
            "enclave-shell/frame/globals.d.ts",
        ] {
            assert_eq!(problems(path, "show('a b');"), 0, "{path}");
        }
        let styled = "new CSSStyleSheet();";
        assert_eq!(problems("enclave-shell/enrol/style.js", styled), 1);
        assert_eq!(problems("crates/client/src/sheet.js", styled), 0);
        let mut findings = Findings::default();
        check(&[], &mut findings);
        assert_eq!(findings.problems.len(), TEXTS.len() + 1);
    }
}
