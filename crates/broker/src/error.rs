//! Errors: of the program, which an operator reads, and of a request, which a peer reads.

use kms_jose::JoseError;
use kms_token::Refusal;

/// Why the broker does not start, or stops.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read or written.
    #[error("{0}: {1}")]
    File(String, std::io::Error),
    /// The configuration is not acceptable.
    #[error("configuration: {0}")]
    Config(String),
    /// Certificates or keys are not acceptable.
    #[error("TLS: {0}")]
    Tls(String),
    /// The log is not what it was.
    #[error("log: entry {0}: {1}")]
    Log(u64, &'static str),
    /// The log's key or checkpoint is not acceptable.
    #[error("log: {0}")]
    Checkpoint(&'static str),
    /// The network failed.
    #[error("network: {0}")]
    Net(std::io::Error),
    /// The program cannot give up what it does not need.
    #[error("refuses to serve: {0}")]
    Confine(String),
    /// The broker answered something else than was asked for.
    #[error("the broker answered {0}")]
    Answer(String),
}

impl Error {
    /// An error of a file with this name.
    #[must_use]
    pub fn file(path: &std::path::Path, error: std::io::Error) -> Self {
        Self::File(path.display().to_string(), error)
    }
}

/// Why a request is refused (RFC 9457): a status and a word from this file, never a part of the
/// request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Problem {
    /// HTTP status.
    pub status: u16,
    /// What programs go by.
    pub code: &'static str,
}

impl Problem {
    /// Not JSON of the right members, or a name that is not well-formed.
    pub const BAD_REQUEST: Self = Self::new(400, "bad_request");
    /// There is no token, or more than one.
    pub const NO_TOKEN: Self = Self::new(401, "token_missing");
    /// The peer's certificate is over.
    pub const CERTIFICATE_EXPIRED: Self = Self::new(401, "certificate_expired");
    /// The peer has no role for this.
    pub const ROLE: Self = Self::new(403, "role");
    /// Not a page of the relay's embedder, or by another name of this machine.
    pub const ORIGIN: Self = Self::new(403, "origin");
    /// No such action, or not by this request and with these constraints.
    pub const POLICY: Self = Self::new(403, "policy");
    /// The token was never handed out here.
    pub const TOKEN_UNKNOWN: Self = Self::new(403, "token_unknown");
    /// The token was used before.
    pub const TOKEN_USED: Self = Self::new(403, "token_used");
    /// The token, its challenge or its workload is revoked.
    pub const TOKEN_REVOKED: Self = Self::new(403, "token_revoked");
    /// No such endpoint, or nothing of this name.
    pub const NOT_FOUND: Self = Self::new(404, "not_found");
    /// Another method.
    pub const METHOD: Self = Self::new(405, "method");
    /// The body does not come.
    pub const SLOW: Self = Self::new(408, "slow");
    /// It is in another state.
    pub const CONFLICT: Self = Self::new(409, "conflict");
    /// The body is longer than is read.
    pub const TOO_LARGE: Self = Self::new(413, "too_large");
    /// Too many requests.
    pub const RATE: Self = Self::new(429, "rate");
    /// As many challenges or tokens are alive as there may be.
    pub const FULL: Self = Self::new(503, "full");
    /// The log cannot be written, so nothing is decided.
    pub const STORE: Self = Self::new(503, "store");
    /// The clock is behind the log.
    pub const CLOCK: Self = Self::new(503, "clock");
    /// The service behind the broker does not answer, or not as it should.
    pub const UPSTREAM: Self = Self::new(502, "upstream");

    const fn new(status: u16, code: &'static str) -> Self {
        Self { status, code }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let code = match refusal {
            Refusal::Jose(JoseError::UnknownKey) | Refusal::KeyState => "token_key",
            Refusal::KeyRight => "key_right",
            Refusal::Expired | Refusal::NotYetValid | Refusal::Life => "token_time",
            Refusal::Audience | Refusal::Issuer => "token_audience",
            Refusal::Subject | Refusal::Certificate => "token_holder",
            Refusal::Request => "token_request",
            Refusal::Challenge => "token_challenge",
            Refusal::Approvers => "token_approvers",
            Refusal::Jose(_) | Refusal::Claims | Refusal::Name | Refusal::Signer => "token_invalid",
        };
        Self::new(403, code)
    }
}
