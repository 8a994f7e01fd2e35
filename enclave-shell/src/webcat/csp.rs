//! The policies that WEBCAT lets a manifest hold.

use kms_manifest::ParsedPolicy;

/// What a directive may say, and whether it must be there when `default-src` leaves anything open.
struct Rule {
    directive: &'static str,
    words: &'static [&'static str],
    digests: bool,
    needed: bool,
}

const DEFAULT: &str = "default-src";
const NONE: &str = "'none'";
const SCRIPTS: &[&str] = &[NONE, "'self'", "'wasm-unsafe-eval'"];
const STYLES: &[&str] = &[NONE, "'self'", "'unsafe-inline'", "'unsafe-hashes'"];
const PLACES: &[&str] = &[NONE, "'self'"];

const RULES: [Rule; 7] = [
    Rule { directive: DEFAULT, words: PLACES, digests: false, needed: false },
    Rule { directive: "script-src", words: SCRIPTS, digests: true, needed: true },
    Rule { directive: "script-src-elem", words: SCRIPTS, digests: true, needed: false },
    Rule { directive: "style-src", words: STYLES, digests: true, needed: true },
    Rule { directive: "style-src-elem", words: STYLES, digests: true, needed: false },
    Rule { directive: "object-src", words: &[NONE], digests: false, needed: true },
    Rule { directive: "worker-src", words: PLACES, digests: false, needed: true },
];

/// Directives of a policy that break a rule; a list of policies is one defect of its own.
pub(super) fn defects(policy: &str) -> Vec<String> {
    if policy.contains(',') {
        return vec!["a list of policies".to_owned()];
    }
    let parsed = ParsedPolicy::parse(policy);
    let closed = parsed.named(DEFAULT).is_some_and(|values| values == [NONE]);
    let broken = RULES.iter().filter(|rule| !rule.holds(parsed.named(rule.directive), closed));
    broken.map(|rule| rule.directive.to_owned()).collect()
}

impl Rule {
    fn holds(&self, values: Option<&[String]>, closed: bool) -> bool {
        let Some(values) = values else { return closed || !self.needed };
        let alone = self.directive != DEFAULT || values.len() == 1;
        let stated = closed || !self.needed || !values.is_empty();
        alone && stated && values.iter().all(|value| self.allows(value))
    }

    fn allows(&self, value: &str) -> bool {
        let word = value.to_ascii_lowercase();
        self.words.contains(&word.as_str()) || (self.digests && is_digest(value))
    }
}

fn is_digest(value: &str) -> bool {
    let inner = value.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    let (algorithm, digest) = inner.and_then(|text| text.split_once('-')).unwrap_or_default();
    let base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/-_=".contains(&byte);
    ["sha256", "sha384", "sha512"].contains(&algorithm)
        && !digest.is_empty()
        && digest.bytes().all(base64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    const EXAMPLE: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval' \
        'sha256-oiHtO61BAW24D+FpLSqz2Jnv6Wv67XDn90HOTlaklfQ='; style-src 'self' 'unsafe-inline'; \
        object-src 'none'; worker-src 'self'; frame-src https://captcha.example";

    #[test]
    fn what_the_specification_allows_is_allowed() {
        for policy in [
            EXAMPLE,
            "default-src 'none'",
            "default-src 'NONE'; object-src 'none'; worker-src 'none'; style-src 'none'; script-src 'self'",
            "script-src 'none'; style-src 'none'; object-src 'none'; worker-src 'none'",
            "default-src 'none'; connect-src *; img-src data:; sandbox allow-scripts",
        ] {
            assert_eq!(defects(policy), Vec::<String>::new(), "{policy}");
        }
    }

    #[test]
    fn each_directive_that_breaks_a_rule_is_named() {
        for (old, new, directive) in [
            ("default-src 'self'", "default-src 'self' 'none'", "default-src"),
            ("default-src 'self'", "default-src https://cdn.example", "default-src"),
            ("default-src 'self'", "default-src", "default-src"),
            ("'wasm-unsafe-eval'", "'unsafe-eval'", "script-src"),
            ("'wasm-unsafe-eval'", "'unsafe-inline'", "script-src"),
            ("'wasm-unsafe-eval'", "'strict-dynamic'", "script-src"),
            ("'wasm-unsafe-eval'", "'nonce-abc'", "script-src"),
            ("'wasm-unsafe-eval'", "https://cdn.example", "script-src"),
            ("'wasm-unsafe-eval'", "'sha1-AAAA'", "script-src"),
            ("'wasm-unsafe-eval'", "'sha256-'", "script-src"),
            ("style-src 'self'", "script-src-elem *; style-src 'self'", "script-src-elem"),
            ("style-src 'self'", "style-src-elem *; style-src 'self'", "style-src-elem"),
            ("style-src 'self'", "style-src https://cdn.example", "style-src"),
            ("style-src 'self' 'unsafe-inline'; ", "", "style-src"),
            ("object-src 'none'; ", "", "object-src"),
            ("object-src 'none'", "object-src 'self'", "object-src"),
            ("object-src 'none'", "object-src", "object-src"),
            ("worker-src 'self'", "worker-src blob:", "worker-src"),
            ("worker-src 'self'", "worker-src data:", "worker-src"),
            ("worker-src 'self'; ", "", "worker-src"),
            ("frame-src", "frame-ancestors 'self', frame-src", "a list of policies"),
        ] {
            let policy = EXAMPLE.replacen(old, new, 1);
            assert_ne!(policy, EXAMPLE);
            assert_eq!(defects(&policy), [directive], "{policy}");
        }
    }
}
