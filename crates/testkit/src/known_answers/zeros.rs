//! Keys that begin or end with a zero byte. A platform that takes keys for numbers loses such a
//! byte; WebKitGTK 2.50 does with X25519 keys. Published vectors have few of them.

use kms_crypto::software::{SoftwareKey, secret_of};
use kms_crypto::{CryptoError, KeyKind, PublicKey, SecretBytes};
use sha2::{Digest, Sha256};

use super::{AGREED_INFO, Answer, Call, Suite};

/// Where the zero is: in the secret, or in the public key.
#[derive(Clone, Copy)]
enum At {
    Secret(usize),
    Public(usize),
}

const CURVE25519: &[At] = &[At::Secret(0), At::Secret(31), At::Public(0), At::Public(31)];
/// The public half of a P-256 key is a tag and two coordinates.
const P256: &[At] = &[At::Secret(0), At::Secret(31), At::Public(1), At::Public(33), At::Public(64)];

const MESSAGE: &[u8] = b"message";

/// A key with its public half.
struct Pair(SoftwareKey, PublicKey);

impl Pair {
    fn of(kind: KeyKind, seed: [u8; 32]) -> Result<Self, CryptoError> {
        let key = SoftwareKey::from_secret(kind, SecretBytes::copy_of(&seed)?)?;
        let public = key.public_key()?.ok_or(CryptoError::InvalidKey)?;
        Ok(Self(key, public))
    }

    /// The first of the numbered seeds whose key has a zero there.
    fn with_zero(kind: KeyKind, at: At) -> Result<Self, CryptoError> {
        let seeds = (0_u32..).map(|number| Sha256::digest(number.to_be_bytes()).into());
        let place = match at {
            At::Secret(place) => {
                let mut seed = [0x55; 32];
                seed[place] = 0;
                return Self::of(kind, seed);
            }
            At::Public(place) => place,
        };
        let mut pairs = seeds.map(|seed| Self::of(kind, seed)).filter_map(Result::ok);
        let found = pairs.find(|Self(_, public)| public.raw().get(place) == Some(&0));
        found.ok_or(CryptoError::InvalidKey)
    }

    fn form(&self) -> Result<Vec<u8>, CryptoError> {
        Ok(self.0.encode()?.expose().to_vec())
    }
}

/// Numbered in the order of this file.
pub(super) fn zeros() -> Result<Suite, CryptoError> {
    let mut suite = Suite::new("zeros");
    for (kind, places) in [(KeyKind::Ed25519, CURVE25519), (KeyKind::EcP256, P256)] {
        for at in places {
            signatures(&mut suite, kind, &Pair::with_zero(kind, *at)?)?;
        }
    }
    for (kind, places) in [(KeyKind::X25519, CURVE25519), (KeyKind::EcP256Agreement, P256)] {
        let peer = Pair::of(kind, [0x77; 32])?;
        for at in places {
            let pair = Pair::with_zero(kind, *at)?;
            agreement(&mut suite, kind, (&pair, &peer))?;
            agreement(&mut suite, kind, (&peer, &pair))?;
        }
    }
    suite.vectors = suite.cases.len();
    Ok(suite)
}

/// The private keys of the signatures on P-256.
pub(super) fn owners() -> Result<Vec<(KeyKind, Vec<u8>)>, CryptoError> {
    let kind = KeyKind::EcP256;
    let owner = |at: &At| {
        let form = Pair::with_zero(kind, *at)?.form()?;
        Ok((kind, secret_of(kind, &form)?.expose().to_vec()))
    };
    P256.iter().map(owner).collect()
}

fn signatures(suite: &mut Suite, kind: KeyKind, pair: &Pair) -> Result<(), CryptoError> {
    let (message, signature) = (MESSAGE.to_vec(), pair.0.sign(MESSAGE)?.to_vec());
    // A browser's ECDSA is not deterministic.
    if kind == KeyKind::Ed25519 {
        let call = Call::Sign { kind, key: pair.form()?, message: message.clone() };
        suite.add(suite.cases.len(), call, Answer::Bytes(signature.clone()));
        // Its form ends with the seed.
        let (seed, message) = (pair.form()?.split_off(16), message.clone());
        let call = Call::SignWithSeed { seed, message };
        suite.add(suite.cases.len(), call, Answer::Bytes(signature.clone()));
    }
    let call = Call::Verify { kind, public: pair.1.raw().to_vec(), message, signature };
    suite.add(suite.cases.len(), call, Answer::Verdict(true));
    Ok(())
}

fn agreement(
    suite: &mut Suite,
    kind: KeyKind,
    (own, peer): (&Pair, &Pair),
) -> Result<(), CryptoError> {
    let secret = own.0.agree(&peer.1)?.derive::<32>(&[], AGREED_INFO)?;
    let call = Call::Agree { kind, key: own.form()?, public: peer.1.raw().to_vec() };
    suite.add(suite.cases.len(), call, Answer::Bytes(secret.expose().to_vec()));
    Ok(())
}
