//! Files for the tests. The phrase's key is of sevens, the passphrase's of eights.

#![allow(dead_code)] // each test uses a part

use std::io::Read;

use kms_backup::{
    BackupError, BackupFile, Identity, Kdf, PassphraseRecipient, Plaintext, Recipients, Seal,
};
use kms_crypto::{SecretBytes, backup_key};

pub(crate) const KDF: Kdf =
    Kdf { salt: [0x5a; 16], memory_kib: 65_536, iterations: 3, parallelism: 1 };

pub(crate) fn secret(byte: u8) -> SecretBytes<32> {
    SecretBytes::new_with(|out| out.fill(byte))
}

pub(crate) fn recipients(phrase: bool, passphrase: bool) -> Recipients {
    Recipients {
        phrase: phrase.then(|| backup_key::recipient(&secret(7))),
        passphrase: passphrase.then(|| PassphraseRecipient { kdf: KDF, key: secret(8) }),
    }
}

pub(crate) fn phrase(byte: u8) -> Identity {
    Identity::Phrase(secret(byte))
}

pub(crate) fn passphrase(byte: u8) -> Identity {
    Identity::Passphrase(secret(byte))
}

/// Bytes of which no two places look alike.
pub(crate) fn contents(len: usize) -> Vec<u8> {
    (0_u32..).flat_map(|number| number.wrapping_mul(0x9e37_79b1).to_le_bytes()).take(len).collect()
}

pub(crate) fn seal(recipients: &Recipients, content: &[u8]) -> Vec<u8> {
    let mut seal = Seal::new(recipients).unwrap();
    let mut file = seal.write(content).unwrap();
    file.extend(seal.finish().unwrap());
    file
}

/// What can be read, and how it ends.
pub(crate) fn read_all<R: Read>(
    plaintext: &mut Plaintext<R>,
) -> (Vec<u8>, Result<(), BackupError>) {
    let mut read = Vec::new();
    loop {
        match plaintext.read() {
            Ok(Some(part)) => read.extend_from_slice(part.expose()),
            Ok(None) => return (read, Ok(())),
            Err(error) => {
                assert_eq!(plaintext.read().err(), Some(error), "an error is final");
                return (read, Err(error));
            }
        }
    }
}

pub(crate) fn open(file: &[u8], identity: &Identity) -> Result<Vec<u8>, BackupError> {
    let mut plaintext = BackupFile::new(file, file.len() as u64)?.open(identity)?;
    let (read, end) = read_all(&mut plaintext);
    end.map(|()| read)
}
