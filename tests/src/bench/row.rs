//! One line of the result: two measured values, their ratio and what it should be.

use std::fmt;

use serde::Serialize;

use crate::engine::Engine;

/// What a value is a number of.
#[derive(Clone, Copy, Debug)]
pub(super) enum Unit {
    /// Milliseconds.
    Ms,
    /// Thousands of bytes.
    KB,
}

impl fmt::Display for Unit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Ms => "ms",
            Self::KB => "KB",
        })
    }
}

/// What a hundred times as many keys may cost: the design asks that nothing grows with them.
const MANY_KEYS: f64 = 1.5;

/// What is compared, and the largest ratio that is good enough.
#[derive(Clone, Copy, Debug)]
pub(super) struct Goal {
    number: u8,
    name: &'static str,
    unit: Unit,
    chromium: f64,
    firefox: f64,
}

impl Goal {
    /// The same goal for every engine, of times.
    const fn new(number: u8, name: &'static str, goal: f64) -> Self {
        Self { number, name, unit: Unit::Ms, chromium: goal, firefox: goal }
    }

    const fn firefox(self, goal: f64) -> Self {
        Self { firefox: goal, ..self }
    }

    /// Largest size of the first release on the wire, in KB.
    pub(super) const WIRE_BUDGET: f64 = 90.0;

    pub(super) const ECHO: Self = Self::new(1, "echo, p50: enclave / bare worker", 1.25);
    pub(super) const JANK: Self =
        Self::new(2, "echo while the frame is busy, p99: enclave / relay through the frame", 0.15);
    pub(super) const SIGN_P256: Self =
        Self::new(3, "P-256 sign: enclave / bare worker with WebCrypto", 1.6);
    pub(super) const SIGN_ED25519: Self =
        Self::new(3, "Ed25519 sign: enclave / bare worker with WebCrypto", 1.6);
    pub(super) const LONG_LOG: Self =
        Self::new(4, "durable sign: in a long log / in a short one", 1.1);
    pub(super) const WASM_LIBSODIUM: Self =
        Self::new(7, "wasm Ed25519 sign: ours / libsodium.js", 0.9).firefox(1.15);
    pub(super) const WASM_NOBLE: Self = Self::new(7, "wasm Ed25519 sign: ours / noble", 0.15);
    pub(super) const ARGON2_HASH_WASM: Self =
        Self::new(8, "Argon2id 64 MiB, t=3: ours / hash-wasm", 0.85);
    pub(super) const ARGON2_LIBSODIUM: Self =
        Self::new(8, "Argon2id 64 MiB, t=3: ours / libsodium.js", 1.25);
    pub(super) const BOOT: Self =
        Self::new(9, "frame to ready: enclave / frame with an empty worker", 1.35).firefox(1.65);
    pub(super) const WIRE: Self =
        Self { unit: Unit::KB, ..Self::new(10, "page and module, brotli / budget", 1.0) };

    pub(super) const AES_GCM: Self =
        Self::new(11, "AES-GCM of 16 MiB: stream of the enclave / WebCrypto in the page", 2.5);

    pub(super) const LIST: Self = Self::new(12, "page of 20 keys: of many / of 100", MANY_KEYS);
    pub(super) const FIRST_SIGN: Self =
        Self::new(12, "first sign after unlock: any of many keys / of 100", MANY_KEYS);
    /// Most of it is Argon2id, which hides more.
    pub(super) const UNLOCK: Self = Self::new(12, "unlock: with many keys / with 100", 1.2);
    pub(super) const ROTATE: Self = Self::new(12, "rotate: any of many keys / of 100", MANY_KEYS);

    /// Longest that a verification by a policy may take, in milliseconds.
    pub(super) const VERIFY_BUDGET: f64 = 300.0;
    /// Largest size of what is verified, manifest and proof, in KB.
    pub(super) const EVIDENCE_BUDGET: f64 = 16.0;

    pub(super) const VERIFY: Self = Self::new(13, "verify by a policy, p50 / budget", 1.0);
    pub(super) const EVIDENCE: Self =
        Self { unit: Unit::KB, ..Self::new(14, "manifest and proof / budget", 1.0) };

    /// The goal with what was measured.
    pub(super) fn reached(self, engine: Engine, ours: f64, reference: f64) -> Row {
        let ratio = ours / reference;
        let goal = if engine == Engine::Firefox { self.firefox } else { self.chromium };
        let pass = ratio <= goal;
        let Self { number, name, unit, .. } = self;
        Row { number, name, ours, reference, ratio, goal, pass, unit }
    }
}

/// A measured comparison.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Row {
    /// Number of the goal.
    #[serde(rename = "row")]
    pub number: u8,
    /// What is compared with what.
    pub name: &'static str,
    /// The enclave's value.
    pub ours: f64,
    /// The value it is compared with.
    pub reference: f64,
    /// `ours / reference`.
    pub ratio: f64,
    /// The largest ratio that is good enough.
    pub goal: f64,
    /// Whether the goal is met.
    pub pass: bool,
    /// Of both values.
    #[serde(skip)]
    pub unit: Unit,
}

impl Row {
    /// Number of the goal.
    pub(super) fn number(&self) -> u8 {
        self.number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_met_up_to_and_including_its_ratio() {
        assert!(Goal::ECHO.reached(Engine::Chromium, 1.25, 1.0).pass);
        assert!(!Goal::ECHO.reached(Engine::Chromium, 1.26, 1.0).pass);
    }

    #[test]
    fn firefox_has_goals_of_its_own() {
        assert!(!Goal::BOOT.reached(Engine::Chromium, 1.5, 1.0).pass);
        assert!(Goal::BOOT.reached(Engine::Firefox, 1.5, 1.0).pass);
    }
}
