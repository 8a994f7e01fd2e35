//! A change of the index, on copies: nothing has changed before the batch is written.

use kms_protocol::{ErrorCode, KeyId};

use super::bucket::AliasDigest;
use super::{Bucket, Root, VaultClock, bucket_of};
use crate::audit::Head;
use crate::map::Map;
use crate::state::UnlockedVault;
use crate::stored::bucket_name;
use crate::{Error, Ports, RecordKey, Table, Write, seal};

/// Root and buckets as they will be.
pub(in crate::keys) struct IndexEdit {
    pub(in crate::keys) root: Root,
    touched: Map<u8, Bucket>,
}

impl IndexEdit {
    /// A change of the index as it is now.
    pub(in crate::keys) fn of<P: Ports>(vault: &UnlockedVault<P>) -> Self {
        Self { root: vault.index.borrow().clone(), touched: Map::default() }
    }

    async fn bucket<P: Ports>(
        &mut self,
        (vault, ports): (&UnlockedVault<P>, &P),
        number: u8,
    ) -> Result<&mut Bucket, Error> {
        if self.touched.get(&number).is_none() {
            let bucket = vault.bucket(ports, &self.root, number).await?;
            self.touched.insert(number, bucket);
        }
        self.touched.get_mut(&number).ok_or(Error::Code(ErrorCode::Internal))
    }

    /// The clock of the vault.
    pub(in crate::keys) fn clock(&mut self) -> &mut VaultClock {
        &mut self.root.clock
    }

    /// Notes a write of the record of a key.
    pub(in crate::keys) async fn advance<P: Ports>(
        &mut self,
        place: (&UnlockedVault<P>, &P),
        (key_id, due): (&KeyId, Option<u64>),
    ) -> Result<(), Error> {
        let bucket = self.bucket(place, bucket_of(key_id.as_str())).await?;
        let generation = bucket.generation(key_id).unwrap_or(0) + 1;
        bucket.set(key_id, generation, due);
        Ok(())
    }

    /// The generation to seal the record of a key for whose write was noted.
    pub(in crate::keys) fn generation(&self, key_id: &KeyId) -> Option<u64> {
        self.touched.get(&bucket_of(key_id.as_str()))?.generation(key_id)
    }

    /// Lets a key have another alias than before.
    pub(in crate::keys) async fn rename<P: Ports>(
        &mut self,
        place: (&UnlockedVault<P>, &P),
        key_id: &KeyId,
        (before, after): (Option<AliasDigest>, Option<AliasDigest>),
    ) -> Result<(), Error> {
        if before == after {
            return Ok(());
        }
        if let Some(alias) = before {
            self.bucket(place, alias.bucket()).await?.give_back(alias);
        }
        if let Some(alias) = after {
            self.bucket(place, alias.bucket()).await?.take(alias, key_id)?;
        }
        Ok(())
    }

    /// The writes of root and buckets; the head learns the generation of the root.
    pub(in crate::keys) async fn writes<P: Ports>(
        &mut self,
        (vault, ports): (&UnlockedVault<P>, &P),
        head: &mut Head,
    ) -> Result<Vec<Write>, Error> {
        let secrets = vault.secrets()?;
        let mut writes = Vec::new();
        for (number, bucket) in self.touched.iter() {
            let plain = bucket.encode()?;
            let generation = self.root.advance(*number, bucket.first_due())?;
            let id = [*number];
            let context = seal::index_context(&vault.id, &id, generation);
            let value = seal::seal(ports.crypto(), &secrets.record, &context, &plain).await?;
            let key = RecordKey::Text(bucket_name(*number));
            writes.push(Write { table: Table::Meta, key, value });
        }
        head.index += 1;
        writes.push(self.root.write(ports, &vault.id, (&secrets, head.index)).await?);
        Ok(writes)
    }
}
