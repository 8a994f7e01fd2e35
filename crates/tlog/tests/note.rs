//! Notes, keys and checkpoints: a known answer, and everything that is none.
#![allow(clippy::unwrap_used)] // the fixtures are plain functions

use ed25519_dalek::{Signer, SigningKey};
use kms_tlog::{Checkpoint, Note, NoteError, Signature, VerifierKey};

/// The example of the Go project's package `note`.
const NEUMANN: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const EXAMPLE: &str = "If you think cryptography is the answer to your problem,\n\
    then you don't know what your problem is.\n\n\
    \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

fn key(name: &str, seed: u8) -> (SigningKey, VerifierKey) {
    let key = SigningKey::from_bytes(&[seed; 32]);
    let public = VerifierKey::new(name, key.verifying_key().to_bytes()).unwrap();
    (key, public)
}

fn signed(text: &str, (key, public): &(SigningKey, VerifierKey)) -> Note {
    let signature = key.sign(text.as_bytes()).to_bytes();
    Note::new(text, vec![public.signature(signature)]).unwrap()
}

#[test]
fn a_note_of_another_implementation_verifies() {
    let key = VerifierKey::parse(NEUMANN).unwrap();
    assert_eq!((key.name(), key.to_string().as_str()), ("PeterNeumann", NEUMANN));
    assert_eq!(key.id(), [0xc7, 0x4f, 0x20, 0xa3]);
    let note = Note::parse(EXAMPLE).unwrap();
    assert_eq!(note.to_string(), EXAMPLE);
    assert!(key.verify(&note).unwrap().starts_with("If you think"));
}

#[test]
fn any_change_of_the_text_or_the_signature_is_seen() {
    let key = VerifierKey::parse(NEUMANN).unwrap();
    for at in 0..EXAMPLE.len() {
        let mut bytes = EXAMPLE.as_bytes().to_vec();
        bytes[at] ^= 1;
        let Ok(text) = String::from_utf8(bytes) else { continue };
        let verified = Note::parse(&text).and_then(|note| key.verify(&note).map(drop));
        assert!(verified.is_err(), "{at}");
    }
}

#[test]
fn the_signature_must_be_of_this_key() {
    let (own, other) = (key("log.example", 1), key("log.example", 2));
    let note = signed("text\n", &own);
    assert_eq!(own.1.verify(&note), Ok("text\n"));
    assert_eq!(other.1.verify(&note), Err(NoteError::NotSigned));
    assert_eq!(key("other.example", 1).1.verify(&note), Err(NoteError::NotSigned));
    // Name and id of the key, but not its signature.
    let forged = Note::new("text\n", vec![own.1.signature([3; 64])]).unwrap();
    assert_eq!(own.1.verify(&forged), Err(NoteError::Signature));
    let mut short = note.signatures()[0].clone();
    short.bytes.pop();
    let short = Note::new("text\n", vec![short]).unwrap();
    assert_eq!(own.1.verify(&short), Err(NoteError::Signature));
    // Others may have signed too, before or after.
    let theirs = signed("text\n", &other);
    let both = [theirs.signatures(), note.signatures()].concat();
    let both = Note::new("text\n", both).unwrap();
    assert_eq!((own.1.verify(&both), other.1.verify(&both)), (Ok("text\n"), Ok("text\n")));
}

/// C2SP signed-note: whoever verifies a note has to ignore signatures of keys that are not known.
#[test]
fn lines_of_unknown_keys_are_ignored_whatever_is_in_them() {
    let own = key("log.example", 1);
    let note = signed("text\n", &own);
    let line = &note.signatures()[0];
    let unknown = [
        // Shorter than any signature, as long as one with ML-DSA-44 and a time, and as one with Ed25519.
        Signature { name: "other.example".into(), id: [1, 2, 3, 4], bytes: vec![0] },
        Signature { name: "other.example".into(), id: [6, 1, 2, 3], bytes: vec![9; 8 + 2420] },
        Signature { name: "other.example".into(), id: [1, 2, 3, 5], bytes: vec![7; 64] },
        // The known key's name under another id, and its id under another name.
        Signature { id: [0; 4], ..line.clone() },
        Signature { name: "\u{fc}mlaut.example/\u{1f600}".into(), ..line.clone() },
    ];
    for place in 0..=unknown.len() {
        let mut lines = unknown.to_vec();
        lines.insert(place, line.clone());
        let note = Note::new("text\n", lines.clone()).unwrap();
        assert_eq!(own.1.verify(&note), Ok("text\n"));
        assert_eq!(Note::parse(&note.to_string()).unwrap().signatures(), lines);
    }
    let without = Note::new("text\n", unknown.to_vec()).unwrap();
    assert_eq!(own.1.verify(&without), Err(NoteError::NotSigned));
}

#[test]
fn a_weak_key_verifies_nothing() {
    // The neutral point signs everything under a check that is not strict.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let weak = VerifierKey::new("log.example", neutral).unwrap();
    let mut signature = [0; 64];
    signature[0] = 1;
    let note = Note::new("text\n", vec![weak.signature(signature)]).unwrap();
    assert_eq!(weak.verify(&note), Err(NoteError::Signature));
    // Not a point at all.
    let broken = VerifierKey::new("log.example", [2; 32]).unwrap();
    let note = Note::new("text\n", vec![broken.signature(signature)]).unwrap();
    assert_eq!(broken.verify(&note), Err(NoteError::Key));
}

#[test]
fn what_is_no_note_is_refused() {
    let good = "text\n\n\u{2014} name AAAAAAA=\n";
    assert_eq!(Note::parse(good).unwrap().to_string(), good);
    let long = format!("{}\n\n\u{2014} name AAAAAAA=\n", "x".repeat(64 * 1024));
    let many = format!("text\n\n{}", "\u{2014} name AAAAAAA=\n".repeat(65));
    let cases = [
        "",
        "\n",
        "text\n",
        "text\n\n",
        "text\n\n\n",
        "text\n\u{2014} name AAAAAAA=\n",
        "text\n\n\u{2014} name AAAAAAA=",
        "text\n\n- name AAAAAAA=\n",
        "text\n\n\u{2014}  AAAAAAA=\n",
        "text\n\n\u{2014} na+me AAAAAAA=\n",
        "text\n\n\u{2014} na\u{a0}me AAAAAAA=\n",
        "text\n\n\u{2014} name AAAAAAA\n",
        "text\n\n\u{2014} name AAAAAAB=\n",
        "text\n\n\u{2014} name AAAAAA==\n",
        "text\n\n\u{2014} name AA AAA=\n",
        "text\n\n\u{2014} name \n",
        "text\n\n\u{2014} name\n",
        "text\r\n\n\u{2014} name AAAAAAA=\n",
        "te\0xt\n\n\u{2014} name AAAAAAA=\n",
        "text\n\n\u{2014} name AAAAAAA=\nmore\n",
        &long,
        &many,
    ];
    for case in cases {
        assert_eq!(Note::parse(case), Err(NoteError::Form), "{case:?}");
    }
    assert_eq!(Note::new("no newline", Vec::new()), Err(NoteError::Form));
    assert_eq!(Note::new("unsigned\n", Vec::new()), Err(NoteError::Form));
}

#[test]
fn what_is_no_key_is_refused() {
    let long = format!("{}+00000000+AA==", "x".repeat(600));
    for case in [
        "",
        "PeterNeumann",
        "PeterNeumann+c74f20a3",
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+AhpC2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10Q=",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T",
        "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        &long,
    ] {
        assert_eq!(VerifierKey::parse(case), Err(NoteError::Key), "{case:?}");
    }
    for name in ["", "a b", "a+b", "a\nb"] {
        assert_eq!(VerifierKey::new(name, [1; 32]), Err(NoteError::Key), "{name:?}");
    }
    assert_eq!(VerifierKey::new(&"x".repeat(500), [1; 32]), Err(NoteError::Key));
}

#[test]
fn a_checkpoint_is_a_note_about_a_tree() {
    let key = key("log.example", 1);
    let checkpoint = Checkpoint::new("log.example", 42, [7; 32]);
    let note = signed(&checkpoint.to_string(), &key);
    let read = Note::parse(&note.to_string()).unwrap();
    assert_eq!(Checkpoint::parse(key.1.verify(&read).unwrap()), Ok(checkpoint.clone()));
    let more = Checkpoint { extension: vec!["more".into(), "and more".into()], ..checkpoint };
    assert_eq!(Checkpoint::parse(&more.to_string()), Ok(more));
}

#[test]
fn what_is_no_checkpoint_is_refused() {
    let root = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
    let good = format!("log.example\n42\n{root}\n");
    assert!(Checkpoint::parse(&good).is_ok());
    for case in [
        String::new(),
        "\n".into(),
        "log.example\n42\n".into(),
        format!("\n42\n{root}\n"),
        format!("log.example\n\n{root}\n"),
        format!("log.example\n042\n{root}\n"),
        format!("log.example\n+42\n{root}\n"),
        format!("log.example\n-1\n{root}\n"),
        format!("log.example\n18446744073709551616\n{root}\n"),
        "log.example\n42\nBwc=\n".into(),
        format!("log.example\n42\n{}\n", root.trim_end_matches('=')),
        format!("log.example\n42\n{root}"),
        format!("log.example\n42\n{root}\n\n"),
        format!("log.example\n42\n{root}\n\nmore\n"),
    ] {
        assert_eq!(Checkpoint::parse(&case), Err(NoteError::Checkpoint), "{case:?}");
    }
}
