//! The named types of the wire that are about streams: messages of any length, in chunks.

use crate::schema::{FieldDoc, Shape, TypeDoc, TypeRef, Wire, add, doc};
use crate::{EncryptionContext, ErrorCode, Fields, FromValue, IntoValue, KeyId, StreamId, Value};

record! {
    /// Parameters of `streams.encrypt`.
    EncryptStreamParams {
        /// Which key.
        key_id: KeyId => "keyId",
        /// What the stream is bound to, at most 16 texts; nothing if absent.
        context: Option<EncryptionContext> => "context",
        /// With which version; the latest if absent.
        version: Option<u32> => "version",
    }
}

record! {
    /// A stream that encrypts.
    EncryptStream {
        /// Names it, for this connection.
        stream_id: StreamId => "streamId",
        /// 65 bytes: the stream's own key, encrypted. It names the version that encrypted, and is
        /// kept with what the stream makes.
        header: Vec<u8> => "header",
        /// The same version.
        version: u32 => "version",
    }
}

record! {
    /// Parameters of `streams.decrypt`.
    DecryptStreamParams {
        /// Which key.
        key_id: KeyId => "keyId",
        /// What `streams.encrypt` returned.
        header: Vec<u8> => "header",
        /// What the stream is bound to.
        context: Option<EncryptionContext> => "context",
    }
}

record! {
    /// A stream that decrypts.
    DecryptStream {
        /// Names it, for this connection.
        stream_id: StreamId => "streamId",
        /// The version that the header names.
        version: u32 => "version",
    }
}

record! {
    /// Parameters of `streams.write`.
    WriteStreamParams {
        /// Which stream.
        stream_id: StreamId => "streamId",
        /// Number of the first chunk in `data`, from 0: how many the stream has had.
        chunk: u32 => "chunk",
        /// 1 to 7 chunks. One has 65 536 bytes of plaintext, or 65 552 encrypted. Only the last one
        /// of the stream may be shorter, and is empty only if nothing came before it.
        data: Vec<u8> => "data",
        /// Whether the stream ends with them.
        last: bool => "last",
    }
}

record! {
    /// What became of some chunks.
    StreamData {
        /// The same chunks, encrypted or decrypted.
        data: Vec<u8> => "data",
    }
}

record! {
    /// A stream.
    StreamParams {
        /// Which stream.
        stream_id: StreamId => "streamId",
    }
}
