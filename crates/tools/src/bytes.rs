//! Bytes in JavaScript's memory.

use std::io::{self, Read};

use js_sys::Uint8Array;
use kms_crypto::{SecretBytes, SecretVec};

/// Moves a secret out of the JavaScript heap.
pub(crate) fn take_secret(view: &Uint8Array) -> SecretVec {
    let secret = SecretVec::new(view.to_vec());
    wipe(view);
    secret
}

/// As [`take_secret`], for a secret of known length.
pub(crate) fn take_key(view: &Uint8Array) -> Option<SecretBytes<32>> {
    let has_len = view.length() == 32;
    let key = has_len.then(|| SecretBytes::new_with(|out| view.copy_to(&mut out[..])));
    wipe(view);
    key
}

fn wipe(view: &Uint8Array) {
    view.fill(0, 0, view.length());
}

/// Bytes that are no secret.
pub(crate) fn array<const N: usize>(view: &Uint8Array) -> Option<[u8; N]> {
    if view.length() as usize != N {
        return None;
    }
    let mut bytes = [0; N];
    view.copy_to(&mut bytes);
    Some(bytes)
}

/// Reads a file from where it lies, so that it need not fit into our own memory.
pub(crate) struct FileBytes {
    view: Uint8Array,
    position: u32,
}

impl FileBytes {
    pub(crate) fn new(view: Uint8Array) -> Self {
        Self { view, position: 0 }
    }

    pub(crate) fn len(&self) -> u64 {
        self.view.length().into()
    }
}

impl Read for FileBytes {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = self.view.length().saturating_sub(self.position);
        let count = left.min(u32::try_from(out.len()).unwrap_or(u32::MAX));
        let end = self.position + count;
        let Some(place) = out.get_mut(..count as usize) else { return Ok(0) };
        self.view.subarray(self.position, end).copy_to(place);
        self.position = end;
        Ok(place.len())
    }
}
