//! The stored form of keys.

use kms_crypto::software::SoftwareProvider;
use kms_crypto::{CryptoProvider, Envelope, RecordContext, RecordType};
use kms_protocol::limits::MAX_VERSIONS;
use kms_protocol::{
    AuditMode, CallerOrigin, ErrorCode, KeyAlias, KeySpec, KeyState, KeyUsage, MinVersionsParams,
    PolicyRule,
};
use pollster::block_on;

use super::v1::KeyRecordV1;
use super::*;
use crate::Error;

const SITE: &str = "https://site.example";

fn origin(text: &str) -> CallerOrigin {
    CallerOrigin::new(text).unwrap()
}

fn policy() -> PolicyRecord {
    PolicyRecord::of(&origin(SITE), &[KeyUsage::Sign, KeyUsage::Verify], AuditMode::Durable)
}

fn version(number: u32) -> VersionRecord {
    let crypto = SoftwareProvider::new(|out: &mut [u8]| {
        out.fill(7);
        Ok(())
    });
    let context = RecordContext {
        vault_id: &[1; 16],
        record_type: RecordType::WrappedKey,
        id: b"id",
        version: number.into(),
        kind: Some(KeySpec::Ed25519.into()),
        policy_digest: None,
        schema: 1,
    };
    let made = block_on(async {
        let secret = kms_crypto::SecretBytes::copy_of(&[7; 32]).unwrap();
        let wrap = crypto.import_sealing_key(&secret).await.unwrap();
        Envelope::generate_key(&crypto, KeySpec::Ed25519, &wrap, &context).await.unwrap()
    });
    VersionRecord::new(number, 5, (made.public.as_ref(), &made.envelope))
}

fn record() -> KeyRecord {
    let new = NewKey { spec: KeySpec::Ed25519, label: None, created: 5, policy: policy() };
    KeyRecord::new(new, version(1))
}

fn with_versions(numbers: &[u32]) -> KeyRecord {
    let versions = numbers.iter().map(|number| version(*number)).collect();
    KeyRecord { versions, ..record() }
}

fn raise(decryption: Option<u32>, encryption: Option<u32>) -> MinVersionsParams {
    MinVersionsParams {
        key_id: KeyId::new("AAECAwQFBgcICQoLDA0ODw").unwrap(),
        min_decryption_version: decryption,
        min_encryption_version: encryption,
    }
}

#[test]
fn the_stored_form_round_trips() {
    let mut record = with_versions(&[1, 2, 5]);
    record.alias = Some("a".into());
    assert_eq!(KeyRecord::decode(&record.encode()), Ok(record));
}

#[test]
fn a_record_of_schema_1_is_read_as_one_of_today() {
    let today = record();
    let only = &today.versions[0];
    let old = KeyRecordV1 {
        schema: 1,
        spec: today.spec.clone(),
        version: 1,
        label: None,
        created: 5,
        policy: policy(),
        public: only.public.clone().unwrap().into(),
        wrapped: only.wrapped.clone().unwrap().into(),
    };
    assert_eq!(KeyRecord::decode(&cbor::encode(&old)), Ok(today));
    let other = KeyRecordV1 { version: 2, ..old };
    assert_eq!(KeyRecord::decode(&cbor::encode(&other)), Err(ErrorCode::Unreadable));
}

#[test]
fn what_no_release_has_written_is_unreadable() {
    let many: Vec<u32> = (1..=17).collect();
    let base = with_versions(&[1, 2, 3]);
    let insane = [
        KeyRecord { schema: 3, ..record() },
        with_versions(&[]),
        with_versions(&[2, 1]),
        with_versions(&[1, 1]),
        with_versions(&many),
        KeyRecord { min_encryption: 4, ..base.clone() },
        KeyRecord { min_encryption: 0, min_decryption: 0, ..base.clone() },
        KeyRecord { min_decryption: 2, ..base },
    ];
    for record in insane {
        assert_eq!(KeyRecord::decode(&record.encode()), Err(ErrorCode::Unreadable));
    }
    let bytes = record().encode();
    for end in 0..bytes.len() {
        assert_eq!(KeyRecord::decode(&bytes[..end]), Err(ErrorCode::Unreadable));
    }
}

#[test]
fn versions_are_bounded_and_trimming_makes_room() {
    let mut record = record();
    for number in 2..=16 {
        assert_eq!(record.next_version(), Ok(number));
        assert_eq!(record.add_version(&version(number)), Ok(()));
    }
    assert_eq!(record.versions.len(), MAX_VERSIONS);
    let full = Err(Error::Code(ErrorCode::TooManyVersions));
    assert_eq!(record.add_version(&version(17)), full);
    assert_eq!(record.trim(2), Err(Error::Denied(PolicyRule::MinVersion)));
    assert_eq!(record.raise_min_versions(&raise(Some(3), Some(4))), Ok(()));
    assert_eq!(record.trim(3), Ok(()));
    assert_eq!(record.trim(2), Err(Error::Code(ErrorCode::VersionNotFound)));
    // Another tab was faster.
    let raced = Err(Error::Code(ErrorCode::StorageConflict));
    assert_eq!(record.add_version(&version(16)), raced);
    assert_eq!(record.add_version(&version(17)), Ok(()));
    let last = KeyRecord { versions: vec![version(u32::MAX)], ..record };
    assert_eq!(last.next_version(), Err(Error::Code(ErrorCode::TooManyVersions)));
}

#[test]
fn minimum_versions_are_never_lowered_and_what_is_made_stays_readable() {
    let mut record = with_versions(&[1, 2, 3]);
    let site = origin(SITE);
    assert_eq!(record.permits(&site, KeyUsage::Sign, Some(1)), Ok(()));
    assert_eq!(record.raise_min_versions(&raise(None, Some(3))), Ok(()));
    let below = Err(Error::Denied(PolicyRule::MinVersion));
    assert_eq!(record.permits(&site, KeyUsage::Sign, Some(2)), below);
    assert_eq!(record.permits(&site, KeyUsage::Verify, Some(1)), Ok(()));
    assert_eq!(record.raise_min_versions(&raise(Some(2), None)), Ok(()));
    assert_eq!(record.permits(&site, KeyUsage::Verify, Some(1)), below);
    assert_eq!(record.permits(&site, KeyUsage::Verify, Some(2)), Ok(()));
    for lower in [raise(Some(1), None), raise(None, Some(2))] {
        assert_eq!(record.raise_min_versions(&lower), below);
    }
    let mut other = with_versions(&[1, 2, 3]);
    let unreadable = other.raise_min_versions(&raise(Some(3), Some(2)));
    assert_eq!(unreadable, Err(Error::Code(ErrorCode::InvalidParams)));
    let unknown = other.raise_min_versions(&raise(None, Some(9)));
    assert_eq!(unknown, Err(Error::Code(ErrorCode::VersionNotFound)));
    assert_eq!((other.min_decryption, other.min_encryption), (1, 1));
}

#[test]
fn a_disabled_key_can_only_be_named_trimmed_and_enabled() {
    let mut record = record();
    let site = origin(SITE);
    let state = Err(Error::Code(ErrorCode::InvalidKeyState));
    assert_eq!(record.disable(), Ok(()));
    assert_eq!(record.state(), Ok(KeyState::Disabled));
    for usage in [KeyUsage::Sign, KeyUsage::Verify] {
        assert_eq!(record.permits(&site, usage, None), state);
    }
    assert_eq!(record.add_version(&version(2)), state);
    assert_eq!(record.rename(None, Some(&KeyAlias::new("a/b").unwrap())), Ok(()));
    assert_eq!(record.enable(), Ok(()));
    assert_eq!(record.permits(&site, KeyUsage::Sign, None), Ok(()));
}

#[test]
fn only_the_site_that_made_a_key_may_change_it() {
    let record = KeyRecord {
        policy: PolicyRecord::of(&origin(SITE), &[KeyUsage::Verify], AuditMode::Durable),
        ..record()
    };
    let other = origin("https://other.example");
    assert_eq!(record.owned_by(&origin(SITE)), Ok(()));
    assert_eq!(record.owned_by(&other), Err(Error::Code(ErrorCode::NotFound)));
    let refused = record.permits(&origin(SITE), KeyUsage::Sign, None);
    assert_eq!(refused, Err(Error::Denied(PolicyRule::Operation)));
}
