//! Logs: what is read of one, and what a proof can make a verifier believe.

use std::convert::Infallible;

use kms_tlog::{
    Checkpoint, EMPTY_ROOT, Hash, LogProof, Node, NodeSource, Note, Plan, Policy, Signature,
    leaf_hash, node_hash, verify_consistency, verify_inclusion,
};

/// A log whose entry at each place is the number of the place.
struct Numbers;

impl NodeSource for Numbers {
    type Error = Infallible;

    fn node(&self, node: Node) -> Result<Hash, Infallible> {
        Ok(root(node.index << node.level, 1 << node.level))
    }
}

fn entry(index: u64) -> Hash {
    leaf_hash(&index.to_be_bytes())
}

/// The hash of so many entries from a place on, as RFC 9162, section 2.1.1 defines it.
fn root(from: u64, count: u64) -> Hash {
    match count {
        0 => EMPTY_ROOT,
        1 => entry(from),
        _ => {
            let left = 1 << (u64::BITS - 1 - (count - 1).leading_zeros());
            node_hash(&root(from, left), &root(from + left, count - left))
        }
    }
}

/// Lines of a log, its proofs and policies, which have one spelling each, and the files of releases; or three small numbers and
/// hashes, which prove what is true or nothing.
///
/// # Panics
/// If not.
pub fn proof(input: &[u8]) {
    super::release::release(input);
    if let Ok(text) = std::str::from_utf8(input) {
        lines(text);
    }
    if let Some(([one, two, index], rest)) = input.split_first_chunk::<3>() {
        let (size, index) = (u64::from(*one.max(two) % 32), u64::from(index % 32));
        let (hashes, _) = rest.as_chunks::<32>();
        hashes_of(u64::from(*one.min(two) % 32).min(size), size, index, hashes);
    }
}

fn lines(text: &str) {
    if let Ok(note) = Note::parse(text) {
        assert_eq!(note.to_string(), text);
        if let Ok(checkpoint) = Checkpoint::parse(note.text()) {
            assert_eq!(checkpoint.to_string(), note.text());
        }
    }
    if let Ok(proof) = LogProof::parse(text) {
        assert_eq!(proof.to_string(), text);
    }
    if let Ok(policy) = Policy::parse(text) {
        // Nobody has signed this: no policy takes it.
        assert!(policy.check(&note()).is_err());
    }
}

fn hashes_of(old: u64, size: u64, index: u64, hashes: &[Hash]) {
    let tree = root(0, size);
    if verify_consistency((old, &root(0, old)), (size, &tree), hashes) {
        assert_eq!(Plan::consistency(old, size).unwrap().build(&Numbers).unwrap(), hashes);
    }
    if verify_inclusion((index, &entry(index)), (size, &tree), hashes) {
        assert_eq!(Plan::inclusion(index, size).unwrap().build(&Numbers).unwrap(), hashes);
    }
    // What is at another place, and a tree that is another one, no proof is for.
    assert!(!verify_inclusion((index, &entry(index + 1)), (size, &tree), hashes));
    assert!(old == 0 || !verify_consistency((old, &root(1, old)), (size, &tree), hashes));
}

fn note() -> Note {
    let signature = Signature { name: "log.example".into(), id: [1; 4], bytes: vec![2; 64] };
    let text = Checkpoint::new("log.example", 5, root(0, 5)).to_string();
    Note::new(&text, vec![signature]).unwrap()
}

/// A checkpoint, a proof, a policy, proofs of every shape, and the files of releases.
///
/// # Panics
/// If one cannot be made.
#[must_use]
pub(super) fn seeds() -> Vec<Vec<u8>> {
    let path = Plan::inclusion(3, 5).unwrap().build(&Numbers).unwrap();
    let proof = LogProof { extra: Some(b"entry".into()), index: 3, path, checkpoint: note() };
    let policy = "log log.example+00000000+AQ== https://log.example\nquorum none\n";
    let mut seeds = vec![note().to_string().into(), proof.to_string().into(), policy.into()];
    for size in 1..12_u8 {
        for other in 0..size {
            let (new, old) = (u64::from(size), u64::from(other));
            for plan in [Plan::consistency(old, new), Plan::inclusion(old, new)] {
                let hashes = plan.unwrap().build(&Numbers).unwrap();
                seeds.push([&[size, other, other], hashes.as_flattened()].concat());
            }
        }
    }
    seeds.extend(super::release::seeds());
    seeds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seeds_prove_what_they_say() {
        for (old, size) in (1..12).flat_map(|size| (0..size).map(move |old| (old, size))) {
            let tree = root(0, size);
            let grown = Plan::consistency(old, size).unwrap().build(&Numbers).unwrap();
            assert!(verify_consistency((old, &root(0, old)), (size, &tree), &grown));
            let within = Plan::inclusion(old, size).unwrap().build(&Numbers).unwrap();
            assert!(verify_inclusion((old, &entry(old)), (size, &tree), &within));
        }
        for seed in seeds() {
            proof(&seed);
        }
    }
}
