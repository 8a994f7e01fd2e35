//! Every key that is derived by HKDF, and its label. One table, so that no two purposes can
//! share a label and a label never changes its meaning.

use crate::{CryptoError, SecretBytes, hkdf};

macro_rules! labels {
    ($($(#[doc = $doc:literal])+ $variant:ident => $text:literal,)+) => {
        /// Purpose of a derived key.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Label {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Label {
            /// All labels.
            pub const ALL: &'static [Label] = &[$(Label::$variant,)+];

            /// HKDF `info` of this purpose.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Label::$variant => $text,)+
                }
            }
        }
    };
}

labels! {
    /// `RootKey` → AES-256-GCM key that seals records.
    RecordKey => "ats-kms/v1/root/record-key",
    /// `RootKey` → AES-256-GCM key that wraps private keys.
    WrapKey => "ats-kms/v1/root/wrap-key",
    /// `RootKey` → key of the audit log.
    AuditKey => "ats-kms/v1/root/audit-key",
    /// `RootKey` → Ed25519 key that signs checkpoints of the audit log.
    CheckpointKey => "ats-kms/v1/root/checkpoint-key",
    /// Passphrase factor and device MAC → `UnlockKey` that seals the `RootKey`.
    UnlockPassphrase => "ats-kms/v1/unlock/passphrase",
    /// PRF output of a passkey and device MAC → `UnlockKey`.
    UnlockPasskey => "ats-kms/v1/unlock/passkey",
    /// Entropy of a recovery phrase and device MAC → `UnlockKey`.
    UnlockPhrase => "ats-kms/v1/unlock/phrase",
    /// Entropy of a recovery phrase → X25519 private key that opens backups.
    BackupPhrase => "ats-kms/v1/backup/phrase",
    /// Argon2id of a passphrase → key that opens backups.
    BackupPassphrase => "ats-kms/v1/backup/passphrase",
}

/// First member of the HKDF `info` of a key that two sides agree on. More is said there than a label can.
pub const AGREE: &str = "ats-kms/v1/agree";
/// The same of a key that is derived from a version of another one for a context.
pub const DERIVE: &str = "ats-kms/v1/derive";

/// Derives the key for `label` from the `RootKey`, or from the secret of a factor.
#[must_use]
pub fn derive(root: &SecretBytes<32>, label: Label) -> SecretBytes<32> {
    expand(&[root.expose()], label)
}

/// Derives an `UnlockKey` from a factor secret and the MAC of the device key: neither alone
/// opens anything. Both have a fixed length, so their concatenation is unambiguous.
#[must_use]
pub fn unlock_key(
    factor: &SecretBytes<32>,
    device_mac: &SecretBytes<32>,
    label: Label,
) -> SecretBytes<32> {
    expand(&[factor.expose(), device_mac.expose()], label)
}

/// No salt: the input is already a uniformly random key (RFC 5869, section 3.1).
fn expand(ikm: &[&[u8]], label: Label) -> SecretBytes<32> {
    SecretBytes::new_with(|out| {
        // One block is always within the limit.
        let _: Result<(), CryptoError> =
            hkdf::derive_into(&[], ikm, label.as_str().as_bytes(), out);
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use hex_literal::hex;

    use super::*;

    fn secret(byte: u8) -> SecretBytes<32> {
        SecretBytes::new_with(|out| out.fill(byte))
    }

    #[test]
    fn labels_are_unique_and_none_is_a_prefix_of_another() {
        let labels = Label::ALL.iter().map(|label| label.as_str());
        let texts: BTreeSet<_> = labels.chain([AGREE, DERIVE]).collect();
        assert_eq!(texts.len(), Label::ALL.len() + 2);
        for (a, b) in texts.iter().zip(texts.iter().skip(1)) {
            assert!(!b.starts_with(a), "{a} begins {b}");
        }
    }

    #[test]
    fn both_halves_of_an_unlock_key_matter() {
        let key =
            |factor, device| unlock_key(&secret(factor), &secret(device), Label::UnlockPassphrase);
        assert_ne!(key(1, 2).expose(), key(1, 3).expose());
        assert_ne!(key(1, 2).expose(), key(3, 2).expose());
        assert_ne!(key(1, 2).expose(), key(2, 1).expose());
    }

    // Computed with Python's hmac module. A change here makes every vault unreadable.
    #[test]
    fn derived_keys_are_fixed() {
        let golden = [
            (
                Label::RecordKey,
                hex!("222f1b3458605e049cb8a20a19f603b4e58aedb2fc6b86899101727ac49595f3"),
            ),
            (
                Label::WrapKey,
                hex!("067b0433352451a5241ba091eec4185217038bebf94d82272763043efd5a23a8"),
            ),
            (
                Label::AuditKey,
                hex!("eaea2186645e38fb97478ffcd63bce0dc92273e2038a34eed2344bf6970b6149"),
            ),
            (
                Label::CheckpointKey,
                hex!("e30e971b720db8ea47ac36a41898c4dafaf1fdd481072c98803bf8284e7d4e19"),
            ),
            (
                Label::UnlockPassphrase,
                hex!("ccb71398be4f8136b0bc8d80be16cefbcabd6af56f071b16b4a81f0c85463c00"),
            ),
            (
                Label::UnlockPasskey,
                hex!("805b78f1ba3db187cc120c4171e49fe85ae2c4b2db42f0e60f1b149707b0baa9"),
            ),
            (
                Label::UnlockPhrase,
                hex!("fd013b6ff5aa59775743d38845fe76bea08b719c8cc06b01f94c2bf23b293cc5"),
            ),
            (
                Label::BackupPhrase,
                hex!("6af29b6b19fafe1b81f06b198009117383cbcd3cdaf484f2c79b49c7c74464bd"),
            ),
            (
                Label::BackupPassphrase,
                hex!("fbe68f294660ce2fc04f6ea2c1963a8e4443077f3bc354b0d752521396760f3e"),
            ),
        ];
        assert_eq!(golden.len(), Label::ALL.len());
        for (label, expected) in golden {
            assert_eq!(derive(&secret(7), label).expose(), &expected, "{}", label.as_str());
        }
        let unlock = unlock_key(&secret(1), &secret(2), Label::UnlockPassphrase);
        let expected = hex!("d75f281370f0697d5e8fb6297745deceb4e3b526bbc1c6e08a1b584e148e8b37");
        assert_eq!(unlock.expose(), &expected);
    }
}
