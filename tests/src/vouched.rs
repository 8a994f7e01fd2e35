//! A release that signers, a log and witnesses vouch for, and the policy that asks for them.

use anyhow::{Context as _, Result};
use enclave_shell::{
    Asset, Emitted,
    transparency::{
        self,
        publish::{PROOF_PATH, REVOCATIONS_PATH},
    },
};
use kms_tlog::{Checkpoint, LogProof, Note, SignerKey, leaf_hash};
use serde_json::{Value, json};

const LOG: &str = "log.example/kms";
/// When the witnesses have seen the release, before now.
const AGE: u64 = 2 * 3600;

/// The policy of whoever relies on the release: one signer, one log, two of two witnesses, an hour.
pub(crate) fn policy(emitted: &Emitted) -> Result<Value> {
    let mut lines = vec![format!("log {}", log()?.verifier())];
    for number in 1..=2 {
        lines.push(format!("witness W{number} {}", witness(number)?.cosigner()));
    }
    lines.extend(["group both all W1 W2", "quorum both"].map(str::to_owned));
    Ok(json!({
        "schema": 1,
        "origin": emitted.pin.url,
        "signers": { "threshold": 1, "keys": [signer()?.verifier().to_string()] },
        "transparency": lines,
        "cool_down_hours": 1,
    }))
}

/// Adds what the server says of its release: it is the only entry of its log, and nothing is revoked.
pub(crate) fn vouch(emitted: &mut Emitted) -> Result<()> {
    let statement = transparency::release_statement(&emitted.manifest)?;
    let entry = Note::new(&statement, vec![signer()?.sign(&statement)])?.to_string().into_bytes();
    let text = Checkpoint::new(LOG, 1, leaf_hash(&entry)).to_string();
    let time = transparency::now().checked_sub(AGE).context("the clock stands at the beginning")?;
    let seen = |number| Ok::<_, anyhow::Error>(witness(number)?.cosign(&text, time));
    let checkpoint = Note::new(&text, vec![log()?.sign(&text), seen(1)?, seen(2)?])?;
    let proof = LogProof { extra: Some(entry), index: 0, path: Vec::new(), checkpoint };
    for (path, text) in [(PROOF_PATH, proof.to_string()), (REVOCATIONS_PATH, "[]".to_owned())] {
        let headers = emitted.manifest.headers.manifest.clone();
        let asset = Asset::new(text.into_bytes(), "text/plain; charset=utf-8", headers);
        emitted.files.insert(path.to_owned(), asset);
    }
    Ok(())
}

fn signer() -> Result<SignerKey> {
    key("signer.example", 1)
}

fn log() -> Result<SignerKey> {
    key(LOG, 2)
}

fn witness(number: u8) -> Result<SignerKey> {
    key(&format!("witness{number}.example"), 2 + number)
}

fn key(name: &str, seed: u8) -> Result<SignerKey> {
    Ok(SignerKey::new(name, &[seed; 32])?)
}
