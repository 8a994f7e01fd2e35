//! For the fuzz targets and the test kit alone: the forms that stand inside a seal, which no test
//! reaches from outside, and the header, which has none.

use kms_crypto::software::SoftwareProvider;
use kms_crypto::{CryptoError, Envelope, PublicKey};
use kms_protocol::{
    Audience, AuditMode, CallerOrigin, ClaimName, ClaimType, ClaimValue, EnrolmentId, FixedClaim,
    JwtTemplate, JwtType, KeyId, KeyOrigin, KeyPolicy, KeySpec, KeyUsage, Label,
};

use crate::header::{EnrolmentRecord, Header, Method};
use crate::keys::{FIRST, KeyRecord, NewKey, PolicyRecord, VersionRecord};
use crate::lease::LeaseRecord;
use crate::settings::Settings;
use crate::{cbor, error::Error};

/// Any id: 16 bytes in base64url.
const ID: &str = "AAECAwQFBgcICQoLDA0ODw";
/// An Ed25519 key (RFC 8037, appendix A.2).
const PUBLIC: [u8; 32] = [
    0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a,
    0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a,
];

/// Reads a record; the first byte tells which kind.
///
/// # Panics
/// If what was read cannot be written and read again.
pub fn read(input: &[u8]) {
    match input.split_first() {
        Some((0, bytes)) => key(bytes),
        Some((1, bytes)) => settings(bytes),
        Some((2, bytes)) => header(bytes),
        _ => {}
    }
}

fn key(bytes: &[u8]) {
    let (Ok(record), Ok(id)) = (KeyRecord::decode(bytes), KeyId::new(ID)) else { return };
    let crypto = SoftwareProvider::new(|_| Err(CryptoError::Random));
    let _info = record.info(&id, &crypto);
    let _wrapped: Vec<_> = record.versions().iter().map(VersionRecord::wrapped).collect();
    assert_eq!(KeyRecord::decode(&record.encode()), Ok(record));
}

fn settings(bytes: &[u8]) {
    let Some(settings) = cbor::decode::<Settings>(bytes) else { return };
    let _readable: Vec<_> = settings.leases().iter().map(LeaseRecord::publish).collect();
    assert_eq!(cbor::decode(&cbor::encode(&settings)), Some(settings));
}

fn header(bytes: &[u8]) {
    if let Ok(header) = Header::decode(bytes) {
        assert!(header.publish().is_ok());
        assert_eq!(Header::decode(&header.encode()), Ok(header));
    }
}

/// A record of each kind.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    // None of the fixed values is refused.
    made().unwrap_or_default()
}

fn made() -> Result<Vec<Vec<u8>>, Error> {
    let origin = CallerOrigin::new("https://page.example")?;
    let of = (KeySpec::Ed25519, AuditMode::Durable);
    let new = |asked| {
        Ok::<_, Error>(NewKey {
            spec: KeySpec::Ed25519,
            label: None,
            alias: None,
            created: 1,
            origin: KeyOrigin::Generated,
            policy: PolicyRecord::new(&origin, of, asked)?,
        })
    };
    let public = PublicKey::from_raw(KeySpec::Ed25519, &PUBLIC)?;
    let wrapped = [&[0x83, 0x43, 0xa1, 1, 3, 0xa1, 5, 0x4c][..], &[0; 12], &[0x50], &[0; 16]];
    let wrapped = Envelope::decode(&wrapped.concat())?;
    let version = || VersionRecord::new(FIRST, 1, (Some(&public), &wrapped));
    let key = KeyRecord::new(new(None)?, version());
    let for_tokens = KeyRecord::new(new(Some(for_tokens()?))?, version());
    let (id, name) = (EnrolmentId::new(ID)?, Label::new("Words")?);
    let mut header = Header::new([1; 16], 1);
    header.add(EnrolmentRecord::new((&id, &name), Method::Phrase, [2; 32], 3))?;
    let mut settings = Settings::default();
    settings.set_recipient(ID, [3; 32]);
    settings.note_removal("BAECAwQFBgcICQoLDA0ODw");
    settings.leases_mut().push(LeaseRecord::sample());
    let kinds = [
        (0, key.encode()),
        (0, for_tokens.encode()),
        (1, cbor::encode(&settings)),
        (2, header.encode()),
    ];
    Ok(kinds.into_iter().map(|(kind, bytes)| [vec![kind], bytes].concat()).collect())
}

/// A policy with a template.
fn for_tokens() -> Result<KeyPolicy, Error> {
    let fixed = FixedClaim::new(ClaimValue::Text("shop".into()))?;
    let template = JwtTemplate {
        typ: JwtType::new("JWT")?,
        audiences: vec![Audience::new("bank")?],
        max_life_s: 300,
        claims: Some([(ClaimName::new("amount")?, ClaimType::Number)].into_iter().collect()),
        required: Some(vec![ClaimName::new("amount")?]),
        fixed: Some([(ClaimName::new("iss")?, fixed)].into_iter().collect()),
        not_before: Some(true),
        token_id: Some(true),
    };
    Ok(KeyPolicy {
        operations: vec![KeyUsage::Jwt],
        caller_origins: None,
        not_before: None,
        not_after: None,
        max_uses: None,
        rate: None,
        confirmation: None,
        jwt: Some(Box::new(template)),
    })
}
