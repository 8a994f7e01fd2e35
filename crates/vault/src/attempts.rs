//! Back-off after wrong attempts, for each enrolment by itself.
//!
//! An attempt is charged in the stored header before it is made and refunded when it
//! succeeds, so killing the tab in the middle gains nothing.

use std::cell::RefCell;

use minicbor::{Decode, Encode};

use crate::map::Map;
use crate::time::Moment;

/// Wrong attempts that cost nothing.
const FREE: u64 = 3;
/// Longest wait, in milliseconds.
const LONGEST_MS: u64 = 15 * 60 * 1000;
/// Failures of one locked period that get an audit entry each at the next unlock.
const MAX_LOGGED: u64 = 16;

/// The stored state of one enrolment. Both numbers only grow, so that tabs that try at the same
/// time never lose an attempt of each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Attempts {
    /// Attempts that were charged.
    #[n(0)]
    made: u64,
    /// The last of them that is known to have succeeded, or to have come before one that did.
    #[n(1)]
    settled: u64,
    /// Wall clock of the last one.
    #[n(2)]
    last_ms: u64,
}

/// A charged attempt: its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket(u64);

/// What the two clocks say.
#[derive(Clone, Copy)]
pub(crate) struct Now {
    /// Wall clock.
    pub(crate) wall_ms: u64,
    /// Milliseconds that this process has surely seen pass since the last attempt.
    pub(crate) watched_ms: u64,
}

/// Since when this process has known the stored state of each enrolment. Another tab may have
/// made an attempt in the meantime, so time that passed before is no time since the last attempt.
#[derive(Default)]
pub(crate) struct Watch(RefCell<Map<String, (Attempts, Moment)>>);

impl Watch {
    /// Milliseconds since this state of an enrolment was first seen here.
    pub(crate) fn known_ms(&self, enrolment: &str, stored: Attempts, now: Moment) -> u64 {
        let mut seen = self.0.borrow_mut();
        match seen.get(&enrolment.to_owned()) {
            Some((known, since)) if *known == stored => now.monotonic_since(*since),
            _ => {
                seen.insert(enrolment.to_owned(), (stored, now));
                0
            }
        }
    }
}

impl Attempts {
    /// The state of a vault that counted failures only.
    pub(crate) const fn of_failures(failures: u32, last_ms: u64) -> Self {
        Self { made: failures as u64, settled: 0, last_ms }
    }

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
    pub(crate) fn charge(&mut self, wall_ms: u64) -> Ticket {
        self.made = self.made.saturating_add(1);
        // Never earlier than before: the larger of the clocks seen so far stays.
        self.last_ms = self.last_ms.max(wall_ms);
        Ticket(self.made)
    }

    /// Forgets the failures before an attempt that succeeded, but none that was charged after it;
    /// returns how many to log.
    pub(crate) fn settle(&mut self, ticket: Ticket) -> usize {
        let wrong = ticket.0.saturating_sub(1).saturating_sub(self.settled);
        self.settled = self.settled.max(ticket.0.min(self.made));
        usize::try_from(wrong.min(MAX_LOGGED)).unwrap_or(0)
    }

    fn failures(self) -> u64 {
        self.made.saturating_sub(self.settled)
    }

    fn penalty_ms(self) -> u64 {
        if self.failures() < FREE {
            return 0;
        }
        let doublings = (self.failures() - FREE).min(20);
        (1000_u64 << doublings).min(LONGEST_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charged(times: u32, at: u64) -> Attempts {
        let mut attempts = Attempts::default();
        (0..times).for_each(|_| {
            attempts.charge(at);
        });
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
        let mut attempts = charged(3, 5);
        let ticket = attempts.charge(5);
        assert_eq!(attempts.settle(ticket), 3);
        assert_eq!(attempts.failures(), 0);
        assert_eq!(attempts.settle(ticket), 0);
        let ticket = attempts.charge(5);
        assert_eq!(attempts.settle(ticket), 0);
        let mut many = charged(100, 5);
        let ticket = many.charge(5);
        assert_eq!(many.settle(ticket), 16);
    }

    #[test]
    fn an_attempt_that_another_tab_charged_later_stays() {
        let mut attempts = charged(2, 5);
        let mine = attempts.charge(5);
        attempts.charge(6);
        let theirs = attempts.charge(7);
        assert_eq!(attempts.settle(mine), 2);
        assert_eq!(attempts.failures(), 2);
        assert_eq!(attempts.settle(theirs), 1);
        // The earlier one changes nothing any more.
        assert_eq!(attempts.settle(mine), 0);
        assert_eq!(attempts.failures(), 0);
    }

    #[test]
    fn what_a_vault_of_the_first_schema_counted_stays_counted() {
        assert_eq!(Attempts::of_failures(5, 9).wait_ms(at(9)), Some(4000));
    }

    #[test]
    fn each_enrolment_is_watched_by_itself() {
        struct Still(u64);
        impl crate::Clock for Still {
            fn now_ms(&self) -> u64 {
                self.0
            }
            fn monotonic_ms(&self) -> u64 {
                self.0
            }
            async fn sleep(&self, _ms: u32) {}
        }
        let at = |ms| Moment::now(&Still(ms));
        let watch = Watch::default();
        assert_eq!(watch.known_ms("a", charged(1, 0), at(10)), 0);
        assert_eq!(watch.known_ms("b", charged(1, 0), at(20)), 0);
        assert_eq!(watch.known_ms("a", charged(1, 0), at(30)), 20);
        assert_eq!(watch.known_ms("b", charged(2, 0), at(40)), 0);
        assert_eq!(watch.known_ms("a", charged(1, 0), at(50)), 40);
    }
}
