//! Long messages in chunks: the STREAM construction (Hoang, Reyhanitabar, Rogaway and Vizár, "Online
//! authenticated-encryption and its nonce-reuse misuse-resistance", 2015) over AES-256-GCM, cut as
//! in an age file: 64 KiB a chunk, and a last chunk that is empty only if the message is.
//!
//! The nonce of a chunk is its number (11 bytes, the most significant first) and a byte that is 1
//! in the last one. So a chunk opens in its own place alone, and what was cut off at the end shows.
//! A key must be drawn for one message.

use futures_util::future::try_join_all;

use crate::{AeadContext, CryptoError, CryptoProvider, NONCE_LEN, SecretVec, TAG_LEN};

/// Bytes of every chunk but the last.
pub const CHUNK_LEN: usize = 64 * 1024;
/// Bytes of such a chunk when it is sealed.
pub const SEALED_CHUNK_LEN: usize = CHUNK_LEN + TAG_LEN;

/// Where in its message a run of chunks is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Number of the first one, from 0.
    pub first: u32,
    /// Whether the message ends with the run.
    pub last: bool,
}

impl Place {
    /// Chunks in so many bytes of plaintext; `None` if no message has those here.
    #[must_use]
    pub fn chunks(self, len: usize) -> Option<usize> {
        let (whole, rest) = (len / CHUNK_LEN, len % CHUNK_LEN);
        match (self.last, len) {
            (true, 0) => (self.first == 0).then_some(1),
            (true, _) => Some(whole + usize::from(rest > 0)),
            (false, _) => (whole > 0 && rest == 0).then_some(whole),
        }
    }

    /// Chunks in so many bytes that were sealed; `None` if no message has those here.
    #[must_use]
    pub fn sealed_chunks(self, len: usize) -> Option<usize> {
        let tags = len.div_ceil(SEALED_CHUNK_LEN) * TAG_LEN;
        let chunks = self.chunks(len.checked_sub(tags)?)?;
        // The rest of the last chunk may be as long as a tag and hold nothing.
        (chunks * TAG_LEN == tags).then_some(chunks)
    }

    /// The nonce of a chunk of the run.
    fn nonce(self, (at, chunks): (usize, usize)) -> [u8; NONCE_LEN] {
        let number = u64::from(self.first) + at as u64;
        let mut nonce = [0; NONCE_LEN];
        nonce[3..11].copy_from_slice(&number.to_be_bytes());
        nonce[11] = (self.last && at + 1 == chunks).into();
        nonce
    }
}

/// Seals a run of chunks. What cannot stand in its place is [`CryptoError::InvalidParameters`].
pub async fn seal<P: CryptoProvider>(
    provider: &P,
    key: &P::SealingKey,
    place: Place,
    plaintext: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let chunks = place.chunks(plaintext.len()).ok_or(CryptoError::InvalidParameters)?;
    // Side by side: a browser works on several at once.
    let sealed = try_join_all((0..chunks).map(|at| {
        let chunk = part(plaintext, (at, CHUNK_LEN));
        seal_chunk(provider, key, place.nonce((at, chunks)), chunk)
    }));
    Ok(sealed.await?.concat())
}

/// Opens a run of chunks: all of them, or none. Whatever is wrong is
/// [`CryptoError::InvalidCiphertext`]. The plaintext goes to whom it is for, and has no owner here.
pub async fn open<P: CryptoProvider>(
    provider: &P,
    key: &P::SealingKey,
    place: Place,
    sealed: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let chunks = place.sealed_chunks(sealed.len()).ok_or(CryptoError::InvalidCiphertext)?;
    let opened = try_join_all((0..chunks).map(|at| {
        let chunk = part(sealed, (at, SEALED_CHUNK_LEN));
        open_chunk(provider, key, place.nonce((at, chunks)), chunk)
    }));
    // Of its full length from the start, so that it is never moved.
    let mut plaintext = Vec::with_capacity(sealed.len());
    opened.await?.iter().for_each(|chunk| plaintext.extend_from_slice(chunk.expose()));
    Ok(plaintext)
}

async fn seal_chunk<P: CryptoProvider>(
    provider: &P,
    key: &P::SealingKey,
    nonce: [u8; NONCE_LEN],
    chunk: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    provider.seal(key, AeadContext { nonce: &nonce, aad: &[] }, chunk).await
}

async fn open_chunk<P: CryptoProvider>(
    provider: &P,
    key: &P::SealingKey,
    nonce: [u8; NONCE_LEN],
    chunk: &[u8],
) -> Result<SecretVec, CryptoError> {
    provider.open(key, AeadContext { nonce: &nonce, aad: &[] }, chunk).await
}

/// A chunk of this length at most.
fn part(bytes: &[u8], (at, len): (usize, usize)) -> &[u8] {
    bytes.chunks(len).nth(at).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(first: u32, last: bool) -> Place {
        Place { first, last }
    }

    #[test]
    fn a_message_has_one_way_to_be_cut() {
        let whole = CHUNK_LEN;
        for (place, len, chunks) in [
            (at(0, true), 0, Some(1)),
            (at(1, true), 0, None),
            (at(0, false), 0, None),
            (at(0, true), 1, Some(1)),
            (at(7, true), whole, Some(1)),
            (at(7, true), whole + 1, Some(2)),
            (at(7, false), 2 * whole, Some(2)),
            (at(7, false), 2 * whole - 1, None),
            (at(7, false), 1, None),
        ] {
            assert_eq!(place.chunks(len), chunks, "{place:?} {len}");
            if let Some(chunks) = chunks {
                let sealed = place.sealed_chunks(len + chunks * TAG_LEN);
                assert_eq!(sealed, Some(chunks), "{place:?} {len}");
            }
        }
    }

    #[test]
    fn lengths_that_no_message_has_when_it_is_sealed() {
        let whole = SEALED_CHUNK_LEN;
        for (place, len) in [
            (at(0, true), 0),
            (at(0, true), TAG_LEN - 1),
            (at(1, true), TAG_LEN),
            (at(0, true), whole + 1),
            (at(0, true), whole + TAG_LEN),
            (at(0, false), whole - 1),
            (at(0, false), whole + 1),
            (at(0, false), TAG_LEN),
            (at(0, false), 0),
        ] {
            assert_eq!(place.sealed_chunks(len), None, "{place:?} {len}");
        }
    }

    #[test]
    fn nonces_are_numbers_with_a_mark_at_the_end() {
        let place = at(u32::MAX, true);
        assert_eq!(place.nonce((0, 2)), [0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 0]);
        assert_eq!(place.nonce((1, 2)), [0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
        assert_eq!(at(258, false).nonce((0, 1)), [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0]);
    }
}
