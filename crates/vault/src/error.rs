//! What can go wrong inside, and the one place where it becomes a wire error.

use kms_crypto::CryptoError;
use kms_protocol::{ErrorCode, PolicyRule, WireError};

use crate::StoreError;

/// An error of the vault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A cryptographic operation failed.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// The caller, the state or a record is wrong.
    #[error(transparent)]
    Code(#[from] ErrorCode),
    /// A rule of a policy refuses.
    #[error("{}", ErrorCode::PolicyDenied)]
    Denied(PolicyRule),
    /// Too many attempts or requests.
    #[error("{code}")]
    Wait {
        /// What to say.
        code: ErrorCode,
        /// When to come back.
        retry_after_ms: u32,
    },
}

impl Error {
    /// The code a caller sees.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Error::Store(error) => store_code(*error),
            Error::Crypto(error) => error.code(),
            Error::Denied(_) => ErrorCode::PolicyDenied,
            Error::Code(code) | Error::Wait { code, .. } => *code,
        }
    }
}

impl From<&Error> for WireError {
    fn from(error: &Error) -> Self {
        let none = WireError::from(error.code());
        match error {
            Error::Wait { retry_after_ms, .. } => {
                Self { retry_after_ms: Some(*retry_after_ms), ..none }
            }
            Error::Denied(rule) => Self { rule: Some(*rule), ..none },
            _ => none,
        }
    }
}

fn store_code(error: StoreError) -> ErrorCode {
    match error {
        StoreError::Conflict => ErrorCode::StorageConflict,
        StoreError::QuotaExceeded => ErrorCode::StorageQuota,
        StoreError::Unavailable => ErrorCode::StorageUnavailable,
        StoreError::ConnectionLost => ErrorCode::StorageLost,
        StoreError::Unknown => ErrorCode::StorageUnknown,
        StoreError::Corrupt => ErrorCode::VaultCorrupt,
        StoreError::Unsupported => ErrorCode::UnsupportedEnvironment,
    }
}
