//! Wiping what finished calls left on the stack.

use std::hint::black_box;

/// Deeper than any call chain that handles a secret reaches.
const DEPTH: usize = 64 * 1024;

/// Overwrites the part of the stack below the caller. The heap is wiped by the allocator,
/// and secrets by their types, but moves between stack frames leave copies behind.
#[inline(never)]
#[allow(clippy::large_stack_arrays)] // its size is its purpose; the stack has 256 KiB
pub(crate) fn scrub() {
    black_box(&[0_u8; DEPTH]);
}
