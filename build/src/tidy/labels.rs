//! The labels of derived keys stand in one table in the code and in one on the page, the same; and no label
//! of the product, of whatever it is, stands in two places.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Findings, Source};

const CODE: &str = "crates/crypto/src/labels.rs";
const PAGE: &str = "docs/security-model.md";

pub(super) fn check(sources: &[Source], findings: &mut Findings) {
    let labels = |path: &str, quote: char| {
        let source = sources.iter().find(|source| source.path == path);
        source.map_or_else(BTreeSet::new, |source| quoted(&source.text, quote))
    };
    let (code, page) = (labels(CODE, '"'), labels(PAGE, '`'));
    if code.is_empty() {
        findings.problem(format!("{CODE}: there are no labels"));
    }
    for label in code.symmetric_difference(&page) {
        let there = if code.contains(label) { CODE } else { PAGE };
        findings.problem(format!("the label {label} stands only in {there}"));
    }
}

/// Labels that stand more than once in the code of the product.
pub(super) fn check_once(sources: &[Source], findings: &mut Findings) {
    let product = |source: &&Source| {
        source.path.starts_with("crates/")
            && source.path.contains("/src/")
            && Path::new(&source.path).extension().is_some_and(|ending| ending == "rs")
    };
    let mut seen = BTreeSet::new();
    for source in sources.iter().filter(product) {
        let code = source.text.split("#[cfg(test)]").next().unwrap_or_default();
        for label in code.split('"').filter(|part| part.starts_with("ats-kms/v1/")) {
            if !seen.insert(label) {
                findings
                    .problem(format!("{}: the label {label} stands elsewhere, too", source.path));
            }
        }
    }
}

/// Labels in such quotes.
fn quoted(text: &str, quote: char) -> BTreeSet<&str> {
    text.split(quote).filter(|part| part.starts_with("ats-kms/v1/")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: &str) -> Source {
        Source { path: path.into(), text: text.into() }
    }

    #[test]
    fn a_label_of_two_purposes_is_found() {
        let one = source("crates/a/src/x.rs", "const A: &str = \"ats-kms/v1/a\";\n");
        let other = source("crates/b/src/y.rs", "const B: &[u8] = b\"ats-kms/v1/a\";\n");
        let test = source("crates/b/tests/z.rs", "let c = \"ats-kms/v1/a\";\n");
        let mut findings = Findings::default();
        check_once(&[one, test], &mut findings);
        assert!(findings.problems.is_empty());
        let one = source("crates/a/src/x.rs", "const A: &str = \"ats-kms/v1/a\";\n");
        check_once(&[one, other], &mut findings);
        assert_eq!(findings.problems.len(), 1);
    }

    #[test]
    fn a_label_in_one_table_only_is_found() {
        let code = source(CODE, "A => \"ats-kms/v1/a\",\nB => \"ats-kms/v1/b\",\n");
        let page = source(PAGE, "| `ats-kms/v1/a` | x |\n| `ats-kms/v1/c` | y |\n");
        let mut findings = Findings::default();
        check(&[code, page], &mut findings);
        let said = findings.problems.join("; ");
        assert_eq!(findings.problems.len(), 2, "{said}");
        assert!(said.contains("ats-kms/v1/b") && said.contains("ats-kms/v1/c"), "{said}");
    }
}
