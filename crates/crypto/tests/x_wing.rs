//! X-Wing and HPKE with it, against the draft's vectors and another implementation of HPKE.
#![allow(clippy::unwrap_used)] // the fixtures are plain functions

use kms_crypto::hpke::{self, Binding};
use kms_crypto::software::{SoftwareKey, SoftwareProvider};
use kms_crypto::{
    CryptoError, CryptoProvider, KeyKind, PublicKey, SecretBytes, SharedSecret, hkdf,
};
use pollster::block_on;
use serde::Deserialize;

const DRAFT: &str = include_str!("../../../tests/vectors/hpke/x-wing-draft-06.json");
const HPKE: &str = include_str!("../../../tests/vectors/hpke/x-wing-sha256-aes256gcm.json");

/// An entry of appendix C: private and public key, randomness, encapsulated key and secret.
#[derive(Deserialize)]
struct Vector {
    sk: String,
    pk: String,
    eseed: String,
    ct: String,
    ss: String,
}

/// A message that another implementation sealed to the first of those keys.
#[derive(Deserialize)]
struct Sealed {
    info: String,
    #[serde(rename = "pkRm")]
    pk: String,
    enc: String,
    encryptions: [Message; 1],
}

#[derive(Deserialize)]
struct Message {
    aad: String,
    pt: String,
    ct: String,
}

fn unhex(text: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(byte).collect()
}

/// A provider that draws these bytes.
fn drawing(bytes: &[u8]) -> SoftwareProvider {
    let bytes = bytes.to_vec();
    SoftwareProvider::new(move |out| {
        out.copy_from_slice(&bytes[..out.len()]);
        Ok(())
    })
}

fn key(seed: &[u8]) -> SoftwareKey {
    let seed = SecretBytes::copy_of(seed).unwrap();
    SoftwareKey::from_secret(KeyKind::HpkeXWing, seed).unwrap()
}

fn public(key: &SoftwareKey) -> PublicKey {
    key.public_key().unwrap().unwrap()
}

/// What HKDF makes of a secret, which nobody sees.
fn derived(secret: &SharedSecret) -> Vec<u8> {
    secret.derive::<32>(b"", b"x-wing").unwrap().expose().to_vec()
}

#[test]
fn gives_the_answers_of_the_draft() {
    let vectors: Vec<Vector> = serde_json::from_str(DRAFT).unwrap();
    assert_eq!(vectors.len(), 3);
    for vector in vectors {
        let key = key(&unhex(&vector.sk));
        let public = public(&key);
        assert_eq!(public.raw(), unhex(&vector.pk));
        let mut expected = [0; 32];
        hkdf::derive_into(b"", &[&unhex(&vector.ss)], b"x-wing", &mut expected).unwrap();
        let provider = drawing(&unhex(&vector.eseed));
        let encapsulated = block_on(provider.encapsulate(&public)).unwrap();
        assert_eq!(encapsulated.key, unhex(&vector.ct));
        assert_eq!(derived(&encapsulated.secret), expected);
        let found = block_on(provider.decapsulate(&key, &public, &encapsulated.key)).unwrap();
        assert_eq!(derived(&found), expected);
    }
}

// The file that the known answers of all providers are read from was made by the `hpke` crate, which
// needs a version of `kem` that ours excludes.
#[test]
fn seals_and_opens_as_another_hpke() {
    let drafts: Vec<Vector> = serde_json::from_str(DRAFT).unwrap();
    let other: Sealed = serde_json::from_str(HPKE).unwrap();
    let key = key(&unhex(&drafts[0].sk));
    assert_eq!(public(&key).raw(), unhex(&other.pk));
    let [message] = &other.encryptions;
    let (info, aad) = (unhex(&other.info), unhex(&message.aad));
    let binding = Binding { info: &info, aad: &aad };
    let provider = drawing(&unhex(&drafts[0].eseed));
    let plaintext = unhex(&message.pt);
    let sealed = block_on(hpke::seal(&provider, &public(&key), binding, &plaintext)).unwrap();
    assert_eq!(sealed, [unhex(&other.enc), unhex(&message.ct)].concat());
    let opened = block_on(hpke::open(&provider, (&key, &public(&key)), binding, &sealed)).unwrap();
    assert_eq!(opened.expose(), plaintext);
}

#[test]
fn refuses_keys_that_are_none() {
    let good = public(&key(&[7; 32])).raw().to_vec();
    let is_key = |raw: &[u8]| PublicKey::from_raw(KeyKind::HpkeXWing, raw).is_ok();
    assert!(is_key(&good) && !is_key(&good[1..]) && !is_key(&[]) && !is_key(&good[..32]));
    // A coefficient of 4095 (FIPS 203, section 7.2).
    let mut large = good.clone();
    large[..3].fill(0xff);
    assert!(!is_key(&large));
    for point in [[0; 32], [0xff; 32]] {
        assert!(!is_key(&[&good[..1184], &point].concat()));
    }
}

#[test]
fn refuses_an_encapsulated_key_that_gives_the_secret_away() {
    let (key, provider) = (key(&[7; 32]), drawing(&[9; 64]));
    let public = public(&key);
    let encapsulated = block_on(provider.encapsulate(&public)).unwrap().key;
    let mut small = encapsulated.clone();
    small[1088..].fill(0);
    for bad in [&small[..], &encapsulated[1..], &[]] {
        let found = block_on(provider.decapsulate(&key, &public, bad));
        assert_eq!(found.err(), Some(CryptoError::InvalidCiphertext));
    }
    let other = PublicKey::from_raw(KeyKind::HpkeX25519, &[9; 32]).unwrap();
    let found = block_on(provider.decapsulate(&key, &other, &encapsulated));
    assert_eq!(found.err(), Some(CryptoError::InvalidKey));
}

// draft-connolly-cfrg-xwing-kem-06, section 5.8.
#[test]
fn its_spki_is_what_a_der_library_writes() {
    use p256::pkcs8::der::Encode;
    use p256::pkcs8::der::asn1::BitStringRef;
    use p256::pkcs8::{AlgorithmIdentifierRef, ObjectIdentifier, SubjectPublicKeyInfo};

    let oid = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.62253.25722");
    let algorithm = AlgorithmIdentifierRef { oid, parameters: None };
    let public = public(&key(&[7; 32]));
    let subject_public_key = BitStringRef::from_bytes(public.raw()).unwrap();
    let theirs = SubjectPublicKeyInfo { algorithm, subject_public_key };
    assert_eq!(public.spki(), theirs.to_der().unwrap());
    assert_eq!((public.jwk(), public.thumbprint().len()), (None, 43));
}
