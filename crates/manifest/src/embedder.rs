//! What the headers of an embedding page leave open, and what closes it.

use std::fmt;

use serde::Serialize;

use crate::csp::{Name, ParsedPolicy};
use crate::headers::Headers;
use crate::origin::Origin;

/// One thing that an embedding page lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Gap {
    /// No COOP `same-origin`: a window that the page opens reaches its frames.
    Opener,
    /// No policy names the frames that the page may have.
    AnyFrame,
    /// The policy allows other frames than the enclave's.
    OtherFrames {
        /// What it allows beside it.
        sources: Vec<String>,
    },
    /// The policy forbids the enclave's frame.
    NoEnclave,
    /// The policy forbids what some engines take the saving of a backup for.
    NoSaving,
    /// Other pages may frame the page; the enclave then refuses.
    Framed,
    /// The page keeps its frames from using passkeys.
    NoPasskeys,
    /// There are other frames in the page than the enclave's.
    HasFrames {
        /// From where they come.
        sources: Vec<String>,
    },
}

impl Gap {
    /// What the page should send or change.
    #[must_use]
    pub fn fix(&self, enclave: &Origin) -> String {
        match self {
            Self::Opener => "send Cross-Origin-Opener-Policy: same-origin".to_owned(),
            Self::AnyFrame | Self::OtherFrames { .. } | Self::NoEnclave | Self::NoSaving => {
                format!("send Content-Security-Policy: frame-src {enclave} blob:")
            }
            Self::HasFrames { .. } => {
                "remove them, or move them to a page without the enclave".to_owned()
            }
            Self::Framed => "send Content-Security-Policy: frame-ancestors 'none'".to_owned(),
            Self::NoPasskeys => format!(
                "name {enclave} in Permissions-Policy: publickey-credentials-get=(self \
                 \"{enclave}\"), publickey-credentials-create=(self \"{enclave}\")"
            ),
        }
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opener => f.write_str(
                "windows of the enclave's origin can reach its frame: COOP is not same-origin",
            ),
            Self::AnyFrame => f.write_str("any frame may be loaded beside the enclave"),
            Self::OtherFrames { sources } => {
                write!(f, "other frames may be loaded beside the enclave: {}", sources.join(" "))
            }
            Self::NoEnclave => f.write_str("the policy forbids the enclave's frame"),
            Self::NoSaving => {
                f.write_str("Firefox and Safari save no backup: frame-src lacks blob:")
            }
            Self::Framed => {
                f.write_str("other sites may frame the page, and the enclave refuses then")
            }
            Self::NoPasskeys => f.write_str("the enclave's frame may use no passkeys"),
            Self::HasFrames { sources } => {
                write!(
                    f,
                    "there are frames in the page beside the enclave's: {}",
                    sources.join(" ")
                )
            }
        }
    }
}

/// What the headers of a page leave open that embeds `enclave`, and that has these policies in
/// itself.
#[must_use]
pub fn embedder_gaps(enclave: &Origin, headers: &Headers, metas: &[String]) -> Vec<Gap> {
    let mut gaps = Vec::new();
    if headers.value("Cross-Origin-Opener-Policy").map(policy_token) != Some("same-origin") {
        gaps.push(Gap::Opener);
    }
    // One header may hold several policies, and all of them count.
    let text = headers.value("Content-Security-Policy").unwrap_or_default();
    let sent: Vec<_> = text.split(',').map(ParsedPolicy::parse).collect();
    let inside = metas.iter().map(|policy| ParsedPolicy::parse(policy));
    let policies: Vec<_> = sent.iter().cloned().chain(inside).collect();
    frame_gaps(enclave, &policies, &mut gaps);
    let keeps_out = |policy: &ParsedPolicy| {
        let own = |source: &String| ["'none'", "'self'"].contains(&source.as_str());
        policy.values(Name::FrameAncestors).is_some_and(|sources| sources.iter().all(own))
    };
    // In the page itself this directive counts for nothing.
    if !sent.iter().any(keeps_out) {
        gaps.push(Gap::Framed);
    }
    if !leaves_passkeys(enclave, headers.value("Permissions-Policy").unwrap_or_default()) {
        gaps.push(Gap::NoPasskeys);
    }
    gaps
}

/// The value of a header without its parameters.
fn policy_token(value: &str) -> &str {
    value.split(';').next().unwrap_or_default().trim()
}

fn frame_gaps(enclave: &Origin, policies: &[ParsedPolicy], gaps: &mut Vec<Gap>) {
    let rules: Vec<_> = policies.iter().filter_map(frame_sources).collect();
    if rules.iter().any(|sources| !sources.iter().any(|source| allows(source, enclave))) {
        gaps.push(Gap::NoEnclave);
    }
    let broad = |source: &&String| *source == "blob:" || *source == "*";
    if rules.iter().any(|sources| !sources.iter().any(|source| broad(&source))) {
        gaps.push(Gap::NoSaving);
    }
    let others = |sources: &&[String]| -> Vec<String> {
        let known = |source: &&String| !is_enclave(source, enclave) && *source != "blob:";
        sources.iter().filter(known).filter(|source| *source != "'none'").cloned().collect()
    };
    // The strictest policy decides.
    match rules.iter().map(others).min_by_key(Vec::len) {
        None => gaps.push(Gap::AnyFrame),
        Some(sources) if sources.is_empty() => {}
        Some(sources) => gaps.push(Gap::OtherFrames { sources }),
    }
}

/// From where a policy lets frames come (CSP3 §6.1.6): the first of these that it has.
fn frame_sources(policy: &ParsedPolicy) -> Option<&[String]> {
    [Name::FrameSrc, Name::ChildSrc, Name::DefaultSrc].iter().find_map(|name| policy.values(*name))
}

fn is_enclave(source: &str, enclave: &Origin) -> bool {
    source.strip_suffix('/').unwrap_or(source).eq_ignore_ascii_case(enclave.as_str())
}

/// Whether a source lets the enclave in: its origin, its scheme or everything. Patterns of hosts
/// are not worked out: who uses one allows other frames as well, and is told so.
fn allows(source: &str, enclave: &Origin) -> bool {
    let scheme = if enclave.is_https() { "https:" } else { "http:" };
    is_enclave(source, enclave) || source == "*" || source == scheme || source.contains('*')
}

/// Whether both features of Web Authentication are left to the enclave's frame. Unless they are
/// named, the `allow` of the frame, which the client sets, suffices.
fn leaves_passkeys(enclave: &Origin, policy: &str) -> bool {
    let named = format!("\"{enclave}\"");
    policy.split(',').filter_map(|part| part.split_once('=')).all(|(feature, list)| {
        !feature.trim().starts_with("publickey-credentials-")
            || list.split(['(', ')', ' ', ';']).any(|word| word == "*" || word == named)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD_POLICY: &str =
        "default-src 'self'; frame-src https://kms.example blob:; frame-ancestors 'none'";

    fn enclave() -> Origin {
        "https://kms.example".parse().unwrap()
    }

    fn gaps(headers: &[(&str, &str)]) -> Vec<Gap> {
        embedder_gaps(&enclave(), &headers.iter().copied().collect(), &[])
    }

    /// The gaps of a page that is careful but for its policy.
    fn of_policy(policy: &str) -> Vec<Gap> {
        gaps(&[("Cross-Origin-Opener-Policy", "same-origin"), ("Content-Security-Policy", policy)])
    }

    #[test]
    fn a_careful_page_lacks_nothing() {
        assert_eq!(of_policy(GOOD_POLICY), []);
        let allowed = "camera=(), publickey-credentials-get=(self \"https://kms.example\"), \
                       publickey-credentials-create=*";
        let headers = [
            ("cross-origin-opener-policy", "same-origin; report-to=\"x\""),
            ("content-security-policy", GOOD_POLICY),
            ("permissions-policy", allowed),
        ];
        assert_eq!(gaps(&headers), []);
    }

    #[test]
    fn a_page_without_headers_lacks_what_matters() {
        assert_eq!(gaps(&[]), [Gap::Opener, Gap::AnyFrame, Gap::Framed]);
    }

    #[test]
    fn other_opener_policies_do_not_sever() {
        for value in ["same-origin-allow-popups", "noopener-allow-popups", "unsafe-none", ""] {
            let headers =
                [("Cross-Origin-Opener-Policy", value), ("Content-Security-Policy", GOOD_POLICY)];
            assert_eq!(gaps(&headers), [Gap::Opener], "{value}");
        }
    }

    #[test]
    fn frames_beside_the_enclave_are_named() {
        let others = |sources: &[&str]| Gap::OtherFrames {
            sources: sources.iter().map(ToString::to_string).collect(),
        };
        let ancestors = "; frame-ancestors 'self'";
        for (policy, expected) in [
            ("frame-src *", vec![others(&["*"])]),
            ("frame-src https: blob:", vec![others(&["https:"])]),
            (
                "frame-src https://kms.example blob: https://ads.example",
                vec![others(&["https://ads.example"])],
            ),
            ("frame-src https://*.example blob:", vec![others(&["https://*.example"])]),
            ("child-src https://kms.example/ blob:", vec![]),
            ("script-src 'self'", vec![Gap::AnyFrame]),
            ("frame-src https://kms.example", vec![Gap::NoSaving]),
            ("frame-src 'none'", vec![Gap::NoEnclave, Gap::NoSaving]),
            ("default-src 'self'", vec![Gap::NoEnclave, Gap::NoSaving, others(&["'self'"])]),
        ] {
            assert_eq!(of_policy(&format!("{policy}{ancestors}")), expected, "{policy}");
        }
    }

    #[test]
    fn of_several_policies_all_count() {
        assert_eq!(of_policy(&format!("frame-src *, {GOOD_POLICY}")), []);
        assert_eq!(
            of_policy(&format!("{GOOD_POLICY}, frame-src 'none'")),
            [Gap::NoEnclave, Gap::NoSaving]
        );
    }

    #[test]
    fn policies_in_the_page_count_but_for_who_may_frame_it() {
        let of = |policy: &str, meta: &str| {
            let headers = [
                ("Cross-Origin-Opener-Policy", "same-origin"),
                ("Content-Security-Policy", policy),
            ];
            embedder_gaps(&enclave(), &headers.into_iter().collect(), &[meta.to_owned()])
        };
        let frames = "frame-src https://kms.example blob:";
        assert_eq!(of("frame-ancestors 'none'", frames), []);
        assert_eq!(of(frames, "frame-ancestors 'none'"), [Gap::Framed]);
        assert_eq!(of(GOOD_POLICY, "frame-src 'none'"), [Gap::NoEnclave, Gap::NoSaving]);
    }

    #[test]
    fn a_page_that_others_may_frame_and_passkeys_that_are_kept_away() {
        let policy = "frame-src https://kms.example blob:; frame-ancestors https://a.example";
        assert_eq!(of_policy(policy), [Gap::Framed]);
        for list in ["()", "(self)", "self", "(self \"https://kms.example.evil\")"] {
            let value = format!("publickey-credentials-create={list}");
            let headers = [
                ("Cross-Origin-Opener-Policy", "same-origin"),
                ("Content-Security-Policy", GOOD_POLICY),
                ("Permissions-Policy", value.as_str()),
            ];
            assert_eq!(gaps(&headers), [Gap::NoPasskeys], "{list}");
        }
    }

    #[test]
    fn every_gap_has_its_words_and_its_fix() {
        let sources = vec!["https:".to_owned()];
        for gap in [
            Gap::Opener,
            Gap::AnyFrame,
            Gap::OtherFrames { sources },
            Gap::NoEnclave,
            Gap::NoSaving,
            Gap::Framed,
            Gap::NoPasskeys,
        ] {
            let fix = gap.fix(&enclave());
            assert!(gap.to_string().len() > 20 && fix.contains("-Policy: "), "{gap}: {fix}");
        }
        let inside = Gap::HasFrames { sources: vec!["https://ads.example".to_owned()] };
        assert!(inside.to_string().ends_with(": https://ads.example"), "{inside}");
        assert!(inside.fix(&enclave()).contains("remove"));
    }
}
