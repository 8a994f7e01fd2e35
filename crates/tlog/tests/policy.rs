//! Cosignatures and the policies that ask for them.
#![allow(clippy::unwrap_used)] // the fixtures are plain functions

use std::fmt::Write as _;

use base64ct::{Base64, Encoding};
use kms_tlog::{
    Checkpoint, CosignerKey, Note, NoteError, Policy, SeenFault, Signature, SignerKey, VerifierKey,
};

/// The example of C2SP tlog-cosignature; its keys are not published.
const EXAMPLE: &str = "example.com/behind-the-sofa\n20852163\n\
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
    \u{2014} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\
    \u{2014} witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";
/// A witness in operation, as other implementations' tests name it.
const REMORA: &str = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";
/// The private key of the example of the Go project's package `note`.
const NEUMANN: &str =
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";

fn key(name: &str, seed: u8) -> SignerKey {
    SignerKey::new(name, &[seed; 32]).unwrap()
}

fn checkpoint() -> String {
    Checkpoint::new("log.example", 5, [7; 32]).to_string()
}

/// The checkpoint, signed by the log, and by these witnesses at these times.
fn cosigned(times: &[(u8, u64)]) -> Note {
    let text = checkpoint();
    let mut note = Note::new(&text, vec![key("log.example", 1).sign(&text)]).unwrap();
    for (seed, time) in times {
        note = note.with(witness(*seed).cosign(&text, *time)).unwrap();
    }
    note
}

fn witness(seed: u8) -> SignerKey {
    key(&format!("w{seed}.example"), seed)
}

/// A policy of witnesses 11 to 15 with these last lines.
fn policy(rest: &str) -> Policy {
    let mut text = format!("log {}\n", key("log.example", 1).verifier());
    for seed in 11..=15 {
        let _ = writeln!(text, "witness W{seed} {}", witness(seed).cosigner());
    }
    Policy::parse(&(text + rest)).unwrap()
}

fn time(policy: &Policy, times: &[(u8, u64)]) -> Result<Option<u64>, SeenFault> {
    policy.check(&cosigned(times)).map(|vouched| vouched.time)
}

#[test]
fn a_cosignature_has_the_form_of_the_specification() {
    let note = Note::parse(EXAMPLE).unwrap();
    let [_, line] = note.signatures() else { panic!("two lines") };
    assert_eq!(line.name, "witness.example.com/w1");
    assert_eq!((line.id, line.bytes.len()), ([0x8d, 0x66, 0xcf, 0x3f], 72));
    assert_eq!(line.bytes[..8], 1_679_315_147_u64.to_be_bytes());
    assert_eq!(note.to_string(), EXAMPLE);
    let own = witness(11).cosign(note.text(), 1_679_315_147);
    assert_eq!((own.bytes.len(), &own.bytes[..8]), (72, &line.bytes[..8]));
}

#[test]
fn the_message_is_that_of_the_specification() {
    let text =
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    let message = format!("cosignature/v1\ntime 1679315147\n{text}");
    let cosignature = witness(11).cosign(text, 1_679_315_147);
    // The same key signs the message as the text of a note: the same 64 bytes.
    let plain = witness(11).sign(&message);
    assert_eq!(cosignature.bytes[8..], plain.bytes);
    assert_ne!(cosignature.id, plain.id);
}

#[test]
fn keys_of_others_are_read() {
    let remora = CosignerKey::parse(REMORA).unwrap();
    assert_eq!((remora.name(), remora.to_string().as_str()), ("remora.n621.de", REMORA));
    assert_eq!(remora.id(), [0xda, 0x77, 0xad, 0xe7]);
    assert_eq!(VerifierKey::parse(REMORA), Err(NoteError::Key));
    let neumann = SignerKey::parse(NEUMANN).unwrap();
    assert_eq!(neumann.to_text().trim_end(), NEUMANN);
    let public = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    assert_eq!(neumann.verifier().to_string(), public);
    assert_eq!(CosignerKey::parse(public), Err(NoteError::Key));
}

#[test]
fn what_is_no_private_key_is_refused() {
    let long = format!("PRIVATE+KEY+{}+00000000+AA==", "x".repeat(600));
    for bad in [
        "",
        "PRIVATE+KEY+",
        "PRIVATE+KEY+PeterNeumann+c74f20a3",
        &NEUMANN.replace("c74f20a3", "c74f20a4"),
        &NEUMANN.replace("PRIVATE", "private"),
        &NEUMANN.replace("+AYEK", "+BIEK"),
        &NEUMANN.replace("XHKDFz", "XHKA=="),
        &format!("{NEUMANN}\n\n"),
        &long,
    ] {
        assert_eq!(SignerKey::parse(bad).err(), Some(NoteError::Key), "{bad:?}");
    }
    assert!(SignerKey::new("a b", &[1; 32]).is_err());
    assert!(SignerKey::parse(&format!("{NEUMANN}\n")).is_ok());
}

#[test]
fn a_cosignature_is_checked_with_its_time_and_text() {
    let own = witness(11).cosigner().clone();
    assert_eq!(own.verify(&cosigned(&[(11, 900), (12, 800)])), Ok(900));
    // The earliest of several counts.
    assert_eq!(own.verify(&cosigned(&[(11, 900), (11, 700)])), Ok(700));
    assert_eq!(own.verify(&cosigned(&[(12, 800)])), Err(NoteError::NotSigned));
    let spoiled = |change: fn(&mut Signature)| {
        let mut line = witness(11).cosign(&checkpoint(), 900);
        change(&mut line);
        own.verify(&cosigned(&[]).with(line).unwrap())
    };
    let changes: [fn(&mut Signature); 4] = [
        |line| line.bytes[7] ^= 1,
        |line| line.bytes[20] ^= 1,
        |line| line.bytes.truncate(5),
        |line| line.bytes[0] = 0x80,
    ];
    for change in changes {
        assert_eq!(spoiled(change), Err(NoteError::Signature));
    }
    // Signed at a time that the specification excludes.
    let late = witness(11).cosign(&checkpoint(), 1 << 63);
    assert_eq!(own.verify(&cosigned(&[]).with(late).unwrap()), Err(NoteError::Signature));
}

#[test]
fn a_quorum_has_a_time() {
    let two = policy("group g 2 W11 W12 W13\nquorum g\n");
    assert_eq!(time(&two, &[(11, 30), (12, 10), (13, 20)]), Ok(Some(20)));
    assert_eq!(time(&two, &[(11, 30), (13, 20)]), Ok(Some(30)));
    assert_eq!(time(&two, &[(11, 30), (14, 20), (15, 1)]), Err(SeenFault::Quorum));
    let nested =
        policy("group a any W11 W12\n group b all W13 W14 \n\n# both\ngroup c all a b\nquorum c\n");
    assert_eq!(time(&nested, &[(11, 9), (12, 5), (13, 7), (14, 8)]), Ok(Some(8)));
    assert_eq!(time(&nested, &[(11, 9), (12, 5), (13, 7)]), Err(SeenFault::Quorum));
    assert_eq!(time(&policy("quorum W15\n"), &[(15, 4)]), Ok(Some(4)));
    assert_eq!(time(&policy("quorum none\n"), &[]), Ok(None));
    assert!(two.has_quorum() && !policy("quorum none\n").has_quorum());
    assert_eq!((two.logs().len(), two.witnesses().len()), (1, 5));
}

#[test]
fn a_checkpoint_has_to_be_of_a_log_of_the_policy() {
    let policy = policy("quorum none\n");
    let text = checkpoint();
    let check = |text: &str, signature| policy.check(&Note::new(text, vec![signature]).unwrap());
    let own = key("log.example", 1);
    let vouched = check(&text, own.sign(&text)).unwrap();
    assert_eq!(vouched.checkpoint, Checkpoint::new("log.example", 5, [7; 32]));
    assert_eq!(check(&text, key("log.example", 2).sign(&text)), Err(SeenFault::Log));
    assert_eq!(check(&text, own.sign("x\n")), Err(SeenFault::LogSignature));
    assert_eq!(check("x\n", own.sign("x\n")), Err(SeenFault::Checkpoint));
    let other = text.replace("log.example", "other.example");
    assert_eq!(check(&other, own.sign(&other)), Err(SeenFault::Checkpoint));
    let wrong = witness(11).cosign("x\n", 5);
    assert_eq!(policy.check(&cosigned(&[]).with(wrong).unwrap()), Err(SeenFault::WitnessSignature));
}

#[test]
fn what_is_no_policy_is_refused() {
    let log = format!("log {}\n", key("log.example", 1).verifier());
    let again = format!("log {} https://log.example\n", key("other", 1).verifier());
    let witness = |name: &str, seed: u8| {
        format!("witness {name} {} https://w.example/\n", witness(seed).cosigner())
    };
    let (a, b) = (witness("A", 11), witness("B", 12));
    let lines = |line: &dyn Fn(u8) -> String| (0..65).map(line).collect::<String>();
    let many = lines(&|seed| witness(&format!("W{seed}"), seed));
    let logs = lines(&|seed| format!("log {}\n", key("l", seed).verifier()));
    let groups = lines(&|seed| format!("group G{seed} any W{seed}\n"));
    let some = many.split_inclusive('\n').take(64).collect::<String>();
    for (line, bad) in [
        (0, String::new()),
        (0, "quorum none".into()),
        (0, log.clone()),
        (0, "#".repeat(65 * 1024)),
        (2, "quorum none\nquorum none\n".into()),
        (2, log.clone() + &again),
        (2, a.clone() + &witness("B", 11)),
        (2, a.clone() + &witness("A", 12)),
        (1, witness("none", 11)),
        (1, witness("A", 11).replace("+BJ", "+AJ").replace("+B", "+A")),
        (1, "log x\n".into()),
        (1, "witness A x\n".into()),
        (1, "quorum A\n".into()),
        (1, "group g any\n".into()),
        (1, "group g any A\n".into()),
        (1, "group g\n".into()),
        (1, "log\n".into()),
        (1, "other\n".into()),
        (1, "quorum none\r\n".into()),
        (2, a.clone() + "group g 0 A\n"),
        (2, a.clone() + "group g 2 A\n"),
        (2, a.clone() + "group g +1 A\n"),
        (2, a.clone() + "group g any none\n"),
        (2, a.clone() + "group A any A\n"),
        (2, a.clone() + "group g any A A\n"),
        (4, a.clone() + &b + "group g any A\ngroup h all A B\n"),
        (65, many.clone()),
        (65, logs),
        (129, some.clone() + &groups.replace("W64", "W0")),
    ] {
        let found = Policy::parse(&bad).unwrap_err();
        assert_eq!(found.line, line, "{bad}: {found}");
    }
    // A quorum may name a witness that is in a group as well.
    assert!(Policy::parse(&(a + "group g any A\nquorum A\n")).is_ok());
}

#[test]
fn signatures_of_types_that_are_not_known_are_kept_and_count_for_nothing() {
    // As long as a cosignature of ML-DSA-44 with its time (C2SP tlog-cosignature).
    let bytes = vec![9; 8 + 2420];
    let unknown = Signature { name: "w12.example".into(), id: [6, 1, 2, 3], bytes };
    let note = cosigned(&[(11, 30)]).with(unknown).unwrap();
    assert_eq!(Note::parse(&note.to_string()), Ok(note.clone()));
    let time = |policy: &Policy| policy.check(&note).map(|vouched| vouched.time);
    assert_eq!(time(&policy("quorum W11\n")), Ok(Some(30)));
    assert_eq!(time(&policy("group g all W11 W12\nquorum g\n")), Err(SeenFault::Quorum));
    // A policy cannot name such a witness, since nobody here could check its word.
    let key = Base64::encode_string(&[&[6_u8][..], &[7; 1312]].concat());
    let bad = Policy::parse(&format!("witness W w.example+06010203+{key}\nquorum W\n"));
    assert_eq!(bad.unwrap_err().line, 1);
}
