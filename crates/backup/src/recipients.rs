//! To whom a file is encrypted, and what opens it.

use kms_crypto::SecretBytes;

/// To whom a file is encrypted; at least one of them.
pub struct Recipients {
    /// X25519 public key that belongs to a recovery phrase.
    pub phrase: Option<[u8; 32]>,
    /// A passphrase.
    pub passphrase: Option<PassphraseRecipient>,
}

/// A passphrase that a file is encrypted to.
pub struct PassphraseRecipient {
    /// How the key came from the passphrase; written into the file.
    pub kdf: Kdf,
    /// Derived from the output of Argon2id.
    pub key: SecretBytes<32>,
}

/// Argon2id parameters. What a file says is not checked against any bound here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kdf {
    /// Random salt.
    pub salt: [u8; 16],
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes.
    pub iterations: u32,
    /// Lanes.
    pub parallelism: u32,
}

/// What opens a file.
pub enum Identity {
    /// X25519 private key, derived from a recovery phrase.
    Phrase(SecretBytes<32>),
    /// As [`PassphraseRecipient::key`].
    Passphrase(SecretBytes<32>),
}
