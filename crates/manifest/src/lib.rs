//! Release manifest, digests, SRI strings, CSP and header policy of ATS KMS.
//!
//! Pure data: no clock, no I/O. The host shell emits with these types, `enclave-shell verify`
//! checks live servers against them, and both therefore agree by construction.
//!
//! * [`Sha256`], [`Sha384`]: digests in their one text form, `sha256-<base64>`.
//! * [`Origin`]: a web origin strict enough to stand in a security header.
//! * [`Csp`], [`Headers`], [`lint`]: what each response must say.
//! * [`Manifest`], [`Pin`]: what a release is, and what an embedder pins of it.

mod code;
mod csp;
mod digest;
mod embedder;
mod headers;
mod kind;
mod lint;
mod manifest;
#[doc(hidden)]
pub mod object;
mod origin;
mod pin;
mod qr;
mod validate;
mod waict;

pub use code::{SHORT_CODE_BITS, short_code, word_code};
pub use csp::{
    Csp, Directive, Keyword, Name, ParsedPolicy, Source, enclave_csp, enrol_csp, webcat_csp,
};
pub use digest::{DigestError, Sha256, Sha384};
pub use embedder::{Gap, embedder_gaps};
pub use headers::{HeaderError, HeaderSet, Headers, INERT_CSP, Scripts, WORKER_CSP, inert_headers};
pub use kind::{ENROL_PATH, FileKind, MANIFEST_PATH, WEBCAT_PATH};
pub use lint::{Finding, Problem, lint};
pub use manifest::{
    AssetEntry, Deployment, MANIFEST_LIMIT, Manifest, ManifestError, Measurement, SCHEMA,
    SigningKeys, Status,
};
pub use origin::{Origin, OriginError};
pub use pin::{Pin, PinError, PinnedScript};
pub use qr::qr_rows;
pub use waict::{WAICT_POLICY, waict_manifest, waict_policy};
