//! Token bucket of one session.

use kms_protocol::limits::{RATE_BURST, RATE_PER_SECOND};

/// Tokens are counted in thousandths, so that one millisecond adds whole units.
const UNIT: u64 = 1000;

/// The bucket.
pub(crate) struct TokenBucket {
    tokens: u64,
    filled_ms: u64,
}

impl TokenBucket {
    /// A full bucket.
    pub(crate) fn new(now_ms: u64) -> Self {
        Self { tokens: u64::from(RATE_BURST) * UNIT, filled_ms: now_ms }
    }

    /// Takes one token, or tells after how many milliseconds there will be one.
    pub(crate) fn take(&mut self, now_ms: u64) -> Result<(), u32> {
        let passed = now_ms.saturating_sub(self.filled_ms);
        self.filled_ms = self.filled_ms.max(now_ms);
        let gained = passed.saturating_mul(u64::from(RATE_PER_SECOND));
        self.tokens = self.tokens.saturating_add(gained).min(u64::from(RATE_BURST) * UNIT);
        match self.tokens.checked_sub(UNIT) {
            Some(rest) => {
                self.tokens = rest;
                Ok(())
            }
            None => Err(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_burst_is_allowed_and_one_more_is_not() {
        let mut bucket = TokenBucket::new(0);
        assert!((0..RATE_BURST).all(|_| bucket.take(0).is_ok()));
        assert_eq!(bucket.take(0), Err(1));
        assert!((0..25).all(|_| bucket.take(1).is_ok()));
        assert_eq!(bucket.take(1), Err(1));
    }

    #[test]
    fn waiting_never_gives_more_than_the_burst() {
        let mut bucket = TokenBucket::new(0);
        assert!((0..RATE_BURST).all(|_| bucket.take(u64::MAX).is_ok()));
        assert!(bucket.take(u64::MAX).is_err());
    }
}
