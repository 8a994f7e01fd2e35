//! The key that signs checkpoints of the log, and nothing else.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use base64ct::{Base64, Encoding};
use ed25519_dalek::{Signer, SigningKey};
use kms_tlog::{Checkpoint, Note, NoteError, VerifierKey};
use kms_token::SpiffeId;
use rustls::crypto::ring::default_provider;
use zeroize::Zeroizing;

use crate::Error;
use crate::log::Chain;
use crate::store::Store;

/// A log's key.
pub struct LogKey {
    secret: SigningKey,
    public: VerifierKey,
}

impl LogKey {
    /// Reads the key, or makes one for a log that does not exist yet.
    pub fn open(path: &Path, broker: &SpiffeId, new: bool) -> Result<Self, Error> {
        let failed = |error| Error::file(path, error);
        if new && !path.exists() {
            let mut seed = Zeroizing::new([0; 32]);
            let random = default_provider().secure_random;
            random.fill(&mut *seed).map_err(|_| Error::Checkpoint("there is no randomness"))?;
            let text = Zeroizing::new(Base64::encode_string(&*seed) + "\n");
            let mut options = OpenOptions::new();
            let file = options.write(true).create_new(true).mode(0o600).open(path);
            let written = file.and_then(|mut file| {
                file.write_all(text.as_bytes()).and_then(|()| file.sync_all())
            });
            written.map_err(failed)?;
        }
        let text = Zeroizing::new(std::fs::read_to_string(path).map_err(failed)?);
        let mut seed = Zeroizing::new([0; 32]);
        let read = Base64::decode(text.trim_end(), &mut *seed).map(<[u8]>::len);
        if read != Ok(32) {
            return Err(Error::Checkpoint("the key of the log cannot be read"));
        }
        let secret = SigningKey::from_bytes(&seed);
        let name = origin(broker);
        let public = VerifierKey::new(&name, secret.verifying_key().to_bytes());
        let public = public.map_err(|_| Error::Checkpoint("the log has no name"))?;
        Ok(Self { secret, public })
    }

    /// What others check checkpoints with.
    #[must_use]
    pub fn verifier(&self) -> &VerifierKey {
        &self.public
    }

    /// A signed checkpoint of the first lines.
    pub(super) fn sign(&self, chain: &Chain, size: u64) -> Result<String, NoteError> {
        let root = chain.root(size).ok_or(NoteError::Checkpoint)?;
        let text = Checkpoint::new(self.public.name(), size, root).to_string();
        let signature = self.secret.sign(text.as_bytes()).to_bytes();
        Ok(Note::new(&text, vec![self.public.signature(signature)])?.to_string())
    }

    /// Refuses a log that is not a continuation of the checkpoint that was kept.
    pub(super) fn compare(&self, path: &Path, store: &Store) -> Result<(), Error> {
        let note = match std::fs::read_to_string(path) {
            Ok(note) => note,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(Error::file(path, error)),
        };
        let kept = read_checkpoint(&note, &self.public)?;
        let extends = store.chain(|chain, _| chain.extends(&kept));
        if extends == Ok(true) {
            Ok(())
        } else {
            Err(Error::Checkpoint("the log is not a continuation of its checkpoint"))
        }
    }
}

impl fmt::Debug for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LogKey").field(&self.public).finish()
    }
}

/// A checkpoint that this key has signed.
pub fn read_checkpoint(note: &str, key: &VerifierKey) -> Result<Checkpoint, Error> {
    let wrong = |_| Error::Checkpoint("the checkpoint is not one of this log");
    let note = Note::parse(note).map_err(wrong)?;
    let checkpoint = Checkpoint::parse(key.verify(&note).map_err(wrong)?).map_err(wrong)?;
    let own = checkpoint.origin == key.name();
    if own { Ok(checkpoint) } else { Err(Error::Checkpoint("the checkpoint is another log's")) }
}

/// Replaces a file as a whole.
pub(super) fn keep(path: &Path, text: &str) -> io::Result<()> {
    let next = path.with_extension("next");
    let mut file = File::create(&next)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&next, path)
}

/// Name of a broker's log: its id without the scheme.
fn origin(broker: &SpiffeId) -> String {
    format!("{}{}", broker.trust_domain(), broker.path())
}
