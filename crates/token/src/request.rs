//! The one request that a token is for.

use kms_jose::Object;

use crate::json::{get_text, text};
use crate::{Digest, Refusal};

/// Methods that a request can have.
pub const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
/// Longest path with its query, in bytes.
const MAX_PATH: usize = 1024;

/// Method, path with query, and digest of the body: of nothing, if there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    method: String,
    path: String,
    body: Digest,
}

impl Binding {
    /// Takes a request whose path has one reading: no percent signs, no empty segments, no dot
    /// segments. Two servers that normalise differently see the same path.
    pub fn new(method: &str, path: &str, body: Digest) -> Result<Self, Refusal> {
        if METHODS.contains(&method) && is_target(path) {
            Ok(Self { method: method.into(), path: path.into(), body })
        } else {
            Err(Refusal::Name)
        }
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// Path and query.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.path
    }

    /// The path without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.path.split_once('?').map_or(&self.path, |(path, _)| path)
    }

    /// The query, if there is one.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.path.split_once('?').map(|(_, query)| query)
    }

    /// Digest of the body.
    #[must_use]
    pub fn body(&self) -> Digest {
        self.body
    }

    pub(crate) fn read(object: &Object) -> Result<Self, Refusal> {
        let body = Digest::parse(get_text(object, "body")?)?;
        Self::new(get_text(object, "method")?, get_text(object, "path")?, body)
    }

    pub(crate) fn to_object(&self) -> Object {
        let body = text(self.body.to_string());
        Object::of([("body", body), ("method", text(&self.method)), ("path", text(&self.path))])
    }
}

fn is_target(target: &str) -> bool {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let segment = |part: &str| !matches!(part, "" | "." | "..") && part.bytes().all(unreserved);
    let in_query = |byte: u8| unreserved(byte) || b"=&:,@/".contains(&byte);
    let segments = path.strip_prefix('/').is_some_and(|path| path.split('/').all(segment));
    target.len() <= MAX_PATH && segments && query.bytes().all(in_query)
}
