//! X-Wing (draft-connolly-cfrg-xwing-kem-06): X25519 and ML-KEM-768 (FIPS 203) in one KEM. Who breaks
//! one of the two has nothing yet.

use ml_kem::array::Array;
use ml_kem::kem::Decapsulate;
use ml_kem::{EncapsulateDeterministic, EncodedSizeUser, KemCore, MlKem768};
use sha3::digest::{ExtendableOutput, Update, XofReader};
use sha3::{Digest, Sha3_256, Shake256};
use zeroize::Zeroize;

use super::key::SoftwareKey;
use crate::hpke::Encapsulated;
use crate::{CryptoError, KeyKind, PublicKey, SecretBytes, SharedSecret, wipe_stack};

/// Length in bytes of a public key of ML-KEM-768; one of X25519 follows.
const ML_KEM_KEY_LEN: usize = 1184;
/// Length in bytes of a ciphertext of ML-KEM-768; a public key of X25519 follows.
const ML_KEM_CIPHERTEXT_LEN: usize = 1088;
/// What the combiner ends with (section 5.3).
const LABEL: &[u8] = br"\.//^\";

type DecapsulationKey = <MlKem768 as KemCore>::DecapsulationKey;
type EncapsulationKey = <MlKem768 as KemCore>::EncapsulationKey;

/// A private key, as far as it is needed at a time.
struct Private {
    ml_kem: DecapsulationKey,
    x25519: SoftwareKey,
    /// Its public half.
    public: Vec<u8>,
}

/// Whether the bytes are a public key: of ML-KEM in its one encoding (FIPS 203, section 7.2), and of
/// X25519 as everywhere.
pub(crate) fn is_x_wing_key(raw: &[u8]) -> bool {
    let Some((ml_kem, x25519)) = raw.split_at_checked(ML_KEM_KEY_LEN) else { return false };
    encapsulation_key(ml_kem).is_some_and(|key| *key.as_bytes() == *ml_kem) && point(x25519).is_ok()
}

/// The public half of the key with this seed (section 5.2).
pub(super) fn public_key(seed: &SecretBytes<32>) -> Result<PublicKey, CryptoError> {
    PublicKey::from_raw(KeyKind::HpkeXWing, &expand(seed)?.public)
}

/// A fresh secret for the owner of a key (section 5.4).
pub(super) fn encapsulate(
    recipient: &PublicKey,
    mut random: impl FnMut(&mut [u8]) -> Result<(), CryptoError>,
) -> Result<Encapsulated, CryptoError> {
    let (ml_kem, x25519) =
        recipient.raw().split_at_checked(ML_KEM_KEY_LEN).ok_or(CryptoError::InvalidKey)?;
    let key = encapsulation_key(ml_kem).ok_or(CryptoError::InvalidKey)?;
    let drawn = SecretBytes::<64>::try_new_with(|out| random(out))?;
    let (for_ml_kem, for_x25519) = drawn.expose().split_at(32);
    let drawn = Array::try_from(for_ml_kem).map_err(|_| CryptoError::Unavailable)?;
    let encapsulated = key.encapsulate_deterministic(&drawn);
    let (ciphertext, mut first) = encapsulated.map_err(|()| CryptoError::Unavailable)?;
    let ephemeral =
        SoftwareKey::from_secret(KeyKind::HpkeX25519, SecretBytes::copy_of(for_x25519)?)?;
    let public = public_half(&ephemeral)?;
    let recipient = point(x25519)?;
    let second = ephemeral.shared(&recipient)?;
    let secret = combine(&first, &second, [&public, &recipient]);
    first.zeroize();
    wipe_stack();
    Ok(Encapsulated { key: [&ciphertext[..], public.raw()].concat(), secret: secret? })
}

/// Finds the secret (section 5.5). ML-KEM answers a wrong ciphertext with a secret that nobody knows;
/// an X25519 key of small order is refused, as every such key is here.
pub(super) fn decapsulate(
    seed: &SecretBytes<32>,
    encapsulated: &[u8],
) -> Result<SharedSecret, CryptoError> {
    let invalid = CryptoError::InvalidCiphertext;
    let (ciphertext, x25519) =
        encapsulated.split_at_checked(ML_KEM_CIPHERTEXT_LEN).ok_or(invalid)?;
    let peer = point(x25519).map_err(|_| invalid)?;
    let ciphertext = Array::try_from(ciphertext).map_err(|_| invalid)?;
    let own = expand(seed)?;
    let mut first = own.ml_kem.decapsulate(&ciphertext).map_err(|()| CryptoError::Unavailable)?;
    let second = own.x25519.shared(&peer)?;
    let secret = combine(&first, &second, [&peer, &public_half(&own.x25519)?]);
    first.zeroize();
    wipe_stack();
    secret
}

/// `expandDecapsulationKey` (section 5.2).
fn expand(seed: &SecretBytes<32>) -> Result<Private, CryptoError> {
    let mut shake = Shake256::default();
    Update::update(&mut shake, seed.expose());
    let mut expanded = shake.finalize_xof();
    let mut next = || SecretBytes::<32>::new_with(|out| expanded.read(out));
    let (d, z, x25519) = (next(), next(), next());
    let (ml_kem, key) = MlKem768::generate_deterministic(&Array(*d.expose()), &Array(*z.expose()));
    let x25519 = SoftwareKey::from_secret(KeyKind::HpkeX25519, x25519)?;
    wipe_stack();
    let public = [&key.as_bytes()[..], public_half(&x25519)?.raw()].concat();
    Ok(Private { ml_kem, x25519, public })
}

/// `Combiner` (section 5.3), with the encapsulated and the recipient's key of X25519.
fn combine(
    first: &[u8],
    second: &SharedSecret,
    [encapsulated, recipient]: [&PublicKey; 2],
) -> Result<SharedSecret, CryptoError> {
    let secret = SecretBytes::new_with(|out| {
        let mut hasher = Sha3_256::new();
        for part in [first, second.expose(), encapsulated.raw(), recipient.raw(), LABEL] {
            Digest::update(&mut hasher, part);
        }
        hasher.finalize_into(out.into());
    });
    SharedSecret::new(KeyKind::HpkeXWing, secret)
}

fn encapsulation_key(raw: &[u8]) -> Option<EncapsulationKey> {
    Some(EncapsulationKey::from_bytes(&Array::try_from(raw).ok()?))
}

fn point(raw: &[u8]) -> Result<PublicKey, CryptoError> {
    PublicKey::from_raw(KeyKind::HpkeX25519, raw)
}

fn public_half(key: &SoftwareKey) -> Result<PublicKey, CryptoError> {
    key.public_key()?.ok_or(CryptoError::InvalidKey)
}
