//! Merkle logs: what an append-only log is made of, without any storage or transport.
//!
//! - [`Frontier`], [`Edge`]: the right edge of a growing tree (RFC 9162, section 2.1).
//! - [`Plan`]: which nodes a proof is made of; [`verify_inclusion`] and [`verify_consistency`]
//!   check one.
//! - [`Node`], [`TileId`]: where a node is stored (C2SP tlog-tiles, height 8).
//! - [`Note`], [`Checkpoint`], [`VerifierKey`], [`SignerKey`]: signed statements about a log (C2SP
//!   signed-note and tlog-checkpoint).
//! - [`CosignerKey`], [`Policy`]: which witnesses have seen a checkpoint, and whether they are
//!   enough (C2SP tlog-cosignature and tlog-policy).
//! - [`LogProof`]: that an entry was logged, for a reader without a network (C2SP tlog-proof).
//! - [`AddCheckpoint`], [`judge`]: what a witness signs and what it refuses (C2SP tlog-witness).
//! - [`entries`]: how the entries themselves are stored (C2SP tlog-tiles).

mod checkpoint;
mod cosigner;
pub mod entries;
mod frontier;
mod hash;
mod logged;
mod note;
mod path;
mod policy;
mod proof;
mod signer;
mod tile;
mod verifier;
mod witness;

pub use checkpoint::Checkpoint;
pub use cosigner::CosignerKey;
pub use frontier::Frontier;
pub use hash::{EMPTY_ROOT, Hash, leaf_hash, node_hash};
pub use logged::LogProof;
pub use note::{Note, NoteError, Signature};
pub use path::{parse_hashes, write_hashes};
pub use policy::{Log, Policy, PolicyError, SeenFault, Vouched, Witness};
pub use proof::{Node, NodeSource, Plan, verify_consistency, verify_inclusion};
pub use signer::SignerKey;
pub use tile::{Edge, Tile, TileId, WIDTH};
pub use verifier::VerifierKey;
pub use witness::{AddCheckpoint, Refusal, Seen, judge};
