//! SPIFFE ids (SPIFFE-ID, section 2), parsed strictly.

use std::fmt;

use crate::Refusal;

/// What every id begins with. Nothing is normalised, so nothing else is accepted.
const SCHEME: &str = "spiffe://";
/// Longest id, in bytes (section 2.3).
const MAX_ID: usize = 2048;
/// Longest trust domain, in bytes (section 2.3).
const MAX_TRUST_DOMAIN: usize = 255;

/// The id of a workload: a trust domain and a path of one segment or more.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpiffeId {
    text: String,
    path_at: usize,
}

impl SpiffeId {
    /// Reads an id. A trust domain alone names no workload and is refused, as are upper-case letters
    /// in it, ports, queries, percent signs, empty segments and dot segments.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let rest = text.strip_prefix(SCHEME).ok_or(Refusal::Name)?;
        let (domain, path) = rest.split_once('/').ok_or(Refusal::Name)?;
        let valid =
            text.len() <= MAX_ID && is_trust_domain(domain) && path.split('/').all(is_segment);
        let path_at = SCHEME.len() + domain.len();
        if valid { Ok(Self { text: text.into(), path_at }) } else { Err(Refusal::Name) }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The trust domain, without the scheme.
    #[must_use]
    pub fn trust_domain(&self) -> &str {
        &self.text[SCHEME.len()..self.path_at]
    }

    /// The path, from its first slash.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.text[self.path_at..]
    }

    /// What stands in `iss` of the tokens about this workload: `spiffe://` and the trust domain.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.text[..self.path_at]
    }
}

impl fmt::Display for SpiffeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for SpiffeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn is_trust_domain(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
    (1..=MAX_TRUST_DOMAIN).contains(&text.len()) && text.bytes().all(plain)
}

fn is_segment(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    !matches!(text, "" | "." | "..") && text.bytes().all(plain)
}
