//! How long a token may live. Times are seconds since 1970-01-01T00:00Z and are passed in.

use crate::Refusal;

/// Nothing lives longer, whatever is configured.
pub const HARD_CAP_S: u64 = 900;
/// By how much the clock of an approver may be ahead. The end of a life has no such grace.
pub const SKEW_S: u64 = 30;

/// The longest life of a token: from 1 to 900 seconds, 300 unless configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Life(u64);

impl Life {
    /// Takes a number of seconds; too many become the most that there may be.
    #[must_use]
    pub const fn new(seconds: u64) -> Self {
        match seconds {
            0 => Self(1),
            1..=HARD_CAP_S => Self(seconds),
            _ => Self(HARD_CAP_S),
        }
    }

    /// Seconds.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.0
    }

    /// Whether something with these times is alive at `now_s` and lives no longer than this.
    pub(crate) fn admits(
        self,
        (iat, nbf, exp): (u64, u64, u64),
        now_s: u64,
    ) -> Result<(), Refusal> {
        if iat > now_s.saturating_add(SKEW_S) || nbf > now_s.saturating_add(SKEW_S) || nbf < iat {
            Err(Refusal::NotYetValid)
        } else if exp <= nbf || exp - iat > self.0 {
            Err(Refusal::Life)
        } else if exp <= now_s {
            Err(Refusal::Expired)
        } else {
            Ok(())
        }
    }
}

impl Default for Life {
    fn default() -> Self {
        Self(300)
    }
}
