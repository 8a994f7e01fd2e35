//! One line of an export.

use base64ct::{Base64, Encoding};
use kms_tlog::{Hash, leaf_hash};
use minicbor::Decode;
use minicbor::bytes::ByteVec;
use serde::{Deserialize, Serialize};

use super::report::Approved;

/// Longest line that is read, in bytes; an entry has a few hundred.
const MAX_LINE: usize = 16 * 1024;

/// What a line holds.
pub(super) enum Line {
    /// An entry of the log.
    Entry(Box<Entry>),
    /// The signed checkpoint, a note.
    Checkpoint(String),
}

/// An entry as the enclave returned it to the site that exported the log.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Entry {
    seq: u64,
    time: u64,
    method: String,
    key_id: Option<String>,
    caller_origin: Option<String>,
    outcome: String,
    authorization: Option<Authorization>,
    hash: String,
    leaf: Option<String>,
}

/// What an entry is about where an approver's key was used, by names that the broker's log has too.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, Decode)]
#[serde(deny_unknown_fields)]
pub struct Authorization {
    /// The token that was minted, or is revoked.
    #[n(0)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The challenge that was decided on, or is revoked.
    #[n(1)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub challenge: Option<String>,
    /// SHA-256 of what was decided on, base64url.
    #[n(2)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// The statement that was signed.
    #[n(3)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Last {
    checkpoint: String,
}

/// What the vault hashed: a CBOR array in this order.
#[derive(Decode, PartialEq)]
struct Leaf {
    #[n(0)]
    seq: u64,
    #[n(1)]
    time: u64,
    #[n(2)]
    method: String,
    #[n(3)]
    key_id: Option<String>,
    #[n(4)]
    caller_origin: Option<String>,
    #[n(5)]
    outcome: String,
    /// Random; makes the hash tell nothing to who has not seen the entry.
    #[n(6)]
    salt: Option<ByteVec>,
    #[n(7)]
    authorization: Option<Authorization>,
}

impl Line {
    /// Reads a line strictly.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.len() > MAX_LINE {
            return Err("the line is too long".into());
        }
        if text.starts_with("{\"checkpoint\"") {
            let last: Result<Last, _> = serde_json::from_str(text);
            return last.map(|last| Line::Checkpoint(last.checkpoint)).map_err(|e| e.to_string());
        }
        serde_json::from_str(text).map(Line::Entry).map_err(|error| error.to_string())
    }
}

impl Entry {
    /// Its place, from 1.
    pub(super) fn seq(&self) -> u64 {
        self.seq
    }

    /// What an approver's key did, as the report has it.
    pub(super) fn approved(self) -> Option<Approved> {
        let Self { seq, time, method, outcome, authorization, .. } = self;
        authorization.map(|about| Approved { seq, time, method, outcome, about })
    }

    /// Whether only its hash is known.
    pub(super) fn is_withheld(&self) -> bool {
        self.leaf.is_none()
    }

    /// Its hash, after the entry was compared with what was hashed.
    pub(super) fn check(&self) -> Result<Hash, &'static str> {
        let hash = bytes(&self.hash).and_then(|hash| Hash::try_from(hash).ok());
        let hash = hash.ok_or("`hash` is not a hash")?;
        let Some(leaf) = &self.leaf else {
            let named = self.key_id.is_some()
                || self.caller_origin.is_some()
                || self.authorization.is_some();
            return if named { Err("an entry with details needs `leaf`") } else { Ok(hash) };
        };
        let leaf = bytes(leaf).ok_or("`leaf` is not base64")?;
        if leaf_hash(&leaf) != hash {
            return Err("`leaf` does not have this hash");
        }
        let mut decoder = minicbor::Decoder::new(&leaf);
        let hashed: Leaf = decoder.decode().map_err(|_| "`leaf` is not an entry")?;
        let told = Leaf {
            seq: self.seq,
            time: self.time,
            method: self.method.clone(),
            key_id: self.key_id.clone(),
            caller_origin: self.caller_origin.clone(),
            outcome: self.outcome.clone(),
            salt: hashed.salt.clone(),
            authorization: self.authorization.clone(),
        };
        if decoder.position() != leaf.len() || told != hashed {
            return Err("the entry is not what was hashed");
        }
        Ok(hash)
    }
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    Base64::decode_vec(text).ok()
}
