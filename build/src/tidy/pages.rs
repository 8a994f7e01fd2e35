//! What the pages at the root must hold.

use super::links::{heading, prose};
use super::{Findings, Source};

/// Text that each file must contain.
const MUST_CONTAIN: [(&str, &[&str]); 8] = [
    ("README.md", &["cargo xtask demo", "cargo xtask test"]),
    (".ci/run", &["cargo xtask test"]),
    ("LICENSE", &["MIT", "Apache"]),
    ("ARCHITECTURE.md", &["# "]),
    ("CHANGELOG.md", &["# "]),
    ("SECURITY.md", &["# "]),
    ("SECURITY_HALL_OF_FAME.md", &["# "]),
    ("deny.toml", &["[licenses]", "[bans]", "[sources]"]),
];

/// The promises of SECURITY.md: dropping one must be noticed.
const SECURITY_HEADINGS: [&str; 24] = [
    "Security Policy",
    "Reporting Security Vulnerabilities",
    "Private Reporting",
    "Security Advisories",
    "Supported Versions",
    "Security Model",
    "What We Protect Against",
    "What We Cannot Protect Against",
    "Security Features",
    "Verifiable Integrity",
    "Isolation Boundaries",
    "Security Headers",
    "Security Best Practices",
    "For Users",
    "For Developers",
    "Vulnerability Disclosure Process",
    "Timeline",
    "Credit",
    "Security Audits",
    "Planned Audits",
    "Past Audits",
    "Security Contact",
    "Resources",
    "Updates",
];

pub(super) fn check(sources: &[Source], findings: &mut Findings) {
    for (path, needles) in MUST_CONTAIN {
        let Some(page) = sources.iter().find(|source| source.path == path) else {
            findings.problem(format!("{path} is missing"));
            continue;
        };
        for needle in needles.iter().filter(|needle| !page.text.contains(**needle)) {
            findings.problem(format!("{path} does not contain `{needle}`"));
        }
    }
    if let Some(page) = sources.iter().find(|source| source.path == "SECURITY.md") {
        for missing in missing_headings(&page.text) {
            findings.problem(format!("SECURITY.md has no heading `{missing}`"));
        }
    }
}

fn missing_headings(text: &str) -> Vec<&'static str> {
    let found: Vec<String> = prose(text).filter_map(heading).map(str::to_lowercase).collect();
    let has = |wanted: &&str| found.contains(&wanted.to_lowercase());
    SECURITY_HEADINGS.into_iter().filter(|wanted| !has(wanted)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_heading_is_noticed() {
        let mut page = format!("## {}\n", SECURITY_HEADINGS.join("\n## "));
        assert_eq!(missing_headings(&page), [""; 0]);
        page = page.replace("## Credit\n", "");
        assert_eq!(missing_headings(&page), ["Credit"]);
    }
}
