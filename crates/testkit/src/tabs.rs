//! Several tabs of one vault, in one process.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use kms_vault::Tabs;

/// One tab's view of the others; clones are the same tab.
#[derive(Clone, Default)]
pub struct TabRing {
    ring: Rc<RefCell<Vec<Rc<Seat>>>>,
    own: Rc<Seat>,
}

#[derive(Default)]
struct Seat {
    told: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl TabRing {
    /// Another tab of the same vault.
    #[must_use]
    pub fn neighbour(&self) -> Self {
        self.sit();
        let tab = Self { ring: Rc::clone(&self.ring), own: Rc::default() };
        tab.sit();
        tab
    }

    fn sit(&self) {
        let mut ring = self.ring.borrow_mut();
        if !ring.iter().any(|seat| Rc::ptr_eq(seat, &self.own)) {
            ring.push(Rc::clone(&self.own));
        }
    }
}

impl Tabs for TabRing {
    fn announce_lock(&self) {
        for seat in self.ring.borrow().iter().filter(|seat| !Rc::ptr_eq(seat, &self.own)) {
            seat.told.set(true);
            if let Some(waker) = seat.waker.borrow_mut().take() {
                waker.wake();
            }
        }
    }

    async fn lock_announced(&self) {
        poll_fn(|context| {
            if self.own.told.replace(false) {
                return Poll::Ready(());
            }
            *self.own.waker.borrow_mut() = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
    }
}
