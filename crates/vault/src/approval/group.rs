//! The calls of one message. Those that need the person's approval are asked about together, as
//! soon as every other call of the message has ended.

use std::cell::{Cell, RefCell};

use futures_channel::oneshot;

use crate::sheet::Answer;
use crate::ui::OperationInfo;

/// The calls of one message.
#[derive(Default)]
pub(crate) struct Group {
    /// Calls that have not ended.
    open: Cell<usize>,
    waiting: RefCell<Vec<Waiting>>,
}

/// A call that waits for the person.
pub(crate) struct Waiting {
    /// What is shown of it.
    pub(super) info: OperationInfo,
    /// Digest of it.
    pub(super) digest: [u8; 32],
    /// Who waits.
    pub(super) done: oneshot::Sender<Answer>,
}

impl Group {
    /// As many calls begin.
    pub(crate) fn enter(&self, calls: usize) {
        self.open.set(calls);
    }

    /// One of them has ended.
    pub(crate) fn leave(&self) {
        self.open.set(self.open.get().saturating_sub(1));
    }

    /// One of them waits for the person.
    pub(super) fn wait(&self, waiting: Waiting) {
        self.waiting.borrow_mut().push(waiting);
    }

    /// Those that wait for the person, once there are no others. What was aborted meanwhile does
    /// not wait any more.
    pub(super) fn all_waiting(&self) -> Vec<Waiting> {
        let mut waiting = self.waiting.borrow_mut();
        waiting.retain(|one| !one.done.is_canceled());
        if waiting.len() < self.open.get() { Vec::new() } else { std::mem::take(&mut waiting) }
    }
}
