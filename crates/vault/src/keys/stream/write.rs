//! Writing to a stream, and closing it.

use std::rc::Rc;

use kms_crypto::stream::{self, CHUNK_LEN, Place, SEALED_CHUNK_LEN};
use kms_protocol::limits::MAX_STREAM_CHUNKS;
use kms_protocol::{ErrorCode, KeyUsage, StreamData, StreamId, WriteStreamParams};

use super::table::{EndOnDrop, Stream};
use crate::enclave::Inner;
use crate::session::Caller;
use crate::state::UnlockedVault;
use crate::time::Moment;
use crate::{Error, Ports};

impl<P: Ports> Inner<P> {
    /// Encrypts or decrypts the next chunks of a stream of the caller. Whatever goes wrong from
    /// here on ends the stream: no number of a chunk is used twice.
    pub(crate) async fn write_stream(
        self: &Rc<Self>,
        caller: &Caller,
        params: WriteStreamParams,
    ) -> Result<StreamData, Error> {
        let WriteStreamParams { stream_id, chunk, data, last } = params;
        let vault = self.unlocked()?;
        self.open_stream_of(&vault, (caller, &stream_id))?;
        let ends = EndOnDrop::new(&vault, &stream_id);
        // The memory is for one at a time, and the order of a stream is that of its writes.
        let _turn = self.writing.ask().await.map_err(|_| ErrorCode::Aborted)?;
        let stream = self.open_stream_of(&vault, (caller, &stream_id))?;
        self.may_go_on(&vault, &stream).await?;
        let place = Place { first: chunk, last };
        let chunks = chunks_of(&stream, place, &data)?;
        let data = self.work(&stream, place, &data).await?;
        // It may have been closed meanwhile, or the vault locked, and perhaps unlocked again.
        if !Rc::ptr_eq(&self.unlocked()?, &vault) {
            return Err(Error::Code(ErrorCode::StreamNotFound));
        }
        self.open_stream_of(&vault, (caller, &stream_id))?;
        stream.chunks.set(stream.chunks.get() + chunks as u64);
        stream.used.set(Moment::now(self.ports.clock()));
        if !last {
            ends.not_now();
        }
        Ok(StreamData { data })
    }

    /// Ends a stream of the caller.
    pub(crate) fn close_stream(&self, caller: &Caller, stream_id: &StreamId) -> Result<(), Error> {
        let vault = self.unlocked()?;
        self.open_stream_of(&vault, (caller, stream_id))?;
        vault.streams.borrow_mut().end(stream_id);
        Ok(())
    }

    fn open_stream_of(
        &self,
        vault: &UnlockedVault<P>,
        (caller, stream_id): (&Caller, &StreamId),
    ) -> Result<Rc<Stream<P>>, Error> {
        let now = Moment::now(self.ports.clock());
        Ok(vault.streams.borrow().find((caller.session, stream_id), now)?)
    }

    /// Looks at the key again, if it may have changed. A use that was counted goes on.
    async fn may_go_on(&self, vault: &UnlockedVault<P>, stream: &Stream<P>) -> Result<(), Error> {
        if stream.current.borrow().get() {
            return Ok(());
        }
        let key = self.load(vault, &stream.key_id).await?;
        let used = (stream.usage, Some(stream.version));
        key.record.permits_still(&stream.origin, used)?;
        stream.current.replace(Rc::clone(&key.current));
        Ok(())
    }

    async fn work(&self, stream: &Stream<P>, place: Place, data: &[u8]) -> Result<Vec<u8>, Error> {
        let crypto = self.ports.crypto();
        if stream.usage == KeyUsage::Encrypt {
            Ok(stream::seal(crypto, &stream.key, place, data).await?)
        } else {
            Ok(stream::open(crypto, &stream.key, place, data).await?)
        }
    }
}

/// Chunks of a write, if they can be the next ones.
fn chunks_of<P: Ports>(stream: &Stream<P>, place: Place, data: &[u8]) -> Result<usize, ErrorCode> {
    let encrypts = stream.usage == KeyUsage::Encrypt;
    let longest = if encrypts { CHUNK_LEN } else { SEALED_CHUNK_LEN };
    if data.len() > MAX_STREAM_CHUNKS * longest {
        return Err(ErrorCode::PayloadTooLarge);
    }
    if u64::from(place.first) != stream.chunks.get() {
        return Err(ErrorCode::InvalidParams);
    }
    let chunks = if encrypts { place.chunks(data.len()) } else { place.sealed_chunks(data.len()) };
    // How a ciphertext ends is not for its reader to choose.
    let damaged = !encrypts && place.last;
    let code = if damaged { ErrorCode::InvalidCiphertext } else { ErrorCode::InvalidParams };
    chunks.ok_or(code)
}
