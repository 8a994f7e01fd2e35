//! A world of one: an authority of certificates, its log, a log of signatures, and what they give to a signer.
//! Keys are fixed and signatures have no randomness, so that the same bytes come out each time.

mod key;

use std::time::Duration;

use base64ct::{Base64, Encoding as _};
pub(crate) use key::{Key, sha256};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyUsagePurpose, SanType, SerialNumber, date_time_ymd,
};
use serde_json::{Value, json};
use sigstore_verify::types::{DerCertificate, Sha256Hash, pae};

pub(crate) const IDENTITY: &str =
    "https://github.com/ats/kms/.github/workflows/release.yml@refs/tags/v1.2.0";
pub(crate) const ISSUER: &str = "https://token.actions.githubusercontent.com";
pub(crate) const PROVENANCE: &str = "https://slsa.dev/provenance/v1";

/// Noon of a day in 2025; certificates are good for ten minutes.
const NOON: u64 = 1_761_998_400;
const TYPE: &str = "application/vnd.in-toto+json";
/// `1.3.6.1.4.1.11129.2.4.2` (RFC 6962) and `1.3.6.1.4.1.57264.1.8` (Fulcio)
const TIMESTAMPS: [u64; 10] = [1, 3, 6, 1, 4, 1, 11129, 2, 4, 2];
const ISSUED_FOR: [u64; 9] = [1, 3, 6, 1, 4, 1, 57264, 1, 8];

pub(crate) struct Lab {
    pub(crate) authority: Key,
    pub(crate) certificate_log: Key,
    pub(crate) log: Key,
    /// When the log has taken the signature in, in seconds after noon.
    pub(crate) delay: u64,
}

impl Lab {
    pub(crate) fn new() -> Self {
        Self { authority: Key::new(1), certificate_log: Key::new(2), log: Key::new(3), delay: 5 }
    }

    /// What a verifier trusts.
    pub(crate) fn root(&self) -> Value {
        let valid = json!({ "start": "2025-01-01T00:00:00Z" });
        let log = |key: &Key| {
            json!([{
                "baseUrl": "https://log.example",
                "hashAlgorithm": "SHA2_256",
                "publicKey": {
                    "rawBytes": b64(&key.spki()),
                    "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                    "validFor": valid,
                },
                "logId": { "keyId": b64(&key.id()) },
            }])
        };
        let certificate = authority().self_signed(&self.authority).unwrap();
        json!({
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": log(&self.log),
            "certificateAuthorities": [{
                "subject": { "organization": "test", "commonName": "test" },
                "uri": "https://authority.example",
                "certChain": { "certificates": [{ "rawBytes": b64(certificate.der()) }] },
                "validFor": valid,
            }],
            "ctlogs": log(&self.certificate_log),
            "timestampAuthorities": [],
        })
    }

    /// The file itself, signed by a key that is thrown away.
    pub(crate) fn keyless(&self, file: &[u8]) -> Value {
        let key = Key::new(4);
        let certificate = self.certificate(&key);
        let pem = DerCertificate::new(certificate.clone()).to_pem();
        let material = json!({ "certificate": { "rawBytes": b64(&certificate) } });
        self.signed(file, &key, &pem, material)
    }

    /// The file itself, signed by a key that is kept.
    pub(crate) fn keyful(&self, file: &[u8], key: &Key) -> Value {
        let material = json!({ "publicKey": { "hint": b64(&key.id()) } });
        self.signed(file, key, &key.pem(), material)
    }

    fn signed(&self, file: &[u8], key: &Key, pem: &str, material: Value) -> Value {
        let signature = b64(&key.signed(file));
        let body = json!({
            "data": { "hash": { "algorithm": "sha256", "value": hex(&sha256(file)) } },
            "signature": { "content": signature, "publicKey": { "content": b64(pem.as_bytes()) } },
        });
        let content = json!({ "messageSignature": {
            "messageDigest": { "algorithm": "SHA2_256", "digest": b64(&sha256(file)) },
            "signature": signature,
        }});
        self.bundle(material, &content, ("hashedrekord", &body))
    }

    /// A statement of that kind about the file, and about another one: what the workflow of a release makes.
    pub(crate) fn statement(&self, file: &[u8], kind: &str) -> Value {
        let key = Key::new(5);
        let certificate = self.certificate(&key);
        let pem = DerCertificate::new(certificate.clone()).to_pem();
        let subject = |name: &str, file: &[u8]| json!({ "name": name, "digest": { "sha256": hex(&sha256(file)) } });
        let payload = json!({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [subject("enclave-shell", b"another"), subject("manifest.json", file)],
            "predicateType": kind,
            "predicate": {},
        })
        .to_string();
        let signature = b64(&key.signed(&pae(TYPE, payload.as_bytes())));
        let hash =
            |text: &str| json!({ "algorithm": "sha256", "value": hex(&sha256(text.as_bytes())) });
        let content = json!({ "dsseEnvelope": {
            "payload": b64(payload.as_bytes()),
            "payloadType": TYPE,
            "signatures": [{ "sig": signature }],
        }});
        let body = json!({
            "envelopeHash": hash(&content["dsseEnvelope"].to_string()),
            "payloadHash": hash(&payload),
            "signatures": [{ "signature": signature, "verifier": b64(pem.as_bytes()) }],
        });
        let material = json!({ "certificate": { "rawBytes": b64(&certificate) } });
        self.bundle(material, &content, ("dsse", &body))
    }

    fn bundle(&self, mut material: Value, content: &Value, logged: (&str, &Value)) -> Value {
        material["tlogEntries"] = json!([self.entry(logged.0, logged.1)]);
        material["timestampVerificationData"] = json!({ "rfc3161Timestamps": [] });
        let mut bundle = json!({
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": material,
        });
        for (name, value) in content.as_object().unwrap() {
            bundle[name] = value.clone();
        }
        bundle
    }

    /// An entry of the log, the second of two, with the log's promise, proof and checkpoint.
    fn entry(&self, kind: &str, spec: &Value) -> Value {
        let body = json!({ "apiVersion": "0.0.1", "kind": kind, "spec": spec }).to_string();
        let time = NOON + self.delay;
        let id = self.log.id();
        let promise = json!({
            "body": b64(body.as_bytes()), "integratedTime": time, "logID": hex(&id), "logIndex": 1,
        });
        let (other, own) = (leaf(b"another"), leaf(body.as_bytes()));
        let root = sha256(&[&[1][..], &other, &own].concat());
        let note = format!("log.example\n2\n{}\n", b64(&root));
        let signature = [&id[..4], &self.log.signed(note.as_bytes())].concat();
        json!({
            "logIndex": "1",
            "logId": { "keyId": b64(&id) },
            "kindVersion": { "kind": kind, "version": "0.0.1" },
            "integratedTime": time.to_string(),
            "inclusionPromise": {
                "signedEntryTimestamp": b64(&self.log.signed(promise.to_string().as_bytes())),
            },
            "inclusionProof": {
                "logIndex": "1",
                "rootHash": b64(&root),
                "treeSize": "2",
                "hashes": [b64(&other)],
                "checkpoint": { "envelope": format!("{note}\n— log.example {}\n", b64(&signature)) },
            },
            "canonicalizedBody": b64(body.as_bytes()),
        })
    }

    /// A certificate that its log has seen: issued once without, once with the log's word.
    fn certificate(&self, key: &Key) -> Vec<u8> {
        let issuer = Issuer::new(authority(), &self.authority);
        let mut params = leaf_params();
        let before = params.signed_by(key, &issuer).unwrap();
        let list = self.timestamps(before.der());
        params.custom_extensions.push(CustomExtension::from_oid_content(&TIMESTAMPS, list));
        params.signed_by(key, &issuer).unwrap().der().to_vec()
    }

    /// RFC 6962, 3.2 and 3.3.
    fn timestamps(&self, certificate: &[u8]) -> Vec<u8> {
        let (_, parsed) = x509_parser::parse_x509_certificate(certificate).unwrap();
        let tbs: &[u8] = parsed.tbs_certificate.as_ref();
        let time = (NOON * 1000).to_be_bytes();
        let length = u32::try_from(tbs.len()).unwrap().to_be_bytes();
        let issuer = sha256(&self.authority.spki());
        let signed = [&[0, 0][..], &time, &[0, 1], &issuer, &length[1..], tbs, &[0, 0]].concat();
        let signature = prefixed(&self.certificate_log.signed(&signed));
        let id = self.certificate_log.id();
        let one = [&[0][..], &id, &time, &[0, 0, 4, 3], &signature].concat();
        let list = prefixed(&prefixed(&one));
        [&[0x04, u8::try_from(list.len()).unwrap()][..], &list].concat()
    }
}

fn authority() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "test authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.not_before = date_time_ymd(2025, 1, 1);
    params.not_after = date_time_ymd(2045, 1, 1);
    params.serial_number = Some(SerialNumber::from(1));
    params
}

fn leaf_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.subject_alt_names = vec![SanType::URI(IDENTITY.try_into().unwrap())];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
    params.not_before = date_time_ymd(2025, 11, 1) + Duration::from_hours(12);
    params.not_after = params.not_before + Duration::from_mins(10);
    params.serial_number = Some(SerialNumber::from(2));
    let issuer = [&[0x0c, u8::try_from(ISSUER.len()).unwrap()][..], ISSUER.as_bytes()].concat();
    params.custom_extensions = vec![CustomExtension::from_oid_content(&ISSUED_FOR, issuer)];
    params
}

fn leaf(entry: &[u8]) -> [u8; 32] {
    sha256(&[&[0], entry].concat())
}

fn prefixed(bytes: &[u8]) -> Vec<u8> {
    [&u16::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}

fn b64(bytes: &[u8]) -> String {
    Base64::encode_string(bytes)
}

fn hex(digest: &[u8; 32]) -> String {
    Sha256Hash::new(*digest).to_hex()
}
