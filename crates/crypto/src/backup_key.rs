//! The keys that open backups. They are derived from the same secrets as the keys that unlock,
//! under labels of their own, and without the device key: a backup opens anywhere.

use curve25519_dalek::montgomery::MontgomeryPoint;

use crate::labels::{self, Label};
use crate::{SecretBytes, wipe_stack};

/// The X25519 private key (RFC 7748) of a recovery phrase.
#[must_use]
pub fn of_phrase(entropy: &SecretBytes<32>) -> SecretBytes<32> {
    labels::derive(entropy, Label::BackupPhrase)
}

/// The X25519 public key to which a backup is encrypted. It is no secret.
#[must_use]
pub fn recipient(secret: &SecretBytes<32>) -> [u8; 32] {
    let public = MontgomeryPoint::mul_base_clamped(*secret.expose()).to_bytes();
    wipe_stack();
    public
}

/// The key that a passphrase has in a backup.
#[must_use]
pub fn of_passphrase(argon2_output: &SecretBytes<32>) -> SecretBytes<32> {
    labels::derive(argon2_output, Label::BackupPassphrase)
}

#[cfg(test)]
mod tests {
    use hex_literal::hex;

    use super::*;

    // RFC 7748, section 6.1.
    #[test]
    fn rfc_7748_public_keys() {
        for (secret, public) in [
            (
                hex!("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"),
                hex!("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"),
            ),
            (
                hex!("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"),
                hex!("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"),
            ),
        ] {
            assert_eq!(recipient(&SecretBytes::copy_of(&secret).unwrap()), public);
        }
    }

    #[test]
    fn each_factor_has_its_label() {
        let secret = SecretBytes::new_with(|out| out.fill(7));
        let phrase = labels::derive(&secret, Label::BackupPhrase);
        let passphrase = labels::derive(&secret, Label::BackupPassphrase);
        assert_eq!(of_phrase(&secret).expose(), phrase.expose());
        assert_eq!(of_passphrase(&secret).expose(), passphrase.expose());
        assert_ne!(phrase.expose(), passphrase.expose());
    }
}
