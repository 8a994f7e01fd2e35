//! Verifies a release of ATS KMS by a policy, and nothing else: no clock, no network, no storage.
//! The command line, the continuous build and the client's verify kit are thin edges around it.
//!
//! * [`Statement`]: what signers say of a release, or of one that must not run. It is a signed
//!   note, and the entry of the log.
//! * [`ReleasePolicy`]: whose word counts, and how old it has to be.
//! * [`Mark`]: what was accepted before; nothing older is accepted again.
//! * [`verify`]: all of it, to a [`Verdict`] with one [`Fault`] at most.
//! * [`Growth`]: which tiles of the log prove that it has grown from the tree of the mark.
//! * [`Notice`]: a word of the signers against a release, for who knows only what runs.
//! * [`case`]: the same as text in and text out, for other implementations.

pub mod case;

mod fault;
mod growth;
mod mark;
mod policy;
mod signers;
mod standing;
mod statement;
mod verdict;

pub use fault::Fault;
pub use growth::{Growth, parse_tiles};
pub use mark::{Mark, SeenRelease, SeenTree};
pub use policy::ReleasePolicy;
pub use signers::Signers;
pub use standing::{Notice, Standing, Warned};
pub use statement::{Release, Revocation, Statement};
pub use verdict::{Accepted, Input, Verdict, verify};
