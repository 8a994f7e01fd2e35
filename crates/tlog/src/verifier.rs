//! Keys that sign notes (C2SP signed-note, "Verifier keys").

use std::fmt;

use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha256};

use crate::note::{Note, NoteError, Signature, is_key_name};

/// Signature type of Ed25519 (C2SP signed-note, "Signature types").
pub(crate) const ED25519: u8 = 1;
/// Longest text of a key.
pub(crate) const MAX_TEXT: usize = 512;

/// The name of a log and its Ed25519 public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey(pub(crate) NamedKey);

/// What all keys of notes share: a name, a signature type and 32 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamedKey {
    pub(crate) name: String,
    pub(crate) kind: u8,
    pub(crate) public: [u8; 32],
}

impl VerifierKey {
    /// A key under a name.
    pub fn new(name: &str, public: [u8; 32]) -> Result<Self, NoteError> {
        NamedKey::new(name, ED25519, public).map(Self)
    }

    /// Reads `name+id+key`: the id in eight hexadecimal digits, type and key in base64.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        NamedKey::parse(text, ED25519).map(Self)
    }

    /// Name of the log.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The Ed25519 public key.
    #[must_use]
    pub fn public(&self) -> &[u8; 32] {
        &self.0.public
    }

    /// The first four bytes of SHA-256 over name, newline, type and key.
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        self.0.id()
    }

    /// The line that a signature of this key becomes.
    #[must_use]
    pub fn signature(&self, signature: [u8; 64]) -> Signature {
        self.0.signature(signature.to_vec())
    }

    /// Checks that the note has a signature of this key, strictly: no small-order key, no
    /// signature in a second spelling. Returns the text.
    pub fn verify<'n>(&self, note: &'n Note) -> Result<&'n str, NoteError> {
        let signature = self.0.own(note).next().ok_or(NoteError::NotSigned)?;
        self.0.check(note.text(), &signature.bytes)?;
        Ok(note.text())
    }
}

impl NamedKey {
    pub(crate) fn new(name: &str, kind: u8, public: [u8; 32]) -> Result<Self, NoteError> {
        let fits = is_key_name(name) && name.len() + 64 <= MAX_TEXT;
        if fits { Ok(Self { name: name.into(), kind, public }) } else { Err(NoteError::Key) }
    }

    pub(crate) fn parse(text: &str, kind: u8) -> Result<Self, NoteError> {
        if text.len() > MAX_TEXT {
            return Err(NoteError::Key);
        }
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(_), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::Key);
        };
        let key = Base64::decode_vec(key).map_err(|_| NoteError::Key)?;
        let public = key.strip_prefix(&[kind]).and_then(|key| key.try_into().ok());
        let key = Self::new(name, kind, public.ok_or(NoteError::Key)?)?;
        // The id and the spelling of everything follow from the rest.
        if key.to_string() == text { Ok(key) } else { Err(NoteError::Key) }
    }

    pub(crate) fn id(&self) -> [u8; 4] {
        let hash = Sha256::new_with_prefix(&self.name).chain_update([b'\n', self.kind]);
        let [a, b, c, d, ..]: [u8; 32] = hash.chain_update(self.public).finalize().into();
        [a, b, c, d]
    }

    pub(crate) fn signature(&self, bytes: Vec<u8>) -> Signature {
        Signature { name: self.name.clone(), id: self.id(), bytes }
    }

    /// The signatures under a note that say to be of this key.
    pub(crate) fn own<'n>(&self, note: &'n Note) -> impl Iterator<Item = &'n Signature> {
        let (id, name) = (self.id(), self.name.clone());
        note.signatures().iter().filter(move |it| it.name == name && it.id == id)
    }

    pub(crate) fn check(&self, message: &str, signature: &[u8]) -> Result<(), NoteError> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(&self.public);
        let key = key.map_err(|_| NoteError::Key)?;
        let bytes = signature.try_into().map_err(|_| NoteError::Signature)?;
        let signature = ed25519_dalek::Signature::from_bytes(bytes);
        key.verify_strict(message.as_bytes(), &signature).map_err(|_| NoteError::Signature)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for NamedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[self.kind], self.public.as_slice()].concat();
        let id = u32::from_be_bytes(self.id());
        write!(f, "{}+{id:08x}+{}", self.name, Base64::encode_string(&key))
    }
}
