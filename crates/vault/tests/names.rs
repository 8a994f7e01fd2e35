//! Names and codes that pages and the frame rely on. They never change.

use kms_protocol::WireError;
use kms_vault::{Error, MethodGroup, Outcome, RestoreWhy, StoreError, Why};

#[test]
fn the_frame_is_told_why_in_these_words() {
    let why = [
        (Why::Unlock, "unlock"),
        (Why::Add, "add"),
        (Why::Rename, "rename"),
        (Why::Remove, "remove"),
        (Why::AutoLock, "auto_lock"),
        (Why::Backup, "backup"),
        (Why::Drill, "drill"),
        (Why::Reset, "reset"),
        (Why::Lease, "lease"),
        (Why::Revoke, "revoke"),
        (Why::EnableKey, "enable_key"),
        (Why::RotateKey, "rotate_key"),
        (Why::RaiseKey, "raise_key"),
        (Why::TrimKey, "trim_key"),
        (Why::DeleteKey, "delete_key"),
    ];
    for (why, name) in why {
        assert_eq!(why.as_str(), name);
    }
    assert_eq!(RestoreWhy::Restore.as_str(), "restore");
    assert_eq!(RestoreWhy::Drill.as_str(), "drill");
    assert_eq!(Outcome::ALL.map(Outcome::as_str), ["done", "failed"]);
    assert_eq!(MethodGroup::ALL.map(MethodGroup::as_str), ["use", "keys", "vault"]);
}

#[test]
fn pages_are_told_what_the_store_said_in_these_codes() {
    let errors = [
        (StoreError::Conflict, "storage_conflict"),
        (StoreError::QuotaExceeded, "storage_quota"),
        (StoreError::Unavailable, "storage_unavailable"),
        (StoreError::ConnectionLost, "storage_lost"),
        (StoreError::Unknown, "storage_unknown"),
        (StoreError::Corrupt, "vault_corrupt"),
        (StoreError::Unsupported, "unsupported_environment"),
    ];
    for (error, name) in errors {
        let sent = WireError::from(&Error::from(error));
        assert_eq!((sent.code.as_str(), sent.retry_after_ms), (name, None));
    }
}
