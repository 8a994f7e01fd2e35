//! Deleting keys: a key waits, and is destroyed at the first unlock after its time has come.

use std::rc::Rc;

use kms_protocol::limits::MAX_DELETION_DAYS;
use kms_protocol::{ErrorCode, KeyId, KeyInfo, Method, ScheduleDeletionParams};

use super::change::KeyChange;
use super::index::VaultClock;
use super::record::KeyRecord;
use crate::audit::{Change, Draft};
use crate::enclave::Inner;
use crate::session::Caller;
use crate::state::UnlockedVault;
use crate::{Clock, Error, Ports};

/// Most keys that one unlock destroys; the others wait for the next one.
const MOST: usize = 32;
/// Most keys that one unlock looks at for that.
const LOOKED_AT: usize = 128;

impl<P: Ports> Inner<P> {
    /// Lets a key wait for its deletion.
    pub(crate) async fn schedule_deletion(
        self: &Rc<Self>,
        caller: &Caller,
        params: ScheduleDeletionParams,
    ) -> Result<KeyInfo, Error> {
        let days = params.days.unwrap_or(MAX_DELETION_DAYS);
        let now = self.ports.clock().now_ms();
        let edit = move |record: &mut KeyRecord, clock: &mut VaultClock| {
            record.schedule_deletion(days, (clock, now))
        };
        let what = (Method::ScheduleDeletion, params.key_id);
        self.change_key(caller, what, Box::new(edit)).await
    }

    /// Cancels the deletion of a key.
    pub(crate) async fn cancel_deletion(
        self: &Rc<Self>,
        caller: &Caller,
        key_id: KeyId,
    ) -> Result<KeyInfo, Error> {
        let edit = |record: &mut KeyRecord, _: &mut VaultClock| {
            record.cancel_deletion();
            Ok(())
        };
        self.change_key(caller, (Method::CancelDeletion, key_id), Box::new(edit)).await
    }

    /// Destroys keys whose time has come. One that cannot be read, or that the clock of the device
    /// does not let go yet, costs the others nothing.
    pub(super) async fn destroy_due(
        self: &Rc<Self>,
        vault: &Rc<UnlockedVault<P>>,
    ) -> Result<(), Error> {
        let now = self.ports.clock().now_ms();
        let mut destroyed = 0;
        for key_id in self.due_keys(vault, now).await? {
            if destroyed == MOST {
                break;
            }
            let edit =
                move |record: &mut KeyRecord, clock: &mut VaultClock| record.destroy((clock, now));
            let draft =
                Draft { key_id: Some(key_id.clone()), ..Draft::internal("keys.destroy", now) };
            let change = KeyChange::edit(key_id, Box::new(edit));
            match self.commit_change(draft, Change::Key(change)).await {
                Ok(()) => destroyed += 1,
                Err(Error::Code(ErrorCode::InvalidKeyState | ErrorCode::Unreadable)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Keys whose time has come by the clock of the vault. Where one begins to look differs from unlock
    /// to unlock, so that many that cannot go yet do not stand before the others for ever.
    async fn due_keys(&self, vault: &UnlockedVault<P>, now: u64) -> Result<Vec<KeyId>, Error> {
        let root = vault.index.borrow().clone();
        let mut due = Vec::new();
        let mut numbers = root.due();
        let first = now % u64::try_from(numbers.len().max(1)).unwrap_or(1);
        numbers.rotate_left(usize::try_from(first).unwrap_or(0));
        let mut numbers = numbers.into_iter();
        while due.len() < LOOKED_AT
            && let Some(number) = numbers.next()
        {
            match vault.bucket(&self.ports, &root, number).await {
                Ok(bucket) => due.extend(bucket.due_by(root.clock().passed_ms()).map(KeyId::new)),
                Err(Error::Code(ErrorCode::Unreadable)) => {}
                Err(error) => return Err(error),
            }
        }
        due.truncate(LOOKED_AT);
        Ok(due.into_iter().collect::<Result<_, _>>()?)
    }
}
