//! Merkle logs: what an append-only log is made of, without any storage or transport.
//!
//! - [`Frontier`], [`Edge`]: the right edge of a growing tree (RFC 9162, section 2.1).
//! - [`Plan`]: which nodes a proof is made of; [`verify_inclusion`] and [`verify_consistency`]
//!   check one.
//! - [`Node`], [`TileId`]: where a node is stored (C2SP tlog-tiles, height 8).
//! - [`Note`], [`Checkpoint`], [`VerifierKey`]: signed statements about a log (C2SP signed-note
//!   and tlog-checkpoint).

mod checkpoint;
mod frontier;
mod hash;
mod note;
mod proof;
mod tile;
mod verifier;

pub use checkpoint::Checkpoint;
pub use frontier::Frontier;
pub use hash::{EMPTY_ROOT, Hash, leaf_hash, node_hash};
pub use note::{Note, NoteError, Signature};
pub use proof::{Node, NodeSource, Plan, verify_consistency, verify_inclusion};
pub use tile::{Edge, Tile, TileId, WIDTH};
pub use verifier::VerifierKey;
