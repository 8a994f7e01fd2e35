//! HPKE in base mode, single shot (RFC 9180, sections 5.1.1 and 6.1), over the port.
//!
//! The port does what needs a private key or a cipher. The labelled steps between them are
//! here, once for both providers, so that a private key that the browser holds can open. The
//! sealed form is the encapsulated key, then the ciphertext with its tag.

use crate::{
    AeadContext, CryptoError, CryptoProvider, KeyKind, NONCE_LEN, PublicKey, SecretBytes,
    SecretVec, SharedSecret, TAG_LEN, hkdf,
};

/// How much longer the sealed form for a key of this kind is than what is in it; `None` for a kind
/// that nothing is sealed for.
#[must_use]
pub const fn overhead(kind: KeyKind) -> Option<usize> {
    match Suite::of(kind) {
        Some(suite) => Some(suite.encapsulated + TAG_LEN),
        None => None,
    }
}

/// First part of everything that is hashed (section 4).
const VERSION: &[u8] = b"HPKE-v1";
/// `suite_id` of DHKEM(X25519, HKDF-SHA256), KEM 0x0020 (section 4.1).
const KEM_SUITE: &[u8] = b"KEM\x00\x20";
/// Its length in bytes of an encapsulated key (`Nenc`; section 7.1).
const X25519_LEN: usize = 32;

/// A KEM with HKDF-SHA256, KDF 0x0001, and AES-256-GCM, AEAD 0x0002.
#[derive(Clone, Copy)]
struct Suite {
    /// `suite_id` (section 5.1).
    id: &'static [u8],
    /// Length in bytes of an encapsulated key.
    encapsulated: usize,
}

impl Suite {
    const X25519: Self = Self { id: b"HPKE\x00\x20\x00\x01\x00\x02", encapsulated: X25519_LEN };
    /// KEM 0x647a (draft-connolly-cfrg-xwing-kem-06, section 6).
    const X_WING: Self = Self { id: b"HPKE\x64\x7a\x00\x01\x00\x02", encapsulated: 1120 };

    const fn of(kind: KeyKind) -> Option<Self> {
        match kind {
            KeyKind::HpkeX25519 => Some(Self::X25519),
            KeyKind::HpkeXWing => Some(Self::X_WING),
            _ => None,
        }
    }
}

/// No pre-shared key, no sender key (section 5).
const MODE_BASE: u8 = 0;

/// What a sealed message is bound to. Both sides give the same, and none of it is sent.
#[derive(Clone, Copy)]
pub struct Binding<'a> {
    /// Purpose and parties (section 8.1.2).
    pub info: &'a [u8],
    /// Additional authenticated data of this message.
    pub aad: &'a [u8],
}

/// A fresh shared secret, and what the recipient needs to find it.
pub struct Encapsulated {
    /// The encapsulated key.
    pub key: Vec<u8>,
    /// The shared secret of the KEM.
    pub secret: SharedSecret,
}

/// Seals for the owner of `recipient`. There is no sender authentication: anybody can seal.
pub async fn seal<P: CryptoProvider>(
    provider: &P,
    recipient: &PublicKey,
    binding: Binding<'_>,
    plaintext: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let suite = Suite::of(recipient.kind()).ok_or(CryptoError::InvalidKey)?;
    let encapsulated = provider.encapsulate(recipient).await?;
    let (key, nonce) = key_schedule(suite, &encapsulated.secret, binding.info)?;
    let key = provider.import_sealing_key(&key).await?;
    let context = AeadContext { nonce: &nonce, aad: binding.aad };
    let ciphertext = provider.seal(&key, context, plaintext).await?;
    Ok([encapsulated.key, ciphertext].concat())
}

/// Opens what was sealed for `key`, whose public half is `public`. Whatever is wrong with the
/// sealed form is [`CryptoError::InvalidCiphertext`].
pub async fn open<P: CryptoProvider>(
    provider: &P,
    (key, public): (&P::Key, &PublicKey),
    binding: Binding<'_>,
    sealed: &[u8],
) -> Result<SecretVec, CryptoError> {
    let suite = Suite::of(public.kind()).ok_or(CryptoError::InvalidKey)?;
    let parts = sealed.split_at_checked(suite.encapsulated);
    let (encapsulated, ciphertext) = parts.ok_or(CryptoError::InvalidCiphertext)?;
    let secret = provider.decapsulate(key, public, encapsulated).await?;
    let (key, nonce) = key_schedule(suite, &secret, binding.info)?;
    let key = provider.import_sealing_key(&key).await?;
    let context = AeadContext { nonce: &nonce, aad: binding.aad };
    provider.open(&key, context, ciphertext).await
}

/// `ExtractAndExpand` of DHKEM (section 4.1): from the result of the agreement, the encapsulated
/// key and the recipient's public key to the shared secret. For providers. A recipient's key of
/// another kind is [`CryptoError::InvalidKey`].
pub fn kem_secret(
    agreed: &SharedSecret,
    encapsulated: &[u8],
    recipient: &PublicKey,
) -> Result<SharedSecret, CryptoError> {
    if recipient.kind() != KeyKind::HpkeX25519 || encapsulated.len() != X25519_LEN {
        return Err(CryptoError::InvalidKey);
    }
    let ikm = [VERSION, KEM_SUITE, b"eae_prk", agreed.expose()];
    let context = [encapsulated, recipient.raw()].concat();
    let info = labelled_info(32, KEM_SUITE, b"shared_secret", &context);
    let secret = SecretBytes::try_new_with(|out| hkdf::derive_into(&[], &ikm, &info, out))?;
    SharedSecret::new(recipient.kind(), secret)
}

/// `KeySchedule` in base mode (section 5.1): the AEAD key, and the nonce of the first message.
fn key_schedule(
    Suite { id, .. }: Suite,
    secret: &SharedSecret,
    info: &[u8],
) -> Result<(SecretBytes<32>, [u8; NONCE_LEN]), CryptoError> {
    let psk_id_hash = labelled_extract(id, b"psk_id_hash", &[]);
    let info_hash = labelled_extract(id, b"info_hash", info);
    let context = [&[MODE_BASE], &psk_id_hash[..], &info_hash[..]].concat();
    // The shared secret is the salt, and the pre-shared key, which is empty, the input.
    let ikm = [VERSION, id, b"secret"];
    let expand = |len, label: &[u8], out: &mut [u8]| {
        let info = labelled_info(len, id, label, &context);
        hkdf::derive_into(secret.expose(), &ikm, &info, out)
    };
    let key = SecretBytes::try_new_with(|out| expand(32, b"key", out))?;
    let mut nonce = [0; NONCE_LEN];
    expand(12, b"base_nonce", &mut nonce)?;
    Ok((key, nonce))
}

/// `LabeledExtract` (section 4) without salt, of what is no secret.
fn labelled_extract(suite: &[u8], label: &[u8], ikm: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    hkdf::hmac_sha256(&[], &[VERSION, suite, label, ikm], &mut out);
    out
}

/// `labeled_info` of `LabeledExpand` (section 4).
fn labelled_info(len: u8, suite: &[u8], label: &[u8], info: &[u8]) -> Vec<u8> {
    [&[0, len], VERSION, suite, label, info].concat()
}
