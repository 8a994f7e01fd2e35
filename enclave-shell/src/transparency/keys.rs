//! Files of private keys: the text of Go's package `note`, or the same as an age file under a
//! passphrase.

use std::io::Read as _;
use std::iter;
use std::path::Path;

use age::secrecy::SecretString;
use age::{Decryptor, Encryptor, scrypt};
use kms_tlog::SignerKey;
use zeroize::Zeroizing;

use super::{Error, files};

/// What a binary age file begins with.
const AGE: &[u8] = b"age-encryption.org/v1\n";
/// No key file is longer.
const MAX_KEY: u64 = 4096;

/// Reads a key. A file under a passphrase needs one; one in the clear must not be given one, so
/// that nobody takes it for encrypted.
pub fn load_key(path: &Path, passphrase: Option<&Path>) -> Result<SignerKey, Error> {
    let wrong = |problem| Error::Key { path: path.into(), problem };
    let file = Zeroizing::new(files::read(path)?);
    let text = match (file.starts_with(AGE), passphrase) {
        (false, None) => file,
        (false, Some(_)) => return Err(wrong("the key is not encrypted")),
        (true, None) => return Err(wrong("the key needs a passphrase")),
        (true, Some(passphrase)) => {
            let identity = scrypt::Identity::new(read_passphrase(passphrase)?);
            open(&file, &identity).ok_or_else(|| wrong("the passphrase does not open the key"))?
        }
    };
    let text = std::str::from_utf8(&text).map_err(|_| wrong("not a private key"))?;
    SignerKey::parse(text).map_err(|_| wrong("not a private key"))
}

/// Makes a key under a name and writes it to a file that must not exist yet.
pub fn create_key(name: &str, path: &Path, passphrase: Option<&Path>) -> Result<SignerKey, Error> {
    let wrong = |problem| Error::Key { path: path.into(), problem };
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::getrandom(seed.as_mut_slice()).map_err(|_| wrong("no randomness"))?;
    let key = SignerKey::new(name, &seed)?;
    let text = key.to_text();
    match passphrase {
        None => files::write_secret(path, text.as_bytes())?,
        Some(passphrase) => {
            let recipient = scrypt::Recipient::new(read_passphrase(passphrase)?);
            let sealed = seal(text.as_bytes(), &recipient).ok_or_else(|| wrong("not encrypted"))?;
            files::write_secret(path, &sealed)?;
        }
    }
    Ok(key)
}

fn open(file: &[u8], identity: &scrypt::Identity) -> Option<Zeroizing<Vec<u8>>> {
    let reader = Decryptor::new_buffered(file).ok()?;
    let mut reader = reader.decrypt(iter::once(identity as &dyn age::Identity)).ok()?;
    let mut text = Zeroizing::new(Vec::with_capacity(usize::try_from(MAX_KEY).ok()?));
    reader.by_ref().take(MAX_KEY).read_to_end(&mut text).ok()?;
    Some(text)
}

fn seal(text: &[u8], recipient: &scrypt::Recipient) -> Option<Vec<u8>> {
    let encryptor =
        Encryptor::with_recipients(iter::once(recipient as &dyn age::Recipient)).ok()?;
    let mut sealed = Vec::new();
    let mut writer = encryptor.wrap_output(&mut sealed).ok()?;
    std::io::Write::write_all(&mut writer, text).ok()?;
    writer.finish().ok()?;
    Some(sealed)
}

/// The first line of a file.
fn read_passphrase(path: &Path) -> Result<SecretString, Error> {
    let wrong = |problem| Error::Key { path: path.into(), problem };
    let file = Zeroizing::new(files::read(path)?);
    let text = std::str::from_utf8(&file).map_err(|_| wrong("not text"))?;
    match text.lines().next() {
        None | Some("") => Err(wrong("no passphrase")),
        Some(line) => Ok(SecretString::from(line.to_owned())),
    }
}
