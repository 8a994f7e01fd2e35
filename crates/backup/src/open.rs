//! Opening a file.

use std::cell::RefCell;
use std::io::{self, Cursor, Read};

use age::stream::StreamReader;
use age::{DecryptError, Decryptor};
use age_core::format::{FileKey, Stanza};
use kms_crypto::SecretVec;

use crate::passphrase::{self, PassphraseIdentity};
use crate::{BackupError, CHUNK, Identity, Kdf, MAX_HEADER, PADDING, key_text};

const FIRST_LINE: &[u8] = b"age-encryption.org/v1\n";
const X25519: &str = "X25519";

/// A chunk in the file: its plaintext and a tag.
const SEALED_CHUNK: u64 = CHUNK as u64 + 16;

/// The beginning of the file, then the rest, then nothing that is not a whole chunk.
type Source<R> = io::Take<io::Chain<Cursor<Vec<u8>>, R>>;

/// A file whose header has been read.
pub struct BackupFile<R> {
    head: Vec<u8>,
    rest: R,
    /// Length of the header and of the nonce behind it.
    header_len: u64,
    len: u64,
    kdf: Option<Kdf>,
}

impl<R: Read> BackupFile<R> {
    /// Reads the header of a file of `len` bytes.
    pub fn new(mut file: R, len: u64) -> Result<Self, BackupError> {
        let mut head = Vec::new();
        let limit = len.min(MAX_HEADER as u64);
        (&mut file).take(limit).read_to_end(&mut head).map_err(|_| BackupError::Damaged)?;
        if !head.starts_with(FIRST_LINE) {
            return Err(BackupError::Foreign);
        }
        let mut behind = &head[..];
        let header = Decryptor::new_buffered(&mut behind).map_err(|error| match error {
            // Whatever needs more than the limit was not written here.
            DecryptError::Io(_) if len > MAX_HEADER as u64 => BackupError::Foreign,
            DecryptError::Io(_) => BackupError::Truncated,
            _ => BackupError::Damaged,
        })?;
        let survey = Survey::default();
        // The survey matches no stanza, so this never decrypts.
        let _ = header.decrypt(std::iter::once(&survey as &dyn age::Identity));
        let header_len = (head.len() - behind.len()) as u64;
        let kdf = survey.0.into_inner().result()?;
        Ok(Self { head, rest: file, header_len, len, kdf })
    }

    /// The passphrase parameters; `None` if the file is not encrypted to a passphrase.
    #[must_use]
    pub fn kdf(&self) -> Option<Kdf> {
        self.kdf
    }

    /// Opens the file.
    pub fn open(self, identity: &Identity) -> Result<Plaintext<R>, BackupError> {
        let sealed = self.len - self.header_len;
        let whole = sealed - sealed % SEALED_CHUNK;
        let file = Cursor::new(self.head).chain(self.rest).take(self.header_len + whole);
        let file = Decryptor::new(file).map_err(|error| refused(&error))?;
        let stream = match identity {
            Identity::Phrase(secret) => unlock(file, &key_text::identity(secret)?),
            Identity::Passphrase(key) => unlock(file, &PassphraseIdentity(key)),
        }?;
        Ok(Plaintext { stream, next: None, has_rest: whole < sealed, state: State::Start })
    }
}

fn unlock<R: Read>(
    file: Decryptor<Source<R>>,
    identity: &dyn age::Identity,
) -> Result<StreamReader<Source<R>>, BackupError> {
    file.decrypt(std::iter::once(identity)).map_err(|error| refused(&error))
}

/// For a header that is whole.
fn refused(error: &DecryptError) -> BackupError {
    match error {
        DecryptError::NoMatchingKeys => BackupError::WrongFactor,
        _ => BackupError::Damaged,
    }
}

/// Looks at the recipients of a file without opening it.
#[derive(Default)]
struct Survey(RefCell<Seen>);

#[derive(Default)]
struct Seen {
    phrases: usize,
    passphrases: Vec<Option<Kdf>>,
}

impl age::Identity for Survey {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        let mut seen = self.0.borrow_mut();
        match stanza.tag.as_str() {
            X25519 => seen.phrases += 1,
            passphrase::TAG => seen.passphrases.push(passphrase::read(&stanza.args)),
            _ => {}
        }
        None
    }
}

impl Seen {
    fn result(self) -> Result<Option<Kdf>, BackupError> {
        match self.passphrases[..] {
            [] if self.phrases == 0 => Err(BackupError::Foreign),
            [] => Ok(None),
            [Some(kdf)] => Ok(Some(kdf)),
            _ => Err(BackupError::Damaged),
        }
    }
}

/// The plaintext of a file, chunk by chunk. Every chunk is authenticated before it is returned.
pub struct Plaintext<R> {
    stream: StreamReader<Source<R>>,
    /// Read ahead, because the last chunk ends in padding.
    next: Option<SecretVec>,
    /// Whether bytes follow the last whole chunk.
    has_rest: bool,
    state: State,
}

#[derive(Clone, Copy)]
enum State {
    Start,
    Middle,
    End,
    Failed(BackupError),
}

impl<R: Read> Plaintext<R> {
    /// The next plaintext, at most [`CHUNK`] bytes; `None` after the last. An error is final.
    pub fn read(&mut self) -> Result<Option<SecretVec>, BackupError> {
        let part = match self.state {
            State::Failed(error) => return Err(error),
            State::End => return Ok(None),
            State::Start => self.chunk().and_then(|first| {
                self.next = first;
                self.part()
            }),
            State::Middle => self.part(),
        };
        self.state = match part {
            Err(error) => State::Failed(error),
            Ok(_) if self.next.is_none() => State::End,
            Ok(_) => State::Middle,
        };
        part
    }

    fn part(&mut self) -> Result<Option<SecretVec>, BackupError> {
        let part = self.next.take().ok_or(BackupError::Truncated)?;
        self.next = self.chunk()?;
        match self.next {
            Some(_) => Ok(Some(part)),
            // Authentic up to its end, and then something was added.
            None if self.has_rest => Err(BackupError::Damaged),
            None => without_padding(part.expose()),
        }
    }

    /// A whole chunk; `None` behind the last.
    fn chunk(&mut self) -> Result<Option<SecretVec>, BackupError> {
        let mut len = 0;
        let chunk = SecretVec::try_new_with(CHUNK, |out| {
            while let Some(free) = out.get_mut(len..).filter(|free| !free.is_empty()) {
                match self.stream.read(free) {
                    Ok(0) => break,
                    Ok(read) => len += read,
                    Err(error) => return Err(broken(&error)),
                }
            }
            Ok(())
        })?;
        match len {
            0 => Ok(None),
            CHUNK => Ok(Some(chunk)),
            // The source is shorter than was said.
            _ => Err(BackupError::Damaged),
        }
    }
}

fn broken(error: &io::Error) -> BackupError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => BackupError::Truncated,
        _ => BackupError::Damaged,
    }
}

/// What was written into the last chunk, if that is anything.
fn without_padding(chunk: &[u8]) -> Result<Option<SecretVec>, BackupError> {
    let end = chunk.iter().rposition(|byte| *byte != 0).ok_or(BackupError::Foreign)?;
    match chunk.split_at_checked(end) {
        Some(([], [PADDING, ..])) => Ok(None),
        Some((content, [PADDING, ..])) => Ok(Some(SecretVec::copy_of(content))),
        _ => Err(BackupError::Foreign),
    }
}
