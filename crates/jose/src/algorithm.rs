//! The two algorithms.

use kms_crypto::KeyKind;

/// A signature algorithm of the registry of RFC 7518, section 7.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Ed25519 (RFC 8037, section 3.1).
    EdDsa,
    /// ECDSA on P-256 with SHA-256, the signature as `r ‖ s` (RFC 7518, section 3.4).
    Es256,
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: [Self; 2] = [Self::EdDsa, Self::Es256];

    /// The one algorithm of a key; a key is never used with two (RFC 8725, section 3.1).
    #[must_use]
    pub fn of(kind: KeyKind) -> Option<Self> {
        match kind {
            KeyKind::Ed25519 => Some(Self::EdDsa),
            KeyKind::EcP256 => Some(Self::Es256),
            _ => None,
        }
    }

    /// Name in the header.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
        }
    }

    /// Finds an algorithm by its exact name. `none` is not one.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name)
    }
}
