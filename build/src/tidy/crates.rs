//! Which crate may use which, from `cargo metadata`.

use std::collections::BTreeSet;

use anyhow::Result;

use super::Findings;
use crate::metadata::{self, Metadata, Package};
use crate::repo::Repo;
use crate::wasm::TARGET;

/// Workspace crates that each crate may use; the list points down only.
const MAY_USE: [(&str, &[&str]); 19] = [
    ("kms-protocol", &[]),
    ("kms-crypto", &["kms-protocol"]),
    ("kms-jose", &["kms-protocol", "kms-crypto"]),
    ("kms-backup", &["kms-protocol", "kms-crypto"]),
    ("kms-tlog", &[]),
    ("kms-compress", &[]),
    ("kms-manifest", &[]),
    ("kms-verify", &["kms-tlog", "kms-manifest"]),
    ("kms-sigstore", &[]),
    ("kms-token", &["kms-crypto", "kms-jose"]),
    (
        "kms-vault",
        &["kms-protocol", "kms-crypto", "kms-jose", "kms-tlog", "kms-token", "kms-verify"],
    ),
    ("kms-broker", &["kms-protocol", "kms-crypto", "kms-jose", "kms-tlog", "kms-token"]),
    ("kms-enclave", &["kms-protocol", "kms-crypto", "kms-vault"]),
    ("kms-kit", &["kms-manifest", "kms-verify"]),
    ("kms-tools", &["kms-protocol", "kms-crypto", "kms-backup"]),
    (
        "kms-testkit",
        &[
            "kms-protocol",
            "kms-crypto",
            "kms-jose",
            "kms-manifest",
            "kms-tlog",
            "kms-token",
            "kms-vault",
            "kms-verify",
        ],
    ),
    (
        "enclave-shell",
        &[
            "kms-protocol",
            "kms-tlog",
            "kms-compress",
            "kms-manifest",
            "kms-verify",
            "kms-sigstore",
            "kms-token",
            "kms-broker",
        ],
    ),
    (
        "kms-e2e",
        &["kms-protocol", "kms-crypto", "kms-tlog", "kms-manifest", "kms-testkit", "enclave-shell"],
    ),
    ("xtask", &[]),
];

/// Only for tests: never a normal dependency of what ships.
const TEST_ONLY: &str = "kms-testkit";

/// External crates that only the named workspace crates may use directly.
const RESERVED: [(&str, &[&str]); 6] = [
    ("wasm-bindgen", &["kms-enclave", "kms-kit", "kms-tools"]),
    ("wasm-bindgen-futures", &["kms-enclave"]),
    ("js-sys", &["kms-enclave", "kms-tools"]),
    ("web-sys", &["kms-enclave"]),
    ("wasm-bindgen-cli-support", &["xtask"]),
    ("tokio", &["enclave-shell", "kms-broker", "kms-e2e"]),
];

/// Crates that run inside the enclave but know nothing of the browser, nor
/// of a runtime: not even through a dependency.
const PURE: [&str; 9] = [
    "kms-protocol",
    "kms-crypto",
    "kms-jose",
    "kms-tlog",
    "kms-vault",
    "kms-backup",
    "kms-manifest",
    "kms-verify",
    "kms-token",
];
const IMPURE: [&str; 5] = ["web-sys", "js-sys", "wasm-bindgen", "tokio", "mio"];

pub(super) fn check(repo: &Repo, findings: &mut Findings) -> Result<()> {
    let metadata = metadata::read(repo, TARGET)?;
    let ours: BTreeSet<&str> = metadata
        .packages
        .iter()
        .filter(|package| package.source.is_none())
        .map(|package| package.name.as_str())
        .collect();
    for package in metadata.packages.iter().filter(|package| package.source.is_none()) {
        check_direction(package, &ours, findings);
        check_reserved(package, findings);
        check_probe(package, findings);
    }
    check_pure(&metadata, findings);
    Ok(())
}

fn check_direction(package: &Package, ours: &BTreeSet<&str>, findings: &mut Findings) {
    let name = &package.name;
    let Some((_, allowed)) = MAY_USE.iter().find(|(of, _)| of == name) else {
        findings.problem(format!("{name} has no line in the table of crate directions"));
        return;
    };
    for dependency in package.dependencies.iter().filter(|used| ours.contains(&*used.name)) {
        let used = dependency.name.as_str();
        let for_tests = dependency.kind.as_deref() == Some("dev");
        let in_tests = used == TEST_ONLY && for_tests;
        if !in_tests && !allowed.contains(&used) {
            findings.problem(format!("{name} may not depend on {used}"));
        }
    }
}

fn check_reserved(package: &Package, findings: &mut Findings) {
    for dependency in &package.dependencies {
        let rule = RESERVED.iter().find(|(of, _)| *of == dependency.name);
        if rule.is_some_and(|(_, users)| !users.contains(&&*package.name)) {
            findings.problem(format!("{} may not use {}", package.name, dependency.name));
        }
    }
}

/// The probe reports secrets: nothing may turn it on but `xtask build --probe`.
fn check_probe(package: &Package, findings: &mut Findings) {
    let name = &package.name;
    for (feature, enabled) in &package.features {
        let on = |other: &String| other == "probe" || other.ends_with("/probe");
        if feature != "probe" && enabled.iter().any(on) {
            findings.problem(format!("{name}: feature `{feature}` turns on the probe"));
        }
    }
    for dependency in &package.dependencies {
        let shipped = dependency.kind.as_deref() != Some("dev");
        if shipped && dependency.features.iter().any(|feature| feature == "probe") {
            findings.problem(format!("{name} turns on the probe of {}", dependency.name));
        }
    }
}

fn check_pure(metadata: &Metadata, findings: &mut Findings) {
    for package in metadata.packages.iter().filter(|package| PURE.contains(&&*package.name)) {
        let parts = metadata.parts(package);
        for (used, _) in parts.iter().filter(|(used, _)| IMPURE.contains(&&*used.name)) {
            let (name, used) = (&package.name, &used.name);
            findings.problem(format!("{name} reaches {used} through a dependency"));
        }
    }
}
