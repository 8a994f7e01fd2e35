//! Signed notes (C2SP signed-note): a text, an empty line, and one line for each signature.

use std::fmt;

use base64ct::{Base64, Encoding};

/// Longest note that is read, in bytes.
const MAX_NOTE: usize = 64 * 1024;
/// Most signatures of a note that is read.
const MAX_SIGNATURES: usize = 64;
/// What a line with a signature begins with: an em dash and a space.
const DASH: &str = "\u{2014} ";
/// What stands between the text and the signatures: the end of the text and an empty line.
const BREAK: &str = "\n\n";

/// Why a note, a checkpoint or a key was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// It is not in the form of a note.
    #[error("not a signed note")]
    Form,
    /// The text of the note is no checkpoint.
    #[error("not a checkpoint")]
    Checkpoint,
    /// It is not a verifier key.
    #[error("not a verifier key")]
    Key,
    /// The key has not signed the note.
    #[error("not signed by this key")]
    NotSigned,
    /// The signature of the key is wrong.
    #[error("the signature is wrong")]
    Signature,
    /// The text is no proof of an entry.
    #[error("not a proof of a log entry")]
    Proof,
}

/// A signature under a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Name of the key.
    pub name: String,
    /// Id of the key.
    pub id: [u8; 4],
    /// What the key's type makes of it.
    pub bytes: Vec<u8>,
}

/// A note. That it was read says nothing about its signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

impl Note {
    /// A note of this text; it ends with a newline and has no control characters.
    pub fn new(text: &str, signatures: Vec<Signature>) -> Result<Self, NoteError> {
        Self::parse(&Self { text: text.into(), signatures }.to_string())
    }

    /// Reads a note strictly: what [`fmt::Display`] would not have written is refused.
    pub fn parse(note: &str) -> Result<Self, NoteError> {
        let control = |c: char| c.is_ascii_control() && c != '\n';
        if note.len() > MAX_NOTE || note.contains(control) {
            return Err(NoteError::Form);
        }
        let at = note.rfind(BREAK).ok_or(NoteError::Form)?;
        let (text, lines) = note.split_at(at);
        let lines = lines.strip_prefix(BREAK).and_then(|lines| lines.strip_suffix('\n'));
        let lines: Vec<_> = lines.ok_or(NoteError::Form)?.split('\n').collect();
        if lines.len() > MAX_SIGNATURES {
            return Err(NoteError::Form);
        }
        let signatures = lines.into_iter().map(Signature::parse).collect::<Option<_>>();
        let signatures = signatures.ok_or(NoteError::Form)?;
        Ok(Self { text: format!("{text}\n"), signatures })
    }

    /// What was signed; ends with a newline.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signatures, of whomever.
    #[must_use]
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// The same text with one more signature; a note that has it already stays as it is.
    pub fn with(mut self, signature: Signature) -> Result<Self, NoteError> {
        if !self.signatures.contains(&signature) {
            self.signatures.push(signature);
        }
        Self::parse(&self.to_string())
    }
}

impl Signature {
    /// Reads a line of a note, without its newline.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let (name, encoded) = line.strip_prefix(DASH)?.split_once(' ')?;
        let decoded = Base64::decode_vec(encoded).ok()?;
        let (id, bytes) = decoded.split_first_chunk::<4>()?;
        let sane = is_key_name(name) && !bytes.is_empty();
        sane.then(|| Self { name: name.into(), id: *id, bytes: bytes.to_vec() })
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| writeln!(f, "{signature}"))
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoded = Base64::encode_string(&[&self.id, self.bytes.as_slice()].concat());
        write!(f, "{DASH}{} {encoded}", self.name)
    }
}

/// A name of a key: not empty, without spaces and plus signs.
pub(crate) fn is_key_name(name: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || c.is_control() || c == '+';
    !name.is_empty() && !name.contains(odd)
}
