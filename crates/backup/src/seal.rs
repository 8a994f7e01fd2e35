//! Writing a file.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use age::Encryptor;
use age::stream::StreamWriter;

use crate::{BackupError, CHUNK, PADDING, Recipients, key_text};

/// A file that is being written. Dropping it throws it away.
///
/// The age library keeps up to one chunk of plaintext in memory that only the allocator of the
/// wasm wipes.
pub struct Seal {
    stream: StreamWriter<Sink>,
    written: Rc<RefCell<Vec<u8>>>,
    /// How much of the last chunk is filled.
    filled: usize,
}

impl Seal {
    /// Starts a file.
    pub fn new(recipients: &Recipients) -> Result<Self, BackupError> {
        let phrase = recipients.phrase.as_ref().map(key_text::recipient).transpose()?;
        let phrase = phrase.as_ref().map(|phrase| phrase as &dyn age::Recipient);
        let passphrase = recipients.passphrase.as_ref();
        let passphrase = passphrase.map(|passphrase| passphrase as &dyn age::Recipient);
        let encryptor = Encryptor::with_recipients(phrase.into_iter().chain(passphrase))
            .map_err(|_| BackupError::Unavailable)?;
        let written = Rc::default();
        let stream = encryptor
            .wrap_output(Sink(Rc::clone(&written)))
            .map_err(|_| BackupError::Unavailable)?;
        Ok(Self { stream, written, filled: 0 })
    }

    /// Adds plaintext, and returns the bytes of the file that are finished; often none.
    pub fn write(&mut self, part: &[u8]) -> Result<Vec<u8>, BackupError> {
        self.stream.write_all(part).map_err(|_| BackupError::Unavailable)?;
        self.filled = (self.filled + part.len() % CHUNK) % CHUNK;
        Ok(self.written.take())
    }

    /// Ends the file, and returns its last bytes.
    pub fn finish(mut self) -> Result<Vec<u8>, BackupError> {
        let mut padding = vec![0; CHUNK - self.filled];
        if let Some(first) = padding.first_mut() {
            *first = PADDING;
        }
        let before = self.write(&padding)?;
        self.stream.finish().map_err(|_| BackupError::Unavailable)?;
        Ok([before, self.written.take()].concat())
    }
}

/// Collects the bytes of the file until they are taken.
struct Sink(Rc<RefCell<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
