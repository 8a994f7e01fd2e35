//! What a key is: its algorithm, its size, and its one purpose.

use kms_protocol::KeySpec;

use crate::TAG_LEN;

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $variant:ident => $text:literal,)+) => {
        /// Kind of a key. A key has one purpose (SP 800-57 part 1, section 5.2), so kinds that
        /// share an algorithm but not a use are different kinds, and no operation takes a key of
        /// another one. The wire calls it a [`KeySpec`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum KeyKind {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl KeyKind {
            /// All kinds.
            pub const ALL: &'static [KeyKind] = &[$(KeyKind::$variant,)+];

            /// The name. It is part of what a wrapped key is bound to, and never changes.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(KeyKind::$variant => $text,)+
                }
            }
        }
    };
}

kinds! {
    /// Ed25519 signatures (RFC 8032).
    Ed25519 => "ed25519",
    /// ECDSA on P-256 with SHA-256 (FIPS 186-5).
    EcP256 => "ec-p256",
    /// Key agreement on Curve25519 (RFC 7748).
    X25519 => "x25519",
    /// Key agreement on P-256 (SP 800-56A, section 5.7.1.2).
    EcP256Agreement => "ec-p256-agreement",
    /// AES-256-GCM (SP 800-38D).
    Aes256 => "aes-256",
    /// HMAC with SHA-256 (RFC 2104) and a key of 256 bits.
    HmacSha256 => "hmac-sha256",
    /// HPKE with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-256-GCM (RFC 9180).
    HpkeX25519 => "hpke-x25519",
    /// HPKE with X-Wing (draft-connolly-cfrg-xwing-kem-06), HKDF-SHA256 and AES-256-GCM.
    HpkeXWing => "hpke-x-wing",
}

/// PKCS#8 of a key on Curve25519 or Ed25519 (RFC 8410, section 7).
pub(crate) const CURVE25519_PKCS8_LEN: usize = 48;
/// Shortest and longest PKCS#8 of a key on P-256: without the public key, and with all that RFC
/// 5915 and RFC 5958 allow. The one that is written has 138 bytes.
const P256_PKCS8_LENS: (usize, usize) = (67, 256);
/// A symmetric key of 256 bits, and the seed that is a private key of X-Wing.
const RAW_LEN: usize = 32;

impl KeyKind {
    /// Whether the key is one secret, without a public half.
    #[must_use]
    pub const fn is_symmetric(self) -> bool {
        matches!(self, Self::Aes256 | Self::HmacSha256)
    }

    /// Whether the key is for agreeing on secrets, and for nothing else.
    #[must_use]
    pub const fn is_agreement(self) -> bool {
        matches!(self, Self::X25519 | Self::EcP256Agreement)
    }

    /// Whether a ciphertext of this length can be a wrapped key of this kind. It is asked before
    /// a platform sees the ciphertext.
    #[must_use]
    pub fn is_wrapped_len(self, len: usize) -> bool {
        let (shortest, longest) = match self {
            Self::Ed25519 | Self::X25519 | Self::HpkeX25519 => {
                (CURVE25519_PKCS8_LEN, CURVE25519_PKCS8_LEN)
            }
            Self::EcP256 | Self::EcP256Agreement => P256_PKCS8_LENS,
            Self::Aes256 | Self::HmacSha256 | Self::HpkeXWing => (RAW_LEN, RAW_LEN),
        };
        (shortest + TAG_LEN..=longest + TAG_LEN).contains(&len)
    }
}

impl From<KeySpec> for KeyKind {
    fn from(spec: KeySpec) -> Self {
        match spec {
            KeySpec::Ed25519 => Self::Ed25519,
            KeySpec::EcP256 => Self::EcP256,
            KeySpec::X25519 => Self::X25519,
            KeySpec::EcP256Agreement => Self::EcP256Agreement,
            KeySpec::Aes256 => Self::Aes256,
            KeySpec::HmacSha256 => Self::HmacSha256,
            KeySpec::HpkeX25519 => Self::HpkeX25519,
            KeySpec::HpkeXWing => Self::HpkeXWing,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_those_of_the_wire() {
        let names: BTreeSet<_> = KeyKind::ALL.iter().map(|kind| kind.as_str()).collect();
        assert_eq!((names.len(), KeySpec::ALL.len()), (KeyKind::ALL.len(), KeyKind::ALL.len()));
        for spec in KeySpec::ALL {
            assert_eq!(KeyKind::from(*spec).as_str(), spec.as_str());
        }
    }

    #[test]
    fn wrapped_keys_have_the_length_of_their_form() {
        for kind in KeyKind::ALL {
            let lens: Vec<_> = (0..400).filter(|len| kind.is_wrapped_len(*len)).collect();
            match kind {
                KeyKind::Ed25519 | KeyKind::X25519 | KeyKind::HpkeX25519 => assert_eq!(lens, [64]),
                KeyKind::Aes256 | KeyKind::HmacSha256 | KeyKind::HpkeXWing => {
                    assert_eq!(lens, [48]);
                }
                KeyKind::EcP256 | KeyKind::EcP256Agreement => {
                    assert_eq!((lens[0], lens.len()), (83, 190));
                }
            }
        }
    }
}
