//! Releases of the test kit's enclave, and what their signers say of them.

use kms_manifest::Sha256;
use kms_protocol::Value;
use kms_tlog::{Note, SignerKey};
use kms_verify::{Release, Revocation, Signers, Statement};
use serde_json::json;

use crate::passkey::ENCLAVE;

/// Digest of a part of every release, as it measures itself.
#[must_use]
pub fn digest(part: &str) -> String {
    Sha256::of(part.as_bytes()).to_string()
}

fn key(number: u8) -> SignerKey {
    let name = format!("signer{number}.example");
    #[allow(clippy::unwrap_used)] // the name is a name
    SignerKey::new(&name, &[number; 32]).unwrap()
}

/// Two of three sign.
#[must_use]
pub fn signers() -> Option<Signers> {
    Signers::new(2, (1..=3).map(|number| key(number).verifier().clone()).collect())
}

/// As much of a manifest as an enclave looks at: a release of this version, and what it says of
/// another one.
#[must_use]
pub fn manifest(version: &str, status: &str, of: Option<&[u8]>) -> Vec<u8> {
    let (worker, wasm) = (digest("worker"), digest("wasm"));
    let known = of.map(Sha256::of);
    let list = |name: &str| if name == status { known.into_iter().collect() } else { Vec::new() };
    let [allowed, deprecated, revoked] = ["allowed", "deprecated", "revoked"].map(list);
    let status = json!({"allowed": allowed, "deprecated": deprecated, "revoked": revoked});
    json!({"version": version, "worker": worker, "wasm": wasm, "status": status})
        .to_string()
        .into_bytes()
}

#[allow(clippy::unwrap_used)] // the text is one of a note
fn note(statement: &Statement, signed_by: &[u8]) -> Vec<u8> {
    let text = statement.to_string();
    let lines = signed_by.iter().map(|number| key(*number).sign(&text)).collect();
    Note::new(&text, lines).unwrap().to_string().into_bytes()
}

/// Parameters of `enclave.notice`: this version is revoked, signed by these.
///
/// # Panics
/// If the origin of the test kit's enclave is none.
#[must_use]
#[allow(clippy::unwrap_used)] // the origin is one
pub fn revocation(version: &str, signed_by: &[u8]) -> Value {
    let about = manifest(version, "", None);
    let revocation = Revocation {
        origin: ENCLAVE.parse().unwrap(),
        manifest: Sha256::of(&about),
        reason: "it leaks".into(),
    };
    let statement = note(&Statement::Revocation(revocation), signed_by);
    Value::object([("manifest", Value::Bytes(about)), ("statement", Value::Bytes(statement))])
}

/// The same: a later release says this of the version.
///
/// # Panics
/// If the origin of the test kit's enclave is none.
#[must_use]
#[allow(clippy::unwrap_used)] // the origin is one
pub fn status(version: &str, status: &str) -> Value {
    let about = manifest(version, "", None);
    let later = manifest("9.0.0", status, Some(&about));
    let release = Release {
        origin: ENCLAVE.parse().unwrap(),
        epoch: 9,
        version: "9.0.0".into(),
        manifest: Sha256::of(&later),
        previous: None,
    };
    let statement = note(&Statement::Release(release), &[1, 3]);
    Value::object([
        ("manifest", Value::Bytes(about)),
        ("statement", Value::Bytes(statement)),
        ("successor", Value::Bytes(later)),
    ])
}
