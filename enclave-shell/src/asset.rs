//! A served file: its bytes, its headers, its compressed forms, and for whom it is.

use kms_compress as compress;
use kms_manifest::{FileKind, Headers, Sha256};

use crate::error::Error;

/// A content coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Brotli (RFC 7932).
    Brotli,
    /// gzip (RFC 1952).
    Gzip,
}

impl Encoding {
    /// Every coding, the preferred one first.
    pub const ALL: [Self; 2] = [Self::Brotli, Self::Gzip];

    /// The name in `Accept-Encoding` and `Content-Encoding`.
    #[must_use]
    pub fn token(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    /// The ending of a precompressed sibling file.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gz",
        }
    }

    pub(crate) fn encode(self, bytes: &[u8]) -> Result<Vec<u8>, Error> {
        match self {
            Self::Brotli => compress::brotli(bytes),
            Self::Gzip => compress::gzip(bytes),
        }
        .map_err(Error::Compress)
    }

    pub(crate) fn decode(self, bytes: &[u8], limit: u64) -> std::io::Result<Vec<u8>> {
        match self {
            Self::Brotli => compress::unbrotli(bytes, limit),
            Self::Gzip => compress::gunzip(bytes, limit),
        }
    }
}

/// In what a browser may show a file. A check by `fetch` may read every file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Audience {
    /// Whatever asks, except a worker from the network, which would escape the pin.
    #[default]
    Anyone,
    /// A frame of an embedder, and nothing else.
    Frame,
    /// A tab of its own, and nothing else.
    Tab,
    /// A dedicated worker, and nothing else.
    Worker,
}

impl Audience {
    /// Whether the file is a page, which only embedders may read.
    #[must_use]
    pub fn is_page(self) -> bool {
        matches!(self, Self::Frame | Self::Tab)
    }
}

/// One served file. The fields are plain data: what they hold is what is served, right or wrong.
#[derive(Debug, Clone)]
pub struct Asset {
    /// The body.
    pub bytes: Vec<u8>,
    /// `Content-Type`; not sent if empty.
    pub media_type: String,
    /// Every other header.
    pub headers: Headers,
    /// In what it may be shown. Only embedders may read a page.
    pub audience: Audience,
    encodings: Vec<(Encoding, Vec<u8>)>,
    encoded: Option<Sha256>,
}

impl Asset {
    /// A file that is served as it is.
    #[must_use]
    pub fn new(bytes: Vec<u8>, media_type: &str, headers: Headers) -> Self {
        Self {
            bytes,
            media_type: media_type.to_owned(),
            headers,
            audience: Audience::Anyone,
            encodings: Vec::new(),
            encoded: None,
        }
    }

    /// Adds precompressed forms of the present bytes.
    pub(crate) fn with_encodings(mut self, encodings: Vec<(Encoding, Vec<u8>)>) -> Self {
        self.encoded = Some(Sha256::of(&self.bytes));
        self.encodings = encodings;
        self
    }

    /// The precompressed forms, unless the bytes were changed after compressing.
    #[must_use]
    pub fn encodings(&self) -> &[(Encoding, Vec<u8>)] {
        if self.encoded == Some(Sha256::of(&self.bytes)) { &self.encodings } else { &[] }
    }

    /// A file of a release: its headers from the header set, its content type apart.
    pub(crate) fn of_kind(bytes: Vec<u8>, kind: FileKind, headers: &Headers) -> Self {
        let mut headers = headers.clone();
        let media_type = headers.remove("Content-Type").unwrap_or_default();
        let audience = match kind {
            FileKind::Html | FileKind::Webcat => Audience::Frame,
            FileKind::Worker | FileKind::ToolsWorker => Audience::Worker,
            FileKind::Enrol => Audience::Tab,
            _ => Audience::Anyone,
        };
        Self { audience, ..Self::new(bytes, &media_type, headers) }
    }

    pub(crate) fn compressed(self) -> Result<Self, Error> {
        let mut encodings = Vec::new();
        for encoding in Encoding::ALL {
            encodings.push((encoding, encoding.encode(&self.bytes)?));
        }
        Ok(self.with_encodings(encodings))
    }
}
