//! Logs that did not sign, witnesses that did not see, entries that are too young, and trees and
//! releases that do not follow what was seen.

use kms_manifest::Sha256;
use kms_tlog::{Checkpoint, Hash, LogProof, Note, Signature, write_hashes};
use kms_verify::{Fault, SeenRelease};

use crate::folder::{Case, of_files, of_world};
use crate::world::{COOL_DOWN_HOURS, HOUR, LOG, SEEN, World, key, manifest, signer, witness};

pub(crate) fn all() -> Vec<Case> {
    let mut all = logs();
    all.extend(witnesses());
    all.extend(inclusion());
    all.extend(times());
    all.extend(trees());
    all.extend(epochs());
    all
}

fn world(name: &'static str, fault: Fault, change: impl FnOnce(&mut World)) -> Case {
    of_world(name, Some(fault), change)
}

/// A case that changes the proof before it is written.
fn proof(name: &'static str, fault: Fault, change: impl FnOnce(&mut LogProof)) -> Case {
    of_files(name, fault, |files| {
        let mut proof = World::new().proof();
        change(&mut proof);
        files.proof = proof.to_string().into_bytes();
    })
}

/// A case that changes one of the checkpoint's signatures: 0 is the log's.
fn signature(
    name: &'static str,
    fault: Fault,
    at: usize,
    change: impl FnOnce(&mut Signature),
) -> Case {
    proof(name, fault, |proof| {
        let mut lines = proof.checkpoint.signatures().to_vec();
        change(&mut lines[at]);
        proof.checkpoint = Note::new(proof.checkpoint.text(), lines).unwrap();
    })
}

fn logs() -> Vec<Case> {
    let text = |name, change: fn(String) -> String| {
        world(name, Fault::CheckpointForm, |world| {
            let own = world.proof().checkpoint.text().to_owned();
            world.checkpoint = Some(change(own));
        })
    };
    vec![
        world("log_unknown_fail", Fault::LogUnknown, |world| world.log = key("other.example", 98)),
        world("log_other_key_fail", Fault::LogUnknown, |world| world.log = key(LOG, 98)),
        proof("log_not_signed_fail", Fault::LogUnknown, |proof| {
            let lines = proof.checkpoint.signatures()[1..].to_vec();
            proof.checkpoint = Note::new(proof.checkpoint.text(), lines).unwrap();
        }),
        signature("log_wrong_signature_fail", Fault::LogSignature, 0, |line| line.bytes[3] ^= 1),
        signature("log_short_signature_fail", Fault::LogSignature, 0, |line| {
            line.bytes.pop();
        }),
        proof("checkpoint_changed_root_fail", Fault::LogSignature, |proof| {
            let lines = proof.checkpoint.signatures().to_vec();
            let text = Checkpoint::new(LOG, 6, [9; 32]).to_string();
            proof.checkpoint = Note::new(&text, lines).unwrap();
        }),
        text("checkpoint_of_another_log_fail", |text| text.replace(LOG, "other.example")),
        text("checkpoint_leading_zero_fail", |text| text.replace("\n6\n", "\n06\n")),
        text("checkpoint_short_root_fail", |text| {
            let lines: Vec<_> = text.lines().take(2).collect();
            lines.join("\n") + "\nAA==\n"
        }),
        text("checkpoint_is_no_checkpoint_fail", |_| "anything\n".into()),
    ]
}

fn witnesses() -> Vec<Case> {
    let seen_by =
        |name, witnesses| world(name, Fault::QuorumMissing, |world| world.witnesses = witnesses);
    let wrong = Fault::WitnessSignature;
    vec![
        signature("witness_wrong_signature_fail", wrong, 1, |line| line.bytes[30] ^= 1),
        signature("witness_other_time_fail", wrong, 1, |line| line.bytes[7] ^= 1),
        signature("witness_short_signature_fail", wrong, 2, |line| line.bytes.truncate(64)),
        signature("witness_of_another_checkpoint_fail", wrong, 1, |line| {
            let text = Checkpoint::new(LOG, 6, [9; 32]).to_string();
            *line = witness(1).cosign(&text, SEEN);
        }),
        seen_by("quorum_nobody_fail", Vec::new()),
        seen_by("quorum_one_of_two_fail", vec![(witness(1), SEEN)]),
        seen_by("quorum_one_twice_fail", vec![(witness(1), SEEN), (witness(1), SEEN + 1)]),
        seen_by("quorum_of_strangers_fail", vec![(key("a", 91), SEEN), (key("b", 92), SEEN)]),
        seen_by(
            "quorum_of_other_keys_fail",
            vec![(key("witness1.example", 91), SEEN), (key("witness2.example", 92), SEEN)],
        ),
        signature("quorum_without_a_time_fail", Fault::QuorumMissing, 1, |line| {
            let text = World::new().proof().checkpoint.text().to_owned();
            *line = witness(1).sign(&text);
        }),
    ]
}

fn inclusion() -> Vec<Case> {
    let not = Fault::NotIncluded;
    vec![
        proof("index_behind_the_end_fail", Fault::IndexOutOfRange, |proof| proof.index = 6),
        proof("proof_truncated_fail", Fault::ProofTruncated, |proof| {
            proof.path.pop();
        }),
        proof("proof_without_hashes_fail", Fault::ProofTruncated, |proof| proof.path.clear()),
        proof("proof_padded_fail", Fault::ProofPadded, |proof| proof.path.push([0; 32])),
        proof("not_included_other_index_fail", not, |proof| proof.index = 2),
        proof("not_included_changed_hash_fail", not, |proof| proof.path[1][31] ^= 0x80),
        proof("not_included_swapped_hashes_fail", not, |proof| proof.path.swap(0, 1)),
        // The same words, signed by others who may: another entry.
        proof("not_included_other_signers_fail", not, |proof| {
            let mut other = World::new();
            other.signers = vec![signer(2), signer(3)];
            proof.extra = Some(other.entry());
        }),
    ]
}

fn times() -> Vec<Case> {
    let old = COOL_DOWN_HOURS * HOUR;
    let young = Fault::TooYoung;
    vec![
        world("from_the_future_fail", Fault::FromTheFuture, |world| {
            world.policy["cool_down_hours"] = 0.into();
            world.now = SEEN + HOUR - 301;
        }),
        world("too_young_by_a_second_fail", young, |world| world.now = SEEN + HOUR + old - 1),
        world("too_young_just_seen_fail", young, |world| world.now = SEEN + HOUR),
        // One witness alone was early enough; the quorum counts.
        world("too_young_but_for_one_witness_fail", young, |world| world.now = SEEN + old),
    ]
}

fn trees() -> Vec<Case> {
    let growth = |name, fault, change: fn(&mut Vec<Hash>)| {
        of_files(name, fault, |files| {
            let text = String::from_utf8(files.growth.take().unwrap()).unwrap();
            let mut hashes = kms_tlog::parse_hashes(&text).unwrap();
            change(&mut hashes);
            files.growth = Some(write_hashes(&hashes).into_bytes());
        })
    };
    let seen = |name, fault, size: u64, root: [u8; 32]| {
        of_files(name, fault, |files| {
            let mut mark = World::new().mark();
            let tree = kms_verify::SeenTree { size, root: Sha256::from(root) };
            mark.logs.insert(LOG.to_owned(), tree);
            files.mark = Some(mark.to_json().unwrap().into_bytes());
        })
    };
    vec![
        seen("log_replayed_fail", Fault::LogReplayed, 7, [7; 32]),
        seen("log_split_view_fail", Fault::LogSplit, 6, [7; 32]),
        seen("log_forked_fail", Fault::LogForked, 3, [7; 32]),
        of_files("growth_missing_fail", Fault::GrowthMissing, |files| files.growth = None),
        of_files("growth_not_base64_fail", Fault::GrowthForm, |files| {
            files.growth = Some(b"hash\n".to_vec());
        }),
        of_files("growth_not_utf8_fail", Fault::GrowthForm, |files| {
            files.growth = Some(vec![0xff, b'\n']);
        }),
        growth("growth_truncated_fail", Fault::LogForked, |hashes| {
            hashes.pop();
        }),
        growth("growth_empty_fail", Fault::LogForked, Vec::clear),
        growth("growth_padded_fail", Fault::LogForked, |hashes| hashes.push([0; 32])),
        growth("growth_changed_fail", Fault::LogForked, |hashes| hashes[0][0] ^= 1),
        // Another log under the same key: honest by itself, but not the one that was seen.
        of_files("log_forked_whole_fail", Fault::LogForked, |files| {
            let mut fork = World::new();
            fork.before[0] = b"another past".to_vec();
            let other = fork.files();
            (files.proof, files.growth) = (other.proof, other.growth);
        }),
    ]
}

fn epochs() -> Vec<Case> {
    let seen = |name, fault, epoch, manifest| {
        world(name, fault, |world| world.seen_release = Some(SeenRelease { epoch, manifest }))
    };
    let other = Sha256::of(b"another");
    vec![
        seen("rollback_fail", Fault::Rollback, 3, manifest(3).digest().unwrap()),
        seen("rollback_by_many_fail", Fault::Rollback, 1000, other),
        seen("epoch_split_fail", Fault::EpochSplit, 2, other),
        seen("previous_is_another_fail", Fault::PreviousMismatch, 1, other),
        world("previous_missing_fail", Fault::PreviousMismatch, |world| {
            world.manifest.previous = None;
        }),
    ]
}
