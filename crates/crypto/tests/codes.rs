//! What a caller is told of each error. A change here changes what pages and people see.

use kms_crypto::CryptoError;
use kms_protocol::ErrorCode;

#[test]
fn every_error_has_its_code() {
    let codes = [
        (CryptoError::InvalidCiphertext, "invalid_ciphertext"),
        (CryptoError::InvalidKey, "invalid_key"),
        (CryptoError::InvalidParameters, "vault_corrupt"),
        (CryptoError::InvalidPhrase, "phrase_invalid"),
        (CryptoError::PasskeyFailed, "passkey_failed"),
        (CryptoError::PasskeyWithoutPrf, "passkey_without_prf"),
        (CryptoError::Unsupported, "unsupported_algorithm"),
        (CryptoError::OutOfMemory, "out_of_memory"),
        (CryptoError::Random, "internal"),
        (CryptoError::Unavailable, "internal"),
    ];
    for (error, code) in codes {
        assert_eq!(ErrorCode::from(error).as_str(), code, "{error}");
    }
}
