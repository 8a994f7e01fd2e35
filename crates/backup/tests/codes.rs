//! What a person is told of each error of a file.

use kms_backup::BackupError;
use kms_protocol::ErrorCode;

#[test]
fn every_error_has_its_code() {
    let codes = [
        (BackupError::Foreign, "backup_foreign"),
        (BackupError::WrongFactor, "backup_wrong_factor"),
        (BackupError::Truncated, "backup_truncated"),
        (BackupError::Damaged, "backup_damaged"),
        (BackupError::Unavailable, "internal"),
    ];
    for (error, code) in codes {
        assert_eq!(ErrorCode::from(error).as_str(), code, "{error}");
    }
}
