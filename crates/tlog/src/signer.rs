//! Private keys of notes, in the text form of Go's package `note`.

use std::fmt::Write as _;

use base64ct::{Base64, Encoding};
use ed25519_dalek::{Signer as _, SigningKey};
use zeroize::Zeroizing;

use crate::cosigner::{CosignerKey, message};
use crate::note::{NoteError, Signature};
use crate::verifier::{ED25519, MAX_TEXT, VerifierKey};

/// What the text of a private key begins with.
const PRIVATE: &str = "PRIVATE+KEY+";
/// Type and seed.
const SECRET: usize = 33;
/// The same in base64.
const ENCODED: usize = 44;

/// A private key and its name. It signs notes as a log or a signer of releases does, and
/// checkpoints as a witness does.
pub struct SignerKey {
    key: Box<SigningKey>,
    verifier: VerifierKey,
    cosigner: CosignerKey,
}

impl SignerKey {
    /// The key of a seed of 32 random bytes.
    pub fn new(name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        let key = Box::new(SigningKey::from_bytes(seed));
        let public = key.verifying_key().to_bytes();
        let (verifier, cosigner) =
            (VerifierKey::new(name, public)?, CosignerKey::new(name, public)?);
        Ok(Self { key, verifier, cosigner })
    }

    /// Reads `PRIVATE+KEY+name+id+key`, with or without a newline.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let line = text.strip_suffix('\n').unwrap_or(text);
        if line.len() > MAX_TEXT {
            return Err(NoteError::Key);
        }
        let mut parts = line.strip_prefix(PRIVATE).ok_or(NoteError::Key)?.splitn(3, '+');
        let (Some(name), Some(_), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::Key);
        };
        let mut secret = Zeroizing::new([0; SECRET]);
        let read = Base64::decode(key, secret.as_mut_slice()).map_err(|_| NoteError::Key)?;
        let [ED25519, seed @ ..] = read else { return Err(NoteError::Key) };
        let seed = Zeroizing::new(<[u8; 32]>::try_from(seed).map_err(|_| NoteError::Key)?);
        let key = Self::new(name, &seed)?;
        if key.to_text().trim_end() == line { Ok(key) } else { Err(NoteError::Key) }
    }

    /// The text that [`SignerKey::parse`] reads: whoever has it can sign.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut secret = Zeroizing::new([ED25519; SECRET]);
        let seed = Zeroizing::new(self.key.to_bytes());
        for (to, from) in secret.iter_mut().skip(1).zip(seed.iter()) {
            *to = *from;
        }
        let mut encoded = Zeroizing::new([0; ENCODED]);
        let encoded = Base64::encode(secret.as_slice(), encoded.as_mut_slice()).unwrap_or_default();
        let id = u32::from_be_bytes(self.verifier.id());
        // Large enough that no part of it is left behind by growing.
        let mut text = Zeroizing::new(String::with_capacity(MAX_TEXT + PRIVATE.len()));
        let _ = writeln!(text, "{PRIVATE}{}+{id:08x}+{encoded}", self.verifier.name());
        text
    }

    /// The public key, of a signer of notes.
    #[must_use]
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// The public key, of a witness.
    #[must_use]
    pub fn cosigner(&self) -> &CosignerKey {
        &self.cosigner
    }

    /// Signs the text of a note.
    #[must_use]
    pub fn sign(&self, text: &str) -> Signature {
        self.verifier.signature(self.key.sign(text.as_bytes()).to_bytes())
    }

    /// Signs the text of a checkpoint as a witness, at a time in seconds since 1970.
    #[must_use]
    pub fn cosign(&self, text: &str, time: u64) -> Signature {
        let signature = self.key.sign(message(time, text).as_bytes()).to_bytes();
        self.cosigner.signature(time, signature)
    }
}
