//! Wiping what finished calls left on the stack.

use std::hint::black_box;

/// Deeper than any call chain that handles a secret reaches.
const DEPTH: usize = 64 * 1024;

/// Runs `work`, and then overwrites the part of the stack that it has used.
pub(crate) fn scrubbed<T>(work: impl FnOnce() -> T) -> T {
    let result = step(work);
    scrub();
    result
}

/// Never part of its caller, whose own frame is not overwritten.
#[inline(never)]
fn step<T>(work: impl FnOnce() -> T) -> T {
    work()
}

#[inline(never)]
#[allow(clippy::large_stack_arrays)] // its size is its purpose; the stack has 256 KiB
fn scrub() {
    // A variable: a reference to a constant array would be one to static memory.
    let mut zeros = [0_u8; DEPTH];
    black_box(&mut zeros);
}
