//! Why a file does not open, told apart as far as cryptography allows.

use kms_protocol::ErrorCode;

/// A file that cannot be written or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BackupError {
    /// The file is not an age file, or not one that this crate writes.
    #[error("not a backup")]
    Foreign,
    /// The identity opens nothing in the file. A damaged recipient looks the same.
    #[error("the factor does not open the backup")]
    WrongFactor,
    /// The end of the file is missing.
    #[error("the backup is truncated")]
    Truncated,
    /// A part of the file is not what was written.
    #[error("the backup is damaged")]
    Damaged,
    /// There is no recipient, or no randomness.
    #[error("the backup cannot be written")]
    Unavailable,
}

impl BackupError {
    /// The code a caller sees.
    #[must_use]
    pub const fn code(self) -> ErrorCode {
        match self {
            Self::Foreign => ErrorCode::BackupForeign,
            Self::WrongFactor => ErrorCode::BackupWrongFactor,
            Self::Truncated => ErrorCode::BackupTruncated,
            Self::Damaged => ErrorCode::BackupDamaged,
            Self::Unavailable => ErrorCode::Internal,
        }
    }
}

impl From<BackupError> for ErrorCode {
    fn from(error: BackupError) -> Self {
        error.code()
    }
}
