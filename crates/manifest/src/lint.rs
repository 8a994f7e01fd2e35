//! Says what is wrong with the headers of a response, whoever wrote them.

use std::fmt;

use serde::Serialize;

use crate::csp::{Name, ParsedPolicy};
use crate::digest::Sha384;
use crate::headers::{HSTS, Headers, fixed};
use crate::kind::FileKind;
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
const FIXED_DIRECTIVES: [(Name, &[&str]); 9] = [
    (Name::DefaultSrc, &["'none'"]),
    (Name::StyleSrc, &["'none'"]),
    (Name::ConnectSrc, &["'none'"]),
    (Name::ImgSrc, &["data:"]),
    (Name::BaseUri, &["'none'"]),
    (Name::FormAction, &["'none'"]),
    (Name::RequireTrustedTypesFor, &["'script'"]),
    (Name::TrustedTypes, &["kms"]),
    (Name::Sandbox, &["allow-scripts", "allow-same-origin", "allow-downloads"]),
];

/// The same of the enrolment page's policy.
const ENROL_DIRECTIVES: [(Name, &[&str]); 9] = [
    (Name::DefaultSrc, &["'none'"]),
    (Name::StyleSrc, &["'none'"]),
    (Name::ConnectSrc, &["'none'"]),
    (Name::ImgSrc, &["data:"]),
    (Name::BaseUri, &["'none'"]),
    (Name::FormAction, &["'none'"]),
    (Name::FrameAncestors, &["'none'"]),
    (Name::RequireTrustedTypesFor, &["'script'"]),
    (Name::TrustedTypes, &["'none'"]),
];

/// How one directive is judged.
type Rule = (Name, fn(&[String]) -> bool);

/// Directives of the frame's policy whose value depends on the release or the deployment.
const FRAME_RULES: [Rule; 3] = [
    (Name::ScriptSrc, pins_frame_scripts),
    (Name::FrameAncestors, names_origins),
    (Name::WorkerSrc, |values| values == ["blob:"]),
];

/// The same of the frame's policy for WEBCAT.
const WEBCAT_RULES: [Rule; 3] = [
    (Name::ScriptSrc, pins_frame_scripts),
    (Name::FrameAncestors, names_origins),
    (Name::WorkerSrc, |values| values == ["'self'"]),
];

/// The same of the enrolment page's policy.
const ENROL_RULES: [Rule; 1] = [(Name::ScriptSrc, pins_one_script)];

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
    match kind {
        FileKind::Html => {
            lint_enforcement(headers, &mut findings);
            lint_policy(headers, &FIXED_DIRECTIVES, &FRAME_RULES, &mut findings);
        }
        FileKind::Webcat => {
            lint_enforcement(headers, &mut findings);
            lint_policy(headers, &FIXED_DIRECTIVES, &WEBCAT_RULES, &mut findings);
        }
        FileKind::Enrol => lint_policy(headers, &ENROL_DIRECTIVES, &ENROL_RULES, &mut findings),
        _ => {}
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

fn lint_enforcement(headers: &Headers, findings: &mut Vec<Finding>) {
    let allowed = |text: &str| text == "*" || text.parse::<Origin>().is_ok();
    let problem = match headers.value("Allow-CSP-From") {
        None => Problem::Missing,
        Some(text) if allowed(text) => return,
        Some(text) => {
            Problem::Value { found: text.to_owned(), expected: "an origin or *".to_owned() }
        }
    };
    findings.push(Finding { header: "Allow-CSP-From".to_owned(), problem });
}

fn lint_policy(
    headers: &Headers,
    fixed: &[(Name, &[&str])],
    rules: &[Rule],
    findings: &mut Vec<Finding>,
) {
    let mut add = |problem| {
        findings.push(Finding { header: "Content-Security-Policy".to_owned(), problem });
    };
    let Some(text) = headers.value("Content-Security-Policy") else { return add(Problem::Missing) };
    for name in policy_defects(&ParsedPolicy::parse(text), fixed, rules) {
        add(Problem::Directive { name });
    }
}

fn policy_defects(policy: &ParsedPolicy, fixed: &[(Name, &[&str])], rules: &[Rule]) -> Vec<String> {
    let fixed_ones = fixed
        .iter()
        .map(|(name, expected)| (name, policy.values(*name).is_some_and(|it| it == *expected)));
    let judged = rules.iter().map(|(name, holds)| (name, policy.values(*name).is_some_and(holds)));
    let outcomes: Vec<_> = fixed_ones.chain(judged).collect();
    let known = |text: &str| outcomes.iter().any(|(name, _)| name.as_str() == text);
    let wrong = outcomes.iter().filter(|(_, sound)| !sound).map(|(name, _)| name.as_str());
    wrong.chain(policy.names().filter(|name| !known(name))).map(str::to_owned).collect()
}

/// The module, the tools and `'wasm-unsafe-eval'`, nothing else.
fn pins_frame_scripts(values: &[String]) -> bool {
    let [module, tools, keyword] = values else { return false };
    is_hash(module) && is_hash(tools) && module != tools && keyword == "'wasm-unsafe-eval'"
}

fn pins_one_script(values: &[String]) -> bool {
    matches!(values, [script] if is_hash(script))
}

/// A SHA-384 hash source.
fn is_hash(value: &str) -> bool {
    let hash = value.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    hash.is_some_and(|text| text.parse::<Sha384>().is_ok())
}

fn names_origins(values: &[String]) -> bool {
    matches!(values, [only] if only == "'none'")
        || (!values.is_empty() && values.iter().all(|value| value.parse::<Origin>().is_ok()))
}
