//! What a person is told of a use of a key whose data tells a person nothing: facts, one in a line.

use std::borrow::Cow;
use std::fmt::Write as _;

use kms_protocol::{EncryptionContext, KeyId, KeyUsage};
use sha2::{Digest, Sha256};

use super::create::Plan;

/// Longest text that is shown as it is; of a longer one only what it can be told apart by.
const MAX_TEXT: usize = 500;

/// Lines under the names that the protocol has for things. What a page chose stands in quotes: it
/// begins no line.
#[derive(Default)]
pub(super) struct Facts(String);

impl Facts {
    /// Bytes, by their number and digest.
    pub(super) fn bytes(mut self, name: &str, bytes: &[u8]) -> Self {
        let _ = write!(self.0, "{name}: {} bytes, SHA-256 ", bytes.len());
        for byte in Sha256::digest(bytes) {
            let _ = write!(self.0, "{byte:02x}");
        }
        self.0.push('\n');
        self
    }

    /// Data of the page: a text where it is one and not long, else as other bytes.
    pub(super) fn data(self, name: &str, data: &[u8]) -> Self {
        match str::from_utf8(data).ok().filter(|text| text.len() <= MAX_TEXT) {
            Some(text) => self.line(name, &format!("{text:?}")),
            None => self.bytes(name, data),
        }
    }

    /// What it is bound to.
    pub(super) fn context(self, context: &EncryptionContext) -> Self {
        let add = |facts: Self, (name, text): (&str, &str)| {
            facts.line("context", &format!("{name:?} = {text:?}"))
        };
        context.members().fold(self, add)
    }

    /// A key by its name in the protocol.
    pub(super) fn key_id(self, name: &str, key_id: &KeyId) -> Self {
        self.line(name, key_id.as_str())
    }

    /// The key that is made: what it is, what it will be for, for which sites, and whether somebody
    /// will be asked about its uses.
    pub(super) fn new_key(self, plan: &Plan) -> Self {
        let policy = plan.policy();
        let uses: Vec<_> = policy.usage().into_iter().flatten().map(KeyUsage::as_str).collect();
        let sites = policy.caller_origins().unwrap_or_default();
        let facts = self.line("key", &format!("{} for {}", plan.spec().as_str(), uses.join(", ")));
        let facts = sites.iter().fold(facts, |facts, site| facts.line("key of", site.as_str()));
        facts.line("key asks", if policy.asks() { "you" } else { "nobody" })
    }

    /// A fact in the enclave's own words.
    pub(super) fn line(mut self, name: &str, text: &str) -> Self {
        let _ = writeln!(self.0, "{name}: {text}");
        self
    }

    /// All of them.
    pub(super) fn told<'a>(self) -> Cow<'a, [u8]> {
        Cow::Owned(self.0.trim_end().as_bytes().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use kms_protocol::{FromValue, Value};

    use super::*;

    fn context(members: &[(&'static str, &str)]) -> EncryptionContext {
        let member =
            |(name, text): &(&'static str, &str)| ((*name).into(), Value::Text((*text).into()));
        EncryptionContext::from_value(Value::Map(members.iter().map(member).collect())).unwrap()
    }

    fn told(facts: Facts) -> String {
        String::from_utf8(facts.told().into_owned()).unwrap()
    }

    #[test]
    fn bytes_have_a_number_and_a_digest() {
        // FIPS 180-2, appendix B.1.
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let facts = Facts::default().bytes("ciphertext", b"abc");
        assert_eq!(told(facts), format!("ciphertext: 3 bytes, SHA-256 {digest}"));
    }

    #[test]
    fn what_a_page_chose_begins_no_line() {
        let facts = Facts::default()
            .data("plaintext", b"one\nkey: \"two\"")
            .context(&context(&[("user\n", "7\nplaintext: x")]));
        assert_eq!(
            told(facts),
            "plaintext: \"one\\nkey: \\\"two\\\"\"\ncontext: \"user\\n\" = \"7\\nplaintext: x\""
        );
    }

    #[test]
    fn a_long_text_and_other_data_are_told_by_their_digest() {
        for data in [vec![b'a'; MAX_TEXT + 1], vec![0xff]] {
            let facts = told(Facts::default().data("plaintext", &data));
            assert!(facts.starts_with(&format!("plaintext: {} bytes, SHA-256 ", data.len())));
        }
        let longest = told(Facts::default().data("plaintext", &[b'a'; MAX_TEXT]));
        assert!(longest.starts_with("plaintext: \"aaa"));
    }
}
