//! The stored form of keys.

use kms_crypto::software::SoftwareProvider;
use kms_crypto::{CryptoProvider, Envelope, RecordContext, RecordType};
use kms_protocol::limits::MAX_VERSIONS;
use kms_protocol::{
    APART, AuditMode, CallerOrigin, Confirmation, ErrorCode, JwtTemplate, KeyAlias, KeyPolicy,
    KeySpec, KeyState, KeyUsage, Method, MinVersionsParams, PolicyRule, RateLimit, SpecUsages,
};
use pollster::block_on;

use super::template::full;
use super::v1::KeyRecordV1;
use super::*;
use crate::Error;
use crate::keys::index::{DAY_MS, VaultClock};
use crate::time::Now;

const SITE: &str = "https://site.example";
const NOW: u64 = 1_800_000_000_000;

fn origin(text: &str) -> CallerOrigin {
    CallerOrigin::new(text).unwrap()
}

fn policy() -> PolicyRecord {
    PolicyRecord::new(&origin(SITE), (KeySpec::Ed25519, AuditMode::Durable), None).unwrap()
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
    let (spec, origin) = (KeySpec::Ed25519, KeyOrigin::Generated);
    let new = NewKey { spec, label: None, alias: None, created: 5, origin, policy: policy() };
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
    assert_eq!(record.permits(&site, (KeyUsage::Sign, Some(1)), Now::at(NOW)), Ok(()));
    assert_eq!(record.raise_min_versions(&raise(None, Some(3))), Ok(()));
    let below = Err(Error::Denied(PolicyRule::MinVersion));
    assert_eq!(record.permits(&site, (KeyUsage::Sign, Some(2)), Now::at(NOW)), below);
    assert_eq!(record.permits(&site, (KeyUsage::Verify, Some(1)), Now::at(NOW)), Ok(()));
    assert_eq!(record.raise_min_versions(&raise(Some(2), None)), Ok(()));
    assert_eq!(record.permits(&site, (KeyUsage::Verify, Some(1)), Now::at(NOW)), below);
    assert_eq!(record.permits(&site, (KeyUsage::Verify, Some(2)), Now::at(NOW)), Ok(()));
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
fn a_disabled_key_is_not_used_until_it_is_enabled() {
    let mut record = record();
    let site = origin(SITE);
    let state = Err(Error::Code(ErrorCode::InvalidKeyState));
    record.set_enabled(false);
    assert_eq!(record.state(), Ok(KeyState::Disabled));
    for usage in [KeyUsage::Sign, KeyUsage::Verify] {
        assert_eq!(record.permits(&site, (usage, None), Now::at(NOW)), state);
    }
    let rotate = Method::RotateKey.key_rule().unwrap();
    assert_eq!(record.admits(&site, &rotate), state);
    record.rename(None, Some(&KeyAlias::new("a/b").unwrap()));
    record.set_enabled(true);
    assert_eq!(record.admits(&site, &rotate), Ok(()));
    assert_eq!(record.permits(&site, (KeyUsage::Sign, None), Now::at(NOW)), Ok(()));
}

fn asked() -> KeyPolicy {
    KeyPolicy {
        operations: vec![KeyUsage::Sign],
        caller_origins: None,
        not_before: None,
        not_after: None,
        max_uses: None,
        rate: None,
        confirmation: None,
        jwt: None,
    }
}

/// A policy for tokens of this template.
fn tokens(template: JwtTemplate) -> KeyPolicy {
    KeyPolicy { operations: vec![KeyUsage::Jwt], jwt: Some(Box::new(template)), ..asked() }
}

fn made(asked: KeyPolicy) -> Result<KeyRecord, ErrorCode> {
    let owner = origin(SITE);
    let policy = PolicyRecord::new(&owner, (KeySpec::Ed25519, AuditMode::Durable), Some(asked))?;
    Ok(KeyRecord { policy, ..record() })
}

#[test]
fn only_the_site_that_made_a_key_may_change_it() {
    let guest = origin("https://guest.example");
    let rule = Method::DisableKey.key_rule().unwrap();
    let caller_origins = Some(vec![guest.clone()]);
    let record = made(KeyPolicy { caller_origins, ..asked() }).unwrap();
    assert_eq!(record.admits(&origin(SITE), &rule), Ok(()));
    assert_eq!(record.admits(&guest, &rule), Err(Error::Denied(PolicyRule::Owner)));
    assert_eq!(record.permits(&guest, (KeyUsage::Sign, None), Now::at(NOW)), Ok(()));
    let stranger = origin("https://other.example");
    let unknown = Err(Error::Code(ErrorCode::NotFound));
    assert_eq!(record.admits(&stranger, &rule), unknown);
    assert_eq!(record.permits(&stranger, (KeyUsage::Sign, None), Now::at(NOW)), unknown);
}

#[test]
fn every_rule_of_a_policy_refuses_by_its_name() {
    let site = origin(SITE);
    let sign = |policy: KeyPolicy, now| {
        made(policy).unwrap().permits(&site, (KeyUsage::Sign, None), Now::at(now))
    };
    let denied = |rule| Err(Error::Denied(rule));
    let only_sign = made(asked()).unwrap();
    let refused = only_sign.permits(&site, (KeyUsage::Verify, None), Now::at(NOW));
    assert_eq!(refused, denied(PolicyRule::Operation));
    let window = KeyPolicy { not_before: Some(NOW), not_after: Some(NOW + 10), ..asked() };
    assert_eq!(sign(window.clone(), NOW - 1), denied(PolicyRule::NotBefore));
    assert_eq!(sign(window.clone(), NOW), Ok(()));
    assert_eq!(sign(window.clone(), NOW + 9), Ok(()));
    assert_eq!(sign(window, NOW + 10), denied(PolicyRule::NotAfter));
    let rate = Some(RateLimit { uses: 2, period_ms: 1000 });
    let mut counted = made(KeyPolicy { max_uses: Some(3), rate, ..asked() }).unwrap();
    let next =
        |record: &KeyRecord, now| record.permits(&site, (KeyUsage::Sign, None), Now::at(now));
    counted.count(NOW);
    counted.count(NOW);
    assert_eq!(next(&counted, NOW + 999), denied(PolicyRule::Rate));
    assert_eq!(next(&counted, NOW + 1000), Ok(()));
    counted.count(NOW + 1000);
    assert_eq!(next(&counted, NOW + 9000), denied(PolicyRule::MaxUses));
}

fn policy_of(spec: KeySpec, operations: &[KeyUsage]) -> Result<PolicyRecord, ErrorCode> {
    let jwt = operations.contains(&KeyUsage::Jwt).then(|| Box::new(full()));
    let policy = KeyPolicy { operations: operations.to_vec(), jwt, ..asked() };
    PolicyRecord::new(&origin(SITE), (spec, AuditMode::Durable), Some(policy))
}

#[test]
fn a_key_is_only_for_what_its_spec_is_for() {
    for spec in KeySpec::ALL {
        let usages = spec.usages();
        let ordinary = PolicyRecord::new(&origin(SITE), (*spec, AuditMode::Durable), None).unwrap();
        assert_eq!(ordinary.usage(), Ok(usages.ordinary.to_vec()));
        for usage in KeyUsage::ALL {
            assert_eq!(
                policy_of(*spec, &[*usage]).is_ok(),
                usages.contain(*usage),
                "{spec:?} {usage:?}"
            );
        }
    }
}

#[test]
fn every_use_is_for_a_spec_and_none_is_named_twice() {
    for usage in KeyUsage::ALL {
        assert!(KeySpec::ALL.iter().any(|spec| spec.usages().contain(*usage)), "{usage:?}");
    }
    for spec in KeySpec::ALL {
        let SpecUsages { ordinary, further } = spec.usages();
        assert!(!ordinary.is_empty() && !further.iter().any(|usage| ordinary.contains(usage)));
    }
}

#[test]
fn uses_that_undo_each_other_are_refused_together() {
    for (one, other, why) in APART {
        let of_both =
            |spec: &&KeySpec| spec.usages().contain(*one) && spec.usages().contain(*other);
        let spec = KeySpec::ALL.iter().find(of_both).unwrap();
        assert!(policy_of(*spec, &[*one]).is_ok() && policy_of(*spec, &[*other]).is_ok());
        for both in [[*one, *other], [*other, *one]] {
            assert_eq!(policy_of(*spec, &both), Err(ErrorCode::InvalidParams), "{why}");
        }
    }
}

#[test]
fn a_public_half_where_there_is_none_is_unreadable() {
    let public = version(1).public;
    let bare = VersionRecord { public: None, ..version(1) };
    assert_eq!(bare.half(KeySpec::Ed25519), Err(ErrorCode::Unreadable));
    for spec in [KeySpec::Aes256, KeySpec::HmacSha256] {
        assert_eq!(bare.half(spec), Ok(None));
        assert_eq!(bare.public(spec), Err(ErrorCode::NoPublicKey));
        let with = VersionRecord { public: public.clone(), ..version(1) };
        assert_eq!(with.half(spec), Err(ErrorCode::Unreadable));
    }
}

#[test]
fn a_policy_that_makes_no_sense_is_refused() {
    let many = (0..8).map(|n| origin(&format!("https://s{n}.example"))).collect();
    let rate = |uses, period_ms| Some(RateLimit { uses, period_ms });
    let senseless = [
        KeyPolicy { operations: vec![], ..asked() },
        KeyPolicy { operations: vec![KeyUsage::Sign, KeyUsage::Sign], ..asked() },
        KeyPolicy { caller_origins: Some(many), ..asked() },
        KeyPolicy { caller_origins: Some(vec![origin(SITE)]), ..asked() },
        KeyPolicy { not_before: Some(5), not_after: Some(5), ..asked() },
        KeyPolicy { max_uses: Some(0), ..asked() },
        KeyPolicy { rate: rate(0, 1000), ..asked() },
        KeyPolicy { rate: rate(1, 999), ..asked() },
        KeyPolicy { rate: rate(1, u64::MAX), ..asked() },
        KeyPolicy { operations: vec![KeyUsage::Jwt], ..asked() },
        KeyPolicy { jwt: Some(Box::new(full())), ..asked() },
        tokens(JwtTemplate { audiences: vec![], ..full() }),
    ];
    for policy in senseless {
        assert_eq!(made(policy.clone()), Err(ErrorCode::InvalidParams), "{policy:?}");
    }
}

#[test]
fn every_member_of_a_policy_is_in_its_digest_and_an_old_one_keeps_its_own() {
    let digest = |asked| made(asked).unwrap().policy.digest();
    let guest = Some(vec![origin("https://guest.example")]);
    let all = [
        asked(),
        KeyPolicy { operations: vec![KeyUsage::Sign, KeyUsage::Verify], ..asked() },
        KeyPolicy { caller_origins: guest, ..asked() },
        KeyPolicy { not_before: Some(7), ..asked() },
        KeyPolicy { not_after: Some(7), ..asked() },
        KeyPolicy { max_uses: Some(7), ..asked() },
        KeyPolicy { rate: Some(RateLimit { uses: 7, period_ms: 1000 }), ..asked() },
        KeyPolicy { rate: Some(RateLimit { uses: 8, period_ms: 1000 }), ..asked() },
        KeyPolicy { rate: Some(RateLimit { uses: 7, period_ms: 1001 }), ..asked() },
        KeyPolicy { confirmation: Some(Confirmation::Sheet), ..asked() },
        tokens(full()),
        tokens(JwtTemplate { max_life_s: 2, ..full() }),
        tokens(JwtTemplate { fixed: None, ..full() }),
        tokens(JwtTemplate { required: None, ..full() }),
        tokens(JwtTemplate { claims: None, required: None, ..full() }),
        tokens(JwtTemplate { not_before: None, ..full() }),
        tokens(JwtTemplate { token_id: Some(false), ..full() }),
    ];
    let digests: std::collections::BTreeSet<_> = all.iter().cloned().map(digest).collect();
    assert_eq!(digests.len(), all.len());
    // An array of three, as schema 1 wrote it.
    assert_eq!(cbor::encode(&policy())[0], 0x83);
    for asked in all {
        assert_eq!(made(asked.clone()).unwrap().policy.publish(), Ok(asked));
    }
}

#[test]
fn a_key_is_destroyed_when_both_clocks_say_so_and_not_before() {
    let mut clock = VaultClock::default();
    let mut record = record();
    let wait = Err(Error::Code(ErrorCode::InvalidKeyState));
    for days in [0, 6, 31, u32::MAX] {
        let refused = record.schedule_deletion(days, (&mut clock, NOW));
        assert_eq!(refused, Err(Error::Code(ErrorCode::InvalidParams)), "{days}");
    }
    assert_eq!(record.schedule_deletion(7, (&mut clock, NOW)), Ok(()));
    let date = NOW + 7 * DAY_MS;
    // The clock of the device is set forward: the vault has seen one day pass.
    clock.observe(date);
    assert_eq!(record.destroy((&clock, date)), wait);
    for day in 1..7 {
        clock.observe(date + day * DAY_MS);
    }
    // The clock is set back: it is not yet the date.
    assert_eq!(record.destroy((&clock, date - 1)), wait);
    let mut cancelled = record.clone();
    cancelled.cancel_deletion();
    assert_eq!(cancelled.state(), Ok(KeyState::Disabled));
    assert_eq!(cancelled.destroy((&clock, date)), wait);
    assert_eq!(record.destroy((&clock, date)), Ok(()));
    assert_eq!(record.state(), Ok(KeyState::Destroyed));
    assert_eq!(record.versions[0].wrapped(), Err(ErrorCode::InvalidKeyState));
    assert!(record.versions[0].public(KeySpec::Ed25519).is_ok());
    assert_eq!(record.destroy((&clock, date)), wait);
    assert_eq!(KeyRecord::decode(&record.encode()), Ok(record));
}
