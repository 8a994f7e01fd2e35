//! Streams: against an independent implementation of STREAM, and every way of tampering with one.

#![allow(clippy::unwrap_used)] // helpers of tests

use aead_stream::{DecryptorBE32, EncryptorBE32};
use aes_gcm::{Aes256Gcm, KeyInit};
use kms_crypto::software::{SealingKey, SoftwareProvider};
use kms_crypto::stream::{self, CHUNK_LEN, Place, SEALED_CHUNK_LEN};
use kms_crypto::{CryptoError, CryptoProvider, SecretBytes};
use pollster::block_on;

const KEY: [u8; 32] = [0x42; 32];

fn provider() -> (SoftwareProvider, SealingKey) {
    // Nothing is drawn.
    let provider = SoftwareProvider::new(|_| Err(CryptoError::Random));
    let key = SecretBytes::new_with(|out| out.copy_from_slice(&KEY));
    let key = block_on(provider.import_sealing_key(&key)).unwrap();
    (provider, key)
}

fn seal(place: Place, plaintext: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let (provider, key) = provider();
    block_on(stream::seal(&provider, &key, place, plaintext))
}

fn open(place: Place, sealed: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let (provider, key) = provider();
    block_on(stream::open(&provider, &key, place, sealed))
}

fn whole() -> Place {
    Place { first: 0, last: true }
}

fn message(len: usize) -> Vec<u8> {
    (0..len).map(|at| u8::try_from((at * 31 + at / CHUNK_LEN) % 251).unwrap()).collect()
}

const LENGTHS: [usize; 8] = [
    0,
    1,
    CHUNK_LEN - 1,
    CHUNK_LEN,
    CHUNK_LEN + 1,
    2 * CHUNK_LEN,
    3 * CHUNK_LEN - 1,
    3 * CHUNK_LEN + 17,
];

/// Chunks as the last of them and those before it.
fn last_of(bytes: &[u8], len: usize) -> (&[u8], &[u8]) {
    let before = bytes.len().saturating_sub(1) / len * len;
    (&bytes[..before], &bytes[before..])
}

// Its nonce is a prefix of 7 bytes, a count of 4, the mark: with zeros as prefix that is a count of 11.
#[test]
fn another_implementation_of_stream_makes_and_reads_the_same() {
    for len in LENGTHS {
        let plain = message(len);
        let cipher = || Aes256Gcm::new(&KEY.into());
        let mut encryptor = EncryptorBE32::from_aead(cipher(), &[0; 7].into());
        let (before, last) = last_of(&plain, CHUNK_LEN);
        let mut theirs = Vec::new();
        for chunk in before.chunks(CHUNK_LEN) {
            theirs.extend(encryptor.encrypt_next(chunk).unwrap());
        }
        theirs.extend(encryptor.encrypt_last(last).unwrap());
        let ours = seal(whole(), &plain).unwrap();
        assert!(ours == theirs, "{len}");
        let mut decryptor = DecryptorBE32::from_aead(cipher(), &[0; 7].into());
        let (before, last) = last_of(&ours, SEALED_CHUNK_LEN);
        let mut read = Vec::new();
        for chunk in before.chunks(SEALED_CHUNK_LEN) {
            read.extend(decryptor.decrypt_next(chunk).unwrap());
        }
        read.extend(decryptor.decrypt_last(last).unwrap());
        assert!(read == plain && open(whole(), &ours) == Ok(plain), "{len}");
    }
}

#[test]
fn runs_of_chunks_make_the_same_message_as_one_run() {
    let plain = message(3 * CHUNK_LEN + 17);
    let once = seal(whole(), &plain).unwrap();
    for cut in 1..=3 {
        let (first, second) = plain.split_at(cut * CHUNK_LEN);
        let before = Place { first: 0, last: false };
        let after = Place { first: u32::try_from(cut).unwrap(), last: true };
        let both = [seal(before, first).unwrap(), seal(after, second).unwrap()].concat();
        assert!(both == once, "{cut}");
        let (head, tail) = once.split_at(cut * SEALED_CHUNK_LEN);
        let opened = [open(before, head).unwrap(), open(after, tail).unwrap()].concat();
        assert!(opened == plain, "{cut}");
    }
}

#[test]
fn whatever_is_cut_swapped_repeated_dropped_or_flipped_does_not_open() {
    let invalid = Err(CryptoError::InvalidCiphertext);
    let sealed = seal(whole(), &message(3 * CHUNK_LEN + 17)).unwrap();
    let chunks: Vec<_> = sealed.chunks(SEALED_CHUNK_LEN).collect();
    let of = |order: &[usize]| order.iter().map(|at| chunks[*at]).collect::<Vec<_>>().concat();
    assert!(open(whole(), &of(&[0, 1, 2, 3])).is_ok());
    let orders: [&[usize]; 8] =
        [&[0, 1, 2], &[0], &[], &[1, 0, 2, 3], &[0, 1, 1, 2, 3], &[0, 2, 3], &[3], &[0, 0, 2, 3]];
    for order in orders {
        assert!(open(whole(), &of(order)) == invalid, "{order:?}");
    }
    // The first chunks open, as long as nobody says that they are all.
    let first = Place { first: 0, last: false };
    assert!(open(first, &of(&[0, 1, 2])).is_ok());
    assert!(open(first, &of(&[0, 1, 2, 3])) == invalid);
    assert!(open(Place { first: 1, last: false }, &of(&[0])) == invalid);
    for at in [0, SEALED_CHUNK_LEN - 1, SEALED_CHUNK_LEN, sealed.len() - 1] {
        let mut flipped = sealed.clone();
        flipped[at] ^= 1;
        assert!(open(whole(), &flipped) == invalid, "byte {at}");
        assert!(open(whole(), &sealed[..at]) == invalid, "length {at}");
    }
    assert!(open(whole(), &[&sealed[..], &[0]].concat()) == invalid);
}

#[test]
fn what_no_message_has_in_its_place_is_not_sealed() {
    let invalid = Err(CryptoError::InvalidParameters);
    for (first, last, len) in
        [(0, false, 0), (0, false, 1), (0, false, CHUNK_LEN + 1), (1, true, 0)]
    {
        assert!(seal(Place { first, last }, &message(len)) == invalid, "{first} {last} {len}");
    }
}
