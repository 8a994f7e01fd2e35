//! Wiping what finished steps left on the stack.

use std::hint::black_box;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Deeper than any call chain that handles a secret reaches.
const DEPTH: usize = 64 * 1024;

/// Overwrites the part of the stack below the caller. The heap is wiped by the allocator,
/// and secrets by their types, but moves between stack frames leave copies behind.
#[inline(never)]
#[allow(clippy::large_stack_arrays)] // its size is its purpose; the stack has 256 KiB
fn scrub() {
    // A variable: a reference to a constant array would be one to static memory.
    let mut zeros = [0_u8; DEPTH];
    black_box(&mut zeros);
}

/// A future that wipes the stack after each of its steps.
pub(crate) struct Scrubbed(Pin<Box<dyn Future<Output = ()>>>);

impl Scrubbed {
    pub(crate) fn new(work: impl Future<Output = ()> + 'static) -> Self {
        Self(Box::pin(work))
    }
}

impl Future for Scrubbed {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let poll = step(self.0.as_mut(), context);
        scrub();
        poll
    }
}

/// Never part of its caller: whatever the optimiser merges into it lies below the caller's own
/// frame, which is where the wiping starts.
#[inline(never)]
fn step(work: Pin<&mut dyn Future<Output = ()>>, context: &mut Context<'_>) -> Poll<()> {
    work.poll(context)
}
