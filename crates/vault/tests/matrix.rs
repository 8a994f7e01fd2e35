//! The policy table against what happens: each method in each state of the vault, and each method
//! that names a key in each state of a key and by each kind of site.
#![allow(clippy::unwrap_used)] // the fixtures are plain functions

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use kms_protocol::{
    Interaction, KeyCaller, KeyRule, KeySpec, KeyState, KeyUsage, Method, Needs, Value,
};
use kms_testkit::broker::{broker, challenge};
use kms_testkit::tab::{bytes, member, origin, outcome, template, text};
use kms_testkit::{FakeLog, PASSPHRASE, Tab};
use kms_vault::{RecordKey, SessionId, Table};

const GUEST: &str = "https://guest.example";
const STRANGER: &str = "https://stranger.example";
const DAY: u64 = 24 * 60 * 60 * 1000;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Vault {
    None,
    Locked,
    Unlocked,
    Faulted,
}

impl Vault {
    const ALL: [Self; 4] = [Self::None, Self::Locked, Self::Unlocked, Self::Faulted];

    fn tab(self) -> Tab {
        match self {
            Self::None => Tab::default(),
            Self::Locked => Tab::ready().restarted(),
            Self::Unlocked => Tab::ready(),
            Self::Faulted => {
                let tab = Tab::ready();
                tab.store.poke(Table::Meta, &RecordKey::Text("header".into()), Some(vec![0]));
                tab.restarted()
            }
        }
    }

    /// What the table says: the code of a refusal.
    fn refuses(self, needs: Needs) -> Option<&'static str> {
        match (self, needs) {
            (_, Needs::Nothing)
            | (Self::None, Needs::NoVault)
            | (Self::Locked | Self::Unlocked, Needs::Vault)
            | (Self::Unlocked, Needs::Unlocked) => None,
            (Self::Faulted, _) => Some("vault_corrupt"),
            (Self::None, _) => Some("not_initialized"),
            (_, Needs::NoVault) => Some("already_initialized"),
            (_, _) => Some("locked"),
        }
    }
}

/// The reply to a request; `None` when a person is asked.
fn reply(tab: &Tab, session: SessionId, (method, params): (Method, Value)) -> Option<Value> {
    let request = tab.request(method.name(), params);
    let mut call = pin!(tab.enclave.handle(session, request));
    for _ in 0..100 {
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(reply) = call.as_mut().poll(&mut context) {
            return reply;
        }
    }
    None
}

/// Code of the refusal of a vault, `asks` where a person is asked, or nothing.
fn of_vault(tab: &Tab, method: Method) -> Option<String> {
    let params = match method {
        // Without a key it opens the list of keys.
        Method::ManageKeys => Value::Map(Vec::new()),
        _ => method.samples().0,
    };
    let Some(reply) = reply(tab, tab.session, (method, params)) else { return Some("asks".into()) };
    let code = outcome(Some(reply)).err()?;
    let codes = ["vault_corrupt", "not_initialized", "already_initialized", "locked"];
    codes.contains(&code.as_str()).then_some(code)
}

#[test]
fn every_method_in_every_state_does_what_the_table_says() {
    for method in Method::ALL {
        for vault in Vault::ALL {
            let tab = vault.tab();
            let policy = method.policy();
            let found = of_vault(&tab, *method);
            let mut expected = vault.refuses(policy.needs);
            let opens = (*method, vault) == (Method::Unlock, Vault::Unlocked);
            // Nobody is asked about a key or a lease that does not exist.
            let names = matches!(method, Method::CreateLease | Method::ExtendLease);
            let asks = policy.interaction == Interaction::Sheet && !opens && !names;
            if expected.is_none() && asks {
                expected = Some("asks");
            }
            // The status of a vault that cannot be trusted is the reason.
            if (*method, vault) == (Method::Status, Vault::Faulted) {
                expected = Some("vault_corrupt");
            }
            assert_eq!(found.as_deref(), expected, "{} in {vault:?}", method.name());
        }
    }
}

fn params(id: &str, more: &[(&'static str, Value)]) -> Value {
    let mut members = vec![("keyId".into(), Value::Text(id.into()))];
    members.extend(more.iter().map(|(name, value)| ((*name).into(), value.clone())));
    Value::Map(members)
}

/// The base point of Curve25519, which is a public key.
fn base_point() -> Value {
    Value::Bytes([&[9][..], &[0; 31]].concat())
}

/// A key that may leave, of the owner and the guest.
fn exportable(tab: &Tab) -> String {
    let policy = Value::object([
        ("operations", Value::List(vec![Value::Text("export".into())])),
        ("callerOrigins", Value::List(vec![Value::Text(GUEST.into())])),
    ]);
    let params = [("spec", Value::Text("aes-256".into())), ("policy", policy)];
    text(&tab.call("keys.create", Value::object(params)).unwrap(), "keyId")
}

/// What a method that makes a key is asked to make.
fn new_key() -> (&'static str, Value) {
    ("key", Value::object([("spec", Value::Text("aes-256".into()))]))
}

/// Parameters with which a method succeeds where it is allowed, about what was made for it.
fn good(method: Method, (id, made): (&str, &[u8])) -> Value {
    let data = ("data", Value::Bytes(vec![1]));
    let reads = |name| (name, Value::Bytes(made.to_vec()));
    let number = |name, value| (name, Value::Number(value));
    match method {
        Method::Sign | Method::Mac => params(id, &[data]),
        Method::Open => params(id, &[reads("sealed")]),
        Method::AgreeKey => params(id, &[("peer", base_point()), new_key()]),
        Method::DeriveKey => params(id, &[new_key()]),
        Method::WrapKey => {
            let target = String::from_utf8(made.to_vec()).unwrap();
            params(id, &[("targetKeyId", Value::Text(target))])
        }
        Method::UnwrapKey => params(id, &[reads("wrapped"), new_key()]),
        Method::ExportKey => params(id, &[("recipient", base_point())]),
        Method::ImportKey => params(id, &[reads("sealed"), new_key()]),
        Method::Encrypt | Method::Seal => params(id, &[("plaintext", Value::Bytes(vec![1]))]),
        Method::Decrypt | Method::Rewrap => params(id, &[reads("ciphertext")]),
        Method::DecryptDataKey => params(id, &[reads("wrapped")]),
        Method::DecryptStream => params(id, &[reads("header")]),
        Method::VerifyMac => params(id, &[data, ("mac", Value::Bytes(vec![0; 32]))]),
        Method::Verify => params(id, &[data, ("signature", Value::Bytes(vec![0; 64]))]),
        // Not valid, which is an answer.
        Method::VerifyJwt => params(id, &[("token", Value::Text("e30.e30.AA".into()))]),
        Method::SetMinVersions => params(id, &[number("minEncryptionVersion", 1.0)]),
        Method::TrimKey => params(id, &[number("minAvailableVersion", 1.0)]),
        Method::ApproveChallenge => {
            let log = ("log", FakeLog::new(9, 5).offered(None));
            params(id, &[("challenge", Value::Text(challenge(1).to_json())), log])
        }
        Method::RejectChallenge => {
            params(id, &[("challenge", Value::Text(challenge(1).to_json()))])
        }
        Method::RevokeAuthorization => {
            let name = ("value", Value::Text(challenge(1).id.to_string()));
            params(id, &[audience(), ("what", Value::Text("token".into())), name])
        }
        Method::RotateApprover => params(id, &[audience(), number("version", 1.0)]),
        Method::CreateLease => {
            let service = Value::Text("https://push.example".into());
            let audiences = ("audiences", Value::List(vec![service]));
            params(id, &[audiences, number("lifeMs", 86_400_000.0), number("tokens", 5.0)])
        }
        _ => params(id, &[]),
    }
}

fn audience() -> (&'static str, Value) {
    ("audience", Value::Text(broker().as_str().into()))
}

/// What a method reads, made with the key while it may be used.
fn made_for(tab: &Tab, method: Method, id: &str) -> Vec<u8> {
    let plaintext = ("plaintext", Value::Bytes(vec![1]));
    let bare = ("withPlaintext", Value::Bool(true));
    let made = match method {
        Method::Decrypt | Method::Rewrap => tab.call("encrypt", params(id, &[plaintext])),
        Method::Open => tab.call("seal", params(id, &[plaintext])),
        Method::WrapKey => return exportable(tab).into_bytes(),
        Method::UnwrapKey => {
            let target = ("targetKeyId", Value::Text(exportable(tab)));
            tab.call("keys.wrap", params(id, &[target]))
        }
        Method::ImportKey => {
            let public = tab.call("keys.public_key", params(id, &[])).unwrap_or(Value::Null);
            let recipient = ("recipient", Value::Bytes(bytes(&public, "raw")));
            tab.call("keys.export", params(&exportable(tab), &[recipient]))
        }
        Method::DecryptStream => tab.call("streams.encrypt", params(id, &[])),
        Method::RotateApprover => tab.call("keys.rotate", params(id, &[])),
        Method::DecryptDataKey => tab.call("data_keys.generate", params(id, &[bare])),
        _ => return Vec::new(),
    };
    // A key that is not for it makes nothing, and the method is refused before it reads anything.
    let Ok(made) = made else { return Vec::new() };
    ["ciphertext", "wrapped", "sealed", "header"].map(|name| bytes(&made, name)).concat()
}

/// The template of a key that signs tokens; nothing for any other.
fn template_for(uses: &[KeyUsage]) -> Value {
    if uses.contains(&KeyUsage::Jwt) { template() } else { Value::Null }
}

/// A vault with a key in a state; the key also belongs to a guest, and is for `uses`. With what the
/// method reads.
fn with_key(method: Method, state: KeyState, uses: &[KeyUsage]) -> (Tab, String, Vec<u8>) {
    let mut tab = Tab::ready();
    let is_for = |spec: &&KeySpec| uses.iter().all(|usage| spec.usages().contain(*usage));
    let spec = KeySpec::ALL.iter().find(is_for).unwrap();
    let names = uses.iter().map(|usage| Value::Text(usage.as_str().into())).collect();
    let policy = Value::object([
        ("operations", Value::List(names)),
        ("callerOrigins", Value::List(vec![Value::Text(GUEST.into())])),
        ("jwt", template_for(uses)),
    ]);
    let spec = Value::Text(spec.as_str().into());
    let key = tab.call("keys.create", Value::object([("spec", spec), ("policy", policy)]));
    let id = text(&key.unwrap(), "keyId");
    let made = made_for(&tab, method, &id);
    let change = |tab: &Tab, method: Method| {
        let days = ("days", Value::Number(7.0));
        let more = if method == Method::ScheduleDeletion { vec![days] } else { vec![] };
        assert!(tab.call(method.name(), params(&id, &more)).is_ok());
    };
    match state {
        KeyState::Enabled => {}
        KeyState::Disabled => change(&tab, Method::DisableKey),
        KeyState::PendingDeletion => change(&tab, Method::ScheduleDeletion),
        KeyState::Destroyed => {
            change(&tab, Method::ScheduleDeletion);
            for _ in 0..7 {
                tab.clock.advance(DAY);
                tab = tab.restarted();
                assert!(tab.unlock(PASSPHRASE).is_ok());
            }
        }
    }
    let info = tab.call("keys.describe", params(&id, &[])).unwrap();
    assert_eq!(text(&info, "state"), state.as_str());
    (tab, id, made)
}

/// The use that a method demands, and the one that makes what it reads or has what it goes by.
fn uses_for(method: Method, rule: KeyRule) -> Vec<KeyUsage> {
    match rule.usage {
        Some(KeyUsage::Verify) if method == Method::VerifyJwt => {
            vec![KeyUsage::Verify, KeyUsage::Jwt]
        }
        Some(KeyUsage::Decrypt) => vec![KeyUsage::Decrypt, KeyUsage::Encrypt],
        Some(KeyUsage::Unwrap) => vec![KeyUsage::Unwrap, KeyUsage::Wrap],
        Some(KeyUsage::Open) => vec![KeyUsage::Open, KeyUsage::Seal],
        usage => vec![usage.unwrap_or(KeyUsage::Sign)],
    }
}

/// Code and rule of a refusal.
type Refusal = Option<(String, String)>;

fn asked(tab: &Tab, session: SessionId, (method, id, made): (Method, &str, &[u8])) -> Refusal {
    let error = member(&reply(tab, session, (method, good(method, (id, made))))?, "error")?;
    Some((text(&error, "code"), text(&error, "rule")))
}

fn refusal(code: &str, rule: &str) -> Refusal {
    let names = (!code.is_empty()).then_some((code, rule));
    names.map(|(code, rule)| (code.into(), rule.into()))
}

/// A key for one use, each of which a person confirms.
fn with_confirmed_key(usage: KeyUsage) -> Option<(Tab, String)> {
    let tab = Tab::ready();
    let policy = Value::object([
        ("operations", Value::List(vec![Value::Text(usage.as_str().into())])),
        ("confirmation", Value::Text("sheet".into())),
        ("jwt", template_for(&[usage])),
    ]);
    let make = |spec: &KeySpec| {
        let spec = Value::Text(spec.as_str().into());
        tab.call("keys.create", Value::object([("spec", spec), ("policy", policy.clone())])).ok()
    };
    let key = KeySpec::ALL.iter().find_map(make)?;
    Some((tab, text(&key, "keyId")))
}

#[test]
fn a_person_confirms_what_the_table_says() {
    for method in Method::ALL {
        let usage = method.key_rule().and_then(|rule| rule.usage);
        let interaction = method.policy().interaction;
        let asks = matches!(interaction, Interaction::PerKey | Interaction::EachUse);
        let Some((tab, id)) = usage.and_then(with_confirmed_key) else {
            assert!(!asks, "{}: no key asks", method.name());
            continue;
        };
        let wraps = *method == Method::WrapKey;
        let made = if wraps { exportable(&tab).into_bytes() } else { vec![0; 64] };
        if *method == Method::RotateApprover {
            assert!(tab.call("keys.rotate", params(&id, &[])).is_ok());
        }
        let reply = reply(&tab, tab.session, (*method, good(*method, (&id, &made))));
        assert_eq!(reply.is_none(), asks, "{}", method.name());
        let shown = tab.approval().operations;
        let methods: Vec<_> = shown.iter().map(|one| one.method.as_str()).collect();
        let expected = if asks { vec![method.name()] } else { vec![] };
        assert_eq!(methods, expected, "{}", method.name());
    }
}

#[test]
fn every_method_that_names_a_key_does_what_the_table_says() {
    for method in Method::ALL {
        let Some(rule) = method.key_rule() else { continue };
        for state in KeyState::ALL {
            for site in ["owner", GUEST, STRANGER] {
                let (tab, id, made) = with_key(*method, *state, &uses_for(*method, rule));
                let session = match site {
                    "owner" => tab.session,
                    other => tab.enclave.connect(origin(other)),
                };
                let expected = match site {
                    STRANGER => refusal("not_found", ""),
                    GUEST if rule.caller == KeyCaller::Owner => refusal("policy_denied", "owner"),
                    _ if !rule.states.contains(state) => refusal("invalid_key_state", ""),
                    _ => None,
                };
                let found = asked(&tab, session, (*method, &id, &made));
                assert_eq!(found, expected, "{} {state:?} {site}", method.name());
            }
        }
        let (tab, id, made) = with_key(*method, rule.states[0], &[KeyUsage::Sign]);
        let found = asked(&tab, tab.session, (*method, &id, &made));
        let allowed = rule.usage.is_none_or(|usage| usage == KeyUsage::Sign);
        let expected =
            if allowed { refusal("", "") } else { refusal("policy_denied", "operation") };
        assert_eq!(found, expected, "{} of a key that only signs", method.name());
        let missing = asked(&tab, tab.session, (*method, "AAECAwQFBgcICQoLDA0ODw", &made));
        assert_eq!(missing, refusal("not_found", ""), "{}", method.name());
    }
}
