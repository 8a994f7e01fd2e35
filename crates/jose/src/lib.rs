//! JSON Web Signatures and Tokens as ATS KMS makes and checks them.
//!
//! Compact serialisation only (RFC 7515, section 7.1), with `EdDSA` over Ed25519 (RFC 8037) and
//! `ES256` (RFC 7518, section 3.4). The header is `{alg, kid, typ}` and nothing else, `kid` is the
//! thumbprint of the key (RFC 7638), and the key decides about the algorithm. Claims are parsed
//! once, with limits, and what is signed is written anew from what was parsed, so that no two
//! readers can understand one token differently.

mod algorithm;
mod claims;
mod compact;
mod error;
mod json;
pub mod limits;
mod template;
mod token_type;
pub mod vapid;
mod verify;

pub use algorithm::Algorithm;
pub use claims::Claims;
pub use compact::{Header, Jws, Unsigned};
pub use error::JoseError;
pub use json::{Json, Object};
pub use template::{Issue, Template};
pub use token_type::TokenType;
pub use verify::{Verified, verify, verify_by};
