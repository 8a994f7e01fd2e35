//! The whole log for the person, who keeps it elsewhere.

use std::rc::Rc;

use kms_protocol::{AuditEntry, SignedCheckpoint};

use crate::enclave::Inner;
use crate::{Error, Ports};

/// Entries that are given out at once: the log may be larger than the memory.
const PART: u64 = 64;

/// What an export ends with.
pub(crate) struct Exported {
    /// How many entries it has.
    pub(crate) count: u64,
    /// The state of the log after the last of them.
    pub(crate) checkpoint: SignedCheckpoint,
}

impl<P: Ports> Inner<P> {
    /// Gives out every entry, of all sites and with what was hashed, from the first on. What is
    /// logged meanwhile is left to the next export.
    pub(crate) async fn export_log(
        self: &Rc<Self>,
        give: impl Fn(Vec<AuditEntry>),
    ) -> Result<Exported, Error> {
        let vault = self.unlocked()?;
        let head = self.settled_head(&vault).await?;
        let mut given = 0;
        while given < head.count() {
            let wanted = PART.min(head.count() - given);
            let entries = self.entries(&vault, given, usize::try_from(wanted).unwrap_or(0)).await?;
            vault.still_open()?;
            give(entries);
            given += wanted;
        }
        let checkpoint = self.sign_head(&vault, &head).await?;
        vault.still_open()?;
        Ok(Exported { count: head.count(), checkpoint })
    }
}
