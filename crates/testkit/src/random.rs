//! Reproducible randomness.

use std::cell::{Cell, RefCell};

use kms_crypto::CryptoError;
use kms_crypto::software::SoftwareProvider;

thread_local! {
    /// What is drawn while somebody watches.
    static WATCHED: RefCell<Option<Vec<Vec<u8>>>> = const { RefCell::new(None) };
}

/// Everything that providers of this thread draw while something is done, and every secret that
/// becomes a key.
pub fn watched<T>(work: impl FnOnce() -> T) -> (T, Vec<Vec<u8>>) {
    WATCHED.set(Some(Vec::new()));
    let done = work();
    (done, WATCHED.take().unwrap_or_default())
}

/// Shows whoever watches what somebody has come by.
pub(crate) fn note(bytes: &[u8]) {
    WATCHED.with_borrow_mut(|watched| {
        if let Some(watched) = watched {
            watched.push(bytes.to_vec());
        }
    });
}

/// The software provider over `SplitMix64` from this seed. Not random at all.
#[must_use]
pub fn seeded_provider(seed: u64) -> SoftwareProvider {
    let state = Cell::new(seed);
    SoftwareProvider::new(move |out: &mut [u8]| -> Result<(), CryptoError> {
        for chunk in out.chunks_mut(8) {
            let next = state.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
            state.set(next);
            let mut mixed = next;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            let bytes = (mixed ^ (mixed >> 31)).to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
        note(out);
        Ok(())
    })
}
