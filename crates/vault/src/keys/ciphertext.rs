//! The form of what leaves encrypted, and what it is bound to.

use kms_protocol::{EncryptionContext, KeyId, KeySpec};
use minicbor::encode::{Error, Write};
use minicbor::{Encode, Encoder};

use crate::cbor;

/// What is encrypted under a key. Each has a label of its own, so that none opens as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// What a page gave to be encrypted.
    Data,
    /// A data key.
    DataKey,
    /// A key of the vault, of this spec.
    Key(KeySpec),
    /// The key of a stream.
    Stream,
}

impl Form {
    /// The first byte of the form.
    const fn mark(self) -> u8 {
        match self {
            Self::Data => 1,
            Self::DataKey => 2,
            Self::Key(_) => 3,
            Self::Stream => 4,
        }
    }

    /// What separates it in the additional data.
    fn label(self) -> String {
        match self {
            Self::Data => "ats-kms/v1/encrypt".into(),
            Self::DataKey => "ats-kms/v1/data-key".into(),
            Self::Stream => "ats-kms/v1/stream".into(),
            Self::Key(spec) => format!("ats-kms/v1/wrap/{}", spec.as_str()),
        }
    }

    /// The additional data of AES-GCM: a CBOR array of label, key, version and context.
    pub(super) fn aad(
        self,
        (key_id, version): (&KeyId, u32),
        context: &EncryptionContext,
    ) -> Vec<u8> {
        cbor::encode(&(self.label(), key_id.as_str(), version, Canonical(context)))
    }

    /// The whole form: mark, version (4 bytes, the most significant first), and what
    /// [`kms_crypto::CryptoProvider::encrypt`] made.
    pub(super) fn join(self, version: u32, encrypted: &[u8]) -> Vec<u8> {
        [&[self.mark()], &version.to_be_bytes()[..], encrypted].concat()
    }

    /// Takes such a form apart: the version, and what was encrypted.
    pub(super) fn split(self, form: &[u8]) -> Option<(u32, &[u8])> {
        let (mark, rest) = form.split_first()?;
        let (version, encrypted) = rest.split_first_chunk()?;
        (*mark == self.mark()).then(|| (u32::from_be_bytes(*version), encrypted))
    }
}

/// The one encoding of a context: a CBOR map in the order of RFC 8949, section 4.2.1.
pub(super) struct Canonical<'a>(pub(super) &'a EncryptionContext);

impl<C> Encode<C> for Canonical<'_> {
    fn encode<W: Write>(&self, encoder: &mut Encoder<W>, _: &mut C) -> Result<(), Error<W::Error>> {
        let mut members: Vec<_> = self.0.members().collect();
        // The encoding of a text begins with its length.
        members.sort_by_key(|(name, _)| (name.len(), *name));
        encoder.map(members.len() as u64)?;
        for (name, text) in members {
            encoder.str(name)?.str(text)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use kms_protocol::{FromValue, Name, Value};

    use super::*;

    const ALL: [Form; 5] = [
        Form::Data,
        Form::DataKey,
        Form::Key(KeySpec::Aes256),
        Form::Key(KeySpec::HmacSha256),
        Form::Stream,
    ];

    fn context(members: &[(&'static str, &str)]) -> EncryptionContext {
        let member =
            |(name, text): &(&'static str, &str)| (Name::from(*name), Value::Text((*text).into()));
        EncryptionContext::from_value(Value::Map(members.iter().map(member).collect())).unwrap()
    }

    fn id() -> KeyId {
        KeyId::new("AAECAwQFBgcICQoLDA0ODw").unwrap()
    }

    // Written by hand from RFC 8949. A change here makes every ciphertext unreadable.
    #[test]
    fn what_a_ciphertext_is_bound_to_is_fixed() {
        let members = [("user", "7"), ("app", "notes"), ("use", "")];
        let aad = Form::Data.aad((&id(), 300), &context(&members));
        let expected = [
            &b"\x84\x72ats-kms/v1/encrypt\x76AAECAwQFBgcICQoLDA0ODw\x19\x01\x2c\xa3"[..],
            b"\x63app\x65notes\x63use\x60\x64user\x617",
        ];
        assert_eq!(aad, expected.concat());
        let aad = Form::DataKey.aad((&id(), 1), &EncryptionContext::default());
        let wrapped = Form::Key(KeySpec::Aes256).aad((&id(), 1), &EncryptionContext::default());
        assert!(wrapped.starts_with(b"\x84\x77ats-kms/v1/wrap/aes-256\x76"));
        let stream = Form::Stream.aad((&id(), 1), &EncryptionContext::default());
        assert_eq!(stream, b"\x84\x71ats-kms/v1/stream\x76AAECAwQFBgcICQoLDA0ODw\x01\xa0");
        assert_eq!(aad, b"\x84\x73ats-kms/v1/data-key\x76AAECAwQFBgcICQoLDA0ODw\x01\xa0");
    }

    #[test]
    fn no_two_places_share_an_encoding() {
        let other = KeyId::new("BAECAwQFBgcICQoLDA0ODw").unwrap();
        let contexts =
            [&[][..], &[("a", "bc")], &[("ab", "c")], &[("a", "b"), ("c", "")], &[("a", "")]];
        let mut seen = std::collections::BTreeSet::new();
        for form in ALL {
            for key_id in [&id(), &other] {
                for version in [1, 2] {
                    for members in contexts {
                        let aad = form.aad((key_id, version), &context(members));
                        assert!(seen.insert(aad), "{form:?} {version} {members:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_form_names_its_version_and_is_told_from_another() {
        for form in ALL {
            let joined = form.join(258, b"encrypted");
            assert_eq!(joined[1..5], [0, 0, 1, 2]);
            assert_eq!(form.split(&joined), Some((258, &b"encrypted"[..])));
            for end in 0..5 {
                assert_eq!(form.split(&joined[..end]), None);
            }
            for other in ALL.into_iter().filter(|other| other.mark() != form.mark()) {
                assert_eq!(other.split(&joined), None);
            }
        }
    }
}
