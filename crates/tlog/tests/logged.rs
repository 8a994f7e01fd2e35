//! Proofs for readers without a network, and what witnesses sign.
#![allow(clippy::unwrap_used)] // the fixtures are plain functions

use kms_tlog::{
    AddCheckpoint, Checkpoint, CosignerKey, EMPTY_ROOT, Frontier, Hash, LogProof, Note, NoteError,
    Plan, Policy, Refusal, Seen, SignerKey, VerifierKey, judge, leaf_hash, node_hash,
};
use proptest::prelude::*;

fn log_key() -> SignerKey {
    SignerKey::new("log.example", &[1; 32]).unwrap()
}

fn leaf(index: u8) -> Hash {
    leaf_hash(&[index])
}

fn root(size: u8) -> Hash {
    let mut tree = Frontier::default();
    (0..size).for_each(|index| tree.push(leaf(index)));
    tree.root()
}

fn signed(checkpoint: &Checkpoint) -> Note {
    let text = checkpoint.to_string();
    Note::new(&text, vec![log_key().sign(&text)]).unwrap()
}

fn at(size: u8) -> Checkpoint {
    Checkpoint::new("log.example", size.into(), root(size))
}

/// The proof that the second of three leaves was logged.
fn proof() -> LogProof {
    let path = vec![leaf(0), leaf(2)];
    LogProof { extra: Some(b"more".to_vec()), index: 1, path, checkpoint: signed(&at(3)) }
}

#[test]
fn a_proof_is_read_as_it_was_written() {
    let proof = proof();
    let text = proof.to_string();
    assert!(text.starts_with("c2sp.org/tlog-proof@v1\nextra bW9yZQ==\nindex 1\n"), "{text}");
    assert_eq!(LogProof::parse(&text), Ok(proof.clone()));
    assert!(proof.includes(&leaf(1), &at(3)));
    assert!(!proof.includes(&leaf(2), &at(3)));
    let bare = LogProof { extra: None, index: 0, path: Vec::new(), checkpoint: signed(&at(1)) };
    assert_eq!(LogProof::parse(&bare.to_string()), Ok(bare.clone()));
    assert!(bare.includes(&leaf(0), &at(1)));
}

#[test]
fn what_is_no_proof_is_refused() {
    let good = proof().to_string();
    let long = format!("{good}{}", "x".repeat(256 * 1024));
    let many = good.replace("index 1\n", &format!("index 1\n{}", "AA==\n".repeat(64)));
    for bad in [
        "",
        &good.replace("@v1", "@v2"),
        &good.replace("extra bW9yZQ==", "extra bW9yZQ="),
        &good.replace("extra ", "extras "),
        &good.replace("index 1", "index 01"),
        &good.replace("index 1", "index"),
        &good.replace("index 1\n", ""),
        &good.replace("index 1\n", "index 1\nAA==\n"),
        &good.replace("\n\nlog", "\nlog"),
        &good.replace("index 1\n", "index 1 \n"),
        "c2sp.org/tlog-proof@v1\nextra bW9yZQ==",
        "c2sp.org/tlog-proof@v1\nextra bW9yZQ==\n\nx",
        &many,
        &long,
    ] {
        assert_eq!(LogProof::parse(bad), Err(NoteError::Proof), "{bad:?}");
    }
    assert_eq!(LogProof::parse(good.trim_end()), Err(NoteError::Form));
}

fn consistency(old: u8, new: u8) -> Vec<Hash> {
    let node = |node: kms_tlog::Node| {
        let leaves = (node.index << node.level)..((node.index + 1) << node.level);
        let mut row: Vec<_> = leaves.map(|index| leaf(u8::try_from(index).unwrap())).collect();
        while row.len() > 1 {
            row = row.chunks(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
        }
        row[0]
    };
    let plan = Plan::consistency(old.into(), new.into()).unwrap();
    plan.join(&plan.nodes().map(node).collect::<Vec<_>>()).unwrap()
}

fn request(old: u8, new: u8) -> AddCheckpoint {
    AddCheckpoint { old: old.into(), proof: consistency(old, new), checkpoint: signed(&at(new)) }
}

fn judged(request: &AddCheckpoint, seen: Seen) -> Result<Checkpoint, Refusal> {
    let key = log_key();
    judge(request, |origin| (origin == "log.example").then_some((key.verifier(), seen)))
}

fn seen(size: u8) -> Seen {
    Seen { size: size.into(), root: root(size) }
}

#[test]
fn a_request_is_read_as_it_was_written() {
    for request in [request(0, 3), request(3, 3), request(3, 7), request(4, 9)] {
        assert_eq!(AddCheckpoint::parse(&request.to_string()), Some(request));
    }
    let good = request(3, 7).to_string();
    let long = format!("{good}{}", "x".repeat(128 * 1024));
    for bad in [
        "",
        "old 3",
        &good.replace("old 3", "old 03"),
        &good.replace("old 3", "new 3"),
        &good.replace("old 3\n", "old 3\nAA==\n"),
        &good.replace("\n\nlog", "\nlog"),
        good.trim_end(),
        &long,
    ] {
        assert_eq!(AddCheckpoint::parse(bad), None, "{bad:?}");
    }
}

#[test]
fn a_tree_that_grows_is_signed() {
    assert_eq!(judged(&request(0, 0), Seen::NOTHING), Ok(at(0)));
    assert_eq!(root(0), EMPTY_ROOT);
    assert_eq!(judged(&request(0, 3), Seen::NOTHING), Ok(at(3)));
    assert_eq!(judged(&request(3, 3), seen(3)), Ok(at(3)));
    for old in 1..=8 {
        for new in old..=9 {
            assert_eq!(judged(&request(old, new), seen(old)), Ok(at(new)), "{old} to {new}");
        }
    }
}

#[test]
fn everything_else_is_refused_with_its_own_status() {
    let cases = |request: &AddCheckpoint, seen, status| {
        let refusal = judged(request, seen).unwrap_err();
        assert_eq!(refusal.status(), status, "{refusal}");
        refusal
    };
    let mut other = request(3, 7);
    other.checkpoint = signed(&Checkpoint::new("other.example", 7, root(7)));
    cases(&other, seen(3), 404);
    let mut forged = request(3, 7);
    let text = at(7).to_string();
    let signature = SignerKey::new("log.example", &[2; 32]).unwrap().sign(&text);
    forged.checkpoint = Note::new(&text, vec![signature]).unwrap();
    cases(&forged, seen(3), 403);
    let mut shrunk = request(3, 7);
    shrunk.old = 8;
    cases(&shrunk, seen(8), 400);
    let mut none = request(3, 7);
    none.checkpoint = Note::new("x\n", vec![log_key().sign("x\n")]).unwrap();
    cases(&none, seen(3), 400);
    assert_eq!(cases(&request(3, 7), seen(5), 409), Refusal::Conflict { size: 5 });
    assert_eq!(cases(&request(3, 7), seen(7), 409), Refusal::Conflict { size: 7 });
    // Another tree of the size that was signed last.
    let fork = AddCheckpoint {
        old: 7,
        proof: Vec::new(),
        checkpoint: signed(&Checkpoint::new("log.example", 7, [9; 32])),
    };
    assert_eq!(cases(&fork, seen(7), 409), Refusal::Conflict { size: 7 });
    // Another tree that does not begin with the last one.
    let mut fork = request(3, 7);
    fork.checkpoint = signed(&Checkpoint::new("log.example", 7, [9; 32]));
    cases(&fork, seen(3), 422);
    let mut short = request(3, 7);
    short.proof.pop();
    cases(&short, seen(3), 422);
    let mut first = request(0, 3);
    first.proof.push([0; 32]);
    cases(&first, Seen::NOTHING, 422);
}

#[test]
fn a_witness_asks_for_the_key_of_the_origin() {
    let key: VerifierKey = log_key().verifier().clone();
    let mut asked = String::new();
    let answer = judge(&request(0, 1), |origin| {
        asked = origin.into();
        Some((&key, Seen::NOTHING))
    });
    assert!(answer.is_ok());
    assert_eq!(asked, "log.example");
}

/// A text with one piece taken out and another put in.
fn edited(text: &str, (at, cut, put): (usize, usize, &str)) -> String {
    let chars: Vec<char> = text.chars().collect();
    let at = at % (chars.len() + 1);
    let (before, behind) = chars.split_at(at);
    before.iter().copied().chain(put.chars()).chain(behind.iter().skip(cut).copied()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_is_read_is_written_the_same(
        at in 0..2000_usize,
        cut in 0..3_usize,
        put in "[ \n\t0-9a-zA-Z+/=\u{2014}]{0,3}",
    ) {
        let text = edited(&proof().to_string(), (at, cut, &put));
        if let Ok(read) = LogProof::parse(&text) {
            prop_assert_eq!(read.to_string(), text);
        }
        let text = edited(&request(3, 7).to_string(), (at, cut, &put));
        if let Some(read) = AddCheckpoint::parse(&text) {
            prop_assert_eq!(read.to_string(), text);
        }
        let text = edited(&log_key().to_text(), (at, cut, &put));
        if let Ok(read) = SignerKey::parse(&text) {
            let written = read.to_text();
            prop_assert_eq!(written.trim_end(), text.trim_end());
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC*|[ \n\t0-9a-z+/=]{0,80}") {
        let head = "c2sp.org/tlog-proof@v1\n";
        let _ = (LogProof::parse(&text), LogProof::parse(&format!("{head}{text}")));
        let _ = (AddCheckpoint::parse(&text), AddCheckpoint::parse(&format!("old 0\n{text}")));
        let _ = (Policy::parse(&text), Policy::parse(&format!("group {text}\n")));
        let _ = (CosignerKey::parse(&text), SignerKey::parse(&format!("PRIVATE+KEY+{text}")));
        let _ = (kms_tlog::entries::parse(text.as_bytes()), kms_tlog::parse_hashes(&text));
    }
}
