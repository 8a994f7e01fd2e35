//! The pages of keys: those of all sites, and one of them with what can be done about it.

use std::rc::Rc;

use kms_protocol::KeyId;

use super::drive::Next;
use super::key_action::KeyTask;
use super::question::Turn;
use super::step::{Step, Then};
use crate::enclave::Inner;
use crate::ui::{AuditFilter, KeyDetails, KeyRows, Part, UiEvent};
use crate::{Error, Ports, RecordKey};

/// Where in the list of keys the person is: the last key of each page before this one.
#[derive(Clone, Default)]
pub(super) struct KeyPlace(Vec<RecordKey>);

/// A page of the list.
pub(super) struct KeyList {
    place: KeyPlace,
    /// The last key of this page, if others follow.
    more: Option<RecordKey>,
    pub(super) rows: KeyRows,
}

/// One key, and where the way back leads.
pub(super) struct ShownKey {
    place: KeyPlace,
    pub(super) details: KeyDetails,
}

/// Another step, or the same one with the reason why not.
pub(super) fn reach<P: Ports>(from: Step<P>, to: Result<Step<P>, Error>) -> Next<P> {
    match to {
        Ok(step) => Next::Go(step),
        Err(error) => Next::Again(from, error),
    }
}

impl<P: Ports> Inner<P> {
    /// From the management page to one of its parts.
    pub(super) async fn on_part(self: &Rc<Self>, step: Step<P>, part: Part) -> Next<P> {
        self.busy();
        let opened = match part {
            Part::Keys => self.keys_step(KeyPlace::default()).await,
            Part::Audit => self.log_step(AuditFilter::default(), None).await,
        };
        reach(step, opened)
    }

    /// A page of the list of keys.
    pub(super) async fn keys_step(&self, place: KeyPlace) -> Result<Step<P>, Error> {
        let overview = self.overview(&*self.unlocked()?, place.0.last()).await?;
        let (before, more) = (!place.0.is_empty(), overview.more.is_some());
        let rows = KeyRows { rows: overview.rows, before, more };
        Ok(Step::Keys(KeyList { place, more: overview.more, rows }))
    }

    /// The page of a key.
    pub(super) async fn key_step(&self, key_id: KeyId, place: KeyPlace) -> Result<Step<P>, Error> {
        let details = self.details(&*self.unlocked()?, &key_id).await?;
        Ok(Step::Key(Box::new(ShownKey { place, details })))
    }

    /// To the page of a key, saying what was wrong; to the list if the key cannot be shown.
    pub(super) async fn to_key(
        &self,
        key_id: KeyId,
        place: KeyPlace,
        problem: Option<Error>,
    ) -> Next<P> {
        match (self.key_step(key_id, place.clone()).await, problem) {
            (Ok(step), None) => Next::Go(step),
            (Ok(step), Some(problem)) => Next::Again(step, problem),
            (Err(error), problem) => match self.keys_step(place).await {
                Ok(list) => Next::Again(list, problem.unwrap_or(error)),
                Err(_) => Next::Failed(self.manage_step().await, problem.unwrap_or(error)),
            },
        }
    }

    /// What the person does in the list of keys.
    pub(super) async fn on_keys(self: &Rc<Self>, list: KeyList, event: UiEvent) -> Next<P> {
        let mut place = list.place.clone();
        let opened = match event {
            UiEvent::Back => return Next::Go(self.manage_step().await),
            UiEvent::OpenKey(key_id) => self.key_step(key_id, place).await,
            UiEvent::Turn(true) if list.more.is_some() => {
                place.0.extend(list.more.clone());
                self.keys_step(place).await
            }
            UiEvent::Turn(false) if place.0.pop().is_some() => self.keys_step(place).await,
            _ => return Next::Keep(Step::Keys(list)),
        };
        reach(Step::Keys(list), opened)
    }

    /// What the person does on the page of a key.
    pub(super) async fn on_key(
        self: &Rc<Self>,
        turn: &Turn,
        shown: Box<ShownKey>,
        event: UiEvent,
    ) -> Next<P> {
        let (key_id, place) = (shown.details.key.key_id.clone(), shown.place.clone());
        match event {
            UiEvent::Back => {
                let list = self.keys_step(place).await;
                reach(Step::Key(shown), list)
            }
            UiEvent::Filter(filter) => {
                let log = self.log_step(filter, Some((key_id, place))).await;
                reach(Step::Key(shown), log)
            }
            UiEvent::Key(action) => match action.why() {
                Some(why) => {
                    let task = KeyTask { key_id, place, why, action };
                    reach(Step::Key(shown), self.unlock_for(Then::Key(task)))
                }
                None => self.do_with_key(turn, (key_id, place), action).await,
            },
            _ => Next::Keep(Step::Key(shown)),
        }
    }
}
