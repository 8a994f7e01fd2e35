//! Back-off after wrong passphrases.
//!
//! An attempt is charged in the stored header before it is made and refunded when it
//! succeeds, so killing the tab in the middle gains nothing.

use std::cell::Cell;

use minicbor::{Decode, Encode};

use crate::time::Moment;

/// Wrong attempts that cost nothing.
const FREE: u32 = 3;
/// Longest wait, in milliseconds.
const LONGEST_MS: u64 = 15 * 60 * 1000;
/// Failures of one locked period that get an audit entry each at the next unlock.
const MAX_LOGGED: u32 = 16;

/// The stored state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Attempts {
    /// Attempts since the last success, the current one included.
    #[n(0)]
    failures: u32,
    /// Wall clock of the last one.
    #[n(1)]
    last_ms: u64,
}

/// What the two clocks say.
#[derive(Clone, Copy)]
pub(crate) struct Now {
    /// Wall clock.
    pub(crate) wall_ms: u64,
    /// Milliseconds that this process has surely seen pass since the last attempt.
    pub(crate) watched_ms: u64,
}

/// Since when this process has known the stored state. Another tab may have made an attempt in
/// the meantime, so time that passed before is no time since the last attempt.
pub(crate) struct Watch(Cell<(Attempts, Moment)>);

impl Watch {
    /// Knows of no attempt.
    pub(crate) fn new(now: Moment) -> Self {
        Self(Cell::new((Attempts::default(), now)))
    }

    /// Milliseconds since this state was first seen here.
    pub(crate) fn known_ms(&self, stored: Attempts, now: Moment) -> u64 {
        let (known, since) = self.0.get();
        if known == stored {
            return now.monotonic_since(since);
        }
        self.0.set((stored, now));
        0
    }
}

impl Attempts {
    /// Milliseconds until the next attempt is allowed; `None` when it is.
    ///
    /// A wall clock that stands before the last attempt was moved back: then only time
    /// that this process itself has seen pass counts.
    pub(crate) fn wait_ms(self, now: Now) -> Option<u32> {
        let passed = now.wall_ms.saturating_sub(self.last_ms).max(now.watched_ms);
        let remaining = self.penalty_ms().saturating_sub(passed);
        if remaining == 0 { None } else { u32::try_from(remaining).ok() }
    }

    /// Charges one attempt.
    pub(crate) fn charge(&mut self, wall_ms: u64) {
        self.failures = self.failures.saturating_add(1);
        // Never earlier than before: the larger of the clocks seen so far stays.
        self.last_ms = self.last_ms.max(wall_ms);
    }

    /// Forgets the failures after a success; returns how many to log.
    pub(crate) fn settle(&mut self) -> u32 {
        let wrong = self.failures.saturating_sub(1).min(MAX_LOGGED);
        *self = Self::default();
        wrong
    }

    fn penalty_ms(self) -> u64 {
        if self.failures < FREE {
            return 0;
        }
        let doublings = (self.failures - FREE).min(20);
        (1000_u64 << doublings).min(LONGEST_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charged(times: u32, at: u64) -> Attempts {
        let mut attempts = Attempts::default();
        (0..times).for_each(|_| attempts.charge(at));
        attempts
    }

    fn at(wall_ms: u64) -> Now {
        Now { wall_ms, watched_ms: 0 }
    }

    #[test]
    fn waits_double_from_the_third_failure() {
        let waits: Vec<_> = (0..6).map(|n| charged(n, 50_000).wait_ms(at(50_000))).collect();
        assert_eq!(waits, [None, None, None, Some(1000), Some(2000), Some(4000)]);
    }

    #[test]
    fn waits_are_bounded() {
        assert_eq!(charged(u8::MAX.into(), 0).wait_ms(at(0)), Some(900_000));
    }

    #[test]
    fn a_clock_moved_back_does_not_shorten_the_wait() {
        let attempts = charged(5, 1_000_000);
        assert_eq!(attempts.wait_ms(at(0)), Some(4000));
        assert_eq!(attempts.wait_ms(Now { wall_ms: 0, watched_ms: 3000 }), Some(1000));
        assert_eq!(attempts.wait_ms(at(1_004_000)), None);
    }

    #[test]
    fn a_later_attempt_with_an_earlier_clock_keeps_the_later_time() {
        let mut attempts = charged(5, 1_000_000);
        attempts.charge(10);
        assert_eq!(attempts.wait_ms(at(1_000_000)), Some(8000));
    }

    #[test]
    fn success_reports_the_failures_before_it() {
        let mut attempts = charged(4, 5);
        assert_eq!(attempts.settle(), 3);
        assert_eq!(attempts, Attempts::default());
        assert_eq!(charged(1, 5).settle(), 0);
        assert_eq!(charged(100, 5).settle(), 16);
    }
}
