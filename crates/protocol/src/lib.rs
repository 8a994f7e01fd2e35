//! Wire types, method table, error codes and limits of ATS KMS.
//!
//! Everything that crosses the `MessagePort` between an embedding page and the enclave
//! is described here once. From this crate come the decoder that the enclave runs, the
//! TypeScript types of the client, and the pages `docs/protocol.md`, `docs/errors.md` and
//! `docs/operations.md` (`cargo xtask codegen`).
//!
//! Decoding is strict: a field that is not named here is refused, a number that is not
//! finite is refused, and nothing of the input is ever echoed except a request's id.
//! No type of this crate can carry a key or a credential; messages between the enclave's
//! own user interface and its worker are not part of this protocol.

mod authority;
mod claims;
mod context;
mod error;
mod ids;
#[macro_use]
mod macros;
mod jwt_types;
mod key_rules;
mod key_types;
mod lease_types;
pub mod limits;
mod message;
mod method;
mod poa_types;
mod release_types;
pub mod schema;
mod stream_types;
mod types;
mod use_types;
mod value;
mod webpush_types;

pub use authority::{Auth, Authority};
pub use claims::{ByClaim, ClaimValue, FixedClaim};
pub use context::EncryptionContext;
pub use error::{ErrorCode, ErrorInfo, Retry, Side};
pub use ids::{
    Audience, CallerOrigin, ClaimName, ContactUrl, Cursor, EnrolmentId, JwtToken, JwtType,
    KeyAlias, KeyId, Label, LeaseId, Nonce, PushOrigin, RequestId, StreamId,
};
pub use jwt_types::*;
pub use key_rules::{APART, KeyCaller, KeyRule, SpecUsages};
pub use key_types::*;
pub use lease_types::*;
pub use message::{Call, Incoming, WireError, event, reply_error, reply_ok};
pub use method::{AuditRule, Interaction, Method, MethodPolicy, Needs, Request, Response};
pub use poa_types::*;
pub use release_types::*;
pub use stream_types::*;
pub use types::*;
pub use use_types::*;
pub use value::{Fields, FromValue, IntoValue, Name, Value};
pub use webpush_types::*;

/// The one protocol version of this release.
pub const PROTOCOL_VERSION: u32 = 1;
