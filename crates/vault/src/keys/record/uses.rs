//! How often a key was used, where its policy counts that.

use minicbor::{Decode, Encode};

/// The count, in the record of the key: a use, its count and its audit entry are one batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub(super) struct Uses {
    #[n(0)]
    total: u64,
    /// When the period began, by the clock of the device.
    #[n(1)]
    since: u64,
    /// Uses in the period.
    #[n(2)]
    recent: u32,
}

impl Uses {
    /// All uses.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// Uses in the period that this moment is in. A clock that was set back begins no new period.
    pub(super) fn in_period(&self, now_ms: u64, period_ms: u64) -> u32 {
        let over = now_ms.saturating_sub(self.since) >= period_ms;
        if over { 0 } else { self.recent }
    }

    /// Counts a use.
    pub(super) fn count(&mut self, now_ms: u64, period_ms: u64) {
        let recent = self.in_period(now_ms, period_ms);
        // After the clock was set back the period runs from there, with what was counted in it.
        if recent == 0 || now_ms < self.since {
            self.since = now_ms;
        }
        self.recent = recent.saturating_add(1);
        self.total = self.total.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_begins_with_its_first_use_and_ends_by_time_alone() {
        let mut uses = Uses::default();
        for now in [5000, 5500, 5900] {
            uses.count(now, 1000);
        }
        assert_eq!((uses.total(), uses.in_period(5999, 1000)), (3, 3));
        assert_eq!(uses.in_period(6000, 1000), 0);
        // Set back: still the same period, which now runs from there.
        uses.count(100, 1000);
        assert_eq!(uses.in_period(1099, 1000), 4);
        assert_eq!(uses.in_period(1100, 1000), 0);
        uses.count(1100, 1000);
        assert_eq!((uses.total(), uses.in_period(1100, 1000)), (5, 1));
    }
}
