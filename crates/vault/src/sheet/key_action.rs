//! What the person does with the key on display.

use std::rc::Rc;

use kms_protocol::{KeyId, Method, MinVersionsParams};

use super::drive::Next;
use super::keys::KeyPlace;
use super::question::Turn;
use crate::enclave::Inner;
use crate::keys::{By, KeyEdit, KeyRecord, VaultClock};
use crate::ui::{KeyAction, Why};
use crate::{Clock, Ports};

/// What is done with a key after a fresh unlock.
#[derive(Clone)]
pub(super) struct KeyTask {
    pub(super) key_id: KeyId,
    pub(super) place: KeyPlace,
    pub(super) why: Why,
    pub(super) action: KeyAction,
}

impl KeyAction {
    /// What a fresh unlock is needed for: what cannot be undone, and what lets more be done with
    /// the key.
    pub(super) const fn why(&self) -> Option<Why> {
        match self {
            // A key whose deletion is cancelled is disabled.
            KeyAction::Rename(_) | KeyAction::Disable | KeyAction::CancelDeletion => None,
            KeyAction::Enable => Some(Why::EnableKey),
            KeyAction::Rotate => Some(Why::RotateKey),
            KeyAction::Raise { .. } => Some(Why::RaiseKey),
            KeyAction::Trim(_) => Some(Why::TrimKey),
            KeyAction::ScheduleDeletion(_) => Some(Why::DeleteKey),
        }
    }

    /// What it changes in the record, and the method of a site that does the same; none for another
    /// version, which is made before the record changes.
    fn edit(self, key_id: &KeyId, now_ms: u64) -> Option<(Method, KeyEdit)> {
        let done = |edit: fn(&mut KeyRecord)| -> KeyEdit {
            Box::new(move |record: &mut KeyRecord, _: &mut VaultClock| {
                edit(record);
                Ok(())
            })
        };
        Some(match self {
            KeyAction::Rotate => return None,
            KeyAction::Rename(label) => {
                let edit = move |record: &mut KeyRecord, _: &mut VaultClock| {
                    record.relabel(&label);
                    Ok(())
                };
                (Method::UpdateKey, Box::new(edit))
            }
            KeyAction::Disable => (Method::DisableKey, done(|record| record.set_enabled(false))),
            KeyAction::Enable => (Method::EnableKey, done(|record| record.set_enabled(true))),
            KeyAction::Raise { decryption, encryption } => {
                let raised = MinVersionsParams {
                    key_id: key_id.clone(),
                    min_decryption_version: Some(decryption),
                    min_encryption_version: Some(encryption),
                };
                let edit = move |record: &mut KeyRecord, _: &mut VaultClock| {
                    record.raise_min_versions(&raised)
                };
                (Method::SetMinVersions, Box::new(edit))
            }
            KeyAction::Trim(least) => {
                let edit = move |record: &mut KeyRecord, _: &mut VaultClock| record.trim(least);
                (Method::TrimKey, Box::new(edit))
            }
            KeyAction::ScheduleDeletion(days) => {
                let edit = move |record: &mut KeyRecord, clock: &mut VaultClock| {
                    record.schedule_deletion(days, (clock, now_ms))
                };
                (Method::ScheduleDeletion, Box::new(edit))
            }
            KeyAction::CancelDeletion => (Method::CancelDeletion, done(KeyRecord::cancel_deletion)),
        })
    }
}

impl<P: Ports> Inner<P> {
    /// Does something with a key after its fresh unlock.
    pub(super) async fn act_on_key(self: &Rc<Self>, turn: &Turn, task: KeyTask) -> Next<P> {
        self.do_with_key(turn, (task.key_id, task.place), task.action).await
    }

    /// Does something with a key and shows what became of it.
    pub(super) async fn do_with_key(
        self: &Rc<Self>,
        turn: &Turn,
        (key_id, place): (KeyId, KeyPlace),
        action: KeyAction,
    ) -> Next<P> {
        self.busy();
        let by = By::Person(turn.question);
        let problem = match action.edit(&key_id, self.ports.clock().now_ms()) {
            Some((method, edit)) => {
                self.change_key_by(by, (method, key_id.clone()), edit).await.err()
            }
            None => self.rotate_key_by(by, key_id.clone()).await.err(),
        };
        self.to_key(key_id, place, problem).await
    }
}
