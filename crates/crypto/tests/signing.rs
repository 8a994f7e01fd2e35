//! Signing keys of the software provider: form, interchange, and what is refused.

#![allow(clippy::unwrap_used)] // helpers of tests

use hex_literal::hex;
use kms_crypto::software::{SoftwareKey, SoftwareProvider};
use kms_crypto::{AeadContext, CryptoError, CryptoProvider, SecretBytes, strict};
use kms_protocol::{KeySpec, Protection};
use pollster::block_on;

const SPECS: [KeySpec; 2] = [KeySpec::Ed25519, KeySpec::EcP256];

fn provider() -> SoftwareProvider {
    SoftwareProvider::new(|out| {
        out.fill(0x42);
        Ok(())
    })
}

#[test]
fn wrapped_keys_sign_after_unwrapping() {
    let provider = provider();
    let wrapping = SecretBytes::new_with(|out| out.fill(9));
    let wrapping = block_on(provider.import_sealing_key(&wrapping)).unwrap();
    let context = AeadContext { nonce: &[1; 12], aad: b"place" };
    for spec in SPECS {
        assert_eq!(provider.protection(spec.into()), Protection::Enclave);
        let made = block_on(provider.generate_key(spec.into(), &wrapping, context)).unwrap();
        let public = made.public.unwrap();
        let unwrapped =
            block_on(provider.unwrap_key(spec.into(), &wrapping, context, &made.wrapped)).unwrap();
        let signature = block_on(provider.sign(&unwrapped, b"message")).unwrap();
        assert_eq!(signature, block_on(provider.sign(&made.key, b"message")).unwrap());
        assert!(block_on(provider.verify(&public, b"message", &signature)).unwrap());
        assert!(!block_on(provider.verify(&public, b"massage", &signature)).unwrap());

        let elsewhere = AeadContext { nonce: &[1; 12], aad: b"other place" };
        let moved = provider.unwrap_key(spec.into(), &wrapping, elsewhere, &made.wrapped);
        assert_eq!(block_on(moved).err(), Some(CryptoError::InvalidCiphertext));
    }
}

// RFC 8032, section 7.1, test 1.
#[test]
fn an_imported_seed_is_its_key() {
    let seed = hex!("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
    let seed = SecretBytes::copy_of(&seed).unwrap();
    let (signer, public) = block_on(provider().import_ed25519(&seed)).unwrap();
    let expected = hex!("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    assert_eq!(public.raw(), expected);
    let signature = block_on(provider().sign(&signer, b"")).unwrap();
    assert!(strict::verify(&public, b"", &signature));
}

// RFC 8410, section 10.3, and RFC 8032, section 7.1, test 1.
#[test]
fn reads_and_writes_rfc_8410() {
    let der = hex!(
        "302e020100300506032b6570042204209d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
    );
    let signer = SoftwareKey::decode(KeySpec::Ed25519, &der).unwrap();
    assert_eq!(signer.encode().unwrap().expose(), &der);
    let expected = hex!(
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155
         5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    );
    assert_eq!(signer.sign(b"").unwrap(), expected);
}

#[test]
fn ed25519_templates_agree_with_a_der_library() {
    use ed25519_dalek::SigningKey;
    use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey, KeypairBytes};

    for byte in [0, 1, 0x42, 0xff] {
        let fill = |out: &mut [u8]| {
            out.fill(byte);
            Ok(())
        };
        let ours = SoftwareKey::generate(KeySpec::Ed25519, fill).unwrap();
        let library = SigningKey::from_bytes(&[byte; 32]);
        let pair = KeypairBytes { secret_key: [byte; 32], public_key: None };
        let theirs = pair.to_pkcs8_der().unwrap();
        assert_eq!(ours.encode().unwrap().expose(), theirs.as_bytes());
        let read = SigningKey::from_pkcs8_der(ours.encode().unwrap().expose()).unwrap();
        assert_eq!(read.as_bytes(), library.as_bytes());
        let read = SoftwareKey::decode(KeySpec::Ed25519, theirs.as_bytes()).unwrap();
        assert_eq!(read.public_key().unwrap().unwrap().raw(), library.verifying_key().as_bytes());
        // With the public key it is another form (RFC 5958, section 2): nobody writes it here.
        let with_public = library.to_pkcs8_der().unwrap();
        assert!(SoftwareKey::decode(KeySpec::Ed25519, with_public.as_bytes()).is_err());
    }
}

#[test]
fn no_byte_of_the_ed25519_form_may_differ() {
    let fill = |out: &mut [u8]| {
        out.fill(0x42);
        Ok(())
    };
    let ours = SoftwareKey::generate(KeySpec::Ed25519, fill).unwrap();
    let der = ours.encode().unwrap().expose().to_vec();
    for at in 0..16 {
        let mut other = der.clone();
        other[at] ^= 1;
        assert!(SoftwareKey::decode(KeySpec::Ed25519, &other).is_err(), "{at}");
    }
    let longer = [&der[..], &[0]].concat();
    assert!(SoftwareKey::decode(KeySpec::Ed25519, &longer).is_err());
}

// RFC 6979, appendix A.2.5, SHA-256, message "sample".
#[test]
fn signs_as_rfc_6979() {
    let scalar = hex!("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721");
    let signer = SoftwareKey::generate(KeySpec::EcP256, |out| {
        out.copy_from_slice(&scalar);
        Ok(())
    });
    let signer = signer.unwrap();
    let expected = hex!(
        "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716
         f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
    );
    assert_eq!(signer.sign(b"sample").unwrap(), expected);
    assert!(strict::verify(&signer.public_key().unwrap().unwrap(), b"sample", &expected));
}

#[test]
fn a_key_is_not_read_as_another_kind() {
    let fill = |out: &mut [u8]| {
        out.fill(0x42);
        Ok(())
    };
    for (spec, other) in [(SPECS[0], SPECS[1]), (SPECS[1], SPECS[0])] {
        let der = SoftwareKey::generate(spec, fill).unwrap().encode().unwrap();
        assert!(SoftwareKey::decode(spec, der.expose()).is_ok());
        let refused = SoftwareKey::decode(other, der.expose());
        assert_eq!(refused.err(), Some(CryptoError::InvalidKey));
        for len in 0..der.expose().len() {
            assert!(SoftwareKey::decode(spec, &der.expose()[..len]).is_err());
        }
    }
}

#[test]
fn a_broken_random_source_is_an_error_not_a_loop() {
    for bad in [0x00, 0xff] {
        let made = SoftwareKey::generate(KeySpec::EcP256, |out| {
            out.fill(bad);
            Ok(())
        });
        assert_eq!(made.err(), Some(CryptoError::Random));
    }
    let failed = SoftwareKey::generate(KeySpec::Ed25519, |_| Err(CryptoError::Random));
    assert_eq!(failed.err(), Some(CryptoError::Random));
}

#[test]
fn device_macs_depend_on_key_and_input() {
    let provider = provider();
    let key = block_on(provider.generate_device_key()).unwrap();
    let mac = |input: &[u8]| *block_on(provider.device_mac(&key, input)).unwrap().expose();
    assert_eq!(mac(b"salt"), mac(b"salt"));
    assert_ne!(mac(b"salt"), mac(b"Salt"));
}

// RFC 4231, section 4.2 (test case 1 has a 20-byte key, padded here by HMAC itself).
#[test]
fn device_mac_is_hmac_sha_256() {
    let zero_padded_key = SoftwareProvider::new(|out| {
        out.fill(0);
        out[..20].fill(0x0b);
        Ok(())
    });
    let key = block_on(zero_padded_key.generate_device_key()).unwrap();
    let mac = block_on(zero_padded_key.device_mac(&key, b"Hi There")).unwrap();
    let expected = hex!("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    assert_eq!(mac.expose(), &expected);
}
