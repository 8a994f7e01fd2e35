//! Against wearing a person down: a site that is denied again and again has to wait.

use kms_protocol::CallerOrigin;

use crate::map::Map;
use crate::time::Moment;

/// Denials in a row that cost nothing.
const FREE: u32 = 3;
/// First wait, in milliseconds; it doubles with each further denial.
const FIRST_MS: u64 = 10_000;
/// Longest wait, in milliseconds.
const LONGEST_MS: u64 = 60 * 60 * 1000;

/// Denials since the last approval, for each site. They are kept in memory: a page that loads the
/// enclave anew to lose them finds the vault locked.
#[derive(Default)]
pub(crate) struct Denials(Map<CallerOrigin, (u32, Moment)>);

impl Denials {
    /// The person denied what a site asked, or was given no time to decide.
    pub(crate) fn add(&mut self, origin: &CallerOrigin, now: Moment) {
        let before = self.0.get(origin).map_or(0, |(count, _)| *count);
        self.0.insert(origin.clone(), (before.saturating_add(1), now));
    }

    /// The person approved what a site asked.
    pub(crate) fn forget(&mut self, origin: &CallerOrigin) {
        self.0.remove(origin);
    }

    /// Milliseconds until a site may ask again; `None` when it may.
    pub(crate) fn wait_ms(&self, origin: &CallerOrigin, now: Moment) -> Option<u32> {
        let (count, last) = self.0.get(origin)?;
        let doublings = count.checked_sub(FREE)?.min(20);
        let penalty = (FIRST_MS << doublings).min(LONGEST_MS);
        let remaining = penalty.saturating_sub(now.since(*last));
        if remaining == 0 { None } else { u32::try_from(remaining).ok() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(text: &str) -> CallerOrigin {
        CallerOrigin::new(text).unwrap()
    }

    #[test]
    fn the_wait_grows_until_something_is_approved() {
        let (page, other) = (site("https://page.example"), site("https://other.example"));
        let mut denials = Denials::default();
        let at = Moment::at;
        for n in 0..2 {
            denials.add(&page, at(n));
            assert_eq!(denials.wait_ms(&page, at(n)), None);
        }
        denials.add(&page, at(100));
        assert_eq!(denials.wait_ms(&page, at(100)), Some(10_000));
        assert_eq!(denials.wait_ms(&page, at(10_099)), Some(1));
        assert_eq!(denials.wait_ms(&page, at(10_100)), None);
        assert_eq!(denials.wait_ms(&other, at(100)), None);
        denials.add(&page, at(20_000));
        assert_eq!(denials.wait_ms(&page, at(20_000)), Some(20_000));
        (0..100).for_each(|_| denials.add(&page, at(20_000)));
        assert_eq!(denials.wait_ms(&page, at(20_000)), Some(3_600_000));
        denials.forget(&page);
        denials.add(&page, at(20_000));
        assert_eq!(denials.wait_ms(&page, at(20_000)), None);
    }
}
