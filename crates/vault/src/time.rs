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
