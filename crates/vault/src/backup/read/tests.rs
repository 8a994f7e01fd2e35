//! Streams that are whole, cut, altered or not ours.

use std::collections::VecDeque;

use pollster::block_on;

use super::*;
use crate::cbor;
use crate::stored::{HEAD, SETTINGS};

const ROOT: [u8; 32] = [0xa7; 32];
const KEYS: [&str; 2] = ["AAECAwQFBgcICQoLDA0ODw", "BAECAwQFBgcICQoLDA0ODw"];

struct Parts(VecDeque<Vec<u8>>);

impl Parts {
    fn of(bytes: &[u8], len: usize) -> Self {
        Self(bytes.chunks(len).map(<[u8]>::to_vec).collect())
    }
}

impl BackupReader for Parts {
    async fn read(&mut self) -> Result<Option<SecretVec>, ErrorCode> {
        Ok(self.0.pop_front().map(SecretVec::new))
    }
}

fn facts() -> Facts {
    Facts { vault_id: [9; 16], vault_created: 4, created: 5, generation: 6, keys: 2, entries: 2 }
}

fn meta<'b>(name: &'b str, value: &'b [u8]) -> Item<'b> {
    Item::Meta { name, value }
}

fn key(id: &str) -> Item<'_> {
    Item::Key { id, value: b"a sealed key" }
}

fn audit(seq: u64) -> Item<'static> {
    Item::Audit { seq, value: b"a sealed entry" }
}

fn whole() -> Vec<Item<'static>> {
    let (head, settings) = (meta(HEAD, b"head"), meta(SETTINGS, b"settings"));
    vec![head, settings, key(KEYS[0]), key(KEYS[1]), audit(1), audit(2)]
}

/// A backup of these items, with an end that fits them.
fn ended(items: &[Item<'_>]) -> Vec<u8> {
    ended_with(items, (2, 2))
}

fn ended_with(items: &[Item<'_>], (keys, entries): (u64, u64)) -> Vec<u8> {
    let root = SecretBytes::copy_of(&ROOT).unwrap();
    let (head, mut digested) = format::head(&facts(), &root).unwrap();
    let items: Vec<u8> = items.iter().flat_map(cbor::encode).collect();
    digested.extend_from_slice(&items);
    let digest = Sha256::digest(&digested).into();
    let end = cbor::encode(&Item::End { keys, entries, digest });
    [head.expose(), &items, &end].concat()
}

async fn read(parts: Parts) -> Result<(SecretBytes<32>, Vec<Write>), Error> {
    let (_, root, mut records) = Records::begin(parts).await?;
    let mut all = Vec::new();
    while let Some(record) = records.next().await? {
        all.push(record);
    }
    Ok((root, all))
}

fn refused(parts: Parts) -> ErrorCode {
    match block_on(read(parts)) {
        Ok(_) => panic!("was accepted"),
        Err(error) => error.code(),
    }
}

fn refused_items(items: &[Item<'_>]) {
    assert_eq!(refused(Parts::of(&ended(items), MAX_PART)), ErrorCode::BackupDamaged);
}

#[test]
fn where_a_part_ends_means_nothing() {
    let bytes = ended(&whole());
    for len in 1..=bytes.len() {
        let (root, records) = block_on(read(Parts::of(&bytes, len))).unwrap();
        assert_eq!(root.expose(), &ROOT);
        let expected: Vec<_> = whole().iter().filter_map(Item::record).collect();
        assert_eq!(records, expected);
    }
}

#[test]
fn what_ends_early_is_truncated() {
    let bytes = ended(&whole());
    for end in 0..bytes.len() {
        assert_eq!(refused(Parts::of(&bytes[..end], 50)), ErrorCode::BackupTruncated, "{end}");
    }
}

#[test]
fn every_flipped_bit_is_found() {
    let bytes = ended(&whole());
    let at = bytes.windows(32).position(|window| window == ROOT).unwrap();
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        match block_on(read(Parts::of(&flipped, MAX_PART))) {
            // Another RootKey opens no record: what reads on finds that.
            Ok((root, _)) => {
                assert!((at..at + 32).contains(&(bit / 8)), "{bit}");
                assert_ne!(root.expose(), &ROOT);
            }
            Err(error) => {
                use ErrorCode::{BackupDamaged, BackupForeign, BackupNewer, BackupTruncated};
                let codes = [BackupDamaged, BackupForeign, BackupTruncated, BackupNewer];
                assert!(codes.contains(&error.code()), "{bit}: {error}");
            }
        }
    }
}

#[test]
fn nothing_follows_the_end() {
    let mut parts = Parts::of(&ended(&whole()), MAX_PART);
    parts.0.push_back(Vec::new());
    assert!(block_on(read(parts)).is_ok());
    let mut parts = Parts::of(&ended(&whole()), MAX_PART);
    parts.0.push_back(vec![0]);
    assert_eq!(refused(parts), ErrorCode::BackupDamaged);
    let longer = [ended(&whole()), vec![0]].concat();
    assert_eq!(refused(Parts::of(&longer, MAX_PART)), ErrorCode::BackupDamaged);
}

#[test]
fn every_record_has_its_place() {
    for index in 0..whole().len() {
        let mut twice = whole();
        twice.insert(index, whole().swap_remove(index));
        refused_items(&twice);
        let mut swapped = whole();
        swapped.swap(index, (index + 1) % whole().len());
        refused_items(&swapped);
    }
    for index in 2..whole().len() {
        let mut fewer = whole();
        fewer.remove(index);
        refused_items(&fewer);
    }
}

#[test]
fn head_and_end_agree_on_the_keys() {
    let mut fewer = whole();
    fewer.remove(2);
    let bytes = ended_with(&fewer, (1, 2));
    assert_eq!(refused(Parts::of(&bytes, MAX_PART)), ErrorCode::BackupDamaged);
}

#[test]
fn a_hole_in_the_log_is_copied_as_it_is() {
    let mut fewer = whole();
    fewer.remove(4);
    let bytes = ended_with(&fewer, (2, 1));
    assert!(block_on(read(Parts::of(&bytes, MAX_PART))).is_ok());
}

#[test]
fn only_records_of_a_vault_are_read() {
    let long = vec![0; 32 * 1024 + 1];
    let strangers = [
        (0, meta("header", b"header")),
        (2, meta("zzz", b"unknown")),
        (3, key("not an id")),
        (2, Item::Key { id: KEYS[0], value: &long }),
        (4, audit(0)),
        (5, audit(3)),
    ];
    for (index, stranger) in strangers {
        let mut items = whole();
        items[index] = stranger;
        refused_items(&items);
    }
}

#[test]
fn what_is_not_ours_is_foreign() {
    let bytes = ended(&whole());
    // An array of ten members: the name of the format, its version.
    assert_eq!((bytes[0], bytes[16]), (0x8a, 3));
    let newer = [&bytes[..16], &[4], &bytes[17..]].concat();
    assert_eq!(refused(Parts::of(&newer, MAX_PART)), ErrorCode::BackupNewer);
    let older = [&bytes[..16], &[0], &bytes[17..]].concat();
    let renamed = [&bytes[..15], b"P", &bytes[16..]].concat();
    for foreign in [older, renamed, b"age-encryption.org/v1".to_vec(), vec![0xff; 100]] {
        assert_eq!(refused(Parts::of(&foreign, MAX_PART)), ErrorCode::BackupForeign);
    }
    // A text that claims to be longer than any memory.
    let endless = [&[0x8a, 0x7b, 0, 0, 0x0f, 0xff, 0, 0, 0, 0][..], &b"a".repeat(200_000)].concat();
    assert_eq!(refused(Parts::of(&endless, MAX_PART)), ErrorCode::BackupForeign);
}

#[test]
fn an_item_has_a_longest_form() {
    let head = ended(&whole())[..].to_vec();
    let start = head.windows(32).position(|window| window == ROOT).unwrap() + 32;
    // An audit entry that claims terabytes.
    let endless = [&head[..start], &[0x83, 3, 1, 0x5b, 0, 0, 0x0f, 0xff, 0, 0, 0, 0]].concat();
    let endless = [endless, vec![0; 200_000]].concat();
    assert_eq!(refused(Parts::of(&endless, 1000)), ErrorCode::BackupDamaged);
    assert_eq!(refused(Parts::of(&endless, MAX_PART + 1)), ErrorCode::BackupDamaged);
}

#[test]
fn other_encodings_of_the_same_are_refused() {
    let bytes = ended(&whole());
    let start = bytes.windows(32).position(|window| window == ROOT).unwrap() + 32;
    assert_eq!(bytes[start..start + 2], [0x83, 1]);
    let item = [&bytes[..=start], &[0x18, 1], &bytes[start + 2..]].concat();
    assert_eq!(refused(Parts::of(&item, MAX_PART)), ErrorCode::BackupDamaged);
    let head = [&bytes[..16], &[0x18, 1], &bytes[17..]].concat();
    assert_eq!(refused(Parts::of(&head, MAX_PART)), ErrorCode::BackupDamaged);
}

#[test]
fn a_part_has_a_longest_form() {
    let long = vec![0; 32 * 1024];
    let mut items = whole();
    items.truncate(4);
    items.extend([1, 2].map(|seq| Item::Audit { seq, value: &long }));
    let bytes = ended(&items);
    assert!(block_on(read(Parts::of(&bytes, MAX_PART))).is_ok());
    assert_eq!(refused(Parts::of(&bytes, MAX_PART + 1)), ErrorCode::BackupDamaged);
}
