//! Approvals: what a person confirms before a key is used, if its policy says so. What is approved
//! is exactly what was shown: one digest binds the answer to it.

mod ask;
mod denials;
mod group;
mod operation;
mod payload;

pub(crate) use ask::Decision;
pub(crate) use denials::Denials;
pub(crate) use group::Group;
pub(crate) use operation::Operation;
