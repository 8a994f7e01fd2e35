//! Approvers, a challenge and a token of it, for the tests.

#![allow(clippy::unwrap_used, dead_code, unreachable_pub)] // helpers of tests; each test uses some

use ed25519_dalek::{Signer as _, SigningKey};
use kms_crypto::{KeyKind, PublicKey, SIGNATURE_LEN};
use kms_jose::{Claims, Object, TokenType, Unsigned};
use kms_token::{
    Action, Binding, Challenge, Circumstances, Constraints, Digest, Grounds, Id, Key, KeyRing,
    KeyState, Life, Refusal, Signer, SpiffeId, Token, Verified, Verifier, mint,
};
use pollster::block_on;

/// When tokens of the tests are minted.
pub const NOW: u64 = 1_800_000_000;

/// An approver whose key is here.
pub struct Approver {
    secret: SigningKey,
    public: PublicKey,
}

impl Approver {
    pub fn new(seed: u8) -> Self {
        let secret = SigningKey::from_bytes(&[seed; 32]);
        let raw = secret.verifying_key().to_bytes();
        let public = PublicKey::from_raw(KeyKind::Ed25519, &raw).unwrap();
        Self { secret, public }
    }

    pub fn kid(&self) -> String {
        self.public.thumbprint()
    }

    pub fn key(&self, owner: &str) -> Key {
        let (public, owner) = (self.public.clone(), owner.into());
        Key { public, owner, admin: false, state: KeyState::Active }
    }

    /// Signs whatever text, as somebody could who has the key and other software.
    pub fn sign_json(&self, typ: &str, json: &str) -> String {
        let claims = Claims::check(Object::parse(json.as_bytes()).unwrap()).unwrap();
        let typ = TokenType::new(typ).unwrap();
        let unsigned = Unsigned::new(&self.public, &typ, &claims).unwrap();
        let signature = self.secret.sign(unsigned.signing_input()).to_bytes();
        unsigned.sign(&signature)
    }

    /// Signs texts that this product never writes.
    pub fn sign_raw(&self, header: &str, payload: &str) -> String {
        use base64ct::{Base64UrlUnpadded, Encoding};
        let encode = |bytes: &[u8]| Base64UrlUnpadded::encode_string(bytes);
        let input = format!("{}.{}", encode(header.as_bytes()), encode(payload.as_bytes()));
        let signature = self.secret.sign(input.as_bytes()).to_bytes();
        format!("{input}.{}", encode(&signature))
    }

    pub fn header(&self, alg: &str, typ: &str) -> String {
        format!(r#"{{"alg":"{alg}","kid":"{}","typ":"{typ}"}}"#, self.kid())
    }

    pub fn mint(&self, challenge: &Challenge) -> Token {
        block_on(mint(self, challenge, None, (Id::new([7; 16]), NOW, Life::default()))).unwrap()
    }
}

impl Signer for Approver {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    async fn sign(&self, input: &[u8]) -> Result<[u8; SIGNATURE_LEN], Refusal> {
        Ok(self.secret.sign(input).to_bytes())
    }
}

pub fn id(text: &str) -> SpiffeId {
    SpiffeId::parse(text).unwrap()
}

pub fn broker() -> SpiffeId {
    id("spiffe://ats.example/broker")
}

pub fn request() -> Binding {
    Binding::new("GET", "/v1/proxy/crm/contacts/42", Digest::of(b"")).unwrap()
}

pub fn challenge() -> Challenge {
    Challenge {
        id: Id::new([1; 16]),
        aud: broker(),
        sub: id("spiffe://ats.example/agent/one"),
        certificate: Digest::of(b"certificate"),
        act: Action::parse("crm.contact.read").unwrap(),
        con: Constraints::new([("id", "42")]).unwrap(),
        leg: Grounds {
            party_type: "human".into(),
            party: "carol".into(),
            basis: "contract".into(),
            jurisdiction: "DE".into(),
        },
        req: request(),
        approvals: 1,
        tier: None,
    }
}

/// Alice and Bob approve.
pub fn ring() -> KeyRing {
    let mut ring = KeyRing::default();
    ring.enrol(Approver::new(1).key("alice")).unwrap();
    ring.enrol(Approver::new(2).key("bob")).unwrap();
    ring
}

pub fn verify_at(ring: &KeyRing, token: &Token, now_s: u64) -> Result<Verified, Refusal> {
    let (audience, asked, request) = (broker(), challenge(), request());
    let verifier = Verifier { ring, audience: &audience, life: Life::default() };
    let (sub, certificate) = (&asked.sub, asked.certificate);
    verifier.verify(token, &Circumstances { sub, certificate, request: &request, now_s })
}

pub fn verify(token: &Token) -> Result<Verified, Refusal> {
    verify_at(&ring(), token, NOW)
}

/// The payload of a token, to be changed and signed again.
pub fn payload(token: &str) -> String {
    use base64ct::{Base64UrlUnpadded, Encoding};
    let payload = token.split('.').nth(1).unwrap();
    String::from_utf8(Base64UrlUnpadded::decode_vec(payload).unwrap()).unwrap()
}
