//! A clock that stands still until it is moved.

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use kms_vault::Clock;

/// The clock; clones show the same time.
#[derive(Clone)]
pub struct ManualClock(Rc<RefCell<Hands>>);

struct Hands {
    wall_ms: u64,
    monotonic_ms: u64,
    sleepers: Vec<Waker>,
}

impl Default for ManualClock {
    fn default() -> Self {
        let hands = Hands { wall_ms: 1_800_000_000_000, monotonic_ms: 1000, sleepers: Vec::new() };
        Self(Rc::new(RefCell::new(hands)))
    }
}

impl ManualClock {
    /// Lets time pass on both clocks.
    pub fn advance(&self, ms: u64) {
        let woken = {
            let mut hands = self.0.borrow_mut();
            hands.wall_ms += ms;
            hands.monotonic_ms += ms;
            std::mem::take(&mut hands.sleepers)
        };
        woken.into_iter().for_each(Waker::wake);
    }

    /// Sets the wall clock alone.
    pub fn set_wall(&self, ms: u64) {
        self.0.borrow_mut().wall_ms = ms;
    }
}

impl Clock for ManualClock {
    fn now_ms(&self) -> u64 {
        self.0.borrow().wall_ms
    }

    fn monotonic_ms(&self) -> u64 {
        self.0.borrow().monotonic_ms
    }

    async fn sleep(&self, ms: u32) {
        let until = self.monotonic_ms() + u64::from(ms);
        poll_fn(|context| {
            let mut hands = self.0.borrow_mut();
            if hands.monotonic_ms >= until {
                return Poll::Ready(());
            }
            hands.sleepers.push(context.waker().clone());
            Poll::Pending
        })
        .await;
    }
}
