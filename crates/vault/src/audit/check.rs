//! The check of what unlocking does not look at: every entry and every tile, against the head.
//! In steps, so that a log of any size is checked while the vault is in use.

use std::rc::Rc;

use kms_protocol::{AuditHealth, ErrorCode};
use kms_tlog::{Edge, TileId, WIDTH};

use super::entry::Head;
use crate::enclave::Inner;
use crate::state::{Phase, UnlockedVault};
use crate::{Clock, Error, Ports, stored};

const CORRUPT: Error = Error::Code(ErrorCode::AuditCorrupt);
/// Most entries that a step beside other work reads: the other work waits for that long.
const STEP: usize = 32;
/// Most steps at one time.
const MAX_STEPS: u32 = 128;
/// After how many milliseconds no other step is begun.
const LONG_MS: u64 = 250;

impl<P: Ports> Inner<P> {
    /// What is known of the log of an unlocked vault.
    pub(crate) fn audit_health(&self) -> Option<AuditHealth> {
        let Phase::Unlocked(vault) = &*self.phase.borrow() else { return None };
        let count = vault.log.head().count();
        let checked = vault.log.unchecked().map_or(count, |edge| edge.size());
        Some(AuditHealth { count, checked })
    }

    /// Checks the next part of the log. What is found wrong ends everything: the log is damaged
    /// or was altered, and no key is used as if it were not.
    pub(crate) async fn check_in_background(self: &Rc<Self>) {
        let Ok(vault) = self.unlocked() else { return };
        if vault.log.is_damaged() {
            // The person may still read what was found.
            if !self.sheet.borrow().is_open() {
                self.check_damage();
            }
            return;
        }
        let begun = self.ports.clock().monotonic_ms();
        for _ in 0..MAX_STEPS {
            let Some(mut edge) = vault.log.unchecked() else { return };
            let mut checked = self.check_step(&vault, &mut edge, (&vault.log.head(), STEP)).await;
            if checked == Err(CORRUPT) {
                checked = self.blame(&vault).await;
            }
            // It may have been locked meanwhile.
            let still = self.unlocked().is_ok_and(|now| Rc::ptr_eq(&now, &vault));
            match checked {
                _ if !still => return,
                Ok(()) => vault.log.note_checked(edge),
                Err(Error::Code(ErrorCode::AuditCorrupt)) => {
                    return self.fault(ErrorCode::AuditCorrupt);
                }
                // What cannot be read now is read the next time.
                Err(_) => return,
            }
            if self.ports.clock().monotonic_ms().saturating_sub(begun) >= LONG_MS {
                return;
            }
        }
    }

    /// Reads the log for a page. What it finds wrong ends everything, as in the background.
    pub(crate) async fn heeding<T>(
        self: &Rc<Self>,
        reading: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let read = self.noting(reading).await;
        self.check_damage();
        read
    }

    /// Reads the log for the person, who is told of what is wrong with it. No key is used from then on,
    /// and everything ends when the screen is closed.
    pub(crate) async fn noting<T>(
        &self,
        reading: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let vault = self.unlocked()?;
        let read = reading.await;
        if matches!(read, Err(Error::Code(ErrorCode::AuditCorrupt))) {
            let blamed = self.blame(&vault).await;
            if blamed == Err(CORRUPT) {
                vault.log.note_damaged();
            }
            blamed?;
        }
        read
    }

    /// Ends everything if damage was found.
    fn check_damage(&self) {
        if self.unlocked().is_ok_and(|vault| vault.log.is_damaged()) {
            self.fault(ErrorCode::AuditCorrupt);
        }
    }

    /// Fails if damage was found.
    pub(super) fn must_be_whole(&self) -> Result<(), Error> {
        let damaged = self.unlocked().is_ok_and(|vault| vault.log.is_damaged());
        if damaged { Err(CORRUPT) } else { Ok(()) }
    }

    /// What a log that is not right means: damage, unless the vault is gone, which other tabs may
    /// have seen to, and which every other operation finds out.
    async fn blame(&self, vault: &UnlockedVault<P>) -> Result<(), Error> {
        match stored::header(&self.ports).await {
            Ok(Some(header)) if header.vault_id == vault.id => Err(CORRUPT),
            Err(Error::Code(_)) => Err(CORRUPT),
            _ => Err(Error::Code(ErrorCode::NotInitialized)),
        }
    }

    /// Checks everything up to this head at once.
    pub(super) async fn check_up_to(
        &self,
        vault: &UnlockedVault<P>,
        edge: &mut Edge,
        head: &Head,
    ) -> Result<(), Error> {
        while edge.size() < head.count() {
            self.check_step(vault, edge, (head, WIDTH)).await?;
        }
        if edge.frontier() == head.tree { Ok(()) } else { Err(CORRUPT) }
    }

    /// Reads on from `edge`, at most so many entries, and not past the end of a tile of leaves, or
    /// of the log.
    async fn check_step(
        &self,
        vault: &UnlockedVault<P>,
        edge: &mut Edge,
        (head, most): (&Head, usize),
    ) -> Result<(), Error> {
        let start = edge.size();
        let tile = TileId { level: 0, index: start / WIDTH as u64 };
        let before = TileId::width(tile, start);
        let wanted = tile.width(head.count()).saturating_sub(before).min(most);
        for link in self.links(vault, start, wanted).await? {
            for tile in edge.push(link.leaf()) {
                let stored = self.read_tile(vault, tile.id).await?;
                // It may have grown since.
                if !stored.hashes.starts_with(&tile.hashes) {
                    return Err(CORRUPT);
                }
            }
        }
        let ends = edge.size() >= head.count();
        if !ends || edge.frontier() == head.tree { Ok(()) } else { Err(CORRUPT) }
    }
}
