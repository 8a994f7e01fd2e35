//! Host shell of ATS KMS: emits, serves and verifies the enclave.
//!
//! [`emit`] turns [`Sources`] and a [`Deployment`] into the files and headers of a release;
//! [`serve`] serves exactly those; [`verify`] compares a live server with its release; [`audit`]
//! checks the log that a vault exported; [`webcat`] is for an extension that verifies as well; [`transparency`] signs, logs, witnesses and watches releases.

pub mod assemble;
pub mod audit;
pub mod demo;
pub mod serve;
pub mod transparency;
pub mod verify;
pub mod webcat;
#[cfg(unix)]
pub mod workloads;

mod asset;
mod earlier;
mod embedded;
mod emit;
mod error;
mod export;
mod html;
mod literal;
#[path = "parts.rs"]
mod parts;
mod release;
mod sources;

pub use asset::{Asset, Audience, Encoding};
pub use earlier::earlier_path;
pub use emit::{Deployment, Emitted, emit, emit_plain};
pub use error::Error;
pub use parts::{ENROL_PARTS, FRAME_PARTS, TOOLS_PARTS, WORKER_PARTS};
pub use sources::{Program, Sources};
