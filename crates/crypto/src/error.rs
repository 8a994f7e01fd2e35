//! What can go wrong, told so that no error is an oracle.

use kms_protocol::ErrorCode;

/// A failed cryptographic operation. Each variant says as little as its caller needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CryptoError {
    /// A ciphertext, an envelope or what it is bound to is not the expected one.
    #[error("the ciphertext does not authenticate")]
    InvalidCiphertext,
    /// The bytes are not a key of the kind asked for.
    #[error("the key is not valid")]
    InvalidKey,
    /// Stored parameters are outside of what any release writes.
    #[error("the parameters are out of bounds")]
    InvalidParameters,
    /// The text is not a recovery phrase.
    #[error("the recovery phrase is not valid")]
    InvalidPhrase,
    /// What was done with a passkey is not what was asked for.
    #[error("the passkey was not used")]
    PasskeyFailed,
    /// The passkey gives no secret that can be relied on.
    #[error("the passkey has no PRF")]
    PasskeyWithoutPrf,
    /// The provider lacks the algorithm.
    #[error("the algorithm is not supported")]
    Unsupported,
    /// The memory for a computation cannot be had.
    #[error("out of memory")]
    OutOfMemory,
    /// The random number generator failed.
    #[error("no randomness")]
    Random,
    /// The platform failed in a way that says nothing about the input.
    #[error("the cryptographic provider failed")]
    Unavailable,
}

impl CryptoError {
    /// The code a caller sees.
    #[must_use]
    pub const fn code(self) -> ErrorCode {
        match self {
            Self::InvalidCiphertext => ErrorCode::InvalidCiphertext,
            Self::InvalidKey => ErrorCode::InvalidKey,
            Self::InvalidParameters => ErrorCode::VaultCorrupt,
            Self::InvalidPhrase => ErrorCode::PhraseInvalid,
            Self::PasskeyFailed => ErrorCode::PasskeyFailed,
            Self::PasskeyWithoutPrf => ErrorCode::PasskeyWithoutPrf,
            Self::Unsupported => ErrorCode::UnsupportedAlgorithm,
            Self::OutOfMemory => ErrorCode::OutOfMemory,
            Self::Random | Self::Unavailable => ErrorCode::Internal,
        }
    }
}

impl From<CryptoError> for ErrorCode {
    fn from(error: CryptoError) -> Self {
        error.code()
    }
}
