//! Trees and proofs: known answers, another implementation, and every alteration.
#![allow(clippy::unwrap_used)] // the fixtures are plain functions

use std::convert::Infallible;

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use hex_literal::hex;
use kms_tlog::{
    EMPTY_ROOT, Edge, Frontier, Hash, Node, NodeSource, Plan, Tile, TileId, WIDTH, leaf_hash,
    node_hash, verify_consistency, verify_inclusion,
};
use proptest::prelude::*;

/// The leaves of the Certificate Transparency project's own tests, and the root behind each.
const KNOWN: [(&[u8], Hash); 8] = [
    (b"", hex!("6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")),
    (&[0], hex!("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125")),
    (&[0x10], hex!("aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77")),
    (b" !", hex!("d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7")),
    (b"01", hex!("4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4")),
    (b"@ABC", hex!("76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef")),
    (b"PQRSTUVW", hex!("ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c")),
    (b"`abcdefghijklmno", hex!("5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")),
];

/// A tree whose every leaf is at hand.
#[derive(Default)]
struct Leaves(Vec<Hash>);

impl NodeSource for Leaves {
    type Error = Infallible;

    fn node(&self, Node { level, index }: Node) -> Result<Hash, Infallible> {
        let start = usize::try_from(index).unwrap() << level;
        let mut row = self.0[start..start + (1 << level)].to_vec();
        while row.len() > 1 {
            row = row.chunks(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
        }
        Ok(row[0])
    }
}

impl Leaves {
    fn known() -> Self {
        Self(KNOWN.iter().map(|(leaf, _)| leaf_hash(leaf)).collect())
    }

    fn counted(size: u64) -> Self {
        Self((0..size).map(|n| leaf_hash(&n.to_be_bytes())).collect())
    }

    fn root(&self, size: u64) -> Hash {
        let Some(plan) = Plan::root(size) else { return EMPTY_ROOT };
        plan.build(self).unwrap()[0]
    }

    fn inclusion(&self, index: u64, size: u64) -> Vec<Hash> {
        Plan::inclusion(index, size).unwrap().build(self).unwrap()
    }

    fn consistency(&self, old: u64, new: u64) -> Vec<Hash> {
        Plan::consistency(old, new).unwrap().build(self).unwrap()
    }
}

#[test]
fn roots_are_those_of_certificate_transparency() {
    let mut tree = Frontier::default();
    assert_eq!(tree.root(), EMPTY_ROOT);
    let leaves = Leaves::known();
    for (size, (leaf, root)) in (1..).zip(KNOWN) {
        tree.push(leaf_hash(leaf));
        assert_eq!((tree.size(), tree.root()), (size, root));
        assert_eq!(leaves.root(size), root);
    }
}

#[test]
fn proofs_are_those_of_certificate_transparency() {
    let leaves = Leaves::known();
    let path = [
        hex!("96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"),
        hex!("5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"),
        hex!("6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"),
    ];
    assert_eq!(leaves.inclusion(0, 8), path);
    assert_eq!(leaves.consistency(1, 8), path);
    let from_six = [
        hex!("0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"),
        hex!("ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"),
        KNOWN[3].1,
    ];
    assert_eq!(leaves.consistency(6, 8), from_six);
}

/// Every proof of another implementation is ours, and verifies.
#[test]
fn another_implementation_agrees() {
    let mut other = MemoryBackedTree::<sha2::Sha256, Vec<u8>>::new();
    for size in 1..=70_u64 {
        other.push((size - 1).to_be_bytes().to_vec());
        let leaves = Leaves::counted(size);
        let theirs = other.root();
        assert_eq!(leaves.root(size).as_slice(), theirs.as_bytes().as_slice());
        for index in 0..size {
            let proof = other.prove_inclusion(usize::try_from(index).unwrap());
            assert_eq!(leaves.inclusion(index, size).concat(), proof.as_bytes());
        }
        for old in 1..size {
            let proof = other.prove_consistency(usize::try_from(size - old).unwrap());
            assert_eq!(leaves.consistency(old, size).concat(), proof.as_bytes());
        }
    }
}

/// Whatever is changed in a proof: a bit, a hash too few or too many, two swapped.
fn altered(proof: &[Hash]) -> Vec<Vec<Hash>> {
    let mut all = vec![[proof, &[[7; 32]]].concat(), [&[[7; 32]], proof].concat()];
    for at in 0..proof.len() {
        let mut flipped = proof.to_vec();
        flipped[at][at % 32] ^= 1;
        let mut shorter = proof.to_vec();
        shorter.remove(at);
        all.extend([flipped, shorter]);
        if at > 0 {
            let mut swapped = proof.to_vec();
            swapped.swap(at - 1, at);
            all.push(swapped);
        }
    }
    all
}

#[test]
fn every_inclusion_proof_verifies_and_no_altered_one() {
    for size in (1..=40).chain([63, 64, 65, 127, 128, 129, 257]) {
        let leaves = Leaves::counted(size);
        let root = leaves.root(size);
        let tree = (size, &root);
        for index in 0..size {
            let leaf = leaves.0[usize::try_from(index).unwrap()];
            let proof = leaves.inclusion(index, size);
            assert!(verify_inclusion((index, &leaf), tree, &proof), "{index} of {size}");
            assert!(altered(&proof).iter().all(|bad| !verify_inclusion((index, &leaf), tree, bad)));
            assert!(!verify_inclusion((index, &[0; 32]), tree, &proof));
            assert!(!verify_inclusion((index, &leaf), (size, &[0; 32]), &proof));
            assert!(!verify_inclusion((index + 1, &leaf), tree, &proof));
            assert!(!verify_inclusion((size, &leaf), tree, &proof));
        }
        assert_eq!(Plan::inclusion(size, size), None);
    }
}

#[test]
fn every_consistency_proof_verifies_and_no_altered_one() {
    for new in (0..=40).chain([63, 64, 65, 127, 129]) {
        let leaves = Leaves::counted(new);
        let root = leaves.root(new);
        for old in 0..=new {
            let old_root = leaves.root(old);
            let proof = leaves.consistency(old, new);
            let verifies = |old_root, new_root, proof: &[Hash]| {
                verify_consistency((old, old_root), (new, new_root), proof)
            };
            assert!(verifies(&old_root, &root, &proof), "{old} of {new}");
            assert!(altered(&proof).iter().all(|bad| !verifies(&old_root, &root, bad)));
            assert!(!verifies(&[0; 32], &root, &proof), "{old} of {new}");
            // The empty tree begins every tree: nothing is proved of the new root.
            assert_eq!(verifies(&old_root, &[0; 32], &proof), old == 0 && new > 0);
            if old < new {
                assert!(!verify_consistency((new, &root), (old, &old_root), &proof));
            }
        }
        assert_eq!(Plan::consistency(new + 1, new), None);
    }
}

#[test]
fn a_plan_takes_as_many_hashes_as_it_has_nodes() {
    let plan = Plan::inclusion(3, 11).unwrap();
    let nodes = vec![[1; 32]; plan.nodes().count()];
    assert!(plan.join(&nodes).is_some());
    assert_eq!(plan.join(&nodes[1..]), None);
    assert_eq!(plan.join(&[&nodes[..], &[[1; 32]]].concat()), None);
    assert_eq!(Plan::root(0), None);
}

/// What an edge hands out, as a store would hold it.
fn stored(tiles: &mut Vec<Tile>, new: Vec<Tile>) {
    for tile in new {
        tiles.retain(|known| known.id != tile.id);
        tiles.push(tile);
    }
}

/// A tree of tiles, with the last leaves beside.
struct Tiles<'a>(&'a [Tile], &'a Edge);

impl NodeSource for Tiles<'_> {
    type Error = ();

    fn node(&self, node: Node) -> Result<Hash, ()> {
        let (id, place) = node.tile();
        let own = self.0.iter().find(|tile| tile.id == id).cloned();
        self.1.tile(id).or(own).and_then(|tile| tile.node(place)).ok_or(())
    }
}

#[test]
fn proofs_from_tiles_are_those_from_leaves() {
    let (mut edge, mut tiles, mut tree) = (Edge::default(), Vec::new(), Frontier::default());
    let all = Leaves::counted(1500);
    for (size, leaf) in (1..).zip(&all.0) {
        stored(&mut tiles, edge.push(*leaf));
        tree.push(*leaf);
        assert_eq!(edge.size(), size);
        assert_eq!(edge.frontier(), tree);
        if size % 97 != 0 && size % 256 > 2 {
            continue;
        }
        let source = Tiles(&tiles, &edge);
        for index in (0..size).step_by(41) {
            let proof = Plan::inclusion(index, size).unwrap().build(&source).unwrap();
            assert_eq!(proof, all.inclusion(index, size));
            let proof = Plan::consistency(index, size).unwrap().build(&source).unwrap();
            assert_eq!(proof, all.consistency(index, size));
        }
    }
    // Five tiles of leaves, and one above them.
    assert_eq!(tiles.len(), 6);
    for tile in &tiles {
        assert_eq!(tile.hashes.len(), tile.id.width(1500));
        assert_eq!(tile.root().is_some(), tile.id.level == 0);
        let (parent, at) = tile.id.parent();
        if let Some(root) = tile.root() {
            let above = tiles.iter().find(|tile| tile.id == parent).unwrap();
            assert_eq!(above.hashes[at], root);
        }
    }
}

#[test]
fn a_complete_tile_of_tiles_has_one_hash_above() {
    let mut edge = Edge::default();
    let size = (WIDTH * WIDTH) as u64;
    let mut last = Vec::new();
    for n in 1..=size {
        let tiles = edge.push([1; 32]);
        assert_eq!(tiles.is_empty(), n % 256 != 0, "{n}");
        last = tiles;
    }
    let ids: Vec<_> = last.iter().map(|tile| (tile.id.level, tile.id.index)).collect();
    assert_eq!(ids, [(0, 255), (1, 0), (2, 0)]);
    assert_eq!(last[2].hashes, [last[1].root().unwrap()]);
    assert_eq!(edge.frontier().hashes(), last[2].hashes);
    let ids: Vec<_> = Edge::ids(size).collect();
    assert_eq!(ids.len(), 3);
    let levels = ids.iter().map(|id| edge.tile(*id).map_or(Vec::new(), |tile| tile.hashes));
    assert_eq!(Edge::new(size, levels.collect()), Some(edge));
}

#[test]
fn an_edge_must_fit_its_size() {
    let row = |len| vec![[1; 32]; len];
    assert_eq!(Edge::new(0, Vec::new()), Some(Edge::default()));
    assert!(Edge::new(300, vec![row(44), row(1)]).is_some());
    for wrong in [vec![], vec![row(44)], vec![row(43), row(1)], vec![row(44), row(1), row(1)]] {
        assert_eq!(Edge::new(300, wrong), None);
    }
    let edge = Edge::new(300, vec![row(44), row(1)]).unwrap();
    assert_eq!(edge.tile(TileId { level: 0, index: 1 }).unwrap().hashes.len(), 44);
    for (level, index) in [(0, 0), (0, 2), (1, 1), (2, 0), (u32::MAX, 0)] {
        assert_eq!(edge.tile(TileId { level, index }), None);
    }
}

#[test]
fn the_largest_log_has_its_tiles() {
    let top = Node { level: 63, index: 0 };
    assert_eq!(top.tile(), (TileId { level: 7, index: 0 }, 0..128));
    assert_eq!(TileId { level: 7, index: 0 }.width(u64::MAX), 255);
    assert_eq!(TileId { level: 8, index: 0 }.width(u64::MAX), 0);
    assert_eq!(TileId { level: 0, index: u64::MAX }.width(u64::MAX), 0);
    assert_eq!(Edge::ids(u64::MAX).count(), 8);
    let proof = vec![[1; 32]; 70];
    let tree = (u64::MAX, &[1; 32]);
    assert!(!verify_inclusion((u64::MAX - 1, &[1; 32]), tree, &proof));
    assert!(!verify_consistency((u64::MAX - 1, &[1; 32]), tree, &proof));
    assert!(!verify_consistency((1 << 63, &[1; 32]), tree, &proof));
}

proptest! {
    #[test]
    fn no_proof_of_anything_panics(
        index: u64, size: u64, other: u64,
        proof in proptest::collection::vec(any::<[u8; 32]>(), 0..70),
    ) {
        let hash = [9; 32];
        prop_assert!(!verify_inclusion((index, &hash), (size, &[8; 32]), &proof));
        prop_assert!(!verify_consistency((index.max(1), &hash), (other, &[8; 32]), &proof));
        for plan in [Plan::inclusion(index, size), Plan::consistency(index, size)].iter().flatten() {
            prop_assert!(plan.nodes().count() <= 64 * 64);
        }
    }
}
