//! The known answers that every provider must give: published vectors as calls, each with the
//! one answer that is right here. The native tests run them on the software provider, the
//! browser tests on the provider of the enclave in each engine.

mod argon2id;
mod der;
mod groups;
mod ml_kem;
mod native;
mod nonces;
mod reach;
mod rfc;
mod wycheproof;
mod zeros;

use kms_crypto::KeyKind;

pub use self::groups::{ASIDE, Fate, Group, OTHER_MODULES, RELEASE, groups};
pub use self::native::answer;
pub use self::nonces::{Twin, twin};
pub use self::reach::{Owners, REACHED, Reach, Reached};

/// One operation of a provider. Keys are in the form in which they are wrapped.
#[allow(missing_docs)] // of the fields: they are the arguments by name
#[derive(Clone, Debug)]
pub enum Call {
    /// Whether a signature is valid; a public key that is none has no valid ones.
    Verify { kind: KeyKind, public: Vec<u8>, message: Vec<u8>, signature: Vec<u8> },
    /// A signature, where it is deterministic.
    Sign { kind: KeyKind, key: Vec<u8>, message: Vec<u8> },
    /// A signature of the Ed25519 key of a seed.
    SignWithSeed { seed: Vec<u8>, message: Vec<u8> },
    /// Sealing of records.
    Seal { key: Vec<u8>, nonce: Vec<u8>, aad: Vec<u8>, data: Vec<u8> },
    /// Opening of records.
    Open { key: Vec<u8>, nonce: Vec<u8>, aad: Vec<u8>, data: Vec<u8> },
    /// Encryption with a key of 128 bits that is for one message.
    SealOnce { key: Vec<u8>, nonce: Vec<u8>, data: Vec<u8> },
    /// The key that a passphrase gives.
    Argon2id {
        passphrase: Vec<u8>,
        salt: Vec<u8>,
        memory_kib: u32,
        iterations: u32,
        parallelism: u32,
    },
    /// Decryption with an AES key of the vault.
    Decrypt { key: Vec<u8>, aad: Vec<u8>, data: Vec<u8> },
    /// HKDF-SHA-256.
    Hkdf { salt: Vec<u8>, ikm: Vec<u8>, info: Vec<u8>, length: usize },
    /// HMAC-SHA-256.
    Mac { key: Vec<u8>, message: Vec<u8> },
    /// Whether a MAC is right.
    VerifyMac { key: Vec<u8>, message: Vec<u8>, mac: Vec<u8> },
    /// A key agreement. What is agreed on is never seen: the answer is what HKDF makes of it,
    /// without salt, for [`AGREED_INFO`].
    Agree { kind: KeyKind, key: Vec<u8>, public: Vec<u8> },
    /// Opening of an HPKE message.
    HpkeOpen {
        kind: KeyKind,
        key: Vec<u8>,
        public: Vec<u8>,
        info: Vec<u8>,
        aad: Vec<u8>,
        data: Vec<u8>,
    },
    /// The shared secret of the KEM of HPKE; the answer is as that of [`Call::Agree`].
    Decapsulate { key: Vec<u8>, public: Vec<u8>, encapsulated: Vec<u8> },
    /// Both halves of the key of ML-KEM-768 of a seed.
    MlKemKey { seed: Vec<u8> },
    /// The secret that a ciphertext of ML-KEM-768 gives, if X-Wing takes that.
    MlKemDecapsulate { seed: Vec<u8>, encapsulated: Vec<u8> },
    /// What X-Wing encapsulates by ML-KEM-768 for a key that it takes, and then the secret.
    MlKemEncapsulate { public: Vec<u8>, random: Vec<u8> },
    /// RFC 7638 thumbprint, as bytes of its text.
    Thumbprint { kind: KeyKind, public: Vec<u8> },
}

/// What HKDF gets as `info` in answers to [`Call::Agree`] and [`Call::Decapsulate`].
pub const AGREED_INFO: &[u8] = b"known answer";

/// An argument of a call.
#[derive(Debug)]
pub enum Argument<'a> {
    /// A name.
    Text(&'static str),
    /// Bytes.
    Bytes(&'a [u8]),
    /// A length.
    Number(usize),
}

/// What a call comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Bytes.
    Bytes(Vec<u8>),
    /// A yes or a no.
    Verdict(bool),
    /// An error, by its wire code.
    Refused(&'static str),
}

/// A call and its answer.
#[derive(Debug)]
pub struct Case {
    /// Number of the vector in its source.
    pub id: usize,
    /// What is asked.
    pub call: Call,
    /// What must be answered.
    pub expected: Answer,
}

/// The cases of one algorithm.
#[derive(Debug)]
pub struct Suite {
    /// What it is about.
    pub name: &'static str,
    /// The calls; a vector may make several.
    pub cases: Vec<Case>,
    /// How many vectors there are cases of.
    pub vectors: usize,
    /// Vectors without a case, by the reason.
    pub set_aside: Vec<(&'static str, usize)>,
}

/// Name of a suite, the number of its vectors and of its cases, and vectors set aside, by reason.
/// A vector that is silently skipped changes a number here.
type Counts = (&'static str, usize, usize, &'static [(&'static str, usize)]);

const COUNTS: [Counts; 16] = [
    ("ed25519", 151, 151, &[]),
    ("ecdsa_p256", 262, 262, &[]),
    ("ecdsa_p256_der", 197, 197, &[(der::NO_PAIR, 287)]),
    ("aes_256_gcm", 66, 171, &[]),
    ("aes_128_gcm", 22, 22, &[(wycheproof::ADDITIONAL_DATA, 18), (wycheproof::OPENING, 27)]),
    ("argon2id", 3, 5, &[]),
    ("hkdf_sha256", 86, 86, &[]),
    ("hmac_sha256", 174, 207, &[]),
    ("x25519", 518, 518, &[]),
    ("ecdh_p256", 355, 355, &[]),
    ("ecdh_p256_der", 349, 349, &[(der::NO_POINT, 263)]),
    ("hpke", 1, 10, &[]),
    ("hpke_x_wing", 1, 10, &[]),
    ("ml_kem_768", 100 + 201 + 265, 566, &[]),
    ("rfc", 23, 23, &[]),
    ("zeros", 35, 35, &[]),
];

/// Names of all suites.
pub fn names() -> impl Iterator<Item = &'static str> {
    COUNTS.iter().map(|(name, ..)| *name)
}

/// Loads a suite. The error says which vectors cannot be read, or are more or fewer than known.
pub fn load(name: &str) -> Result<Suite, String> {
    let suite = match name {
        "ed25519" => wycheproof::ed25519()?,
        "ecdsa_p256" => wycheproof::ecdsa_p256()?,
        "ecdsa_p256_der" => der::ecdsa_p256()?,
        "aes_256_gcm" => wycheproof::aes_256_gcm()?,
        "aes_128_gcm" => wycheproof::aes_128_gcm()?,
        "argon2id" => argon2id::argon2id(),
        "hkdf_sha256" => wycheproof::hkdf_sha256()?,
        "hmac_sha256" => wycheproof::hmac_sha256()?,
        "x25519" => wycheproof::x25519()?,
        "ecdh_p256" => wycheproof::ecdh_p256()?,
        "ecdh_p256_der" => der::ecdh_p256()?,
        "hpke" => rfc::hpke()?,
        "hpke_x_wing" => rfc::hpke_x_wing()?,
        "ml_kem_768" => ml_kem::ml_kem_768()?,
        "rfc" => rfc::others()?,
        "zeros" => zeros::zeros().map_err(|error| error.to_string())?,
        _ => return Err(format!("no suite {name}")),
    };
    let counted = (suite.vectors, suite.cases.len(), &*suite.set_aside);
    let known = COUNTS.iter().find(|(known, ..)| *known == suite.name);
    if known.is_some_and(|(_, vectors, cases, aside)| (*vectors, *cases, *aside) == counted) {
        Ok(suite)
    } else {
        Err(format!("{name} has {counted:?}"))
    }
}

impl Suite {
    fn new(name: &'static str) -> Self {
        Self { name, cases: Vec::new(), vectors: 0, set_aside: Vec::new() }
    }

    fn add(&mut self, id: usize, call: Call, expected: Answer) {
        self.cases.push(Case { id, call, expected });
    }

    fn set_aside(&mut self, reason: &'static str, vectors: usize) {
        match self.set_aside.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, count)) => *count += vectors,
            None => self.set_aside.push((reason, vectors)),
        }
    }
}

impl Call {
    /// Name of the function of the probe build.
    #[must_use]
    pub fn function(&self) -> &'static str {
        match self {
            Self::Verify { .. } => "probeVerify",
            Self::Sign { .. } => "probeSign",
            Self::SignWithSeed { .. } => "probeSignWithSeed",
            Self::Seal { .. } => "probeSeal",
            Self::Open { .. } => "probeOpen",
            Self::SealOnce { .. } => "probeSealOnce",
            Self::Argon2id { .. } => "probeKdf",
            Self::Decrypt { .. } => "probeDecrypt",
            Self::Hkdf { .. } => "probeHkdf",
            Self::Mac { .. } => "probeMac",
            Self::VerifyMac { .. } => "probeVerifyMac",
            Self::Agree { .. } => "probeAgree",
            Self::HpkeOpen { .. } => "probeHpkeOpen",
            Self::Decapsulate { .. } => "probeDecapsulate",
            Self::MlKemKey { .. } => "probeMlKemKey",
            Self::MlKemDecapsulate { .. } => "probeMlKemDecapsulate",
            Self::MlKemEncapsulate { .. } => "probeMlKemEncapsulate",
            Self::Thumbprint { .. } => "probeThumbprint",
        }
    }

    /// Its arguments, by name.
    #[must_use]
    pub fn arguments(&self) -> Vec<(&'static str, Argument<'_>)> {
        use Argument::{Bytes, Number, Text};
        match self {
            Self::Verify { kind, public, message, signature } => vec![
                ("kind", Text(kind.as_str())),
                ("public", Bytes(public)),
                ("message", Bytes(message)),
                ("signature", Bytes(signature)),
            ],
            Self::Sign { kind, key, message } => {
                vec![
                    ("kind", Text(kind.as_str())),
                    ("key", Bytes(key)),
                    ("message", Bytes(message)),
                ]
            }
            Self::SignWithSeed { seed, message } => {
                vec![("seed", Bytes(seed)), ("message", Bytes(message))]
            }
            Self::Seal { key, nonce, aad, data } | Self::Open { key, nonce, aad, data } => vec![
                ("key", Bytes(key)),
                ("nonce", Bytes(nonce)),
                ("aad", Bytes(aad)),
                ("data", Bytes(data)),
            ],
            Self::SealOnce { key, nonce, data } => {
                vec![("key", Bytes(key)), ("nonce", Bytes(nonce)), ("data", Bytes(data))]
            }
            Self::Argon2id { passphrase, salt, memory_kib, iterations, parallelism } => vec![
                ("passphrase", Bytes(passphrase)),
                ("salt", Bytes(salt)),
                ("memoryKib", Number(*memory_kib as usize)),
                ("iterations", Number(*iterations as usize)),
                ("parallelism", Number(*parallelism as usize)),
            ],
            Self::Decrypt { key, aad, data } => {
                vec![("key", Bytes(key)), ("aad", Bytes(aad)), ("data", Bytes(data))]
            }
            Self::Hkdf { salt, ikm, info, length } => vec![
                ("salt", Bytes(salt)),
                ("ikm", Bytes(ikm)),
                ("info", Bytes(info)),
                ("length", Number(*length)),
            ],
            Self::Mac { key, message } => vec![("key", Bytes(key)), ("message", Bytes(message))],
            Self::VerifyMac { key, message, mac } => {
                vec![("key", Bytes(key)), ("message", Bytes(message)), ("mac", Bytes(mac))]
            }
            Self::Agree { kind, key, public } => vec![
                ("kind", Text(kind.as_str())),
                ("key", Bytes(key)),
                ("public", Bytes(public)),
                ("info", Bytes(AGREED_INFO)),
            ],
            Self::HpkeOpen { kind, key, public, info, aad, data } => vec![
                ("kind", Text(kind.as_str())),
                ("key", Bytes(key)),
                ("public", Bytes(public)),
                ("info", Bytes(info)),
                ("aad", Bytes(aad)),
                ("data", Bytes(data)),
            ],
            Self::Decapsulate { key, public, encapsulated } => vec![
                ("key", Bytes(key)),
                ("public", Bytes(public)),
                ("encapsulated", Bytes(encapsulated)),
                ("info", Bytes(AGREED_INFO)),
            ],
            Self::MlKemKey { seed } => vec![("seed", Bytes(seed))],
            Self::MlKemDecapsulate { seed, encapsulated } => {
                vec![("seed", Bytes(seed)), ("encapsulated", Bytes(encapsulated))]
            }
            Self::MlKemEncapsulate { public, random } => {
                vec![("public", Bytes(public)), ("random", Bytes(random))]
            }
            Self::Thumbprint { kind, public } => {
                vec![("kind", Text(kind.as_str())), ("public", Bytes(public))]
            }
        }
    }
}
