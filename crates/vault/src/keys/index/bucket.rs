//! A bucket: the keys whose ids begin with one character, and aliases.

use kms_protocol::{ErrorCode, KeyId};
use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};

use super::{BUCKETS, SCHEMA, Schema};

/// Separates digests of aliases from every other use of SHA-256 in the product.
const ALIAS_DOMAIN: &[u8] = b"ats-kms/key-alias/v1\0";

/// The stored bucket.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Bucket {
    #[n(0)]
    schema: u32,
    /// In the order of their ids.
    #[n(1)]
    keys: Vec<Indexed>,
    /// Aliases that are taken.
    #[n(2)]
    aliases: Vec<Taken>,
}

/// A key in the index.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
struct Indexed {
    #[n(0)]
    id: String,
    /// Counts the writes of its record.
    #[n(1)]
    generation: u64,
    /// When it is to be destroyed, by the clock of the vault.
    #[n(2)]
    due: Option<u64>,
}

/// An alias and the key that has it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
struct Taken {
    #[cbor(n(0), with = "minicbor::bytes")]
    digest: [u8; 32],
    #[n(1)]
    id: String,
}

/// What stands in the index for an alias of a site.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct AliasDigest([u8; 32]);

impl AliasDigest {
    /// The digest of an alias of a site. No origin contains a NUL.
    pub(crate) fn of(owner: &str, alias: &str) -> Self {
        let mut hasher = Sha256::new_with_prefix(ALIAS_DOMAIN);
        hasher.update(owner);
        hasher.update([0]);
        hasher.update(alias);
        Self(hasher.finalize().into())
    }

    /// The bucket it stands in.
    pub(super) fn bucket(&self) -> u8 {
        self.0[0] % BUCKETS
    }
}

impl Default for Bucket {
    fn default() -> Self {
        Self { schema: SCHEMA, keys: Vec::new(), aliases: Vec::new() }
    }
}

impl Schema for Bucket {
    fn is_sane(&self) -> bool {
        let ordered = self.keys.windows(2).all(|pair| matches!(pair, [a, b] if a.id < b.id));
        self.schema == SCHEMA && ordered
    }
}

impl Bucket {
    fn find(&self, id: &str) -> Result<usize, usize> {
        self.keys.binary_search_by(|known| known.id.as_str().cmp(id))
    }

    /// The generation of a key, if there is such a key.
    pub(crate) fn generation(&self, key_id: &KeyId) -> Option<u64> {
        let at = self.find(key_id.as_str()).ok()?;
        self.keys.get(at).map(|known| known.generation)
    }

    /// Notes that the record of a key was written.
    pub(super) fn set(&mut self, key_id: &KeyId, generation: u64, due: Option<u64>) {
        let entry = Indexed { id: key_id.as_str().into(), generation, due };
        match self.find(&entry.id) {
            Ok(at) => {
                if let Some(known) = self.keys.get_mut(at) {
                    *known = entry;
                }
            }
            Err(at) => self.keys.insert(at, entry),
        }
    }

    /// Keys after one and up to another, with their generations.
    pub(super) fn between(&self, after: Option<&str>, until: Option<&str>) -> Vec<(String, u64)> {
        let inside = |known: &&Indexed| {
            after.is_none_or(|after| known.id.as_str() > after)
                && until.is_none_or(|until| known.id.as_str() <= until)
        };
        let found = self.keys.iter().filter(inside);
        found.map(|known| (known.id.clone(), known.generation)).collect()
    }

    /// Number of keys.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// When the first of its keys is to be destroyed; 0 if none is.
    pub(super) fn first_due(&self) -> u64 {
        self.keys.iter().filter_map(|known| known.due).min().unwrap_or(0)
    }

    /// Keys that are to be destroyed by this time of the vault.
    pub(in crate::keys) fn due_by(&self, passed_ms: u64) -> impl Iterator<Item = &str> {
        let due = move |known: &&Indexed| known.due.is_some_and(|due| due <= passed_ms);
        self.keys.iter().filter(due).map(|known| known.id.as_str())
    }

    /// The key that has an alias.
    pub(super) fn holder(&self, alias: AliasDigest) -> Option<&str> {
        let taken = self.aliases.iter().find(|taken| taken.digest == alias.0);
        taken.map(|taken| taken.id.as_str())
    }

    /// Gives an alias to a key, if no other has it.
    pub(super) fn take(&mut self, alias: AliasDigest, key_id: &KeyId) -> Result<(), ErrorCode> {
        if self.holder(alias).is_some_and(|holder| holder != key_id.as_str()) {
            return Err(ErrorCode::AliasTaken);
        }
        self.give_back(alias);
        self.aliases.push(Taken { digest: alias.0, id: key_id.as_str().into() });
        Ok(())
    }

    /// Frees an alias.
    pub(super) fn give_back(&mut self, alias: AliasDigest) {
        self.aliases.retain(|taken| taken.digest != alias.0);
    }
}
