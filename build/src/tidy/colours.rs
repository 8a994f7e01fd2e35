//! What the host serves has its colours in the custom properties of its stylesheets and nowhere
//! else, each of them for light and for dark: a colour that stands apart is wrong in one of them.

use std::collections::BTreeSet;

use super::{Findings, Source};

const SERVED: [&str; 4] =
    ["enclave-shell/ui/", "enclave-shell/frame/", "enclave-shell/enrol/", "enclave-shell/demo/"];
const DARK: &str = "@media (prefers-color-scheme: dark)";
const FUNCTIONS: [&str; 11] = [
    "rgb(",
    "rgba(",
    "hsl(",
    "hsla(",
    "hwb(",
    "lab(",
    "lch(",
    "oklab(",
    "oklch(",
    "color(",
    "color-mix(",
];
/// Those of CSS that somebody would write. `transparent` and `currentColor` follow their place.
const NAMES: [&str; 24] = [
    "black", "white", "gray", "grey", "silver", "red", "maroon", "orange", "yellow", "gold",
    "green", "lime", "olive", "teal", "cyan", "aqua", "blue", "navy", "purple", "magenta",
    "fuchsia", "pink", "brown", "crimson",
];

pub(super) fn check(sources: &[Source], findings: &mut Findings) {
    for source in sources.iter().filter(|source| is_served(source)) {
        let found = if is_sheet(source) { in_sheet(&source.text) } else { in_text(&source.text) };
        for (line, colour) in found {
            let place = format!("{}:{line}", source.path);
            findings
                .problem(format!("{place}: `{colour}` is no custom property of the stylesheet"));
        }
        for name in is_sheet(source).then(|| half(&source.text)).into_iter().flatten() {
            findings.problem(format!("{}: `{name}` is not light and dark", source.path));
        }
    }
}

fn is_served(source: &Source) -> bool {
    SERVED.iter().any(|dir| source.path.starts_with(dir))
        && source.has_extension(&["js", "css", "html"])
        && !source.path.contains("/test/")
}

fn is_sheet(source: &Source) -> bool {
    source.has_extension(&["css"]) || source.path.ends_with("/style.js")
}

/// Colours of a stylesheet outside of custom properties, by line.
fn in_sheet(text: &str) -> Vec<(usize, &str)> {
    let mut line = 1;
    let mut found = Vec::new();
    for part in text.split_inclusive([';', '{', '}']) {
        if property(part).is_none() {
            let colours = part.lines().enumerate().filter_map(|(at, text)| {
                let colour = colour_in(text).or_else(|| named_in(text))?;
                Some((line + at, colour))
            });
            found.extend(colours);
        }
        line += part.matches('\n').count();
    }
    found
}

/// Colours of a script or a page, by line. The browser's own frame is coloured by a page alone,
/// which says for which scheme.
fn in_text(text: &str) -> Vec<(usize, &str)> {
    let of_browser = |line: &str| {
        line.contains("name=\"theme-color\"") && line.contains("media=\"(prefers-color-scheme:")
    };
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !of_browser(line));
    lines
        .filter_map(|(at, line)| Some((at, colour_in(line).or_else(|| quoted_in(line))?)))
        .collect()
}

/// Properties whose colour is said once and not once more for dark, or the other way round.
fn half(text: &str) -> Vec<&str> {
    let (light, dark) = text.split_once(DARK).unwrap_or((text, ""));
    let (light, dark) = (coloured(light), coloured(dark));
    light.symmetric_difference(&dark).copied().collect()
}

fn coloured(text: &str) -> BTreeSet<&str> {
    let parts = text.split([';', '{', '}']).filter_map(property);
    parts
        .filter(|(_, value)| colour_in(value).or_else(|| named_in(value)).is_some())
        .map(|(name, _)| name)
        .collect()
}

/// Name and value of a custom property.
fn property(declaration: &str) -> Option<(&str, &str)> {
    let (name, value) = declaration.trim().split_once(':')?;
    name.starts_with("--").then_some((name, value))
}

/// The first colour by digits or by a function.
fn colour_in(text: &str) -> Option<&str> {
    let hex = text.match_indices('#').find_map(|(at, _)| {
        let digits = &text[at + 1..];
        let end = digits.find(|c: char| !is_word(c)).unwrap_or(digits.len());
        let is_hex = digits[..end].chars().all(|c| c.is_ascii_hexdigit());
        let starts = !text[..at].ends_with(|c: char| c == '&' || is_word(c));
        (is_hex && starts && [3, 4, 6, 8].contains(&end)).then(|| &text[at..=at + end])
    });
    hex.or_else(|| FUNCTIONS.iter().find_map(|name| word_at(text, name)))
}

fn named_in(text: &str) -> Option<&str> {
    NAMES.iter().find_map(|name| word_at(text, name))
}

/// A name that is the whole of a quoted text.
fn quoted_in(text: &str) -> Option<&str> {
    text.split(['\'', '"', '`']).skip(1).step_by(2).find(|word| NAMES.contains(word))
}

/// Where a word begins and, unless it is a function, ends.
fn word_at<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    text.match_indices(word).map(|(at, _)| at).find_map(|at| {
        let (before, after) = (&text[..at], &text[at + word.len()..]);
        let whole =
            !before.ends_with(is_word) && (word.ends_with('(') || !after.starts_with(is_word));
        whole.then(|| &text[at..at + word.len()])
    })
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHEET: &str = ":root {\n  --ink: #123; --shade: 0 1px rgb(0 0 0 / 5%);\n}\n\
        @media (prefers-color-scheme: dark) {\n  :root { --ink: white; --shade: 0 1px #0008; }\n}\n\
        p { color: var(--ink); white-space: pre; border: 1px solid transparent; }\n";

    #[test]
    fn a_colour_is_a_custom_property_of_a_sheet() {
        assert_eq!(in_sheet(SHEET), []);
        for colour in ["#fff", "#ffff", "#0a0b0c", "#0a0b0c0d", "rgb(", "hsl(", "oklch(", "red"] {
            let text = format!("{SHEET}b {{ margin: 0;\n  color: {colour}; }}\n");
            assert_eq!(in_sheet(&text), [(9, colour)]);
        }
        for none in ["#abcde", "#more", "&#123;", "currentColor", "inherit", "var(--red)"] {
            assert_eq!(in_sheet(&format!("b {{ color: {none}; }}")), []);
        }
    }

    #[test]
    fn each_colour_is_light_and_dark() {
        assert!(half(SHEET).is_empty());
        assert_eq!(half(&SHEET.replacen("--ink: #123;", "", 1)), ["--ink"]);
        assert_eq!(half(&SHEET.replacen("--ink: white;", "", 1)), ["--ink"]);
        assert_eq!(half(&SHEET.replacen(DARK, "@media print", 1)), ["--ink", "--shade"]);
        assert!(half(":root { --gap: 3px; }").is_empty());
    }

    #[test]
    fn scripts_and_pages_have_none() {
        assert_eq!(in_text("let a = 1;\npath.style.fill = '#fff';"), [(2, "#fff")]);
        assert_eq!(in_text("path.setAttribute('fill', 'white');"), [(1, "white")]);
        assert_eq!(in_text("const text = 'The red and the black';"), []);
        let theme = "<meta name=\"theme-color\" content=\"#fff\"";
        assert_eq!(in_text(theme), [(1, "#fff")]);
        assert_eq!(in_text(&format!("{theme} media=\"(prefers-color-scheme: light)\">")), []);
    }

    #[test]
    fn only_what_is_served_is_looked_at() {
        let problems = |path: &str, text: &str| {
            let mut findings = Findings::default();
            check(&[Source { path: path.into(), text: text.into() }], &mut findings);
            findings.problems.len()
        };
        let found = |path| problems(path, "p { color: #fff; }");
        assert_eq!(problems("enclave-shell/demo/demo.css", ":root { --ink: #fff; }"), 1);
        assert_eq!(problems("enclave-shell/demo/demo.css", SHEET), 0);
        for path in [
            "enclave-shell/ui/style.js",
            "enclave-shell/frame/ui.js",
            "enclave-shell/demo/demo.css",
        ] {
            assert_eq!(found(path), 1);
        }
        for path in ["enclave-shell/frame/test/a.js", "crates/client/src/sheet.js", "x.css"] {
            assert_eq!(found(path), 0);
        }
    }
}
