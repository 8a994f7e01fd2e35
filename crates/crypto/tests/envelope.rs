//! The record envelope: canonical form, and every way of tampering with it.

#![allow(clippy::unwrap_used)] // helpers of tests

use hex_literal::hex;
use kms_crypto::software::{SealingKey, SoftwareProvider, form_of, secret_of};
use kms_crypto::{
    CryptoError, CryptoProvider, Envelope, KeyKind, RecordContext, RecordType, SecretBytes,
};
use pollster::block_on;
use proptest::prelude::*;

const CONTEXT: RecordContext<'static> = RecordContext {
    vault_id: &[1; 16],
    record_type: RecordType::KeyRecord,
    id: b"key",
    version: 1,
    kind: Some(KeyKind::Ed25519),
    policy_digest: Some(&[2; 32]),
    schema: 1,
};

fn provider() -> SoftwareProvider {
    SoftwareProvider::new(|out| {
        out.fill(0x24);
        Ok(())
    })
}

fn key(provider: &SoftwareProvider) -> SealingKey {
    let key = SecretBytes::new_with(|out| out.fill(0x42));
    block_on(provider.import_sealing_key(&key)).unwrap()
}

fn seal(plaintext: &[u8]) -> Vec<u8> {
    let provider = provider();
    let key = key(&provider);
    block_on(Envelope::seal(&provider, &key, &CONTEXT, plaintext)).unwrap().encode()
}

fn open(bytes: &[u8], context: &RecordContext<'_>) -> Result<Vec<u8>, CryptoError> {
    let provider = provider();
    let opened = block_on(Envelope::decode(bytes)?.open(&provider, &key(&provider), context))?;
    Ok(opened.expose().to_vec())
}

#[test]
fn additional_data_is_fixed() {
    let context = RecordContext { kind: None, policy_digest: None, ..CONTEXT };
    // ["Encrypt0", h'a10103', h'[vault, 3, "key", 1, null, null, 1]']
    let expected = hex!(
        "83 68 456e637279707430 43 a10103 58 1b
         87 50 01010101010101010101010101010101 03 43 6b6579 01 f6 f6 01"
    );
    assert_eq!(context.aad(), expected);
}

#[test]
fn stored_form_is_fixed() {
    let sealed = seal(b"");
    assert_eq!(sealed[..20], hex!("83 43 a10103 a1 05 4c 242424242424242424242424"));
    assert_eq!(sealed[20], 0x50);
    assert_eq!(sealed.len(), 21 + 16);
}

#[test]
fn every_bit_matters() {
    let sealed = seal(b"some plaintext");
    for bit in 0..sealed.len() * 8 {
        let mut flipped = sealed.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(open(&flipped, &CONTEXT), Err(CryptoError::InvalidCiphertext), "bit {bit}");
    }
}

#[test]
fn every_field_of_the_context_matters() {
    let sealed = seal(b"some plaintext");
    assert!(open(&sealed, &CONTEXT).is_ok());
    for other in [
        RecordContext { vault_id: &[3; 16], ..CONTEXT },
        RecordContext { record_type: RecordType::WrappedKey, ..CONTEXT },
        RecordContext { id: b"kez", ..CONTEXT },
        RecordContext { id: b"", ..CONTEXT },
        RecordContext { version: 2, ..CONTEXT },
        RecordContext { kind: Some(KeyKind::EcP256), ..CONTEXT },
        RecordContext { kind: None, ..CONTEXT },
        RecordContext { policy_digest: Some(&[3; 32]), ..CONTEXT },
        RecordContext { policy_digest: None, ..CONTEXT },
        RecordContext { schema: 2, ..CONTEXT },
    ] {
        assert_eq!(open(&sealed, &other), Err(CryptoError::InvalidCiphertext), "{other:?}");
    }
}

#[test]
fn another_encoding_of_the_same_value_is_refused() {
    let sealed = seal(b"x");
    let (head, tail) = (&sealed[..20], &sealed[20..]);
    // Array and map of indefinite length, a long integer, a long byte-string length.
    let indefinite = [&[0x9f], &sealed[1..], &[0xff]].concat();
    let long_iv = [&sealed[..6], &[0x18, 0x05], &sealed[7..]].concat();
    let long_length = [head, &[0x58, tail[0] & 0x1f], &tail[1..]].concat();
    let tagged = [&[0xd0], &sealed[..]].concat();
    let trailing = [&sealed[..], &[0]].concat();
    for bytes in [indefinite, long_iv, long_length, tagged, trailing] {
        assert_eq!(Envelope::decode(&bytes), Err(CryptoError::InvalidCiphertext));
    }
    for len in 0..sealed.len() {
        assert!(Envelope::decode(&sealed[..len]).is_err());
    }
}

#[test]
fn keys_are_bound_to_their_place_and_kind() {
    let provider = provider();
    let wrapping = key(&provider);
    for kind in KeyKind::ALL {
        let made = Envelope::generate_key(&provider, *kind, &wrapping, &CONTEXT);
        let made = block_on(made).unwrap();
        assert_eq!(made.public.is_none(), kind.is_symmetric());
        let envelope = Envelope::decode(&made.envelope.encode()).unwrap();
        let unwrap = |kind: KeyKind, context: &RecordContext<'_>| {
            let key = block_on(envelope.unwrap_key(&provider, kind, &wrapping, context))?;
            key.encode().map(|form| form.expose().to_vec())
        };
        assert_eq!(unwrap(*kind, &CONTEXT).unwrap(), made.key.encode().unwrap().expose());
        // Some kinds have the same form: the name of the kind is in the additional data.
        for other in KeyKind::ALL.iter().filter(|other| *other != kind) {
            assert_eq!(unwrap(*other, &CONTEXT), Err(CryptoError::InvalidCiphertext));
        }
        let elsewhere = RecordContext { id: b"other", ..CONTEXT };
        assert_eq!(unwrap(*kind, &elsewhere), Err(CryptoError::InvalidCiphertext));
        // The kind in the context is that of the call.
        let unnamed = RecordContext { kind: None, ..CONTEXT };
        assert!(unwrap(*kind, &unnamed).is_ok());
    }
}

#[test]
fn every_bit_of_a_wrapped_key_matters() {
    let provider = provider();
    let wrapping = key(&provider);
    for kind in KeyKind::ALL {
        let made = Envelope::generate_key(&provider, *kind, &wrapping, &CONTEXT);
        let stored = block_on(made).unwrap().envelope.encode();
        for bit in 0..stored.len() * 8 {
            let mut flipped = stored.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let unwrapped = Envelope::decode(&flipped).and_then(|envelope| {
                block_on(envelope.unwrap_key(&provider, *kind, &wrapping, &CONTEXT))
            });
            assert_eq!(unwrapped.err(), Some(CryptoError::InvalidCiphertext), "{kind:?} {bit}");
        }
    }
}

#[test]
fn imported_keys_are_those_that_were_given() {
    let provider = provider();
    let wrapping = key(&provider);
    for kind in KeyKind::ALL {
        let secret = || SecretBytes::new_with(|out| out.fill(0x11));
        let made = Envelope::import_key(&provider, (*kind, secret()), &wrapping, &CONTEXT);
        let made = block_on(made).unwrap();
        let unwrapped = made.envelope.unwrap_key(&provider, *kind, &wrapping, &CONTEXT);
        let (unwrapped, form) = (block_on(unwrapped).unwrap(), form_of(*kind, secret()).unwrap());
        assert_eq!(unwrapped.encode().unwrap().expose(), form.0.expose(), "{kind:?}");
        assert_eq!((made.public.is_none(), &made.public), (kind.is_symmetric(), &form.1));
        assert_eq!(unwrapped.public_key(), Ok(form.1), "{kind:?}");
        assert_eq!(secret_of(*kind, form.0.expose()).unwrap().expose(), &[0x11; 32], "{kind:?}");
    }
}

#[test]
fn what_is_no_secret_of_a_kind_has_no_form() {
    let order = hex!("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    for kind in [KeyKind::EcP256, KeyKind::EcP256Agreement] {
        for scalar in [[0; 32], order, [0xff; 32]] {
            let secret = SecretBytes::copy_of(&scalar).unwrap();
            assert_eq!(form_of(kind, secret).err(), Some(CryptoError::InvalidKey));
        }
    }
    for kind in KeyKind::ALL {
        for len in [0, 31, 33, 47, 49] {
            let read = secret_of(*kind, &vec![0x30; len]);
            assert_eq!(read.err(), Some(CryptoError::InvalidKey), "{kind:?} {len}");
        }
    }
}

proptest! {
    #[test]
    fn what_was_sealed_opens(plaintext in proptest::collection::vec(any::<u8>(), 0..600)) {
        prop_assert_eq!(open(&seal(&plaintext), &CONTEXT), Ok(plaintext));
    }

    #[test]
    fn what_decodes_encodes_to_itself(
        at in 0usize..40,
        patch in proptest::collection::vec(any::<u8>(), 0..4),
    ) {
        let mut bytes = seal(b"abc");
        bytes.splice(at..bytes.len().min(at + patch.len()), patch);
        if let Ok(envelope) = Envelope::decode(&bytes) {
            prop_assert_eq!(envelope.encode(), bytes);
        }
    }

    #[test]
    fn arbitrary_bytes_do_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        if let Ok(envelope) = Envelope::decode(&bytes) {
            prop_assert_eq!(envelope.encode(), bytes);
        }
    }
}
