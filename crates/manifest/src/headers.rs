//! The exact response headers of every served file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::csp::{enclave_csp, enrol_csp, webcat_csp};
use crate::digest::Sha384;
use crate::kind::FileKind;
use crate::origin::Origin;
use crate::waict::{WAICT_POLICY, waict_policy};

/// A header name or value that cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid header {name:?}")]
pub struct HeaderError {
    name: String,
}

/// Response headers by name; names compare without regard to case.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Headers(BTreeMap<String, String>);

impl Headers {
    /// No headers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of a header.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Sets a header, replacing any other spelling of its name.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.remove(name);
        self.0.insert(name.to_owned(), value.into());
    }

    /// Removes a header and returns what it said.
    pub fn remove(&mut self, name: &str) -> Option<String> {
        let key = self.0.keys().find(|known| known.eq_ignore_ascii_case(name))?.clone();
        self.0.remove(&key)
    }

    /// Names and values in order of name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Refuses names that are not tokens (RFC 9110 §5.1; letters, digits and hyphens suffice here),
    /// values that are not visible ASCII and spaces, and one name in two spellings.
    pub fn check(&self) -> Result<(), HeaderError> {
        let mut seen = std::collections::BTreeSet::new();
        for (name, value) in &self.0 {
            let name_ok = !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            let value_ok =
                value.bytes().all(|byte| (b' '..=b'~').contains(&byte)) && value.trim() == value;
            if !name_ok || !value_ok || !seen.insert(name.to_ascii_lowercase()) {
                return Err(HeaderError { name: name.clone() });
            }
        }
        Ok(())
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Headers {
    fn from_iter<T: IntoIterator<Item = (N, V)>>(pairs: T) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

/// Digests of the scripts that the pages may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scripts {
    /// Of the frame's module.
    pub module: Sha384,
    /// Of the tools.
    pub tools: Sha384,
    /// Of the enrolment page's script.
    pub enrol: Sha384,
}

/// Headers per kind of file, as the manifest records them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct HeaderSet {
    /// Of the enrolment page.
    pub enrol: Headers,
    /// Of the frame page.
    pub html: Headers,
    /// Of the manifest.
    pub manifest: Headers,
    /// Of every script.
    pub module: Headers,
    /// Of the WAICT manifest; none where a deployment has no page for WEBCAT.
    #[serde(default, skip_serializing_if = "Headers::is_empty")]
    pub waict: Headers,
    /// Of the frame page for WEBCAT, likewise.
    #[serde(default, skip_serializing_if = "Headers::is_empty")]
    pub webcat: Headers,
    /// Of the workers that it starts, likewise.
    #[serde(default, skip_serializing_if = "Headers::is_empty")]
    pub worker: Headers,
}

crate::read_from_objects!(HeaderSet);
crate::written_as_derived!(HeaderSet);

/// Policy of a response that is no document: shown in a tab it is inert and has no origin.
pub const INERT_CSP: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";

/// Policy of a worker from the network, which inherits none: it runs wasm that it is handed, and
/// loads, sends and starts nothing.
pub const WORKER_CSP: &str = "default-src 'none'; script-src 'wasm-unsafe-eval'; \
    worker-src 'none'; connect-src 'none'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types kms";

pub(crate) const HSTS: &str = "max-age=63072000; includeSubDomains; preload";

/// Every powerful feature is denied, except that this origin may make passkeys and, as given, use
/// them.
macro_rules! permissions {
    ($get_passkey:literal) => {
        concat!(
            "accelerometer=(), autoplay=(), bluetooth=(), browsing-topics=(), camera=(), ",
            "clipboard-read=(), clipboard-write=(), compute-pressure=(), display-capture=(), ",
            "encrypted-media=(), fullscreen=(), gamepad=(), geolocation=(), gyroscope=(), ",
            "hid=(), identity-credentials-get=(), idle-detection=(), keyboard-map=(), ",
            "local-fonts=(), magnetometer=(), microphone=(), midi=(), otp-credentials=(), ",
            "payment=(), picture-in-picture=(), publickey-credentials-create=(self), ",
            "publickey-credentials-get=",
            $get_passkey,
            ", screen-wake-lock=(), serial=(), storage-access=(), usb=(), web-share=(), ",
            "window-management=(), xr-spatial-tracking=()"
        )
    };
}

/// Sent with every response of the enclave's origin, whatever it is.
const EVERYWHERE: [(&str, &str); 3] = [
    ("Origin-Agent-Cluster", "?1"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
];

/// Fixed headers of the frame page, beside its policy and [`EVERYWHERE`].
const FRAME: [(&str, &str); 8] = [
    ("Cache-Control", "no-cache"),
    ("Connection-Allowlist", "(response-origin)"),
    ("Cross-Origin-Embedder-Policy", "require-corp"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "cross-origin"),
    ("Document-Isolation-Policy", "isolate-and-require-corp"),
    ("Integrity-Policy", "blocked-destinations=(script style)"),
    ("Permissions-Policy", permissions!("(self)")),
];

/// Fixed headers of the enrolment page, likewise. It is a page of its own: no other site frames
/// it, and none keeps a handle to its window.
const ENROL: [(&str, &str); 7] = [
    ("Cache-Control", "no-cache"),
    ("Connection-Allowlist", "(response-origin)"),
    ("Cross-Origin-Embedder-Policy", "require-corp"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Integrity-Policy", "blocked-destinations=(script style)"),
    ("Permissions-Policy", permissions!("()")),
];

/// Fixed headers of scripts and manifest, which anyone may read.
const PUBLIC: [(&str, &str); 3] = [
    ("Access-Control-Allow-Origin", "*"),
    ("Content-Security-Policy", INERT_CSP),
    ("Cross-Origin-Resource-Policy", "cross-origin"),
];

/// Fixed headers of a worker from the network. Without the policies of the page that starts it, it
/// would not start. Anyone may read it, as any script.
const WORKER: [(&str, &str); 6] = [
    ("Access-Control-Allow-Origin", "*"),
    ("Connection-Allowlist", "(response-origin)"),
    ("Content-Security-Policy", WORKER_CSP),
    ("Cross-Origin-Embedder-Policy", "require-corp"),
    ("Cross-Origin-Resource-Policy", "cross-origin"),
    ("Document-Isolation-Policy", "isolate-and-require-corp"),
];

pub(crate) const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// Headers whose value does not depend on the deployment.
pub(crate) fn fixed(kind: FileKind) -> Vec<(&'static str, &'static str)> {
    let mut list = EVERYWHERE.to_vec();
    list.push(("Content-Type", kind.media_type()));
    match kind {
        FileKind::Html | FileKind::Webcat => list.extend(FRAME),
        FileKind::Enrol => list.extend(ENROL),
        FileKind::EnrolScript
        | FileKind::Module
        | FileKind::Tools
        | FileKind::WebcatModule
        | FileKind::Waict => {
            list.extend(PUBLIC);
            list.push(("Cache-Control", IMMUTABLE));
        }
        FileKind::Worker | FileKind::ToolsWorker => {
            list.extend(WORKER);
            list.push(("Cache-Control", IMMUTABLE));
        }
        FileKind::Manifest => {
            list.extend(PUBLIC);
            list.push(("Cache-Control", "no-cache"));
        }
    }
    list
}

/// Headers of a refusal (403, 404, 405): a short text that nothing can run, frame or cache.
#[must_use]
pub fn inert_headers() -> Headers {
    let mut headers: Headers = EVERYWHERE.into_iter().collect();
    headers.set("Content-Type", "text/plain; charset=utf-8");
    headers.set("Content-Security-Policy", INERT_CSP);
    headers.set("Cross-Origin-Resource-Policy", "same-origin");
    headers.set("Cache-Control", "no-store");
    headers
}

/// `Allow-CSP-From` names one origin or `*`. Several embedders need `*`, which gives nothing
/// away: `frame-ancestors` still admits only them, and an enforced policy can only add limits.
fn allow_csp_from(embedders: &[Origin]) -> String {
    match embedders {
        [only] => only.to_string(),
        _ => "*".to_owned(),
    }
}

/// The headers of a kind that depend on nothing else.
fn of_kind(kind: FileKind, origin: &Origin) -> Headers {
    let mut headers: Headers = fixed(kind).into_iter().collect();
    if origin.is_https() {
        headers.set("Strict-Transport-Security", HSTS);
    }
    headers
}

impl HeaderSet {
    /// The headers of a deployment. `Strict-Transport-Security` is sent over HTTPS only
    /// (RFC 6797 §7.2), so a development origin on plain HTTP goes without.
    #[must_use]
    pub fn new(origin: &Origin, embedders: &[Origin], scripts: &Scripts) -> Self {
        let mut html = of_kind(FileKind::Html, origin);
        html.set("Content-Security-Policy", enclave_csp(scripts, embedders).to_string());
        html.set("Allow-CSP-From", allow_csp_from(embedders));
        let mut enrol = of_kind(FileKind::Enrol, origin);
        enrol.set("Content-Security-Policy", enrol_csp(scripts).to_string());
        Self {
            html,
            enrol,
            module: of_kind(FileKind::Module, origin),
            manifest: of_kind(FileKind::Manifest, origin),
            webcat: Headers::new(),
            worker: Headers::new(),
            waict: Headers::new(),
        }
    }

    /// The same with the page for WEBCAT, which runs `scripts`.
    #[must_use]
    pub fn with_webcat(self, origin: &Origin, embedders: &[Origin], scripts: &Scripts) -> Self {
        let mut webcat = of_kind(FileKind::Webcat, origin);
        webcat.set("Content-Security-Policy", webcat_csp(scripts, embedders).to_string());
        webcat.set("Allow-CSP-From", allow_csp_from(embedders));
        Self { webcat, worker: of_kind(FileKind::Worker, origin), ..self }
    }

    /// The same with a WAICT manifest at `path`, which every page names.
    #[must_use]
    pub fn with_waict(mut self, origin: &Origin, path: &str) -> Self {
        for page in [&mut self.html, &mut self.enrol, &mut self.webcat] {
            if !page.is_empty() {
                page.set(WAICT_POLICY, waict_policy(path));
            }
        }
        Self { waict: of_kind(FileKind::Waict, origin), ..self }
    }

    /// The headers of one kind of file.
    #[must_use]
    pub fn of(&self, kind: FileKind) -> &Headers {
        match kind {
            FileKind::Html => &self.html,
            FileKind::Enrol => &self.enrol,
            FileKind::EnrolScript | FileKind::Module | FileKind::Tools | FileKind::WebcatModule => {
                &self.module
            }
            FileKind::Webcat => &self.webcat,
            FileKind::Worker | FileKind::ToolsWorker => &self.worker,
            FileKind::Waict => &self.waict,
            FileKind::Manifest => &self.manifest,
        }
    }
}
