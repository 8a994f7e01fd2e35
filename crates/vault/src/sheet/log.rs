//! The page of the audit log.

use std::rc::Rc;

use kms_protocol::{KeyId, Label};

use super::drive::Next;
use super::keys::{KeyPlace, reach};
use super::step::Step;
use crate::audit::Found;
use crate::enclave::Inner;
use crate::ui::{AuditFilter, AuditRows, UiEvent};
use crate::{Error, Ports};

/// A page of the log.
pub(super) struct LogPage {
    /// The newest entry that each older page before this one began to look at, and this one.
    older: Vec<u64>,
    /// The key that the way back leads to; else it leads to the management page.
    back: Option<(KeyId, KeyPlace)>,
    pub(super) rows: AuditRows,
}

impl<P: Ports> Inner<P> {
    /// The newest entries that a filter lets through.
    pub(super) async fn log_step(
        self: &Rc<Self>,
        filter: AuditFilter,
        back: Option<(KeyId, KeyPlace)>,
    ) -> Result<Step<P>, Error> {
        self.log_page(filter, Vec::new(), back).await
    }

    async fn log_page(
        self: &Rc<Self>,
        filter: AuditFilter,
        older: Vec<u64>,
        back: Option<(KeyId, KeyPlace)>,
    ) -> Result<Step<P>, Error> {
        let found = self.noting(self.find_entries(&filter, older.last().copied())).await?;
        let names = self.names_in(&found, &filter).await?;
        let Found { entries, next, count, head } = found;
        let before = !older.is_empty();
        let rows = AuditRows { entries, names, filter, count, head, before, next };
        Ok(Step::Audit(Box::new(LogPage { older, back, rows })))
    }

    /// The labels of the keys that a page is about. A key without one, or that is not there any
    /// more, is known by its id alone.
    async fn names_in(
        &self,
        found: &Found,
        filter: &AuditFilter,
    ) -> Result<Vec<(KeyId, Label)>, Error> {
        let vault = self.unlocked()?;
        let mut names: Vec<(KeyId, Label)> = Vec::new();
        let mut seen: Vec<&KeyId> = Vec::new();
        let entries = found.entries.iter().filter_map(|entry| entry.key_id.as_ref());
        for key_id in entries.chain(&filter.key_id) {
            if seen.contains(&key_id) {
                continue;
            }
            seen.push(key_id);
            let label = self.label(&vault, key_id).await?;
            names.extend(label.map(|label| (key_id.clone(), label)));
        }
        Ok(names)
    }

    /// What the person does on the page of the log.
    pub(super) async fn on_log(self: &Rc<Self>, page: Box<LogPage>, event: UiEvent) -> Next<P> {
        let (mut older, back) = (page.older.clone(), page.back.clone());
        let filter = page.rows.filter.clone();
        let opened = match event {
            UiEvent::Back => {
                return match back {
                    Some((key_id, place)) => self.to_key(key_id, place, None).await,
                    None => Next::Go(self.manage_step().await),
                };
            }
            UiEvent::Filter(filter) => self.log_step(filter, back).await,
            UiEvent::Turn(true) if page.rows.next.is_some() => {
                older.extend(page.rows.next);
                self.log_page(filter, older, back).await
            }
            UiEvent::Turn(false) if older.pop().is_some() => {
                self.log_page(filter, older, back).await
            }
            _ => return Next::Keep(Step::Audit(page)),
        };
        reach(Step::Audit(page), opened)
    }
}
