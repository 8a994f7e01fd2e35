//! Looking for entries, for the person: of all sites, the newest first.

use std::rc::Rc;

use kms_protocol::AuditEntry;

use crate::enclave::Inner;
use crate::ui::{AuditFilter, MethodGroup, Outcome};
use crate::{Error, Ports};

/// Most entries of one page.
const PAGE: usize = 25;
/// Entries read at once.
const CHUNK: u64 = 64;
/// Most entries that one page looks at; the rest is left to the next page.
const MAX_SCAN: u64 = 2048;

/// A page of what was looked for.
pub(crate) struct Found {
    /// The newest first.
    pub(crate) entries: Vec<AuditEntry>,
    /// The newest entry that was not looked at, if there is one.
    pub(crate) next: Option<u64>,
    /// How many entries the log has.
    pub(crate) count: u64,
    /// What the log is compared by.
    pub(crate) head: Vec<u8>,
}

impl MethodGroup {
    /// The group of a method or internal event, by its name.
    fn of(method: &str) -> Self {
        match method.split_once('.') {
            Some(("keys", _)) => Self::Keys,
            Some(("vault", _)) => Self::Vault,
            _ => Self::Use,
        }
    }
}

impl AuditFilter {
    fn matches(&self, entry: &AuditEntry) -> bool {
        let Self { key_id, origin, outcome, group } = self;
        let done = if entry.outcome == super::OK { Outcome::Done } else { Outcome::Failed };
        key_id.as_ref().is_none_or(|key_id| entry.key_id.as_ref() == Some(key_id))
            && origin.as_ref().is_none_or(|origin| entry.caller_origin.as_ref() == Some(origin))
            && outcome.is_none_or(|outcome| outcome == done)
            && group.is_none_or(|group| group == MethodGroup::of(&entry.method))
    }
}

impl<P: Ports> Inner<P> {
    /// A page of the entries that a filter lets through, from one of them back.
    pub(crate) async fn find_entries(
        self: &Rc<Self>,
        filter: &AuditFilter,
        from: Option<u64>,
    ) -> Result<Found, Error> {
        let vault = self.unlocked()?;
        let head = self.settled_head(&vault).await?;
        let mut last = from.unwrap_or(head.count()).min(head.count());
        let end = last.saturating_sub(MAX_SCAN);
        let mut entries = Vec::new();
        while last > end && entries.len() < PAGE {
            let first = last.saturating_sub(CHUNK - 1).max(end + 1);
            let wanted = usize::try_from(last - first + 1).unwrap_or(0);
            for entry in self.entries(&vault, first - 1, wanted).await?.into_iter().rev() {
                if entries.len() == PAGE {
                    break;
                }
                last = entry.seq - 1;
                if filter.matches(&entry) {
                    entries.push(AuditEntry { leaf: None, ..entry });
                }
            }
        }
        vault.still_open()?;
        let next = Some(last).filter(|last| *last > 0);
        Ok(Found { entries, next, count: head.count(), head: head.tree.root().to_vec() })
    }
}
