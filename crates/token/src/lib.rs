//! Proof-of-authorization tokens: what a person has approved that a workload may do, once.
//!
//! - [`Challenge`]: what a workload asks for; its digest is what approvers sign about.
//! - [`Authorization`]: the claims of a token, [`Approval`]: what the first of two approvers signs.
//! - [`Signer`], [`mint`], [`approve`], [`state`]: signing, over a port.
//! - [`Verifier`]: strict verification, with the time and the circumstances passed in.
//! - [`KeyRing`], [`Statement`]: the approvers' keys, and what is signed about keys and tokens.
//!
//! A JWS in the compact serialisation (RFC 7515), `EdDSA` over Ed25519 (RFC 8037), `kid` a thumbprint
//! (RFC 7638). Payloads are written in the canonical form of RFC 8785 and no other is accepted.

mod approval;
mod challenge;
mod claims;
mod error;
mod grounds;
mod json;
mod names;
mod request;
mod ring;
mod sign;
mod spiffe;
mod statement;
mod tier;
mod time;
mod token;
mod verify;

pub use approval::Approval;
pub use challenge::{Challenge, MAX_CHALLENGE};
pub use claims::Authorization;
pub use error::Refusal;
pub use grounds::{Constraints, Grounds};
pub use names::{Action, Digest, Id};
pub use request::{Binding, METHODS};
pub use ring::{Key, KeyRing, KeyState};
pub use sign::{Signer, approve, mint, state};
pub use spiffe::SpiffeId;
pub use statement::{Signed, Statement, Target};
pub use tier::Tier;
pub use time::{HARD_CAP_S, Life, SKEW_S};
pub use token::Token;
pub use verify::{Circumstances, Seen, Verified, Verifier};
