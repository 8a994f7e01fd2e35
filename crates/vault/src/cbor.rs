//! Stored records as CBOR arrays (RFC 8949): exactly their fields, in order, nothing behind.

use kms_crypto::cbor::{Reader, Writer};

/// A record, or a field of one.
pub(crate) trait Field: Sized {
    /// Writes the one form.
    fn write(&self, out: &mut Writer);
    /// Reads the one form.
    fn read(input: &mut Reader<'_>) -> Option<Self>;
}

/// Makes a struct a record: an array of the named fields, which must be all, in this order.
macro_rules! record {
    ($name:ident { $($field:ident),* $(,)? }) => {
        impl crate::cbor::Field for $name {
            fn write(&self, out: &mut kms_crypto::cbor::Writer) {
                out.array([$(stringify!($field)),*].len());
                $(self.$field.write(out);)*
            }

            fn read(input: &mut kms_crypto::cbor::Reader<'_>) -> Option<Self> {
                if input.array()? != [$(stringify!($field)),*].len() as u64 {
                    return None;
                }
                Some(Self { $($field: crate::cbor::Field::read(input)?),* })
            }
        }
    };
}
pub(crate) use record;

/// Encodes a record of ours.
pub(crate) fn encode<T: Field>(record: &T) -> Vec<u8> {
    let mut out = Writer::default();
    record.write(&mut out);
    out.finish()
}

/// Decodes exactly one record.
pub(crate) fn decode<T: Field>(bytes: &[u8]) -> Option<T> {
    let mut input = Reader::new(bytes);
    let record = T::read(&mut input)?;
    input.is_done().then_some(record)
}

impl Field for u64 {
    fn write(&self, out: &mut Writer) {
        out.uint(*self);
    }

    fn read(input: &mut Reader<'_>) -> Option<Self> {
        input.uint()
    }
}

impl Field for u32 {
    fn write(&self, out: &mut Writer) {
        out.uint((*self).into());
    }

    fn read(input: &mut Reader<'_>) -> Option<Self> {
        input.uint()?.try_into().ok()
    }
}

impl Field for String {
    fn write(&self, out: &mut Writer) {
        out.text(self);
    }

    fn read(input: &mut Reader<'_>) -> Option<Self> {
        input.text().map(Into::into)
    }
}

impl Field for Vec<u8> {
    fn write(&self, out: &mut Writer) {
        out.bytes(self);
    }

    fn read(input: &mut Reader<'_>) -> Option<Self> {
        input.bytes().map(Into::into)
    }
}

impl<const N: usize> Field for [u8; N] {
    fn write(&self, out: &mut Writer) {
        out.bytes(self);
    }

    fn read(input: &mut Reader<'_>) -> Option<Self> {
        input.bytes()?.try_into().ok()
    }
}

impl<T: Field> Field for Option<T> {
    fn write(&self, out: &mut Writer) {
        match self {
            Some(value) => value.write(out),
            None => out.null(),
        }
    }

    fn read(input: &mut Reader<'_>) -> Option<Self> {
        if input.null() { Some(None) } else { T::read(input).map(Some) }
    }
}

impl<T: Field> Field for Vec<T> {
    fn write(&self, out: &mut Writer) {
        out.array(self.len());
        for item in self {
            item.write(out);
        }
    }

    fn read(input: &mut Reader<'_>) -> Option<Self> {
        // No capacity is reserved: the length is not to be believed before the items are there.
        (0..input.array()?).map(|_| T::read(input)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Debug, PartialEq)]
    struct Sample {
        number: u64,
        small: u32,
        text: Option<String>,
        list: Vec<String>,
        bytes: Vec<u8>,
        fixed: [u8; 2],
    }
    record!(Sample { number, small, text, list, bytes, fixed });

    fn sample() -> Sample {
        let list = vec!["a".to_owned(), String::new()];
        Sample { number: 300, small: 7, text: None, list, bytes: vec![1, 2, 3], fixed: [4, 5] }
    }

    #[test]
    fn records_are_arrays_of_their_fields() {
        let bytes = encode(&sample());
        let expected =
            [0x86, 0x19, 1, 44, 7, 0xf6, 0x82, 0x61, b'a', 0x60, 0x43, 1, 2, 3, 0x42, 4, 5];
        assert_eq!(bytes, expected);
        assert_eq!(decode(&bytes), Some(sample()));
        let named = Sample { text: Some("ü".into()), ..sample() };
        assert_eq!(decode(&encode(&named)), Some(named));
    }

    #[test]
    fn nothing_may_lack_or_follow() {
        let mut bytes = encode(&sample());
        for end in 0..bytes.len() {
            assert_eq!(decode::<Sample>(&bytes[..end]), None);
        }
        bytes.push(0);
        assert_eq!(decode::<Sample>(&bytes), None);
        bytes.pop();
        bytes[0] += 1;
        assert_eq!(decode::<Sample>(&bytes), None);
    }

    #[test]
    fn a_number_must_fit_its_field() {
        assert_eq!(decode::<u32>(&encode(&(u64::from(u32::MAX) + 1))), None);
        assert_eq!(decode::<[u8; 3]>(&encode(&[1, 2])), None);
    }

    #[test]
    fn an_array_that_claims_too_much_is_refused() {
        assert_eq!(decode::<Vec<String>>(&[0x9b, 255, 255, 255, 255, 255, 255, 255, 255]), None);
    }
}
