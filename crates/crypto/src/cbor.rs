//! The part of CBOR (RFC 8949) that stored records use, in its deterministic form (section 4.2.1):
//! definite lengths, and every number and length in its shortest form. Anything else is not read.

/// Major types (section 3.1).
const UNSIGNED: u8 = 0;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
/// The simple value `null` (section 3.3).
const NULL: u8 = 0xf6;

/// Writes items one behind the other.
#[derive(Debug, Default)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// What was written.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.0
    }

    /// A number.
    pub fn uint(&mut self, value: u64) {
        self.head(UNSIGNED, value);
    }

    /// A byte string.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.string(BYTES, bytes);
    }

    /// A text string.
    pub fn text(&mut self, text: &str) {
        self.string(TEXT, text.as_bytes());
    }

    /// The start of an array of `len` items.
    pub fn array(&mut self, len: usize) {
        self.head(ARRAY, len as u64);
    }

    /// The start of a map of `len` pairs.
    pub fn map(&mut self, len: usize) {
        self.head(MAP, len as u64);
    }

    /// The simple value `null`.
    pub fn null(&mut self) {
        self.0.push(NULL);
    }

    fn string(&mut self, major: u8, bytes: &[u8]) {
        self.head(major, bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn head(&mut self, major: u8, value: u64) {
        let bytes = value.to_be_bytes();
        let (info, len) = match value {
            0..=23 => (bytes[7], 0),
            24..=0xff => (24, 1),
            0x100..=0xffff => (25, 2),
            0x1_0000..=0xffff_ffff => (26, 4),
            _ => (27, 8),
        };
        self.0.push(major << 5 | info);
        self.0.extend_from_slice(&bytes[bytes.len() - len..]);
    }
}

/// Reads items one behind the other; `None` when the next one is another.
#[derive(Clone, Debug)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// A reader of `bytes`.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Whether everything was read.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.0.is_empty()
    }

    /// A number.
    pub fn uint(&mut self) -> Option<u64> {
        self.head(UNSIGNED)
    }

    /// A byte string.
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        self.string(BYTES)
    }

    /// A text string, which is UTF-8.
    pub fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.string(TEXT)?).ok()
    }

    /// The length of an array that starts here.
    pub fn array(&mut self) -> Option<u64> {
        self.head(ARRAY)
    }

    /// The number of pairs of a map that starts here.
    pub fn map(&mut self) -> Option<u64> {
        self.head(MAP)
    }

    /// Whether a `null` is here, which is then read.
    pub fn null(&mut self) -> bool {
        let rest = self.0.strip_prefix(&[NULL]);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn string(&mut self, major: u8) -> Option<&'a [u8]> {
        let len = usize::try_from(self.head(major)?).ok()?;
        let (string, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(string)
    }

    fn head(&mut self, major: u8) -> Option<u64> {
        let (first, rest) = self.0.split_first()?;
        let info = first & 0x1f;
        let (len, smallest) = match info {
            0..=23 => (0, 0),
            24 => (1, 24),
            25 => (2, 0x100),
            26 => (4, 0x1_0000),
            27 => (8, 0x1_0000_0000),
            _ => return None,
        };
        let (bytes, rest) = rest.split_at_checked(len)?;
        let start = if len == 0 { u64::from(info) } else { 0 };
        let value = bytes.iter().fold(start, |value, byte| value << 8 | u64::from(*byte));
        if first >> 5 != major || value < smallest {
            return None;
        }
        self.0 = rest;
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
        let mut writer = Writer::default();
        write(&mut writer);
        writer.finish()
    }

    const EDGES: [u64; 12] = [
        0,
        23,
        24,
        0xff,
        0x100,
        0xffff,
        0x1_0000,
        0xffff_ffff,
        0x1_0000_0000,
        u64::MAX - 1,
        u64::MAX,
        1 << 53,
    ];

    #[test]
    fn numbers_are_what_a_library_writes() {
        for value in EDGES {
            let ours = written(|writer| writer.uint(value));
            assert_eq!(ours, minicbor::to_vec(value).unwrap());
            assert_eq!(Reader::new(&ours).uint(), Some(value));
            assert_eq!(Reader::new(&ours[..ours.len() - 1]).uint(), None);
        }
    }

    // RFC 8949, section 4.2.1: the longer forms are not deterministic; section 3.2: indefinite.
    #[test]
    fn long_forms_are_not_read() {
        for long in ["1817", "1900ff", "1a0000ffff", "1b00000000ffffffff", "1c", "1f"] {
            let bytes: Vec<u8> = (0..long.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&long[at..at + 2], 16).unwrap())
                .collect();
            assert_eq!(Reader::new(&bytes).uint(), None, "{long}");
        }
        assert_eq!(Reader::new(&[0x5f, 0x41, 0, 0xff]).bytes(), None);
    }

    #[test]
    fn a_wrong_type_reads_nothing() {
        let mut reader = Reader::new(&[0x05, NULL]);
        assert_eq!((reader.text(), reader.bytes(), reader.array()), (None, None, None));
        assert_eq!((reader.map(), reader.null(), reader.uint()), (None, false, Some(5)));
        assert!(!reader.is_done() && reader.null() && reader.is_done() && !reader.null());
    }

    #[test]
    fn lengths_beyond_the_end_are_refused() {
        assert_eq!(Reader::new(&[0x5b, 255, 255, 255, 255, 255, 255, 255, 255]).bytes(), None);
        assert_eq!(Reader::new(&[0x43, 1, 2]).bytes(), None);
        assert_eq!(Reader::new(&[0x62, 0xc3, 0x28]).text(), None);
    }

    proptest! {
        #[test]
        fn strings_are_what_a_library_writes(text: String, bytes: Vec<u8>) {
            let ours = written(|writer| {
                writer.array(2);
                writer.text(&text);
                writer.bytes(&bytes);
            });
            let value = (text.as_str(), minicbor::bytes::ByteVec::from(bytes.clone()));
            prop_assert_eq!(&ours, &minicbor::to_vec(value).unwrap());
            let mut reader = Reader::new(&ours);
            prop_assert_eq!(reader.array(), Some(2));
            prop_assert_eq!(reader.text(), Some(text.as_str()));
            prop_assert_eq!(reader.bytes(), Some(bytes.as_slice()));
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>) {
            let reader = Reader::new(&bytes);
            let _ = (reader.clone().uint(), reader.clone().bytes(), reader.clone().text());
            let _ = (reader.clone().array(), reader.clone().map(), reader.clone().null());
        }
    }
}
