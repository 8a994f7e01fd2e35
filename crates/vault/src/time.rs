//! Two clocks at once.

use crate::Clock;

/// A moment on both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    wall_ms: u64,
    monotonic_ms: u64,
}

impl Moment {
    /// Reads both clocks.
    pub(crate) fn now(clock: &impl Clock) -> Self {
        Self { wall_ms: clock.now_ms(), monotonic_ms: clock.monotonic_ms() }
    }

    /// The wall clock.
    pub(crate) fn wall_ms(self) -> u64 {
        self.wall_ms
    }

    /// The wall clock as it would be now at least, had it not been set back since an earlier moment.
    pub(crate) fn latest_ms(self, earlier: Self) -> u64 {
        earlier.wall_ms.saturating_add(self.since(earlier))
    }

    /// Milliseconds since an earlier moment that this process has surely seen pass.
    pub(crate) fn monotonic_since(self, earlier: Self) -> u64 {
        self.monotonic_ms.saturating_sub(earlier.monotonic_ms)
    }

    /// Milliseconds since an earlier moment, by the clock that saw more of them: the
    /// monotonic one may stand still while the machine sleeps, the wall clock may be set back.
    pub(crate) fn since(self, earlier: Self) -> u64 {
        let wall = self.wall_ms.saturating_sub(earlier.wall_ms);
        wall.max(self.monotonic_ms.saturating_sub(earlier.monotonic_ms))
    }
}

/// The time, as far as it can be known.
#[derive(Clone, Copy)]
pub(crate) struct Now {
    /// The wall clock.
    pub(crate) wall_ms: u64,
    /// The latest time since the vault was opened, even if the wall clock was set back since.
    pub(crate) latest_ms: u64,
}

impl Now {
    /// The time in a vault that was opened at that moment.
    pub(crate) fn since(opened: Moment, now: Moment) -> Self {
        Self { wall_ms: now.wall_ms(), latest_ms: now.latest_ms(opened) }
    }
}

/// The day of a moment on the wall clock in UTC, as `YYYY-MM-DD` (ISO 8601), for file names.
pub(crate) fn date(wall_ms: u64) -> String {
    // Days of an era of 400 years that begins in March, so that leap days come last
    // (H. Hinnant, "chrono-compatible low-level date algorithms").
    let days = wall_ms / (24 * 60 * 60 * 1000) + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
impl Moment {
    /// The same moment on both clocks.
    pub(crate) const fn at(ms: u64) -> Self {
        Self { wall_ms: ms, monotonic_ms: ms }
    }
}

#[cfg(test)]
impl Now {
    /// A time by a clock that was never set back.
    pub(crate) const fn at(ms: u64) -> Self {
        Self { wall_ms: ms, latest_ms: ms }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Computed with `date -u -d @SECONDS +%F`.
    #[test]
    fn dates_are_those_of_the_calendar() {
        let days = [
            (0, "1970-01-01"),
            (951_782_399, "2000-02-28"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_704_067_199, "2023-12-31"),
            (1_800_000_000, "2027-01-15"),
            (4_107_542_399, "2100-02-28"),
            (4_107_542_400, "2100-03-01"),
        ];
        for (seconds, expected) in days {
            assert_eq!(date(seconds * 1000), expected);
        }
    }
}
