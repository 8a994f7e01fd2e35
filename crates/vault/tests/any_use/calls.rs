//! A call of each method, with what there is at that moment.

use kms_crypto::KeyKind;
use kms_crypto::software::SoftwareKey;
use kms_protocol::schema::Wire;
use kms_protocol::{IntoValue, JwtToken, KeySpec, KeyUsage, Method, Name, Value};
use kms_testkit::broker::{broker, challenge};
use kms_testkit::tab::{bytes, member};
use kms_testkit::{FakeLog, releases};

use crate::world::{Given, Key, NOBODYS, Purpose, World};

type Members = Vec<(&'static str, Value)>;

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn number(number: impl Into<f64>) -> Value {
    Value::Number(number.into())
}

fn object(members: Members) -> Value {
    let members = members.into_iter().map(|(name, value)| (Name::Borrowed(name), value));
    Value::Map(members.collect())
}

/// What makes that which a method reads.
fn maker(method: Method) -> Option<Method> {
    Some(match method {
        Method::Decrypt | Method::Rewrap => Method::Encrypt,
        Method::DecryptStream => Method::EncryptStream,
        Method::Verify => Method::Sign,
        Method::VerifyJwt => Method::SignJwt,
        Method::VerifyMac => Method::Mac,
        Method::Open => Method::Seal,
        Method::DecryptDataKey => Method::GenerateDataKey,
        Method::UnwrapKey => Method::WrapKey,
        Method::ImportKey => Method::ExportKey,
        _ => return None,
    })
}

impl World {
    /// Calls a method. Numbers choose the key and what else there is to choose.
    pub(crate) fn call(&mut self, method: Method, (key, what): (usize, usize)) {
        match method {
            Method::CreateKey => {
                self.create(KeySpec::ALL[key % KeySpec::ALL.len()], Purpose::ALL[what % 3]);
            }
            Method::WriteStream | Method::CloseStream => self.stream(method, (key, what)),
            _ if method.key_rule().is_some() => self.use_key(method, (key, what)),
            _ => {
                let params = object(self.without_key(method, what));
                let answer = self.ask(method, params);
                if let Some(answer) = answer {
                    self.keep(method, ("", None), &answer);
                }
            }
        }
    }

    /// Brings the vault into the state that a method needs.
    pub(crate) fn prepare(&mut self, method: Method) {
        self.revive();
        let before: &[Method] = match method {
            Method::Setup => &[Method::Reset],
            Method::Restore => &[Method::Backup, Method::Reset],
            Method::Unlock => &[Method::Lock],
            _ => &[],
        };
        for before in before {
            self.ask(*before, object(vec![]));
        }
        if let (Method::Restore, Some(file)) = (method, self.tab.files.made().pop()) {
            self.tab.files.choose(file);
        }
    }

    fn without_key(&self, method: Method, what: usize) -> Members {
        let lease = || {
            let lease = self.leases.get(self.leases.len().saturating_sub(what + 1));
            ("leaseId", text(lease.map_or(NOBODYS, String::as_str)))
        };
        match method {
            Method::Measurement => match method.samples().0 {
                Value::Map(members) => {
                    members.into_iter().map(|(_, nonce)| ("nonce", nonce)).collect()
                }
                _ => vec![],
            },
            Method::Notice => {
                let notice = releases::revocation("0.1.0", &[1, 2]);
                ["manifest", "statement"].map(|name| (name, member(&notice, name).unwrap())).into()
            }
            Method::Random => vec![("length", number(32))],
            Method::EncryptWebPush => {
                let half = ("p256dh", Value::Bytes(receiver()));
                vec![half, ("auth", Value::Bytes(vec![3; 16])), ("payload", data())]
            }
            Method::IssueToken => vec![lease(), ("audience", text("https://push.example"))],
            Method::ExtendLease => {
                vec![lease(), ("lifeMs", number(86_400_000)), ("tokens", number(5))]
            }
            Method::RevokeLease => vec![lease()],
            Method::ProveInclusion => vec![("seq", number(1))],
            Method::ProveConsistency => vec![("from", number(1))],
            _ => vec![],
        }
    }

    /// What an earlier answer brought: what fits together with its key, or anything.
    fn read(&self, method: Method, (key, what): (usize, usize)) -> (Key, Given) {
        let usage = method.key_rule().and_then(|rule| rule.usage);
        let used = self.key_for(usage, key);
        let any = self.given.get(self.given.len().saturating_sub(what + 1));
        let nothing = || Given { by: method, key: String::new(), bytes: vec![], inside: None };
        let any = any.cloned().unwrap_or_else(nothing);
        let fit = self.given.iter().rev().filter(|given| maker(method) == Some(given.by));
        let Some(fit) = fit.into_iter().nth(what / 2).filter(|_| what.is_multiple_of(2)) else {
            return (used, any);
        };
        let own = self.keys.iter().find(|key| key.id == fit.key);
        own.map_or((used, any), |own| (own.clone(), fit.clone()))
    }

    fn use_key(&mut self, method: Method, (key, what): (usize, usize)) {
        let (used, given) = self.read(method, (key, what));
        let target = self.key_for(Some(KeyUsage::Export), what);
        let receiving = self.key_for(Some(KeyUsage::Import), what);
        let (reader, inside) = match method {
            Method::WrapKey => (&used.id, Some(target.spec)),
            Method::ExportKey => (&receiving.id, Some(used.spec)),
            _ => (&used.id, None),
        };
        let mut members = vec![("keyId", text(&used.id))];
        members.extend(match method {
            Method::AgreeKey => vec![("peer", self.half(&used.id)), new(what)],
            Method::ExportKey => vec![("recipient", self.half(&receiving.id))],
            Method::WrapKey => vec![("targetKeyId", text(&target.id))],
            Method::UnwrapKey => vec![("wrapped", Value::Bytes(given.bytes)), of(given.inside)],
            Method::ImportKey => vec![("sealed", Value::Bytes(given.bytes)), of(given.inside)],
            Method::VerifyJwt => vec![("token", token(given.bytes))],
            Method::ApproveChallenge => {
                let challenge = ("challenge", text(&challenge(1).to_json()));
                vec![challenge, ("log", self.log_for(&used.id))]
            }
            Method::RotateApprover => {
                self.ask(Method::RotateKey, object(vec![("keyId", text(&used.id))]));
                vec![("audience", text(broker().as_str())), ("version", number(1))]
            }
            _ => of_key(method, (Value::Bytes(given.bytes), what)),
        });
        let Some(answer) = self.ask(method, object(members)) else { return };
        if member(&answer, "plaintext").is_some() && method.key_rule().is_some() {
            // Else it would have been refused.
            let bare = [KeyUsage::Decrypt, KeyUsage::Open, KeyUsage::DataKeyPlaintext];
            assert!(bare.iter().any(|usage| used.uses.contains(usage)), "{method:?}");
        }
        self.keep(method, (reader, inside), &answer);
        self.end(&answer);
    }

    /// The public half of a key; nothing if it has none.
    fn half(&mut self, id: &str) -> Value {
        let half = self.ask(Method::PublicKey, object(vec![("keyId", text(id))]));
        Value::Bytes(half.map(|half| bytes(&half, "raw")).unwrap_or_default())
    }

    /// The log of a broker, as a key that has seen it or not needs it.
    fn log_for(&mut self, id: &str) -> Value {
        let seen = self.ask(Method::SeenLog, object(vec![("keyId", text(id))]));
        let seen = seen.and_then(|log| member(&log, "seen"));
        FakeLog::new(9, 5).offered(seen.filter(|seen| *seen != Value::Null).map(|_| 5))
    }

    /// Opens a stream, and uses it or ends it before.
    fn stream(&mut self, method: Method, (key, what): (usize, usize)) {
        let used = self.key_for(Some(KeyUsage::Encrypt), key);
        let opened = self.ask(Method::EncryptStream, object(vec![("keyId", text(&used.id))]));
        let Some(opened) = opened else {
            // There is no stream, as there is none of the samples.
            self.ask(method, method.samples().0);
            return;
        };
        self.keep(Method::EncryptStream, (&used.id, None), &opened);
        if method == Method::CloseStream || what == 0 {
            let Some(stream) = member(&opened, "streamId") else { return };
            self.ask(Method::CloseStream, object(vec![("streamId", stream)]));
        } else {
            self.end(&opened);
        }
    }

    /// Uses a stream that was opened up to its end: a page can only have a few.
    fn end(&mut self, opened: &Value) {
        let Some(stream) = member(opened, "streamId") else { return };
        let last = ("last", Value::Bool(true));
        let members =
            vec![("streamId", stream.clone()), ("chunk", number(0)), ("data", data()), last];
        // One that decrypts finds no ciphertext in it.
        if self.ask(Method::WriteStream, object(members)).is_none() {
            self.ask(Method::CloseStream, object(vec![("streamId", stream)]));
        }
    }
}

/// What a method takes besides a key, about what it reads.
fn of_key(method: Method, (given, what): (Value, usize)) -> Members {
    let spec = [KeySpec::Aes256, KeySpec::HmacSha256][what / 4 % 2];
    match method {
        Method::Sign | Method::Mac => vec![("data", data())],
        Method::Verify => vec![("data", data()), ("signature", given)],
        Method::VerifyMac => vec![("data", data()), ("mac", given)],
        Method::Encrypt | Method::Seal => vec![("plaintext", data())],
        Method::Decrypt | Method::Rewrap => vec![("ciphertext", given)],
        Method::DecryptStream => vec![("header", given)],
        Method::Open => vec![("sealed", given)],
        Method::GenerateDataKey => vec![("withPlaintext", Value::Bool(what.is_multiple_of(2)))],
        Method::DecryptDataKey => vec![("wrapped", given)],
        Method::DeriveKey => vec![of(Some(spec)), ("context", object(vec![("a", text("b"))]))],
        Method::SetMinVersions => vec![("minEncryptionVersion", number(1))],
        Method::TrimKey => vec![("minAvailableVersion", number(1))],
        Method::ScheduleDeletion => vec![("days", number(7))],
        Method::CreateLease => {
            let audiences = ("audiences", Value::List(vec![text("https://push.example")]));
            vec![audiences, ("lifeMs", number(86_400_000)), ("tokens", number(5))]
        }
        Method::RejectChallenge => vec![("challenge", text(&challenge(1).to_json()))],
        Method::RevokeAuthorization => {
            let name = ("value", text(&challenge(1).id.to_string()));
            vec![("audience", text(broker().as_str())), ("what", text("token")), name]
        }
        _ => vec![],
    }
}

/// What was given, if that can be a token.
fn token(given: Vec<u8>) -> Value {
    let given = String::from_utf8(given).ok().and_then(|given| JwtToken::new(given).ok());
    given.map_or_else(JwtToken::sample, IntoValue::into_value)
}

fn data() -> Value {
    Value::Bytes(b"text".to_vec())
}

/// A key to be made.
fn of(spec: Option<KeySpec>) -> (&'static str, Value) {
    let spec = spec.unwrap_or(KeySpec::Ed25519);
    ("key", object(vec![("spec", text(spec.as_str()))]))
}

fn new(what: usize) -> (&'static str, Value) {
    of(Some([KeySpec::Aes256, KeySpec::HmacSha256][what / 4 % 2]))
}

/// The point of a receiver of messages.
fn receiver() -> Vec<u8> {
    let fill = |out: &mut [u8]| {
        out.fill(7);
        Ok(())
    };
    let key = SoftwareKey::generate(KeyKind::EcP256Agreement, fill).unwrap();
    key.public_key().unwrap().unwrap().raw().to_vec()
}
