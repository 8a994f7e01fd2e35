//! Building the index of a vault of an older release, in bounded batches, and looking at the clock.

use std::rc::Rc;

use kms_protocol::KeyId;

use super::IndexEdit;
use crate::audit::{Change, Draft, Head};
use crate::enclave::Inner;
use crate::state::UnlockedVault;
use crate::{Clock, Error, Ports, RecordKey, Store, Table, Write};

/// Most keys of one batch.
const BATCH: usize = 256;
/// Records that are read at once.
const PAGE: u32 = 64;

/// A change of the index that belongs to no key.
pub(crate) enum IndexStep {
    /// Takes up more keys of a vault that had no index. What is stored then is believed.
    Build,
    /// Looks at the wall clock.
    Observe(u64),
}

impl<P: Ports> Inner<P> {
    /// After an unlock: builds the index if it is not whole, and lets time pass where that matters.
    pub(crate) async fn index_ready(
        self: &Rc<Self>,
        vault: &Rc<UnlockedVault<P>>,
    ) -> Result<(), Error> {
        while !vault.index.borrow().is_built() {
            self.step("keys.index", IndexStep::Build).await?;
        }
        if vault.index.borrow().has_waiting() {
            self.step("vault.clock", IndexStep::Observe(self.ports.clock().now_ms())).await?;
            self.destroy_due(vault).await?;
        }
        Ok(())
    }

    async fn step(self: &Rc<Self>, name: &'static str, step: IndexStep) -> Result<(), Error> {
        let draft = Draft::internal(name, self.ports.clock().now_ms());
        self.commit_change(draft, Change::Index(step)).await
    }

    /// The writes of a step.
    pub(crate) async fn index_writes(
        &self,
        vault: &UnlockedVault<P>,
        (step, head): (&IndexStep, &mut Head),
    ) -> Result<(Vec<Write>, super::Root), Error> {
        let mut index = IndexEdit::of(vault);
        match step {
            IndexStep::Build => self.take_up(vault, &mut index).await?,
            IndexStep::Observe(wall_ms) => index.clock().observe(*wall_ms),
        }
        let writes = index.writes((vault, &self.ports), head).await?;
        Ok((writes, index.root))
    }

    async fn take_up(&self, vault: &UnlockedVault<P>, index: &mut IndexEdit) -> Result<(), Error> {
        let mut taken = 0;
        while taken < BATCH {
            let after = index.root.built_to.clone().unwrap_or_default();
            let after =
                Some(RecordKey::Text(after)).filter(|key| *key != RecordKey::Text(String::new()));
            let page = self.ports.store().list(Table::Keys, after.as_ref(), PAGE).await?;
            let last = page.len() < PAGE as usize;
            taken += page.len();
            for (key, _) in page {
                let RecordKey::Text(id) = key else { continue };
                // What no release has written is in no index, so it stays unreadable.
                if let Ok(key_id) = KeyId::new(id.as_str()) {
                    index.advance((vault, &self.ports), (&key_id, None)).await?;
                }
                index.root.built_to = Some(id);
            }
            if last {
                index.root.built_to = None;
                break;
            }
        }
        Ok(())
    }
}
