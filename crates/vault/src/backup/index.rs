//! The index of keys in a backup, against its keys.

use kms_protocol::{ErrorCode, KeyId};

use super::check::Opener;
use crate::audit::Head;
use crate::keys::{Bucket, Root, bucket_of};
use crate::map::Map;
use crate::stored::{self, KEY_INDEX};
use crate::{Error, Ports, RecordKey, Write};

/// What was found of the index so far. The records of the index come before the keys.
#[derive(Default)]
pub(super) struct FoundIndex {
    root: Option<Root>,
    buckets: Map<u8, Bucket>,
    keys: usize,
}

impl FoundIndex {
    /// Opens a record if it is one of the index; returns whether it is.
    pub(super) async fn take<P: Ports>(
        &mut self,
        (opener, head): (&Opener<'_, P>, Head),
        (name, record): (&str, &Write),
    ) -> Result<bool, Error> {
        if name == KEY_INDEX {
            self.root = opener.root(head, Some(record)).await?;
            return Ok(true);
        }
        let Some(number) = stored::bucket_number(name) else { return Ok(false) };
        let root = self.root.as_ref().ok_or(ErrorCode::BackupDamaged)?;
        let bucket = opener.bucket((root, number), record).await?;
        self.buckets.insert(number, bucket);
        Ok(true)
    }

    /// Opens a key of the generation that the index names.
    pub(super) async fn key<P: Ports>(
        &mut self,
        opener: &Opener<'_, P>,
        record: &Write,
    ) -> Result<(), Error> {
        let RecordKey::Text(id) = &record.key else {
            return Err(Error::Code(ErrorCode::BackupDamaged));
        };
        let key_id = KeyId::new(id.as_str())?;
        let bucket = self.buckets.get(&bucket_of(id));
        let generation = match &self.root {
            Some(_) => bucket.and_then(|bucket| bucket.generation(&key_id)),
            None => Some(1),
        };
        let generation = generation.ok_or(ErrorCode::BackupDamaged)?;
        self.keys += 1;
        opener.key((&key_id, generation), record).await
    }

    /// Whether the index was there if the head says so, and names no key that was not.
    pub(super) fn fits(&self, head: Head) -> bool {
        let indexed: usize = self.buckets.iter().map(|(_, bucket)| bucket.len()).sum();
        match &self.root {
            Some(root) => indexed == self.keys && self.buckets.len() == root.bucket_count(),
            None => head.index == 0,
        }
    }
}
