//! Strict CBOR (RFC 8949): one value, nothing behind it.

use minicbor::{Decode, Encode};

/// Encodes a record of ours; the derived encoders are deterministic.
pub(crate) fn encode<T: Encode<()>>(record: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing to a Vec cannot fail, and none of our encoders reports errors of its own.
    let _infallible = minicbor::encode(record, &mut bytes);
    bytes
}

/// Decodes exactly one record.
pub(crate) fn decode<'b, T: Decode<'b, ()>>(bytes: &'b [u8]) -> Option<T> {
    let mut decoder = minicbor::Decoder::new(bytes);
    let record = decoder.decode().ok()?;
    (decoder.position() == bytes.len()).then_some(record)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_may_follow() {
        let mut bytes = encode(&7_u64);
        assert_eq!(decode::<u64>(&bytes), Some(7));
        bytes.push(0);
        assert_eq!(decode::<u64>(&bytes), None);
        assert_eq!(decode::<u64>(&[]), None);
    }
}
