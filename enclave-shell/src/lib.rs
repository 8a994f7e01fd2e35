//! Host shell of ATS KMS: emits, serves and verifies the enclave.
//!
//! [`emit`] turns [`Sources`] and a [`Deployment`] into the files and headers of a release;
//! [`serve`] serves exactly those; [`verify`] compares a live server with its release.

pub mod assemble;
pub mod demo;
pub mod serve;
pub mod verify;

mod compress;
mod embedded;
mod emit;
mod error;
mod export;
mod html;
#[path = "parts.rs"]
mod parts;
mod release;
mod sources;

pub use emit::{Asset, Deployment, Emitted, Encoding, emit};
pub use error::Error;
pub use parts::{FRAME_PARTS, WORKER_MAIN, WORKER_PARTS};
pub use sources::Sources;
