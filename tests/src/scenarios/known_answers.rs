//! The known answers of `kms-testkit` through the provider that the enclave uses in this engine.
//! Any disagreement fails, and so does a vector that is silently skipped.

use anyhow::{Context as _, Result, anyhow, ensure};
use base64ct::{Base64, Encoding as _};
use kms_testkit::known_answers::{self, Answer, Argument, Case, Suite};
use serde_json::{Map, Value, json};

use crate::{
    probe::{calls, calls_lacking},
    scenario::scenarios,
    world::World,
};

scenarios!(
    "known_answers": ed25519, ecdsa_p256, ecdsa_p256_der, aes_256_gcm, aes_128_gcm, argon2id, hkdf_sha256,
    hmac_sha256, x25519, ecdh_p256, ecdh_p256_der, hpke, hpke_x_wing, ml_kem_768, rfc, zeros, in_software, none_is_left_out,
);

async fn run(world: &World, name: &'static str) -> Result<()> {
    let suite = known_answers::load(name).map_err(|error| anyhow!(error))?;
    let answers = calls(world, asked(&suite)).await?;
    agree(&suite, &answers)
}

fn asked(suite: &Suite) -> Vec<(&'static str, Value)> {
    suite.cases.iter().map(|case| (case.call.function(), arguments(case))).collect()
}

fn agree(suite: &Suite, answers: &[Value]) -> Result<()> {
    ensure!(answers.len() == suite.cases.len(), "{} answers", answers.len());
    let differences: Vec<_> = suite
        .cases
        .iter()
        .zip(answers)
        .filter(|(case, answer)| expected(case) != **answer)
        .map(|(case, answer)| format!("{} {}: {answer}", case.call.function(), case.id))
        .collect();
    ensure!(differences.is_empty(), "{}: {}", suite.name, differences.join("; "));
    Ok(())
}

fn expected(case: &Case) -> Value {
    match &case.expected {
        Answer::Bytes(bytes) => json!({"bytes": Base64::encode_string(bytes)}),
        Answer::Verdict(verdict) => json!(verdict),
        Answer::Refused(code) => json!({"error": code}),
    }
}

fn arguments(case: &Case) -> Value {
    let arguments = case.call.arguments().into_iter().map(|(name, argument)| {
        let value = match argument {
            Argument::Text(text) => json!(text),
            Argument::Bytes(bytes) => json!({"bytes": Base64::encode_string(bytes)}),
            Argument::Number(number) => json!(number),
        };
        (name.to_owned(), value)
    });
    Value::Object(arguments.collect::<Map<_, _>>())
}

async fn ed25519(world: &mut World) -> Result<()> {
    run(world, "ed25519").await
}

async fn ecdsa_p256(world: &mut World) -> Result<()> {
    run(world, "ecdsa_p256").await
}

async fn ecdsa_p256_der(world: &mut World) -> Result<()> {
    run(world, "ecdsa_p256_der").await
}

async fn aes_256_gcm(world: &mut World) -> Result<()> {
    run(world, "aes_256_gcm").await
}

async fn aes_128_gcm(world: &mut World) -> Result<()> {
    run(world, "aes_128_gcm").await
}

async fn argon2id(world: &mut World) -> Result<()> {
    run(world, "argon2id").await
}

async fn hkdf_sha256(world: &mut World) -> Result<()> {
    run(world, "hkdf_sha256").await
}

async fn hmac_sha256(world: &mut World) -> Result<()> {
    run(world, "hmac_sha256").await
}

async fn x25519(world: &mut World) -> Result<()> {
    run(world, "x25519").await
}

async fn ecdh_p256(world: &mut World) -> Result<()> {
    run(world, "ecdh_p256").await
}

async fn hpke_x_wing(world: &mut World) -> Result<()> {
    run(world, "hpke_x_wing").await
}

async fn ml_kem_768(world: &mut World) -> Result<()> {
    run(world, "ml_kem_768").await
}

async fn ecdh_p256_der(world: &mut World) -> Result<()> {
    run(world, "ecdh_p256_der").await
}

async fn hpke(world: &mut World) -> Result<()> {
    run(world, "hpke").await
}

async fn rfc(world: &mut World) -> Result<()> {
    run(world, "rfc").await
}

async fn zeros(world: &mut World) -> Result<()> {
    run(world, "zeros").await
}

/// Suites of what the enclave can do by itself, in wasm, where an engine cannot.
const SOFTWARE: [&str; 5] = ["ed25519", "x25519", "hpke", "rfc", "zeros"];

/// The same answers from the enclave's own arithmetic. X-Wing is nowhere else, and the other algorithms
/// are left to the browser, without which there is no enclave.
async fn in_software(world: &mut World) -> Result<()> {
    let load = |name: &&str| known_answers::load(name).map_err(|error| anyhow!(error));
    let suites = SOFTWARE.iter().map(load).collect::<Result<Vec<_>>>()?;
    let all = suites.iter().flat_map(asked).collect();
    let answers = calls_lacking(world, "worker:no-curve25519", all).await?;
    let mut rest = &answers[..];
    for suite in &suites {
        let (own, others) = rest.split_at_checked(suite.cases.len()).context("too few answers")?;
        agree(suite, own)?;
        rest = others;
    }
    Ok(())
}

/// Every suite has a scenario here, under its name.
async fn none_is_left_out(_world: &mut World) -> Result<()> {
    for name in known_answers::names() {
        let scenario = format!("known_answers::{name}");
        let found = ALL.iter().find(|known| known.name == scenario);
        found.with_context(|| format!("no scenario {scenario}"))?;
    }
    Ok(())
}
