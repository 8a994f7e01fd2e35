//! The clock of a vault: how much time it has surely seen pass. It tells when a key that waits for
//! its deletion may be destroyed, whatever the clock of the device says.

use minicbor::{Decode, Encode};

/// A day.
pub(crate) const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// The stored clock. It is looked at when the vault is opened and when a deletion is scheduled.
/// What has passed since the last look counts, but never more than a day: a clock that is set
/// forward takes a day from the waiting period at most, and one that is set back adds nothing. A
/// vault that is seldom opened keeps a key for longer, never for shorter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct VaultClock {
    #[n(0)]
    passed_ms: u64,
    /// The wall clock at the last look.
    #[n(1)]
    wall_ms: u64,
}

impl VaultClock {
    /// Looks at the wall clock.
    pub(crate) fn observe(&mut self, wall_ms: u64) {
        let passed = wall_ms.saturating_sub(self.wall_ms).min(DAY_MS);
        self.passed_ms = self.passed_ms.saturating_add(passed);
        self.wall_ms = wall_ms;
    }

    /// Milliseconds that the vault has seen pass.
    pub(crate) fn passed_ms(self) -> u64 {
        self.passed_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_adds_a_day_at_most_and_never_takes_away() {
        let mut clock = VaultClock::default();
        clock.observe(1_800_000_000_000);
        let start = clock.passed_ms();
        assert_eq!(start, DAY_MS);
        clock.observe(1_800_000_000_000 + 5000);
        assert_eq!(clock.passed_ms(), start + 5000);
        clock.observe(1_900_000_000_000);
        assert_eq!(clock.passed_ms(), start + 5000 + DAY_MS);
        clock.observe(1_800_000_000_000);
        assert_eq!(clock.passed_ms(), start + 5000 + DAY_MS);
        clock.observe(1_800_000_000_000 + 1000);
        assert_eq!(clock.passed_ms(), start + 6000 + DAY_MS);
    }
}
