//! Files written and opened: for each recipient, of every length class, by any age program.

#![allow(clippy::unwrap_used)] // helpers of tests

mod common;

use std::io::Read;

use age::{Decryptor, x25519};
use common::{KDF, contents, open, passphrase, phrase, read_all, recipients, seal, secret};
use kms_backup::{BackupError, BackupFile, CHUNK, Identity, MAX_HEADER, Recipients, Seal};
use proptest::prelude::*;

#[test]
fn each_recipient_opens_what_was_written() {
    let file = seal(&recipients(true, true), b"some records");
    assert_eq!(open(&file, &phrase(7)).unwrap(), b"some records");
    assert_eq!(open(&file, &passphrase(8)).unwrap(), b"some records");
    for wrong in [phrase(8), passphrase(7), phrase(0), passphrase(0)] {
        assert_eq!(open(&file, &wrong), Err(BackupError::WrongFactor));
    }
}

#[test]
fn a_recipient_that_is_not_there_opens_nothing() {
    let file = seal(&recipients(true, false), b"some records");
    assert_eq!(open(&file, &phrase(7)).unwrap(), b"some records");
    assert_eq!(open(&file, &passphrase(8)), Err(BackupError::WrongFactor));
    let file = seal(&recipients(false, true), b"some records");
    assert_eq!(open(&file, &passphrase(8)).unwrap(), b"some records");
    assert_eq!(open(&file, &phrase(7)), Err(BackupError::WrongFactor));
}

#[test]
fn a_file_needs_a_recipient() {
    let refused = Seal::new(&recipients(false, false)).err();
    assert_eq!(refused, Some(BackupError::Unavailable));
    let nobody = Recipients { phrase: Some([0; 32]), passphrase: None };
    assert_eq!(Seal::new(&nobody).err(), Some(BackupError::Unavailable));
}

#[test]
fn the_passphrase_parameters_are_in_the_file() {
    for (has_phrase, has_passphrase, expected) in
        [(true, true, Some(KDF)), (false, true, Some(KDF)), (true, false, None)]
    {
        let file = seal(&recipients(has_phrase, has_passphrase), b"");
        let file = BackupFile::new(&file[..], file.len() as u64).unwrap();
        assert_eq!(file.kdf(), expected);
    }
}

#[test]
fn any_age_program_opens_the_file_of_a_phrase() {
    let file = seal(&recipients(true, true), b"some records");
    let text = kms_backup::phrase_identity(&secret(7));
    let text = std::str::from_utf8(text.expose()).unwrap();
    assert!(text.starts_with("AGE-SECRET-KEY-1"), "{text}");
    let identity: x25519::Identity = text.parse().unwrap();
    let stream = Decryptor::new(&file[..]).unwrap();
    let mut stream = stream.decrypt(std::iter::once(&identity as &dyn age::Identity)).unwrap();
    let mut content = Vec::new();
    stream.read_to_end(&mut content).unwrap();
    assert_eq!(content.len(), CHUNK);
    assert_eq!(content[..13], *b"some records\x80");
    assert!(content[13..].iter().all(|byte| *byte == 0));
}

#[test]
fn no_two_files_share_a_key() {
    let recipients = recipients(true, true);
    let (one, two) = (seal(&recipients, b"same"), seal(&recipients, b"same"));
    assert_ne!(one[one.len() - CHUNK..], two[two.len() - CHUNK..]);
    let stanza = |file: &[u8]| {
        let text = String::from_utf8_lossy(&file[..MAX_HEADER]).into_owned();
        let (_, stanza) = text.split_once("argon2id-v1 ").unwrap();
        stanza.lines().take(2).map(str::to_owned).collect::<Vec<_>>()
    };
    let (one, two) = (stanza(&one), stanza(&two));
    assert_eq!(one[0], two[0], "parameters");
    assert_ne!(one[1], two[1], "nonce and wrapped key");
}

#[test]
fn headers_are_far_below_the_limit() {
    // What the library adds has a random length, so look at a number of files.
    for _ in 0..64 {
        let file = seal(&recipients(true, true), b"");
        assert!(file.len() - CHUNK < 800, "{}", file.len() - CHUNK);
    }
}

#[test]
fn every_length_class_comes_back() {
    for len in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK - 1, 2 * CHUNK, 3 * CHUNK + 7] {
        let content = contents(len);
        let file = seal(&recipients(true, false), &content);
        let chunks = len / CHUNK + 1;
        assert!(file.len() - chunks * (CHUNK + 16) < 800, "{len}: padded to whole chunks");
        assert_eq!(open(&file, &phrase(7)).unwrap(), content, "{len}");
    }
}

#[test]
fn content_that_looks_like_padding_comes_back() {
    for content in [&[0x80][..], &[0], &[0x80, 0, 0], &[0; 300], &[0x80; 300]] {
        assert_eq!(open(&seal(&recipients(true, false), content), &phrase(7)).unwrap(), content);
    }
    let mut content = contents(CHUNK);
    content[CHUNK - 3..].copy_from_slice(&[0x80, 0, 0]);
    assert_eq!(open(&seal(&recipients(true, false), &content), &phrase(7)).unwrap(), content);
}

#[test]
fn parts_are_at_most_a_chunk_and_the_end_stays() {
    let file = seal(&recipients(true, false), &contents(2 * CHUNK + 5));
    let file = BackupFile::new(&file[..], file.len() as u64).unwrap();
    let mut plaintext = file.open(&phrase(7)).unwrap();
    let mut lengths = Vec::new();
    while let Some(part) = plaintext.read().unwrap() {
        lengths.push(part.expose().len());
    }
    assert_eq!(lengths, [CHUNK, CHUNK, 5]);
    assert!(plaintext.read().unwrap().is_none());
}

#[test]
fn a_dropped_file_is_not_whole() {
    let mut seal = Seal::new(&recipients(true, false)).unwrap();
    let file = seal.write(&contents(3 * CHUNK)).unwrap();
    drop(seal);
    assert_eq!(open(&file, &phrase(7)), Err(BackupError::Truncated));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn it_does_not_matter_how_it_is_cut(
        cuts in proptest::collection::vec(0usize..2 * CHUNK, 0..5),
        both in any::<bool>(),
    ) {
        let content = contents(cuts.iter().sum());
        let mut seal = Seal::new(&recipients(both, true)).unwrap();
        let (mut file, mut rest) = (Vec::new(), &content[..]);
        for cut in cuts {
            let (part, behind) = rest.split_at(cut);
            file.extend(seal.write(part).unwrap());
            rest = behind;
        }
        file.extend(seal.finish().unwrap());
        let file = BackupFile::new(&file[..], file.len() as u64).unwrap();
        let (read, end) = read_all(&mut file.open(&passphrase(8)).unwrap());
        prop_assert_eq!(end, Ok(()));
        prop_assert!(read == content);
    }
}

/// The identity is a wrapper of the key, nothing else.
#[test]
fn kinds_do_not_mix() {
    let both_same = Recipients {
        phrase: Some(kms_crypto::backup_key::recipient(&secret(8))),
        ..recipients(false, true)
    };
    let file = seal(&both_same, b"x");
    assert!(open(&file, &Identity::Phrase(secret(8))).is_ok());
    assert!(open(&file, &Identity::Passphrase(secret(8))).is_ok());
    let file = seal(&recipients(false, true), b"x");
    assert_eq!(open(&file, &Identity::Phrase(secret(8))), Err(BackupError::WrongFactor));
}
