//! The files that the enclave's origin serves, and where.

use crate::digest::Sha256;

/// Where every deployment serves its manifest.
pub const MANIFEST_PATH: &str = "/.well-known/ats-kms/manifest.json";

/// The page that makes a passkey where an engine cannot do so in a frame.
pub const ENROL_PATH: &str = "/enrol";

/// The frame page for people who use WEBCAT, where a deployment has one.
pub const WEBCAT_PATH: &str = "/webcat/";

/// Where a deployment serves its WAICT manifest, by the start of its digest.
const WAICT_FOLDER: &str = "/.well-known/waict/manifests/";

/// Characters of a digest in base64url there: 128 bits, as the draft recommends.
const WAICT_CHARACTERS: usize = 22;

/// Hexadecimal digits of a script's digest in its path.
const ID_DIGITS: usize = 16;

/// What a served file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// The frame page.
    Html,
    /// The enrolment page.
    Enrol,
    /// The enrolment page's one script.
    EnrolScript,
    /// The frame's one module.
    Module,
    /// The script that holds the backup tools, which the frame runs when they are needed.
    Tools,
    /// The frame page for WEBCAT, whose workers are files of the server.
    Webcat,
    /// Its one module.
    WebcatModule,
    /// The worker of the enclave, for that page.
    Worker,
    /// The worker of the backup tools, likewise.
    ToolsWorker,
    /// The manifest by which a browser checks the files of a site.
    Waict,
    /// The release manifest.
    Manifest,
}

impl FileKind {
    /// Every kind that each manifest lists.
    pub const ASSETS: [Self; 5] =
        [Self::Html, Self::Enrol, Self::EnrolScript, Self::Module, Self::Tools];

    /// The kinds that a manifest lists all of, or none.
    pub const WEBCAT: [Self; 4] =
        [Self::Webcat, Self::WebcatModule, Self::Worker, Self::ToolsWorker];

    /// The media type, parameters included.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Html | Self::Enrol | Self::Webcat => "text/html; charset=utf-8",
            Self::EnrolScript
            | Self::Module
            | Self::Tools
            | Self::WebcatModule
            | Self::Worker
            | Self::ToolsWorker => "text/javascript; charset=utf-8",
            Self::Waict => "application/waict-integrity-manifest",
            Self::Manifest => "application/json",
        }
    }

    /// Where a file of this kind and digest is served. A script's path names its content, so that
    /// it may be cached for good.
    #[must_use]
    pub fn path(self, digest: &Sha256) -> String {
        let script = |name| {
            let mut id = digest.to_hex();
            id.truncate(ID_DIGITS);
            format!("/r/{id}/{name}")
        };
        match self {
            Self::Html => "/".to_owned(),
            Self::Enrol => ENROL_PATH.to_owned(),
            Self::EnrolScript => script("enrol.js"),
            Self::Module => script("enclave.js"),
            Self::Tools => script("tools.js"),
            Self::Webcat => WEBCAT_PATH.to_owned(),
            Self::WebcatModule => script("webcat.js"),
            Self::Worker => script("worker.js"),
            Self::ToolsWorker => script("tools-worker.js"),
            Self::Waict => {
                let mut name = digest.to_base64url();
                name.truncate(WAICT_CHARACTERS);
                format!("{WAICT_FOLDER}{name}")
            }
            Self::Manifest => MANIFEST_PATH.to_owned(),
        }
    }

    /// What is served at a path of a sound manifest.
    #[must_use]
    pub fn of_path(path: &str) -> Option<Self> {
        Some(match path {
            "/" => Self::Html,
            ENROL_PATH => Self::Enrol,
            WEBCAT_PATH => Self::Webcat,
            MANIFEST_PATH => Self::Manifest,
            _ if path.starts_with(WAICT_FOLDER) => Self::Waict,
            _ => match path.strip_prefix("/r/")?.split_once('/')?.1 {
                "enrol.js" => Self::EnrolScript,
                "enclave.js" => Self::Module,
                "tools.js" => Self::Tools,
                "webcat.js" => Self::WebcatModule,
                "worker.js" => Self::Worker,
                "tools-worker.js" => Self::ToolsWorker,
                _ => return None,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_tells_the_kind_and_a_script_its_digest() {
        let digest = Sha256::of(b"abc");
        let listed = FileKind::ASSETS.into_iter().chain(FileKind::WEBCAT);
        for kind in listed.chain([FileKind::Waict, FileKind::Manifest]) {
            assert_eq!(FileKind::of_path(&kind.path(&digest)), Some(kind));
        }
        assert_eq!(FileKind::Module.path(&digest), "/r/ba7816bf8f01cfea/enclave.js");
        for path in
            ["", "/enrol/", "/index.html", "/r/enclave.js", "/r/0/other.js", "/r/0/a/tools.js"]
        {
            assert_eq!(FileKind::of_path(path), None, "{path}");
        }
    }
}
