//! Keys of every kind on the software provider: what each can do, and that it can do nothing
//! else.

#![allow(clippy::unwrap_used)] // helpers of tests

use std::cell::Cell;

use kms_crypto::hpke::Binding;
use kms_crypto::software::{SoftwareKey, SoftwareProvider, respelled};
use kms_crypto::{
    AeadContext, CryptoError, CryptoProvider, KeyKind, NewKey, PublicKey, SecretBytes,
    SharedSecret, hpke,
};
use pollster::block_on;

const PLACE: AeadContext<'static> = AeadContext { nonce: &[7; 12], aad: b"place" };

/// Each draw differs from the one before.
fn provider() -> SoftwareProvider {
    let draws = Cell::new(0x20);
    SoftwareProvider::new(move |out| {
        draws.set(draws.get() + 1);
        out.fill(draws.get());
        Ok(())
    })
}

fn generate(provider: &SoftwareProvider, kind: KeyKind) -> NewKey<SoftwareKey> {
    let wrapping = SecretBytes::new_with(|out| out.fill(9));
    let wrapping = block_on(provider.import_sealing_key(&wrapping)).unwrap();
    block_on(provider.generate_key(kind, &wrapping, PLACE)).unwrap()
}

fn base_point(kind: KeyKind) -> PublicKey {
    let mut point = [0; 32];
    point[0] = 9;
    PublicKey::from_raw(kind, &point).unwrap()
}

/// The operations that do not refuse the key, each tried with all it needs.
fn able(provider: &SoftwareProvider, made: &NewKey<SoftwareKey>) -> Vec<&'static str> {
    let key = &made.key;
    let peer = made.public.clone().unwrap_or_else(|| base_point(KeyKind::X25519));
    let (hpke, encapsulated) = match &made.public {
        Some(public) if public.kind() == KeyKind::HpkeXWing => (public.clone(), vec![9; 1120]),
        _ => (base_point(KeyKind::HpkeX25519), base_point(KeyKind::X25519).raw().to_vec()),
    };
    let outcomes = [
        ("sign", block_on(provider.sign(key, b"")).err()),
        ("encrypt", block_on(provider.encrypt(key, b"", b"")).err()),
        ("decrypt", block_on(provider.decrypt(key, b"", &[0; 28])).err()),
        ("mac", block_on(provider.mac(key, b"")).err()),
        ("verify_mac", block_on(provider.verify_mac(key, b"", &[0; 32])).err()),
        ("agree", block_on(provider.agree(key, &peer)).err()),
        ("encapsulate", block_on(provider.encapsulate(&peer)).err()),
        ("decapsulate", block_on(provider.decapsulate(key, &hpke, &encapsulated)).err()),
    ];
    let refused = Some(CryptoError::InvalidKey);
    outcomes.into_iter().filter(|(_, error)| *error != refused).map(|(name, _)| name).collect()
}

#[test]
fn a_key_does_what_it_is_for_and_nothing_else() {
    let provider = provider();
    for kind in KeyKind::ALL {
        let expected: &[&str] = match kind {
            KeyKind::Ed25519 | KeyKind::EcP256 => &["sign"],
            KeyKind::X25519 | KeyKind::EcP256Agreement => &["agree"],
            KeyKind::Aes256 => &["encrypt", "decrypt"],
            KeyKind::HmacSha256 => &["mac", "verify_mac"],
            KeyKind::HpkeX25519 | KeyKind::HpkeXWing => &["encapsulate", "decapsulate"],
        };
        assert_eq!(able(&provider, &generate(&provider, *kind)), expected, "{kind:?}");
    }
}

/// For an engine that loses a zero at the beginning of a scalar.
#[test]
fn an_x25519_key_that_begins_with_a_zero_has_another_spelling() {
    for kind in [KeyKind::X25519, KeyKind::HpkeX25519] {
        let of = |first: u8| {
            let secret = SecretBytes::new_with(|out| {
                out.fill(0x55);
                out[0] = first;
            });
            SoftwareKey::from_secret(kind, secret).unwrap()
        };
        let form = of(0).encode().unwrap();
        let other = respelled(kind, form.expose()).unwrap();
        assert_ne!(other.expose(), form.expose());
        let same = SoftwareKey::decode(kind, other.expose()).unwrap();
        let public = |key: &SoftwareKey| key.public_key().unwrap().unwrap();
        assert_eq!(public(&same).raw(), public(&of(0)).raw());
        for first in [1, 8, 255] {
            assert!(respelled(kind, of(first).encode().unwrap().expose()).is_err(), "{first}");
        }
        assert!(respelled(kind, &form.expose()[1..]).is_err());
    }
    let zero = SecretBytes::new_with(|out| out.fill(0));
    let seed = SoftwareKey::from_secret(KeyKind::Ed25519, zero).unwrap().encode().unwrap();
    assert!(respelled(KeyKind::Ed25519, seed.expose()).is_err());
    assert!(respelled(KeyKind::Aes256, &[0; 32]).is_err());
}

// RFC 8410, sections 4 and 7.
#[test]
fn x25519_templates_agree_with_a_der_library() {
    use p256::pkcs8::der::asn1::{BitStringRef, OctetStringRef};
    use p256::pkcs8::der::{Decode, Encode};
    use p256::pkcs8::{AlgorithmIdentifierRef, ObjectIdentifier, PrivateKeyInfoRef};
    use p256::pkcs8::{SubjectPublicKeyInfo, spki::SubjectPublicKeyInfoRef};

    let oid = ObjectIdentifier::new_unwrap("1.3.101.110");
    let algorithm = AlgorithmIdentifierRef { oid, parameters: None };
    for kind in [KeyKind::X25519, KeyKind::HpkeX25519] {
        let secret = SecretBytes::new_with(|out| out.fill(0x42));
        let key = SoftwareKey::from_secret(kind, secret).unwrap();
        let inner = OctetStringRef::new(&[0x42; 32]).unwrap().to_der().unwrap();
        let theirs = PrivateKeyInfoRef::new(algorithm, OctetStringRef::new(&inner).unwrap());
        assert_eq!(key.encode().unwrap().expose(), theirs.to_der().unwrap());
        let read = SoftwareKey::decode(kind, &theirs.to_der().unwrap()).unwrap();
        let public = read.public_key().unwrap().unwrap();
        let subject_public_key = BitStringRef::from_bytes(public.raw()).unwrap();
        let theirs = SubjectPublicKeyInfo { algorithm, subject_public_key };
        assert_eq!(public.spki(), theirs.to_der().unwrap());
        assert!(SubjectPublicKeyInfoRef::from_der(&public.spki()).is_ok());
        // No byte of the form may differ.
        let form = key.encode().unwrap().expose().to_vec();
        for at in 0..16 {
            let mut other = form.clone();
            other[at] ^= 1;
            assert!(SoftwareKey::decode(kind, &other).is_err(), "{at}");
        }
    }
}

#[test]
fn both_sides_agree_and_only_with_their_kind() {
    let provider = provider();
    for kind in KeyKind::ALL.iter().copied().filter(|kind| kind.is_agreement()) {
        let (one, other) = (generate(&provider, kind), generate(&provider, kind));
        let derive = |key: &NewKey<SoftwareKey>, peer: &NewKey<SoftwareKey>| {
            let peer = peer.public.as_ref().unwrap();
            let secret = block_on(provider.agree(&key.key, peer)).unwrap();
            *secret.derive::<32>(b"salt", b"info").unwrap().expose()
        };
        assert_eq!(derive(&one, &other), derive(&other, &one));
        assert_ne!(derive(&one, &other), derive(&one, &one));
        let pairs = KeyKind::ALL.iter().filter(|other| **other != kind);
        for stranger in pairs.filter_map(|other| generate(&provider, *other).public) {
            let refused = block_on(provider.agree(&one.key, &stranger)).err();
            assert_eq!(refused, Some(CryptoError::InvalidKey), "{kind:?} {:?}", stranger.kind());
        }
    }
}

#[test]
fn ciphertexts_carry_their_nonce_and_are_bound() {
    let provider = provider();
    let key = generate(&provider, KeyKind::Aes256).key;
    let encrypt = |plaintext: &[u8]| block_on(provider.encrypt(&key, b"aad", plaintext)).unwrap();
    let decrypt = |aad: &[u8], ciphertext: &[u8]| {
        block_on(provider.decrypt(&key, aad, ciphertext)).map(|plain| plain.expose().to_vec())
    };
    let ciphertext = encrypt(b"plaintext");
    assert_eq!(ciphertext.len(), 12 + 9 + 16);
    assert_ne!(ciphertext[..12], encrypt(b"plaintext")[..12]);
    assert_eq!(decrypt(b"aad", &ciphertext).unwrap(), b"plaintext");
    let refused = Err(CryptoError::InvalidCiphertext);
    assert_eq!(decrypt(b"add", &ciphertext), refused);
    for len in 0..ciphertext.len() {
        assert_eq!(decrypt(b"aad", &ciphertext[..len]), refused);
    }
    for bit in 0..ciphertext.len() * 8 {
        let mut flipped = ciphertext.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(decrypt(b"aad", &flipped), refused);
    }
    assert_eq!(decrypt(b"aad", &encrypt(b"")).unwrap(), b"");
}

#[test]
fn a_cipher_without_randomness_encrypts_nothing() {
    let key = SoftwareKey::from_secret(KeyKind::Aes256, SecretBytes::new_with(|out| out.fill(1)));
    let silent = SoftwareProvider::new(|_| Err(CryptoError::Random));
    let encrypted = block_on(silent.encrypt(&key.unwrap(), b"", b"plaintext"));
    assert_eq!(encrypted, Err(CryptoError::Random));
    let encapsulated = block_on(silent.encapsulate(&base_point(KeyKind::HpkeX25519)));
    assert_eq!(encapsulated.err(), Some(CryptoError::Random));
}

#[test]
fn only_a_whole_mac_is_one() {
    let provider = provider();
    let key = generate(&provider, KeyKind::HmacSha256).key;
    let mac = block_on(provider.mac(&key, b"message")).unwrap();
    let verify =
        |message: &[u8], mac: &[u8]| block_on(provider.verify_mac(&key, message, mac)).unwrap();
    assert!(verify(b"message", &mac));
    assert!(!verify(b"massage", &mac));
    for bit in 0..256 {
        let mut flipped = mac;
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(!verify(b"message", &flipped));
    }
    for len in 0..mac.len() {
        assert!(!verify(b"message", &mac[..len]));
    }
    assert!(!verify(b"message", &[&mac[..], &[0]].concat()));
}

#[test]
fn wrapped_keys_of_a_wrong_length_are_not_opened() {
    let provider = provider();
    let wrapping = SecretBytes::new_with(|out| out.fill(9));
    let wrapping = block_on(provider.import_sealing_key(&wrapping)).unwrap();
    for kind in KeyKind::ALL {
        // Sealed as it should be, but too long or short for this kind.
        for len in [0, 31, 33, 47, 49, 300] {
            let sealed = block_on(provider.seal(&wrapping, PLACE, &vec![1; len])).unwrap();
            let unwrapped = block_on(provider.unwrap_key(*kind, &wrapping, PLACE, &sealed));
            assert!(unwrapped.is_err(), "{kind:?} {len}");
        }
    }
}

const BINDING: Binding<'static> = Binding { info: b"info", aad: b"aad" };

#[test]
fn hpke_opens_for_the_owner_alone() {
    for kind in [KeyKind::HpkeX25519, KeyKind::HpkeXWing] {
        opens_for_the_owner_alone(kind);
    }
}

fn opens_for_the_owner_alone(kind: KeyKind) {
    let provider = provider();
    let owner = generate(&provider, kind);
    let stranger = generate(&provider, kind);
    let public = owner.public.as_ref().unwrap();
    let sealed = block_on(hpke::seal(&provider, public, BINDING, b"plaintext")).unwrap();
    assert_eq!(sealed.len(), hpke::overhead(kind).unwrap() + 9);
    let open = |key: &NewKey<SoftwareKey>, public: &PublicKey, binding, sealed: &[u8]| {
        let opened = block_on(hpke::open(&provider, (&key.key, public), binding, sealed));
        opened.map(|plain| plain.expose().to_vec())
    };
    assert_eq!(open(&owner, public, BINDING, &sealed).unwrap(), b"plaintext");
    let refused = Err(CryptoError::InvalidCiphertext);
    let strange = stranger.public.as_ref().unwrap();
    assert_eq!(open(&stranger, strange, BINDING, &sealed), refused);
    // A key of X-Wing makes its public half itself.
    if kind == KeyKind::HpkeX25519 {
        assert_eq!(open(&owner, strange, BINDING, &sealed), refused);
    }
    for other in [Binding { info: b"", ..BINDING }, Binding { aad: b"", ..BINDING }] {
        assert_eq!(open(&owner, public, other, &sealed), refused);
    }
    // X-Wing costs a hundred times as much.
    let step = if kind == KeyKind::HpkeXWing { 37 } else { 1 };
    for len in (0..sealed.len()).step_by(step) {
        assert_eq!(open(&owner, public, BINDING, &sealed[..len]), refused);
    }
    for byte in (0..sealed.len()).step_by(step) {
        let mut flipped = sealed.clone();
        flipped[byte] ^= 1;
        assert_eq!(open(&owner, public, BINDING, &flipped), refused, "{byte}");
    }
    let agreement = base_point(KeyKind::X25519);
    assert_eq!(open(&owner, &agreement, BINDING, &sealed), Err(CryptoError::InvalidKey));
    let sealed = block_on(hpke::seal(&provider, &agreement, BINDING, b""));
    assert_eq!(sealed, Err(CryptoError::InvalidKey));
}

#[test]
fn only_keys_for_hpke_have_its_form_and_its_secrets() {
    let kinds = KeyKind::ALL.iter().filter(|kind| hpke::overhead(**kind).is_some());
    assert_eq!(kinds.collect::<Vec<_>>(), [&KeyKind::HpkeX25519, &KeyKind::HpkeXWing]);
    let agreed = SharedSecret::new(KeyKind::HpkeX25519, SecretBytes::new_with(|out| out.fill(7)));
    let agreed = agreed.unwrap();
    let secret = |encapsulated: &[u8], recipient: &PublicKey| {
        hpke::kem_secret(&agreed, encapsulated, recipient).err()
    };
    let (own, other) = (base_point(KeyKind::HpkeX25519), base_point(KeyKind::X25519));
    assert_eq!(secret(&[9; 32], &own), None);
    assert_eq!(secret(&[9; 31], &own), Some(CryptoError::InvalidKey));
    assert_eq!(secret(&[9; 32], &other), Some(CryptoError::InvalidKey));
}

// RFC 9180 gives the same ephemeral key to whoever draws its private key: the sealing side.
#[test]
fn seals_as_rfc_9180() {
    use hex_literal::hex;

    // tests/vectors/hpke: skEm, pkRm, info, aad, plaintext, enc and ciphertext.
    let ephemeral = hex!("179d4b53b6365c45b600c4163b61d95cbc2f4d9e36f1695558dce265ab8bab11");
    let recipient = hex!("430f4b9859665145a6b1ba274024487bd66f03a2dd577d7753c68d7d7d00c00c");
    let provider = SoftwareProvider::new(move |out| {
        out.copy_from_slice(&ephemeral);
        Ok(())
    });
    let recipient = PublicKey::from_raw(KeyKind::HpkeX25519, &recipient).unwrap();
    let binding = Binding { info: b"Ode on a Grecian Urn", aad: b"Count-0" };
    let plaintext = b"Beauty is truth, truth beauty";
    let sealed = block_on(hpke::seal(&provider, &recipient, binding, plaintext)).unwrap();
    let expected = hex!(
        "6c93e09869df3402d7bf231bf540fadd35cd56be14f97178f0954db94b7fc256
         e5d84cd531cfb583096e7cfa9641bd3079cf3a91cda813c52deb5f512be99319
         80a41de125a925cdad859d5b7a"
    );
    assert_eq!(sealed, expected);
}

mod another_hpke {
    use ::hpke::aead::AesGcm256;
    use ::hpke::kdf::HkdfSha256;
    use ::hpke::kem::X25519HkdfSha256;
    use ::hpke::rand_core::{CryptoRng, Error, RngCore};
    use ::hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
    use proptest::prelude::*;

    use super::*;

    struct Fixed(u8);

    impl RngCore for Fixed {
        fn next_u32(&mut self) -> u32 {
            u32::from(self.0)
        }

        fn next_u64(&mut self) -> u64 {
            u64::from(self.0)
        }

        fn fill_bytes(&mut self, out: &mut [u8]) {
            out.fill(self.0);
        }

        fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Error> {
            self.fill_bytes(out);
            Ok(())
        }
    }

    impl CryptoRng for Fixed {}

    type Theirs = X25519HkdfSha256;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn opens_what_we_seal_and_seals_what_we_open(
            secret in any::<[u8; 32]>(),
            draw in any::<u8>(),
            info in proptest::collection::vec(any::<u8>(), 0..80),
            aad in proptest::collection::vec(any::<u8>(), 0..80),
            plaintext in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let binding = Binding { info: &info, aad: &aad };
            let provider = SoftwareProvider::new(move |out| {
                out.fill(draw);
                Ok(())
            });
            let key = SecretBytes::copy_of(&secret).unwrap();
            let key = SoftwareKey::from_secret(KeyKind::HpkeX25519, key).unwrap();
            let public = key.public_key().unwrap().unwrap();
            let their_secret = <Theirs as Kem>::PrivateKey::from_bytes(&secret).unwrap();
            let their_public = <Theirs as Kem>::sk_to_pk(&their_secret);
            prop_assert_eq!(&*their_public.to_bytes(), public.raw());

            let sealed = block_on(hpke::seal(&provider, &public, binding, &plaintext)).unwrap();
            let (encapsulated, ciphertext) = sealed.split_at(32);
            let encapsulated = <Theirs as Kem>::EncappedKey::from_bytes(encapsulated).unwrap();
            let opened = ::hpke::single_shot_open::<AesGcm256, HkdfSha256, Theirs>(
                &OpModeR::Base, &their_secret, &encapsulated, &info, ciphertext, &aad,
            );
            prop_assert_eq!(&opened.unwrap(), &plaintext);

            let sealed = ::hpke::single_shot_seal::<AesGcm256, HkdfSha256, Theirs, _>(
                &OpModeS::Base, &their_public, &info, &plaintext, &aad, &mut Fixed(draw),
            );
            let (encapsulated, ciphertext) = sealed.unwrap();
            let sealed = [&encapsulated.to_bytes()[..], &ciphertext].concat();
            let opened = block_on(hpke::open(&provider, (&key, &public), binding, &sealed));
            let opened = opened.unwrap();
            prop_assert_eq!(opened.expose(), &*plaintext);
        }
    }
}
