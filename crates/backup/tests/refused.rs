//! Files that do not open: foreign, cut off, altered. Nothing but what was written is ever read
//! from them.

#![allow(clippy::unwrap_used)] // helpers of tests

mod common;

use std::collections::BTreeSet;
use std::io::Write;

use age::secrecy::SecretString;
use age::{Encryptor, x25519};
use common::{contents, open, passphrase, phrase, read_all, recipients, seal};
use kms_backup::{BackupError, BackupFile, CHUNK, Identity, MAX_HEADER, PassphraseRecipient};
use proptest::prelude::*;

const FIRST_LINE: &[u8] = b"age-encryption.org/v1\n";

/// Where the payload begins.
fn payload(file: &[u8]) -> usize {
    file.len() - file.len() / (CHUNK + 16) * (CHUNK + 16)
}

fn head(file: &[u8]) -> Option<BackupError> {
    BackupFile::new(file, file.len() as u64).err()
}

/// What comes out of an altered file begins what was written, and never passes for the whole.
fn refused(file: &[u8], identity: &Identity, content: &[u8]) -> BackupError {
    let opened = BackupFile::new(file, file.len() as u64).and_then(|file| file.open(identity));
    match opened {
        Err(error) => error,
        Ok(mut plaintext) => {
            let (read, end) = read_all(&mut plaintext);
            assert!(content.starts_with(&read));
            end.unwrap_err()
        }
    }
}

#[test]
fn foreign_files_are_told_apart() {
    let zeros = vec![0; 100_000];
    let texts: [&[u8]; 8] = [
        b"",
        b"a",
        b"some text\n",
        b"age-encryption.org/v1",
        b"age-encryption.org/v2\n-> X25519 AAAA\n",
        b"-----BEGIN AGE ENCRYPTED FILE-----\nYWdlLWVuY3J5cHRpb24ub3JnL3Yx\n",
        b"PK\x03\x04",
        &zeros,
    ];
    for text in texts {
        assert_eq!(head(text), Some(BackupError::Foreign), "{:?}", text.get(..20));
    }
}

fn age_file(encryptor: Encryptor, content: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut stream = encryptor.wrap_output(&mut file).unwrap();
    stream.write_all(content).unwrap();
    stream.finish().unwrap();
    file
}

#[test]
fn age_files_of_others_are_foreign() {
    let file = age_file(Encryptor::with_user_passphrase(SecretString::from("x")), b"x");
    assert_eq!(head(&file), Some(BackupError::Foreign), "scrypt alone");
    let many: Vec<_> = (0..60).map(|_| x25519::Identity::generate().to_public()).collect();
    let many = many.iter().map(|one| one as &dyn age::Recipient);
    let file = age_file(Encryptor::with_recipients(many).unwrap(), b"x");
    assert!(file.len() > MAX_HEADER + 16 + 17);
    assert_eq!(head(&file), Some(BackupError::Foreign), "more recipients than are ever written");
    // Encrypted to our phrase and as long as one of ours, but without our padding.
    let recipient = kms_backup::phrase_identity(&common::secret(7));
    let recipient = std::str::from_utf8(recipient.expose()).unwrap();
    let recipient = recipient.parse::<x25519::Identity>().unwrap().to_public();
    for content in [0, 1, 0x81].map(|byte| vec![byte; CHUNK]) {
        let one = std::iter::once(&recipient as &dyn age::Recipient);
        let file = age_file(Encryptor::with_recipients(one).unwrap(), &content);
        assert_eq!(open(&file, &phrase(7)), Err(BackupError::Foreign));
    }
}

#[test]
fn stanzas_of_others_are_skipped() {
    let other = x25519::Identity::generate().to_public();
    let ours = recipients(false, true).passphrase.unwrap();
    let both = [&other as &dyn age::Recipient, &ours];
    let file = age_file(Encryptor::with_recipients(both.into_iter()).unwrap(), &{
        let mut content = contents(CHUNK);
        content[CHUNK - 1] = 0x80;
        content
    });
    assert_eq!(open(&file, &passphrase(8)).unwrap(), contents(CHUNK)[..CHUNK - 1]);
}

#[test]
fn one_passphrase_is_enough() {
    let two =
        [8, 9].map(|byte| PassphraseRecipient { kdf: common::KDF, key: common::secret(byte) });
    let two = two.each_ref().map(|one| one as &dyn age::Recipient);
    let file = age_file(Encryptor::with_recipients(two.into_iter()).unwrap(), b"x");
    assert_eq!(head(&file), Some(BackupError::Damaged));
}

#[test]
fn every_missing_end_is_told() {
    let content = contents(CHUNK + CHUNK / 2);
    let file = seal(&recipients(true, true), &content);
    let (payload, chunk) = (payload(&file), CHUNK + 16);
    // Every place in the header and the beginning, and both sides of every boundary.
    let mut places: BTreeSet<usize> = (0..payload + 40).collect();
    for boundary in [payload + chunk - 16, payload + chunk, payload + 2 * chunk - 16, file.len()] {
        places.extend(boundary - 20..boundary + 20);
    }
    places.extend((0..file.len()).step_by(4099));
    for place in places.into_iter().filter(|place| *place < file.len()) {
        let expected =
            if place < FIRST_LINE.len() { BackupError::Foreign } else { BackupError::Truncated };
        for identity in [phrase(7), passphrase(8)] {
            assert_eq!(refused(&file[..place], &identity, &content), expected, "{place}");
        }
    }
}

#[test]
fn every_bit_matters() {
    let content = b"some records";
    let file = seal(&recipients(true, true), content);
    let payload = payload(&file);
    // Every bit of the header, the nonce, the content, the tag; and some of the padding.
    let places = (0..payload + 64).chain(file.len() - 64..file.len());
    let places: BTreeSet<usize> = places.chain((payload..file.len()).step_by(997)).collect();
    for (place, bit) in places.into_iter().flat_map(|place| (0..8).map(move |bit| (place, bit))) {
        let mut flipped = file.clone();
        flipped[place] ^= 1 << bit;
        for identity in [phrase(7), passphrase(8)] {
            let error = refused(&flipped, &identity, content);
            let expected: &[BackupError] = match place {
                0..22 => &[BackupError::Foreign],
                // The recipient that is used: it no longer belongs to the factor.
                22.. if place < payload - 16 => &[BackupError::Damaged, BackupError::WrongFactor],
                _ => &[BackupError::Damaged],
            };
            assert!(expected.contains(&error), "{place} {bit}: {error:?}");
        }
    }
}

#[test]
fn a_damaged_recipient_of_another_factor_is_damage() {
    let file = seal(&recipients(true, true), b"some records");
    let at = |tag: &[u8]| file.windows(tag.len()).position(|part| part == tag).unwrap();
    let (x25519, argon2) = (at(b"X25519"), at(b"kms.ats.run"));
    for (place, identity) in [(argon2, phrase(7)), (x25519, passphrase(8))] {
        let mut other = file.clone();
        other[place] ^= 1;
        assert_eq!(refused(&other, &identity, b"some records"), BackupError::Damaged);
    }
}

#[test]
fn something_behind_the_end_is_damage() {
    let content = contents(CHUNK + 1);
    let file = seal(&recipients(true, false), &content);
    let other = seal(&recipients(true, false), &content);
    let zeros = [1, 15, 16, CHUNK + 15, CHUNK + 16].map(|len| vec![0; len]);
    for added in zeros.into_iter().chain([b"\n".to_vec(), other]) {
        let file = [&file[..], &added].concat();
        assert_eq!(refused(&file, &phrase(7), &content), BackupError::Damaged, "{}", added.len());
    }
}

#[test]
fn chunks_do_not_move() {
    let content = contents(3 * CHUNK);
    let file = seal(&recipients(true, false), &content);
    let (head, chunks) = file.split_at(payload(&file));
    let chunks: Vec<_> = chunks.chunks(CHUNK + 16).collect();
    let orders: [&[usize]; 6] =
        [&[1, 0, 2, 3], &[0, 1, 3], &[0, 1, 3, 2], &[0, 0, 1, 2, 3], &[3], &[0, 1, 2, 3, 3]];
    for order in orders {
        let moved = order.iter().flat_map(|at| chunks[*at]).copied().collect::<Vec<_>>();
        let moved = [head, &moved].concat();
        assert_eq!(refused(&moved, &phrase(7), &content), BackupError::Damaged, "{order:?}");
    }
}

#[test]
fn a_length_that_is_not_true_opens_nothing() {
    let file = seal(&recipients(true, false), b"some records");
    for (len, expected) in [
        (file.len() - 1, BackupError::Truncated),
        (payload(&file), BackupError::Truncated),
        (payload(&file) - 1, BackupError::Truncated),
        (0, BackupError::Foreign),
    ] {
        let opened = BackupFile::new(&file[..], len as u64).and_then(|file| file.open(&phrase(7)));
        let end = opened.map_or_else(Err, |mut plaintext| read_all(&mut plaintext).1);
        assert_eq!(end, Err(expected), "{len}");
    }
    let short = &file[..file.len() - 1];
    let opened = BackupFile::new(short, file.len() as u64).unwrap();
    let (read, end) = read_all(&mut opened.open(&phrase(7)).unwrap());
    assert_eq!((read, end), (Vec::new(), Err(BackupError::Damaged)));
}

#[test]
fn an_end_before_the_length_is_damage() {
    // Of another program: its only chunk is shorter than ours ever are, and authentic.
    let recipient = kms_backup::phrase_identity(&common::secret(7));
    let recipient = std::str::from_utf8(recipient.expose()).unwrap();
    let recipient = recipient.parse::<x25519::Identity>().unwrap().to_public();
    let one = std::iter::once(&recipient as &dyn age::Recipient);
    let file = age_file(Encryptor::with_recipients(one).unwrap(), b"short");
    let said = (file.len() - 5 + CHUNK) as u64;
    let mut plaintext = BackupFile::new(&file[..], said).unwrap().open(&phrase(7)).unwrap();
    assert_eq!(read_all(&mut plaintext), (Vec::new(), Err(BackupError::Damaged)));
}

/// Something that looks like stanzas.
const STANZAS: &str = concat!(
    "(-> (X25519|kms.ats.run/argon2id-v1|scrypt)( [+/0-9A-Za-z]{0,22}){0,5}\n",
    "[A-Za-z0-9]{0,64}\n){0,3}(--- [A-Za-z0-9]{43}\n)?",
);

proptest! {
    #[test]
    fn arbitrary_headers_do_not_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
        text in STANZAS,
    ) {
        for start in [&[][..], FIRST_LINE] {
            for body in [&bytes[..], text.as_bytes()] {
                let file = [start, body, &bytes].concat();
                prop_assert!(open(&file, &phrase(7)).is_err());
                prop_assert!(open(&file, &passphrase(8)).is_err());
            }
        }
    }

    #[test]
    fn arbitrary_changes_never_pass(
        place in 0usize..2 * CHUNK,
        patch in proptest::collection::vec(any::<u8>(), 1..40),
        cut in 0usize..60,
    ) {
        let content = contents(CHUNK);
        let file = seal(&recipients(true, true), &content);
        let mut other = file.clone();
        other.splice(place..(place + cut).min(file.len()), patch);
        prop_assume!(other != file);
        refused(&other, &phrase(7), &content);
    }
}
