//! Approvals: what a person confirms before a key is used, if its policy says so. What is approved
//! is exactly what was shown: one digest binds the answer to it. Where the public key of a passkey is
//! known, the answer is its signature over that digest.

mod ask;
mod assertion;
mod denials;
mod group;
mod operation;
mod payload;
mod signer;

pub(crate) use ask::Decision;
pub(crate) use denials::Denials;
pub(crate) use group::Group;
pub(crate) use operation::Operation;
pub(crate) use signer::Signer;
