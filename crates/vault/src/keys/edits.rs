//! Changes of keys that are written in one batch, on copies: nothing has changed before.

use kms_protocol::{ErrorCode, KeyId};

use super::change::{KeyChange, What};
use super::index::{IndexEdit, Root};
use super::record::KeyRecord;
use crate::audit::Head;
use crate::map::Map;
use crate::state::UnlockedVault;
use crate::{Error, Ports, RecordKey, Table, Write, seal};

/// The records as they will be, and the index.
pub(crate) struct KeyEdits {
    index: IndexEdit,
    records: Map<KeyId, KeyRecord>,
}

impl KeyEdits {
    /// No change yet of the keys as they are now.
    pub(crate) fn of<P: Ports>(vault: &UnlockedVault<P>) -> Self {
        Self { index: IndexEdit::of(vault), records: Map::default() }
    }

    /// Adds a change. What it refuses may be half done here: these edits are of no use then.
    pub(super) async fn add<P: Ports>(
        &mut self,
        place: (&UnlockedVault<P>, &P),
        change: &KeyChange,
    ) -> Result<(), Error> {
        let key_id = &change.key_id;
        let (before, record) = match &change.what {
            What::Create(record) => (None, (**record).clone()),
            What::Edit(edit) => {
                let mut record = match self.records.get(key_id) {
                    Some(record) => record.clone(),
                    None => place.0.read(place.1, key_id).await?,
                };
                let before = record.alias();
                edit(&mut record, self.index.clock())?;
                (before, record)
            }
        };
        self.index.rename(place, key_id, (before, record.alias())).await?;
        self.index.advance(place, (key_id, record.due())).await?;
        self.records.insert(key_id.clone(), record);
        Ok(())
    }

    /// The writes of all of them, which keys they are of, and the index as it is then.
    pub(crate) async fn writes<P: Ports>(
        mut self,
        place: (&UnlockedVault<P>, &P),
        head: &mut Head,
    ) -> Result<(Vec<Write>, Vec<KeyId>, Root), Error> {
        let (vault, crypto) = (place.0, place.1.crypto());
        let mut writes = self.index.writes(place, head).await?;
        let secrets = vault.secrets()?;
        let mut key_ids = Vec::with_capacity(self.records.len());
        for (key_id, record) in self.records.iter() {
            let generation = self.index.generation(key_id).ok_or(ErrorCode::Internal)?;
            let context = seal::key_context(&vault.id, key_id, generation);
            let value = seal::seal(crypto, &secrets.record, &context, &record.encode()).await?;
            let key = RecordKey::Text(key_id.as_str().into());
            writes.push(Write { table: Table::Keys, key, value });
            key_ids.push(key_id.clone());
        }
        Ok((writes, key_ids, self.index.root))
    }
}
