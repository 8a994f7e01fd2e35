//! Says what is wrong with the headers of a response, whoever wrote them.

use std::fmt;

use serde::Serialize;

use crate::csp::{Name, ParsedPolicy};
use crate::digest::Sha384;
use crate::headers::{FileKind, HSTS, Headers, fixed};
use crate::origin::Origin;

/// One defect of one header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The header's name.
    pub header: String,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What can be wrong with a header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Problem {
    /// A required header is absent.
    Missing,
    /// It says something else than it must.
    Value {
        /// What it says.
        found: String,
        /// What it must say.
        expected: String,
    },
    /// A directive of the Content-Security-Policy is absent, unknown or not as strict as it must be.
    Directive {
        /// The directive.
        name: String,
    },
    /// The header must not be sent at all.
    Forbidden,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = &self.header;
        match &self.problem {
            Problem::Missing => write!(f, "header {header} is missing"),
            Problem::Value { found, expected } => {
                write!(f, "header {header} is {found:?}, expected {expected:?}")
            }
            Problem::Directive { name } => write!(f, "header {header}: {name} is wrong or missing"),
            Problem::Forbidden => write!(f, "header {header} must not be sent"),
        }
    }
}

/// Headers that load, remember or report something behind the policy's back.
const FORBIDDEN: [&str; 11] = [
    "Access-Control-Allow-Credentials",
    "Content-Security-Policy-Report-Only",
    "Link",
    "NEL",
    "Refresh",
    "Report-To",
    "Reporting-Endpoints",
    "Service-Worker-Allowed",
    "Set-Cookie",
    "SourceMap",
    "X-SourceMap",
];

/// Directives of the frame's policy that have exactly one acceptable value.
const FIXED_DIRECTIVES: [(Name, &[&str]); 10] = [
    (Name::DefaultSrc, &["'none'"]),
    (Name::StyleSrc, &["'none'"]),
    (Name::WorkerSrc, &["blob:"]),
    (Name::ConnectSrc, &["'none'"]),
    (Name::ImgSrc, &["data:"]),
    (Name::BaseUri, &["'none'"]),
    (Name::FormAction, &["'none'"]),
    (Name::RequireTrustedTypesFor, &["'script'"]),
    (Name::TrustedTypes, &["kms"]),
    (Name::Sandbox, &["allow-scripts", "allow-same-origin"]),
];

/// Checks the headers of a response of `kind` served at `origin`. Headers not named by the policy
/// are ignored, except those that must not be sent.
#[must_use]
pub fn lint(kind: FileKind, origin: &Origin, headers: &Headers) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, expected) in fixed(kind) {
        require(headers, name, expected, &mut findings);
    }
    if origin.is_https() {
        require(headers, "Strict-Transport-Security", HSTS, &mut findings);
    }
    if kind == FileKind::Html {
        lint_frame(headers, &mut findings);
    }
    for name in FORBIDDEN {
        if headers.value(name).is_some() {
            findings.push(Finding { header: name.to_owned(), problem: Problem::Forbidden });
        }
    }
    findings
}

fn require(headers: &Headers, name: &str, expected: &str, findings: &mut Vec<Finding>) {
    let problem = match headers.value(name) {
        None => Problem::Missing,
        Some(found) if found == expected => return,
        Some(found) => Problem::Value { found: found.to_owned(), expected: expected.to_owned() },
    };
    findings.push(Finding { header: name.to_owned(), problem });
}

fn lint_frame(headers: &Headers, findings: &mut Vec<Finding>) {
    let allowed = |text: &str| text == "*" || text.parse::<Origin>().is_ok();
    let mut add = |header: &str, problem| {
        findings.push(Finding { header: header.to_owned(), problem });
    };
    match headers.value("Allow-CSP-From") {
        None => add("Allow-CSP-From", Problem::Missing),
        Some(text) if allowed(text) => {}
        Some(text) => add(
            "Allow-CSP-From",
            Problem::Value { found: text.to_owned(), expected: "an origin or *".to_owned() },
        ),
    }
    let Some(text) = headers.value("Content-Security-Policy") else {
        add("Content-Security-Policy", Problem::Missing);
        return;
    };
    for name in policy_defects(&ParsedPolicy::parse(text)) {
        add("Content-Security-Policy", Problem::Directive { name });
    }
}

fn policy_defects(policy: &ParsedPolicy) -> Vec<String> {
    let mut defects: Vec<String> = FIXED_DIRECTIVES
        .iter()
        .filter(|(name, expected)| policy.values(*name).is_none_or(|values| values != *expected))
        .map(|(name, _)| name.as_str().to_owned())
        .collect();
    if !policy.values(Name::ScriptSrc).is_some_and(pins_scripts) {
        defects.push(Name::ScriptSrc.as_str().to_owned());
    }
    if !policy.values(Name::FrameAncestors).is_some_and(names_origins) {
        defects.push(Name::FrameAncestors.as_str().to_owned());
    }
    let known = |name: &str| {
        FIXED_DIRECTIVES
            .iter()
            .map(|(name, _)| name.as_str())
            .chain([Name::ScriptSrc.as_str(), Name::FrameAncestors.as_str()])
            .any(|known| known == name)
    };
    defects.extend(policy.names().filter(|name| !known(name)).map(str::to_owned));
    defects
}

/// One SHA-384 hash and `'wasm-unsafe-eval'`, nothing else.
fn pins_scripts(values: &[String]) -> bool {
    let [hash, keyword] = values else { return false };
    let hash = hash.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    keyword == "'wasm-unsafe-eval'" && hash.is_some_and(|text| text.parse::<Sha384>().is_ok())
}

fn names_origins(values: &[String]) -> bool {
    matches!(values, [only] if only == "'none'")
        || (!values.is_empty() && values.iter().all(|value| value.parse::<Origin>().is_ok()))
}
