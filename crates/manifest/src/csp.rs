//! Content-Security-Policy (CSP Level 3) as typed directives.

use std::fmt;

use crate::digest::Sha384;
use crate::headers::Scripts;
use crate::origin::Origin;

/// Directive names that this project uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the variants are the directive names of CSP3 §6")]
pub enum Name {
    DefaultSrc,
    ScriptSrc,
    StyleSrc,
    WorkerSrc,
    ConnectSrc,
    ImgSrc,
    FrameSrc,
    ChildSrc,
    BaseUri,
    FormAction,
    FrameAncestors,
    RequireTrustedTypesFor,
    TrustedTypes,
    Sandbox,
}

impl Name {
    /// The name as written in a policy.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DefaultSrc => "default-src",
            Self::ScriptSrc => "script-src",
            Self::StyleSrc => "style-src",
            Self::WorkerSrc => "worker-src",
            Self::ConnectSrc => "connect-src",
            Self::ImgSrc => "img-src",
            Self::FrameSrc => "frame-src",
            Self::ChildSrc => "child-src",
            Self::BaseUri => "base-uri",
            Self::FormAction => "form-action",
            Self::FrameAncestors => "frame-ancestors",
            Self::RequireTrustedTypesFor => "require-trusted-types-for",
            Self::TrustedTypes => "trusted-types",
            Self::Sandbox => "sandbox",
        }
    }
}

/// Fixed words of a directive's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the variants are the keywords they print")]
pub enum Keyword {
    None,
    OwnOrigin,
    WasmUnsafeEval,
    Script,
    AllowScripts,
    AllowSameOrigin,
    AllowDownloads,
}

impl Keyword {
    fn as_str(self) -> &'static str {
        match self {
            Self::None => "'none'",
            Self::OwnOrigin => "'self'",
            Self::WasmUnsafeEval => "'wasm-unsafe-eval'",
            Self::Script => "'script'",
            Self::AllowScripts => "allow-scripts",
            Self::AllowSameOrigin => "allow-same-origin",
            Self::AllowDownloads => "allow-downloads",
        }
    }
}

/// One value of a directive. There is no way to write `'unsafe-inline'`, `'unsafe-eval'`, a
/// wildcard or a bare scheme that loads code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A fixed word.
    Keyword(Keyword),
    /// `'sha384-…'`
    Hash(Sha384),
    /// An exact origin.
    Origin(Origin),
    /// `blob:`
    Blob,
    /// `data:`
    Data,
    /// The name of a Trusted Types policy.
    PolicyName(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keyword(keyword) => f.write_str(keyword.as_str()),
            Self::Hash(digest) => write!(f, "'{digest}'"),
            Self::Origin(origin) => write!(f, "{origin}"),
            Self::Blob => f.write_str("blob:"),
            Self::Data => f.write_str("data:"),
            Self::PolicyName(name) => f.write_str(name),
        }
    }
}

/// One directive with its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    /// Which directive.
    pub name: Name,
    /// Its values, in the order they are written.
    pub values: Vec<Source>,
}

/// A policy: directives in the order they are written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Csp(Vec<Directive>);

impl Csp {
    /// An empty policy.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a directive.
    #[must_use]
    pub fn with(mut self, name: Name, values: impl IntoIterator<Item = Source>) -> Self {
        self.0.push(Directive { name, values: values.into_iter().collect() });
        self
    }

    /// The directives.
    #[must_use]
    pub fn directives(&self) -> &[Directive] {
        &self.0
    }

    /// What an embedder sets as `iframe.csp`: the same policy without `frame-ancestors` and
    /// `sandbox`, which CSP Embedded Enforcement does not accept in an attribute.
    #[must_use]
    pub fn embedder_csp(&self) -> Self {
        let kept = |directive: &&Directive| {
            !matches!(directive.name, Name::FrameAncestors | Name::Sandbox)
        };
        Self(self.0.iter().filter(kept).cloned().collect())
    }
}

impl fmt::Display for Csp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, directive) in self.0.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { "; " })?;
            f.write_str(directive.name.as_str())?;
            for value in &directive.values {
                write!(f, " {value}")?;
            }
        }
        Ok(())
    }
}

const NONE: Source = Source::Keyword(Keyword::None);

/// What the frame's sandbox leaves: its code, its own origin, and saving a backup.
const SANDBOX: [Keyword; 3] =
    [Keyword::AllowScripts, Keyword::AllowSameOrigin, Keyword::AllowDownloads];

/// The policy of the frame: the pinned module and the pinned tools, blob workers, no network.
#[must_use]
pub fn enclave_csp(scripts: &Scripts, embedders: &[Origin]) -> Csp {
    frame_csp(scripts, embedders, Source::Blob)
}

/// The policy of the frame for WEBCAT, which wants to see its workers load: no browser compares
/// those with a digest, the extension does.
#[must_use]
pub fn webcat_csp(scripts: &Scripts, embedders: &[Origin]) -> Csp {
    frame_csp(scripts, embedders, Source::Keyword(Keyword::OwnOrigin))
}

fn frame_csp(scripts: &Scripts, embedders: &[Origin], workers: Source) -> Csp {
    let ancestors: Vec<_> = embedders.iter().cloned().map(Source::Origin).collect();
    let hashes = [scripts.module, scripts.tools].map(Source::Hash);
    Csp::new()
        .with(Name::DefaultSrc, [NONE])
        .with(Name::ScriptSrc, hashes.into_iter().chain([Source::Keyword(Keyword::WasmUnsafeEval)]))
        .with(Name::StyleSrc, [NONE])
        .with(Name::WorkerSrc, [workers])
        .with(Name::ConnectSrc, [NONE])
        .with(Name::ImgSrc, [Source::Data])
        .with(Name::BaseUri, [NONE])
        .with(Name::FormAction, [NONE])
        .with(Name::FrameAncestors, if ancestors.is_empty() { vec![NONE] } else { ancestors })
        .with(Name::RequireTrustedTypesFor, [Source::Keyword(Keyword::Script)])
        .with(Name::TrustedTypes, [Source::PolicyName("kms")])
        .with(Name::Sandbox, SANDBOX.map(Source::Keyword))
}

/// The policy of the enrolment page: one pinned script, and nothing that it could load, reach or
/// be framed by. It has no sandbox: passkeys are made in a page of a real origin.
#[must_use]
pub fn enrol_csp(scripts: &Scripts) -> Csp {
    Csp::new()
        .with(Name::DefaultSrc, [NONE])
        .with(Name::ScriptSrc, [Source::Hash(scripts.enrol)])
        .with(Name::StyleSrc, [NONE])
        .with(Name::ConnectSrc, [NONE])
        .with(Name::ImgSrc, [Source::Data])
        .with(Name::BaseUri, [NONE])
        .with(Name::FormAction, [NONE])
        .with(Name::FrameAncestors, [NONE])
        .with(Name::RequireTrustedTypesFor, [Source::Keyword(Keyword::Script)])
        .with(Name::TrustedTypes, [NONE])
}

/// A policy as received, for checking: directive names and their values as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedPolicy(Vec<(String, Vec<String>)>);

impl ParsedPolicy {
    /// Parses one serialised policy (CSP3 §2.2.1). As in browsers, only the first directive of a
    /// name counts. A comma would start a second policy, so it is kept as part of the value and
    /// fails every comparison.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut directives: Vec<(String, Vec<String>)> = Vec::new();
        for part in text.split(';') {
            let mut words = part.split_ascii_whitespace();
            let Some(name) = words.next().map(str::to_ascii_lowercase) else { continue };
            if !directives.iter().any(|(known, _)| *known == name) {
                directives.push((name, words.map(str::to_owned).collect()));
            }
        }
        Self(directives)
    }

    /// Values of a directive, if present.
    #[must_use]
    pub fn values(&self, name: Name) -> Option<&[String]> {
        self.named(name.as_str())
    }

    /// Values of a directive by its name in lower case, one that this project does not send included.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&[String]> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, values)| values.as_slice())
    }

    /// Names of the directives present.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Csp {
        let embedder: Origin = "https://app.example".parse().unwrap();
        enclave_csp(&scripts(), &[embedder])
    }

    fn scripts() -> Scripts {
        let [module, tools, enrol] = [b"abc", b"def", b"ghi"].map(|bytes| Sha384::of(bytes));
        Scripts { module, tools, enrol }
    }

    #[test]
    fn the_policy_is_exactly_this() {
        assert_eq!(
            sample().to_string(),
            "default-src 'none'; \
             script-src 'sha384-ywB1P0WjXou1oD1pmsZQBycsMqsO3tFjGotgWkP/W+2AhgcroefMI1i67KE0yCWn' \
             'sha384-GAwyXMyymeduxsA6W1p3Va+O9JmQbb9THxjQylCeSHGwgFysDxIrli1UutxhGfPP' \
             'wasm-unsafe-eval'; style-src 'none'; worker-src blob:; connect-src 'none'; \
             img-src data:; base-uri 'none'; form-action 'none'; \
             frame-ancestors https://app.example; require-trusted-types-for 'script'; \
             trusted-types kms; sandbox allow-scripts allow-same-origin allow-downloads"
        );
    }

    #[test]
    fn the_policy_of_the_enrolment_page_is_exactly_this() {
        assert_eq!(
            enrol_csp(&scripts()).to_string(),
            "default-src 'none'; \
             script-src 'sha384-GtZu8EGLfiTeC/LbDEbnAL2KcF79eBpHf1ZjVhlw9Bj4WhWerQpt6H8X66A8t/VC'; \
             style-src 'none'; connect-src 'none'; img-src data:; base-uri 'none'; \
             form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
             trusted-types 'none'"
        );
    }

    #[test]
    fn the_policy_for_webcat_differs_in_its_workers_alone() {
        let embedder: Origin = "https://app.example".parse().unwrap();
        let policy = webcat_csp(&scripts(), &[embedder]).to_string();
        let expected = sample().to_string().replace("worker-src blob:;", "worker-src 'self';");
        assert_eq!(policy, expected);
        assert!(policy.contains("worker-src 'self';"));
    }

    #[test]
    fn embedder_policy_drops_two_directives() {
        let text = sample().embedder_csp().to_string();
        assert!(!text.contains("frame-ancestors") && !text.contains("sandbox"));
        assert_eq!(sample().directives().len() - 2, text.split("; ").count());
    }

    #[test]
    fn no_embedder_means_nobody_may_frame() {
        let policy = enclave_csp(&scripts(), &[]).to_string();
        assert!(policy.contains("frame-ancestors 'none'"));
    }

    #[test]
    fn first_directive_wins_when_parsed() {
        let policy = ParsedPolicy::parse("script-src 'none'; SCRIPT-SRC *;; img-src  data: ");
        assert_eq!(policy.values(Name::ScriptSrc), Some(&["'none'".to_owned()][..]));
        assert_eq!(policy.names().collect::<Vec<_>>(), ["script-src", "img-src"]);
        assert_eq!(policy.values(Name::Sandbox), None);
        assert_eq!(policy.named("img-src"), Some(&["data:".to_owned()][..]));
    }
}
