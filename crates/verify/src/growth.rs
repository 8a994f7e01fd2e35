//! What of a log's tiles proves that it has grown from the tree that was seen.

use base64ct::{Base64, Encoding};
use kms_tlog::{Checkpoint, Hash, LogProof, Plan, Tile, TileId, WIDTH, write_hashes};

use crate::mark::Mark;
use crate::policy::ReleasePolicy;

const HASH: usize = 32;

/// The tiles that are wanted of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Growth {
    /// The log's address in the policy.
    pub url: String,
    size: u64,
    plan: Plan,
    tiles: Vec<TileId>,
}

impl Growth {
    /// From the tree of the mark to the one of the proof, of which nothing is verified yet; `None`
    /// where there is nothing to prove, or no log of the policy to ask.
    #[must_use]
    pub fn between(policy: &ReleasePolicy, mark: &Mark, proof: &[u8]) -> Option<Self> {
        let proof = LogProof::parse(std::str::from_utf8(proof).ok()?).ok()?;
        let Checkpoint { origin, size, .. } = Checkpoint::parse(proof.checkpoint.text()).ok()?;
        let seen = mark.logs.get(&origin).filter(|seen| seen.size < size)?;
        let mut logs = policy.transparency.logs().iter();
        let url = logs.find(|log| log.key.name() == origin)?.url.clone()?;
        let plan = Plan::consistency(seen.size, size)?;
        let mut tiles = Vec::new();
        for (tile, _) in plan.nodes().map(kms_tlog::Node::tile) {
            if !tiles.contains(&tile) {
                tiles.push(tile);
            }
        }
        Some(Self { url, size, plan, tiles })
    }

    /// Where the tiles lie, relative to the address of the log.
    #[must_use]
    pub fn paths(&self) -> Vec<String> {
        self.tiles.iter().map(|tile| tile.path(tile.width(self.size))).collect()
    }

    /// The proof, from the bytes of the tiles in the order of their paths; `None` if they are not
    /// the tiles that are wanted. A tile may have grown since.
    #[must_use]
    pub fn prove(&self, bytes: &[Vec<u8>]) -> Option<String> {
        if bytes.len() != self.tiles.len() {
            return None;
        }
        let tiles = self.tiles.iter().zip(bytes).map(|(id, bytes)| self.tile(*id, bytes));
        let tiles = tiles.collect::<Option<Vec<_>>>()?;
        let hash = |(id, place)| tiles.iter().find(|tile| tile.id == id)?.node(place);
        let nodes = self.plan.nodes().map(|node| hash(node.tile()));
        let nodes = nodes.collect::<Option<Vec<Hash>>>()?;
        Some(write_hashes(&self.plan.join(&nodes)?))
    }

    fn tile(&self, id: TileId, bytes: &[u8]) -> Option<Tile> {
        let (hashes, rest) = bytes.as_chunks::<HASH>();
        let fits = rest.is_empty() && (id.width(self.size)..=WIDTH).contains(&hashes.len());
        fits.then(|| Tile { id, hashes: hashes.to_vec() })
    }
}

/// Reads a list of tiles, written as the command-line protocol writes files.
#[must_use]
pub fn parse_tiles(json: &[u8]) -> Option<Vec<Vec<u8>>> {
    let tiles: Vec<String> = serde_json::from_slice(json).ok()?;
    tiles.iter().map(|tile| Base64::decode_vec(tile).ok()).collect()
}
