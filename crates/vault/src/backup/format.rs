//! The form of a backup: CBOR items (RFC 8949) one after another. First the head, then records
//! in the order of table and key, then the end. Where one part of the file stops and the next
//! begins means nothing.

use kms_crypto::{SecretBytes, SecretVec};
use kms_protocol::{ErrorCode, KeyId};
use minicbor::{Decode, Decoder, Encode};

use crate::audit::tile_named;
use crate::header::VaultId;
use crate::stored::{self, HEAD, KEY_INDEX, SETTINGS};
use crate::{RecordKey, Table, Write, cbor};

/// First member of every backup.
const FORMAT: &str = "ats-kms-backup";
/// The version of the format that is written. It is 3 because a key can be of a spec that older
/// releases do not know; nothing else differs from 2.
const VERSION: u32 = 3;
/// The oldest that is read: its audit log is a chain, without tiles, and its keys have no index.
const OLDEST: u32 = 1;
/// Most bytes of one part of the plaintext.
pub(super) const MAX_PART: usize = 64 * 1024;
/// Longest record that a backup holds; the longest of this release is far below.
pub(super) const MAX_VALUE: usize = 32 * 1024;
/// Longest encoding of one item: what is longer and not whole never will be.
const MAX_ITEM: usize = MAX_VALUE + 1024;
/// Length of the RootKey, which ends the encoding of the head.
const ROOT_LEN: usize = 32;

/// What a backup says of itself, and the RootKey.
#[derive(Encode, Decode)]
pub(super) struct Head<'b> {
    #[b(0)]
    format: &'b str,
    #[n(1)]
    version: u32,
    #[cbor(n(2), with = "minicbor::bytes")]
    pub(super) vault_id: VaultId,
    /// When the vault was made.
    #[n(3)]
    pub(super) vault_created: u64,
    /// When the backup was made.
    #[n(4)]
    pub(super) created: u64,
    /// Version of the software that made it.
    #[b(5)]
    release: &'b str,
    /// Generation of the store: puts the backups of one browser in order, whatever its clock said.
    #[n(6)]
    pub(super) generation: u64,
    /// Number of keys.
    #[n(7)]
    pub(super) keys: u64,
    /// Number of audit entries by the head of the log.
    #[n(8)]
    pub(super) entries: u64,
    #[cbor(b(9), with = "minicbor::bytes")]
    root: &'b [u8],
}

/// Everything behind the head.
#[derive(Encode, Decode)]
#[cbor(flat)]
pub(super) enum Item<'b> {
    /// The end: what came before it.
    #[n(0)]
    End {
        #[n(0)]
        keys: u64,
        #[n(1)]
        entries: u64,
        /// SHA-256 of every item before, with zeros for the RootKey.
        #[cbor(n(2), with = "minicbor::bytes")]
        digest: [u8; 32],
    },
    /// A record of [`Table::Meta`].
    #[n(1)]
    Meta {
        #[b(0)]
        name: &'b str,
        #[cbor(b(1), with = "minicbor::bytes")]
        value: &'b [u8],
    },
    /// A record of [`Table::Keys`].
    #[n(2)]
    Key {
        #[b(0)]
        id: &'b str,
        #[cbor(b(1), with = "minicbor::bytes")]
        value: &'b [u8],
    },
    /// A record of [`Table::Audit`].
    #[n(3)]
    Audit {
        #[n(0)]
        seq: u64,
        #[cbor(b(1), with = "minicbor::bytes")]
        value: &'b [u8],
    },
}

/// A value and the length of its encoding; `None` if the encoding goes on behind the input.
pub(super) type Parsed<T> = Result<Option<(T, usize)>, ErrorCode>;

/// The numbers of a head.
pub(super) struct Facts {
    pub(super) vault_id: VaultId,
    pub(super) vault_created: u64,
    pub(super) created: u64,
    pub(super) generation: u64,
    pub(super) keys: u64,
    pub(super) entries: u64,
}

impl<'b> Head<'b> {
    /// The head that states these facts.
    fn new(facts: &Facts, release: &'b str, root: &'b [u8; ROOT_LEN]) -> Self {
        let Facts { vault_id, vault_created, created, generation, keys, entries } = *facts;
        let (format, version) = (FORMAT, VERSION);
        Self {
            format,
            version,
            vault_id,
            vault_created,
            created,
            release,
            generation,
            keys,
            entries,
            root,
        }
    }

    /// The encoding with zeros for the RootKey: this is what the digest covers, so that the
    /// state of no hash function holds the key.
    fn blank(&self) -> Vec<u8> {
        cbor::encode(&Head { root: &[0; ROOT_LEN], ..*self })
    }
}

/// The head of a new backup: its encoding, and the one that the digest covers.
pub(super) fn head(
    facts: &Facts,
    root: &SecretBytes<32>,
) -> Result<(SecretVec, Vec<u8>), ErrorCode> {
    let head = Head::new(facts, env!("CARGO_PKG_VERSION"), root.expose());
    let blank = head.blank();
    let encoded = SecretVec::try_new_with(blank.len(), |out| minicbor::encode(&head, out));
    Ok((encoded.map_err(|_| ErrorCode::Internal)?, blank))
}

/// Reads a head: its facts, the RootKey, and what the digest covers.
pub(super) fn parse_head(bytes: &[u8]) -> Parsed<(Facts, SecretBytes<32>, Vec<u8>)> {
    if !is_ours(bytes)? {
        return Ok(None);
    }
    let Some((head, len)) = parse::<Head<'_>>(bytes)? else { return Ok(None) };
    let root = SecretBytes::copy_of(head.root).map_err(|_| ErrorCode::BackupDamaged)?;
    let blank = head.blank();
    // The RootKey stands at the end: up to there the encodings must be one.
    let public = blank.len() - ROOT_LEN;
    if blank.len() != len || blank[..public] != bytes[..public] {
        return Err(ErrorCode::BackupDamaged);
    }
    let Head { vault_id, vault_created, created, generation, keys, entries, .. } = head;
    let facts = Facts { vault_id, vault_created, created, generation, keys, entries };
    Ok(Some(((facts, root, blank), len)))
}

/// Whether the input begins as a backup of a known version; `false` if that cannot be told yet.
/// What a newer release wrote is told from what no release did.
fn is_ours(bytes: &[u8]) -> Result<bool, ErrorCode> {
    let mut decoder = Decoder::new(bytes);
    let begins = decoder.array().and_then(|_| Ok((decoder.str()?, decoder.u32()?)));
    match begins {
        Ok((FORMAT, OLDEST..=VERSION)) => Ok(true),
        Ok((FORMAT, newer)) if newer > VERSION => Err(ErrorCode::BackupNewer),
        Err(error) if error.is_end_of_input() && bytes.len() < MAX_ITEM => Ok(false),
        _ => Err(ErrorCode::BackupForeign),
    }
}

/// Reads an item behind the head. What [`cbor::encode`] would not have written is refused.
pub(super) fn parse_item(bytes: &[u8]) -> Parsed<Item<'_>> {
    let Some((item, len)) = parse::<Item<'_>>(bytes)? else { return Ok(None) };
    if cbor::encode(&item) != bytes[..len] {
        return Err(ErrorCode::BackupDamaged);
    }
    Ok(Some((item, len)))
}

fn parse<'b, T: Decode<'b, ()>>(bytes: &'b [u8]) -> Parsed<T> {
    let mut decoder = Decoder::new(bytes);
    match decoder.decode() {
        Ok(value) => Ok(Some((value, decoder.position()))),
        Err(error) if error.is_end_of_input() && bytes.len() < MAX_ITEM => Ok(None),
        Err(_) => Err(ErrorCode::BackupDamaged),
    }
}

/// Whether a record of [`Table::Meta`] belongs into a backup.
pub(super) fn belongs(name: &str) -> bool {
    [HEAD, SETTINGS, KEY_INDEX].contains(&name)
        || stored::bucket_number(name).is_some()
        || tile_named(name).is_some()
}

impl<'b> Item<'b> {
    /// The item of a stored record; `None` for one that does not belong into a backup.
    pub(super) fn of(table: Table, key: &'b RecordKey, value: &'b [u8]) -> Option<Self> {
        if value.len() > MAX_VALUE {
            return None;
        }
        match (table, key) {
            (Table::Meta, RecordKey::Text(name)) if belongs(name) => {
                Some(Item::Meta { name, value })
            }
            (Table::Keys, RecordKey::Text(id)) if KeyId::new(id.as_str()).is_ok() => {
                Some(Item::Key { id, value })
            }
            (Table::Audit, RecordKey::Number(seq)) => Some(Item::Audit { seq: *seq, value }),
            _ => None,
        }
    }

    /// The stored record of this item; `None` for the end, and for what [`Item::of`] refuses.
    pub(super) fn record(&self) -> Option<Write> {
        let (table, key, value) = match *self {
            Item::End { .. } => return None,
            Item::Meta { name, value } => (Table::Meta, RecordKey::Text(name.into()), value),
            Item::Key { id, value } => (Table::Keys, RecordKey::Text(id.into()), value),
            Item::Audit { seq, value } => (Table::Audit, RecordKey::Number(seq), value),
        };
        Item::of(table, &key, value)?;
        Some(Write { table, key, value: value.to_vec() })
    }
}
