//! A log, three witnesses and a deployment on loopback: a release goes all the way from its signers
//! to a verifier, and whatever is wrong on that way is refused with its own code.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step fails the test")]

mod guide;
mod hostile;
mod lab;
mod revoking;
mod signing;
mod verifying;
mod watching;
mod witnessing;
