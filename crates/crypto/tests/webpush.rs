//! Messages for Web Push: the example of RFC 8291, what a receiver reads, and what is refused.
#![allow(clippy::unwrap_used)] // the fixtures are plain functions

use std::cell::RefCell;

use aes_gcm::aead::{Aead, KeyInit};
use base64ct::{Base64UrlUnpadded, Encoding};
use kms_crypto::software::{SoftwareKey, SoftwareProvider};
use kms_crypto::webpush::{MAX_PAYLOAD, Subscription, encrypt};
use kms_crypto::{CryptoError, CryptoProvider, KeyKind, PublicKey, SecretBytes};
use pollster::block_on;

const P256: KeyKind = KeyKind::EcP256Agreement;

fn bytes(text: &str) -> Vec<u8> {
    Base64UrlUnpadded::decode_vec(text).unwrap()
}

/// A provider whose randomness is this, in this order.
fn drawing(draws: Vec<Vec<u8>>) -> SoftwareProvider {
    let draws = RefCell::new(draws.into_iter());
    SoftwareProvider::new(move |out| {
        let next = draws.borrow_mut().next().ok_or(CryptoError::Random)?;
        out.copy_from_slice(&next);
        Ok(())
    })
}

fn any() -> SoftwareProvider {
    let count = RefCell::new(0_u8);
    SoftwareProvider::new(move |out| {
        *count.borrow_mut() += 1;
        out.fill(*count.borrow());
        Ok(())
    })
}

/// RFC 8291, section 5 and appendix A.
#[test]
fn the_example_of_rfc_8291() {
    let receiver = bytes(
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    );
    let receiver = PublicKey::from_raw(P256, &receiver).unwrap();
    let auth = bytes("BTBZMqHH6r4Tts7J_aSIgg").try_into().unwrap();
    let sender = bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw");
    let provider = drawing(vec![sender, bytes("DGv6ra1nlYgDCS1FRnbzlw")]);
    let receiver = Subscription { key: &receiver, auth: &auth };
    let payload = b"When I grow up, I want to be a watermelon";
    let body = block_on(encrypt(&provider, receiver, payload, 0)).unwrap();
    let expected = concat!(
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLoc",
        "InmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    );
    assert_eq!(Base64UrlUnpadded::encode_string(&body), expected);
}

struct Receiver {
    key: SoftwareKey,
    public: PublicKey,
    auth: [u8; 16],
}

impl Receiver {
    fn new() -> Self {
        let secret = SecretBytes::copy_of(&[9; 32]).unwrap();
        let key = SoftwareKey::from_secret(P256, secret).unwrap();
        let public = key.public_key().unwrap().unwrap();
        Self { key, public, auth: [5; 16] }
    }

    fn subscription(&self) -> Subscription<'_> {
        Subscription { key: &self.public, auth: &self.auth }
    }

    /// Reads a message by the sections of the RFCs; what is padded ends with zeros.
    fn read(&self, body: &[u8]) -> Vec<u8> {
        let (header, record) = body.split_at(86);
        assert_eq!(header[16..21], [0, 0, 16, 0, 65]);
        let sender = PublicKey::from_raw(P256, &header[21..]).unwrap();
        let info = [b"WebPush: info\0", self.public.raw(), sender.raw()].concat();
        let shared = self.key.agree(&sender).unwrap();
        let ikm = shared.derive::<32>(&self.auth, &info).unwrap();
        let hkdf = hkdf::Hkdf::<sha2::Sha256>::new(Some(&header[..16]), ikm.expose());
        let (mut key, mut nonce) = ([0; 16], [0; 12]);
        hkdf.expand(b"Content-Encoding: aes128gcm\0", &mut key).unwrap();
        hkdf.expand(b"Content-Encoding: nonce\0", &mut nonce).unwrap();
        let cipher = aes_gcm::Aes128Gcm::new(&key.into());
        cipher.decrypt(&nonce.into(), record).unwrap()
    }
}

#[test]
fn the_receiver_reads_what_was_sent_as_long_as_it_was_padded() {
    let (receiver, provider) = (Receiver::new(), any());
    for (len, padded) in [(0, 0), (1, 0), (5, 3), (5, 64), (0, MAX_PAYLOAD), (MAX_PAYLOAD, 0)] {
        let payload = vec![7; len];
        let sent = encrypt(&provider, receiver.subscription(), &payload, padded);
        let body = block_on(sent).unwrap();
        assert_eq!(body.len(), 86 + len.max(padded) + 1 + 16);
        assert!(body.len() <= 4096);
        let mut expected = [&payload[..], &[2]].concat();
        expected.resize(len.max(padded) + 1, 0);
        assert_eq!(receiver.read(&body), expected, "{len} {padded}");
    }
}

/// By a library for Web Push that shares no code with this one.
#[test]
fn another_library_reads_what_was_sent() {
    let (receiver, provider) = (Receiver::new(), any());
    let key = web_push_native::p256::SecretKey::from_slice(&[9; 32]).unwrap();
    for (payload, padded) in [(&b""[..], 0), (b"text", 0), (b"text", 200), (&[7; MAX_PAYLOAD], 0)] {
        let sent = encrypt(&provider, receiver.subscription(), payload, padded);
        let body = block_on(sent).unwrap();
        let read = |body| web_push_native::decrypt(body, &key, &receiver.auth.into());
        assert_eq!(read(body.clone()).unwrap(), payload);
        let mut altered = body;
        *altered.last_mut().unwrap() ^= 1;
        assert!(read(altered).is_err());
    }
}

#[test]
fn no_two_messages_share_anything() {
    let (receiver, provider) = (Receiver::new(), any());
    let send = || block_on(encrypt(&provider, receiver.subscription(), b"text", 0)).unwrap();
    let (one, other) = (send(), send());
    assert_ne!(one[..16], other[..16]);
    assert_ne!(one[21..86], other[21..86]);
    assert_ne!(one[86..], other[86..]);
}

#[test]
fn what_is_too_long_or_for_another_kind_of_key_is_refused() {
    let (receiver, provider) = (Receiver::new(), any());
    let long = vec![0; MAX_PAYLOAD + 1];
    for (payload, padded) in [(&long[..], 0), (&[], MAX_PAYLOAD + 1), (&[], usize::MAX)] {
        let refused = block_on(encrypt(&provider, receiver.subscription(), payload, padded));
        assert_eq!(refused, Err(CryptoError::InvalidParameters));
    }
    let signing = PublicKey::from_raw(KeyKind::EcP256, receiver.public.raw()).unwrap();
    let refused = block_on(provider.agree_once(&signing));
    assert_eq!(refused.err(), Some(CryptoError::InvalidKey));
    let nothing = drawing(vec![vec![9; 32]]);
    let refused = block_on(encrypt(&nothing, receiver.subscription(), b"", 0));
    assert_eq!(refused, Err(CryptoError::Random));
    assert_eq!(
        block_on(drawing(vec![]).agree_once(&receiver.public)).err(),
        Some(CryptoError::Random)
    );
}

/// What the library `http_ece` decrypts in the tests of the client.
#[test]
fn the_vectors_are_what_is_made_here() {
    let (receiver, provider) = (Receiver::new(), any());
    let vector = |(text, padded): (&str, usize)| {
        let body = encrypt(&provider, receiver.subscription(), text.as_bytes(), padded);
        let body = Base64UrlUnpadded::encode_string(&block_on(body).unwrap());
        format!("    {{ \"payload\": \"{text}\", \"body\": \"{body}\" }}")
    };
    let long = "tea ".repeat(MAX_PAYLOAD / 4);
    let messages = [("", 0), ("hello", 0), ("padded", 64), (&long, MAX_PAYLOAD)].map(vector);
    let made = format!(
        "{{\n  \"privateKey\": \"{}\",\n  \"auth\": \"{}\",\n  \"messages\": [\n{}\n  ]\n}}\n",
        Base64UrlUnpadded::encode_string(&[9; 32]),
        Base64UrlUnpadded::encode_string(&receiver.auth),
        messages.join(",\n")
    );
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/webpush/messages.json");
    assert_eq!(std::fs::read_to_string(path).unwrap(), made, "{made}");
}
