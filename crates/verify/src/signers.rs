//! Who has to sign: so many of these keys.

use kms_manifest::SigningKeys;
use kms_tlog::{Note, NoteError, VerifierKey};

/// Most keys of a policy.
const MAX_KEYS: usize = 32;

/// Keys, and how many of them have to sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signers {
    threshold: usize,
    keys: Vec<VerifierKey>,
}

/// How a note fails to be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unsigned {
    /// A key's signature is wrong.
    Wrong,
    /// Too few have signed.
    TooFew,
}

impl Signers {
    /// So many of these; `None` if that cannot be, or a key stands twice.
    #[must_use]
    pub fn new(threshold: usize, keys: Vec<VerifierKey>) -> Option<Self> {
        let twice = |(at, key): (usize, &VerifierKey)| {
            keys.iter().skip(at + 1).any(|other| other.public() == key.public())
        };
        let sound = (1..=keys.len()).contains(&threshold)
            && keys.len() <= MAX_KEYS
            && !keys.iter().enumerate().any(twice);
        sound.then_some(Self { threshold, keys })
    }

    /// The signers that a manifest names.
    #[must_use]
    pub fn named(named: &SigningKeys) -> Option<Self> {
        Self::new(named.threshold, Self::parse_keys(named)?)
    }

    /// The same from its JSON form.
    #[must_use]
    pub fn parse(json: &str) -> Option<Self> {
        Self::named(&serde_json::from_str(json).ok()?)
    }

    /// As a manifest names them.
    #[must_use]
    pub fn names(&self) -> SigningKeys {
        let keys = self.keys.iter().map(ToString::to_string).collect();
        SigningKeys { threshold: self.threshold, keys }
    }

    pub(crate) fn parse_keys(named: &SigningKeys) -> Option<Vec<VerifierKey>> {
        named.keys.iter().map(|key| VerifierKey::parse(key).ok()).collect()
    }

    /// The keys.
    #[must_use]
    pub fn keys(&self) -> &[VerifierKey] {
        &self.keys
    }

    /// How many have to sign.
    #[must_use]
    pub fn threshold(&self) -> usize {
        self.threshold
    }

    /// How many have signed; one wrong signature of a key spoils the note.
    pub fn count(&self, note: &Note) -> Result<usize, NoteError> {
        let mut signed = 0;
        for key in &self.keys {
            match key.verify(note) {
                Ok(_) => signed += 1,
                Err(NoteError::NotSigned) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(signed)
    }

    pub(crate) fn check(&self, note: &Note) -> Result<(), Unsigned> {
        let signed = self.count(note).map_err(|_| Unsigned::Wrong)?;
        if signed >= self.threshold { Ok(()) } else { Err(Unsigned::TooFew) }
    }
}
