//! What the vault's log says about authorizations: the names that the broker's log has too.

use kms_protocol::Value;
use kms_testkit::PASSPHRASE;
use kms_testkit::broker::{broker, challenge};
use kms_testkit::invariants::entries;
use kms_testkit::tab::{member, origin, text};
use kms_token::{Challenge, Id, KeyRing, Signed, Token};
use kms_vault::{Part, UiEvent, UiScreen};

use crate::{Approver, Members, a_log, approving, at_first, refused, ring};

/// What the entries of a method say, the oldest first.
fn named(alice: &Approver, method: &str) -> Vec<Option<Value>> {
    let all = entries(&alice.tab).into_iter().filter(|entry| text(entry, "method") == method);
    all.map(|entry| member(&entry, "authorization")).collect()
}

fn names(members: &[(&'static str, String)]) -> Option<Value> {
    let named = members.iter().map(|(name, value)| ((*name).into(), Value::Text(value.clone())));
    (!members.is_empty()).then(|| Value::Map(named.collect()))
}

/// How an entry names a challenge that was read.
fn of(asked: &Challenge) -> [(&'static str, String); 2] {
    [("challenge", asked.id.to_string()), ("digest", asked.digest().to_string())]
}

fn revoking(what: &str, value: &str) -> (&'static str, Members) {
    let audience = broker();
    let members = [("audience", audience.as_str()), ("what", what), ("value", value)];
    ("poa.revoke", members.map(|(name, value)| (name, Value::Text(value.into()))).into())
}

fn statement(ring: &KeyRing, answer: &Value, now_s: u64) -> String {
    let signed = Signed::verify(&text(answer, "statement"), ring, &broker(), now_s).unwrap();
    signed.jti.to_string()
}

#[test]
fn the_token_and_what_was_decided_on_stand_in_the_log() {
    let alice = Approver::new();
    let asked = challenge(1);
    assert_eq!(alice.denied(at_first(&asked, vec![])), refused("user_cancelled"));
    let signed = alice.approved(at_first(&asked, vec![])).unwrap();
    let jti = Token::parse(&text(&signed, "signed")).unwrap().jti().to_string();
    // Denied or not, it is known what was decided on; a token there is only of what was approved.
    assert_eq!(named(&alice, "poa.approve.approval"), [names(&of(&asked)), names(&of(&asked))]);
    let token = [("token", jti)].into_iter().chain(of(&asked)).collect::<Vec<_>>();
    assert_eq!(named(&alice, "poa.approve"), [names(&token)]);
    assert_eq!(named(&alice, "keys.create"), [names(&[])]);
    // What is refused before anybody is asked says what it was about as well, once that was read.
    let fork = a_log().forked(4).offered(Some(5));
    let call = approving(&asked, fork, vec![]);
    assert_eq!(alice.unasked(call), refused("log_forked"));
    let nothing = (
        "poa.approve",
        vec![("challenge", Value::Text("{}".into())), ("log", a_log().offered(None))],
    );
    assert_eq!(alice.unasked(nothing), refused("invalid_params"));
    assert_eq!(named(&alice, "poa.approve")[1..], [names(&of(&asked)), names(&[])]);
    assert!(alice.tab.verify_audit().is_ok());
}

#[test]
fn the_first_of_two_approvals_names_no_token() {
    let alice = Approver::new();
    let asked = challenge(2);
    assert!(alice.approved(at_first(&asked, vec![])).is_ok());
    assert_eq!(named(&alice, "poa.approve"), [names(&of(&asked))]);
}

#[test]
fn statements_stand_in_the_log_by_what_they_are_about() {
    let alice = Approver::new();
    let (ring, asked, id) = (ring([alice.known_as("alice")]), challenge(1), Id::new([7; 16]));
    let done = |call| statement(&ring, &alice.approved(call).unwrap(), alice.now_s());
    let jti = done(("poa.reject", vec![("challenge", Value::Text(asked.to_json()))]));
    let rejected = of(&asked).into_iter().chain([("statement", jti)]).collect::<Vec<_>>();
    assert_eq!(named(&alice, "poa.reject"), [names(&rejected)]);
    assert_eq!(named(&alice, "poa.reject.approval"), [names(&of(&asked))]);
    let token = done(revoking("token", &id.to_string()));
    let challenge = done(revoking("challenge", &id.to_string()));
    let subject = done(revoking("subject", asked.sub.as_str()));
    let expected = [
        names(&[("token", id.to_string()), ("statement", token)]),
        names(&[("challenge", id.to_string()), ("statement", challenge)]),
        names(&[("statement", subject)]),
    ];
    assert_eq!(named(&alice, "poa.revoke"), expected);
    assert!(alice.tab.call("keys.rotate", alice.params(vec![])).is_ok());
    let audience = ("audience", Value::Text(broker().as_str().into()));
    let rotated = done(("poa.rotate", vec![audience, ("version", Value::Number(1.0))]));
    assert_eq!(named(&alice, "poa.rotate"), [names(&[("statement", rotated)])]);
    // They are on the disk, as the other members of an entry are.
    let again = alice.tab.restarted();
    assert!(again.unlock(PASSPHRASE).is_ok() && again.verify_audit().is_ok());
    let again = Approver { tab: again, key: alice.key };
    assert_eq!(named(&again, "poa.revoke"), expected);
}

#[test]
fn another_site_does_not_learn_what_was_decided_on_and_the_person_does() {
    let alice = Approver::new();
    assert!(alice.approved(at_first(&challenge(1), vec![])).is_ok());
    let stranger = alice.tab.enclave.connect(origin("https://stranger.example"));
    let page = alice.tab.call_as(stranger, "audit.list", Value::Map(vec![])).unwrap();
    let Some(Value::List(theirs)) = member(&page, "entries") else { unreachable!() };
    assert!(theirs.iter().any(|entry| text(entry, "method") == "poa.approve"));
    assert!(theirs.iter().all(|entry| member(entry, "authorization").is_none()));
    let shown = alice.tab.ask_person("vault.manage", async |tab| {
        tab.does(UiEvent::Open(Part::Audit)).await;
        let newest = tab.look(|view| match &view.screen {
            UiScreen::Audit(page) => page.entries.first().cloned(),
            _ => None,
        });
        let about = newest.flatten().unwrap().authorization.unwrap();
        assert_eq!(about.digest, Some(challenge(1).digest().to_string()));
        assert!(about.token.is_some() && about.statement.is_none());
    });
    assert!(shown.is_ok());
}
