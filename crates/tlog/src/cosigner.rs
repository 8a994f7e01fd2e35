//! Cosignatures of witnesses (C2SP tlog-cosignature, the type of Ed25519 with a time).

use std::fmt;

use crate::note::{Note, NoteError, Signature};
use crate::verifier::NamedKey;

/// Signature type of a cosignature with a time (C2SP signed-note, "Signature types").
pub(crate) const COSIGNATURE: u8 = 4;
/// The specification allows no later time.
const MAX_TIME: u64 = i64::MAX as u64;

/// The name of a witness and its Ed25519 public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CosignerKey(pub(crate) NamedKey);

impl CosignerKey {
    /// A key under a name.
    pub fn new(name: &str, public: [u8; 32]) -> Result<Self, NoteError> {
        NamedKey::new(name, COSIGNATURE, public).map(Self)
    }

    /// Reads `name+id+key`: the id in eight hexadecimal digits, type and key in base64.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        NamedKey::parse(text, COSIGNATURE).map(Self)
    }

    /// Name of the witness.
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

    /// The line that a signature over [`message`] becomes.
    #[must_use]
    pub fn signature(&self, time: u64, signature: [u8; 64]) -> Signature {
        self.0.signature([time.to_be_bytes().as_slice(), &signature].concat())
    }

    /// The earliest time, in seconds since 1970, at which this witness has signed the note's text.
    /// One signature of it that is wrong spoils the note.
    pub fn verify(&self, note: &Note) -> Result<u64, NoteError> {
        let times = self.0.own(note).map(|signature| self.time_of(note.text(), signature));
        let times = times.collect::<Result<Vec<_>, _>>()?;
        times.into_iter().min().ok_or(NoteError::NotSigned)
    }

    fn time_of(&self, text: &str, signature: &Signature) -> Result<u64, NoteError> {
        let (time, bytes) = signature.bytes.split_first_chunk().ok_or(NoteError::Signature)?;
        let time = u64::from_be_bytes(*time);
        if time > MAX_TIME {
            return Err(NoteError::Signature);
        }
        self.0.check(&message(time, text), bytes)?;
        Ok(time)
    }
}

impl fmt::Display for CosignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a witness signs: a header, its time, and the whole text of the checkpoint.
pub(crate) fn message(time: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}
