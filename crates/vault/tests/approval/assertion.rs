//! Approvals by passkey: where the public key of one is known, its signature over the digest of
//! what was shown approves, and nothing else does.

use kms_crypto::KeyKind;
use kms_protocol::{EnrolmentKind, ErrorCode, Value};
use kms_testkit::passkey::{ENCLAVE, client_data};
use kms_testkit::person::{id, new};
use kms_testkit::tab::outcome;
use kms_testkit::{FakePasskey, PAGE, PASSPHRASE, Tab};
use kms_vault::{Action, Assertion, Factor, UiEvent};

const KINDS: [KeyKind; 2] = [KeyKind::Ed25519, KeyKind::EcP256];

type Done = Result<(), String>;

fn done(reply: Option<Value>) -> Done {
    outcome(reply).map(|_| ())
}

/// A vault that a passphrase opens, and then one passkey more.
fn add(tab: &Tab, passkey: &FakePasskey) {
    let add = UiEvent::Action(Action::Add(EnrolmentKind::Passkey));
    let added = tab.manage(add, PASSPHRASE, async |tab| {
        tab.does(new(passkey.answer(&tab.new_salt()))).await;
    });
    assert!(added.is_ok());
}

fn remove(tab: &Tab) {
    let remove = UiEvent::Action(Action::Remove(id(&tab.first(EnrolmentKind::Passkey))));
    assert!(tab.manage(remove, PASSPHRASE, async |_| {}).is_ok());
}

fn ready(passkey: &FakePasskey) -> (Tab, String) {
    let tab = Tab::ready();
    add(&tab, passkey);
    let key = tab.create_confirmed("Payments", "durable").unwrap();
    (tab, key)
}

fn asked(tab: &Tab, key: &str, person: impl AsyncFnOnce(&Tab)) -> Done {
    done(tab.send_to_person(tab.signing(key, b"Pay 10"), person))
}

/// Signs while the passkey approves.
fn approved(tab: &Tab, key: &str, passkey: &FakePasskey) -> Done {
    asked(tab, key, async |tab| {
        tab.does(tab.signed(passkey.approves(&tab.approval().digest))).await;
    })
}

/// Signs while the person presses, and then gives up.
fn pressed(tab: &Tab, key: &str) -> (Done, Option<ErrorCode>) {
    let mut problem = None;
    let reply = asked(tab, key, async |tab| {
        tab.does(tab.approved()).await;
        problem = tab.problem();
        tab.does(UiEvent::Cancel).await;
    });
    (reply, problem)
}

fn cancelled() -> Done {
    Err("user_cancelled".into())
}

/// How a press ends that is not enough.
fn alone() -> (Done, Option<ErrorCode>) {
    (cancelled(), Some(ErrorCode::PasskeyRequired))
}

/// Shows that each of these is refused, and that the right one is then taken.
fn refuses(passkey: &FakePasskey, bad: impl Fn(&[u8; 32]) -> Vec<Assertion>) {
    let (tab, key) = ready(passkey);
    let reply = asked(&tab, &key, async |tab| {
        let digest = tab.approval().digest;
        for bad in bad(&digest) {
            tab.does(tab.signed(bad.clone())).await;
            assert_eq!(tab.problem(), Some(ErrorCode::PasskeyFailed), "{bad:?}");
            assert_eq!((tab.screen(), tab.approval().digest), ("approve", digest));
        }
        tab.does(tab.signed(passkey.approves(&digest))).await;
    });
    assert_eq!(reply, Ok(()));
}

#[test]
fn a_passkey_approves_and_a_press_alone_does_not() {
    for kind in KINDS {
        let passkey = FakePasskey::signing(1, kind);
        let (tab, key) = ready(&passkey);
        assert_eq!(pressed(&tab, &key), alone());
        let reply = asked(&tab, &key, async |tab| {
            assert_eq!(tab.approval().passkeys, std::slice::from_ref(&passkey.credential));
            tab.does(tab.signed(passkey.approves(&tab.approval().digest))).await;
            assert_eq!(tab.screen(), "hidden");
        });
        assert_eq!(reply, Ok(()));
        // So it is after a restart.
        let after = tab.restarted();
        assert!(after.unlock(PASSPHRASE).is_ok());
        assert_eq!(pressed(&after, &key), alone());
        assert_eq!(approved(&after, &key, &passkey), Ok(()));
    }
}

#[test]
fn a_vault_that_was_made_with_a_passkey_knows_its_key() {
    let passkey = FakePasskey::signing(1, KeyKind::EcP256);
    let tab = Tab::default();
    assert!(tab.set_up_with_passkey(&passkey).is_ok());
    let key = tab.create_confirmed("Payments", "durable").unwrap();
    assert_eq!(pressed(&tab, &key), alone());
    assert_eq!(approved(&tab, &key, &passkey), Ok(()));
}

#[test]
fn passkeys_of_which_no_key_is_known_leave_the_press() {
    let (tab, key) = ready(&FakePasskey::new(1));
    assert_eq!(pressed(&tab, &key), (Ok(()), None));
    // Nor does such a passkey approve where another one has to.
    let other = FakePasskey::signing(2, KeyKind::Ed25519);
    add(&tab, &other);
    let reply = asked(&tab, &key, async |tab| {
        let digest = tab.approval().digest;
        assert_eq!(tab.approval().passkeys, std::slice::from_ref(&other.credential));
        tab.does(tab.signed(FakePasskey::new(1).approves(&digest))).await;
        assert_eq!(tab.problem(), Some(ErrorCode::PasskeyFailed));
        tab.does(UiEvent::Cancel).await;
    });
    assert_eq!(reply, cancelled());
    assert_eq!(approved(&tab, &key, &other), Ok(()));
}

#[test]
fn a_key_of_another_algorithm_is_not_known_and_an_invalid_one_makes_no_enrolment() {
    let passkey = FakePasskey::signing(1, KeyKind::EcP256);
    let with = |key: &[u8]| {
        let tab = Tab::default();
        let made = tab.ask_person("vault.setup", async |tab| {
            let Factor::Passkey(mut answer) = passkey.answer(&tab.new_salt()) else { return };
            answer.public_key = Some(key.to_vec());
            tab.does(new(Factor::Passkey(answer))).await;
        });
        (tab, made.map(|_| ()))
    };
    // The beginning of an RSA key.
    let (tab, made) = with(&[0x30, 0x82, 0x01, 0x22, 0x30, 0x0d]);
    assert_eq!(made, Ok(()));
    let key = tab.create_confirmed("Payments", "durable").unwrap();
    assert_eq!(pressed(&tab, &key), (Ok(()), None));
    let mut off_curve = passkey.public_key().unwrap();
    *off_curve.last_mut().unwrap() ^= 1;
    let (tab, made) = with(&off_curve);
    assert_eq!((made, tab.problems()), (cancelled(), vec![ErrorCode::PasskeyFailed]));
}

#[test]
fn an_assertion_about_something_else_is_refused() {
    let passkey = FakePasskey::signing(1, KeyKind::Ed25519);
    refuses(&passkey, |digest| {
        let good = client_data(digest);
        let swap = |from: &str, to: &str| {
            let other = good.replacen(from, to, 1);
            assert_ne!(other, good);
            passkey.assertion(&other)
        };
        let site = format!(r#","topOrigin":"{PAGE}""#);
        vec![
            passkey.approves(&[0; 32]),
            swap(r#""challenge":""#, r#""challenge":"A"#),
            swap("webauthn.get", "webauthn.create"),
            swap("webauthn.get", "payment.get"),
            swap(ENCLAVE, "https://kms.example.evil"),
            swap(ENCLAVE, "https://kms.example:8443"),
            swap(ENCLAVE, "http://kms.example"),
            // In a frame of another site, in none, and contradictions.
            swap(PAGE, "https://other.example"),
            swap("true", "false"),
            swap(&format!("true{site}"), "false"),
            swap(&format!("true{site}"), "\"true\""),
            swap(r#""crossOrigin":true,"#, ""),
            // No JSON, or such as two readers could read differently.
            passkey.assertion(""),
            passkey.assertion("[]"),
            passkey.assertion(&good[..good.len() - 1]),
            passkey.assertion(&format!("{good} {{}}")),
            swap("{", r#"{"type":"webauthn.get","#),
            swap("{", &format!(r#"{{"more":"{}","#, "a".repeat(4096))),
        ]
    });
}

#[test]
fn an_engine_may_tell_less_and_more() {
    let passkey = FakePasskey::signing(1, KeyKind::Ed25519);
    let (tab, key) = ready(&passkey);
    let site = format!(r#","topOrigin":"{PAGE}""#);
    for (from, to) in [
        (site.clone(), ""),
        (format!(r#","crossOrigin":true{site}"#), ""),
        ("{".into(), r#"{"other_keys_can_be_added_here":"do not compare","#),
    ] {
        let reply = asked(&tab, &key, async |tab| {
            let good = client_data(&tab.approval().digest);
            let other = good.replacen(&from, to, 1);
            assert_ne!(other, good);
            tab.does(tab.signed(passkey.assertion(&other))).await;
        });
        assert_eq!(reply, Ok(()));
    }
}

#[test]
fn an_assertion_for_another_host_or_without_the_person_is_refused() {
    let passkey = FakePasskey::signing(1, KeyKind::EcP256);
    refuses(&passkey, |digest| {
        let mut others = vec![FakePasskey { host: "kms.example.evil", ..passkey.clone() }];
        // Nobody, nobody verified, nobody present, and what only a creation has.
        let flags = [0, 0b001, 0b100, 0b100_0101];
        others.extend(flags.map(|flags| FakePasskey { flags, ..passkey.clone() }));
        // Extension data is announced, and does not follow.
        others.push(FakePasskey { flags: 0b1000_0101, ..passkey.clone() });
        others.iter().map(|other| other.approves(digest)).collect()
    });
}

#[test]
fn a_signature_of_something_or_somebody_else_is_refused() {
    for kind in KINDS {
        let passkey = FakePasskey::signing(1, kind);
        refuses(&passkey, |digest| {
            let good = passkey.approves(digest);
            let stranger = FakePasskey::signing(2, kind);
            let other_kind = KINDS.into_iter().find(|other| *other != kind);
            let with = |change: &dyn Fn(&mut Assertion)| {
                let mut bad = good.clone();
                change(&mut bad);
                bad
            };
            vec![
                // A passkey of nobody, also under the name of the enrolled one; and the other way.
                stranger.approves(digest),
                with(&|bad| bad.signature = stranger.approves(digest).signature),
                with(&|bad| bad.credential = stranger.credential.clone()),
                with(&|bad| bad.credential.truncate(15)),
                // The same secret as another kind of key.
                FakePasskey { signs: other_kind, ..passkey.clone() }.approves(digest),
                with(&|bad| *bad.signature.last_mut().unwrap() ^= 1),
                with(&|bad| bad.signature = vec![0; 64]),
                with(&|bad| bad.signature.push(0)),
                with(&|bad| bad.signature.truncate(63)),
                with(&|bad| bad.signature.clear()),
                // Changed after it was signed.
                with(&|bad| *bad.authenticator_data.last_mut().unwrap() ^= 1),
                with(&|bad| bad.client_data.insert(1, b' ')),
                with(&|bad| bad.client_data.clear()),
                with(&|bad| bad.authenticator_data.truncate(36)),
                with(&|bad| bad.authenticator_data.push(0)),
                with(&|bad| bad.authenticator_data.clear()),
            ]
        });
    }
}

#[test]
fn an_assertion_counts_for_one_approval() {
    let passkey = FakePasskey::signing(1, KeyKind::Ed25519);
    let (tab, key) = ready(&passkey);
    let mut used = None;
    let first = asked(&tab, &key, async |tab| {
        let assertion = passkey.approves(&tab.approval().digest);
        used = Some(assertion.clone());
        tab.does(tab.signed(assertion)).await;
    });
    assert_eq!(first, Ok(()));
    // The very same data once more.
    let again = asked(&tab, &key, async |tab| {
        tab.does(tab.signed(used.unwrap())).await;
        assert_eq!(tab.problem(), Some(ErrorCode::PasskeyFailed));
        tab.does(UiEvent::Cancel).await;
    });
    assert_eq!(again, cancelled());
}

#[test]
fn a_passkey_approves_as_long_as_it_is_enrolled() {
    let (first, second) = (FakePasskey::signing(1, KINDS[0]), FakePasskey::signing(2, KINDS[1]));
    let (tab, key) = ready(&first);
    add(&tab, &second);
    assert_eq!(approved(&tab, &key, &first), Ok(()));
    assert_eq!(approved(&tab, &key, &second), Ok(()));
    remove(&tab);
    let reply = asked(&tab, &key, async |tab| {
        tab.does(tab.signed(first.approves(&tab.approval().digest))).await;
        assert_eq!(tab.problem(), Some(ErrorCode::PasskeyFailed));
        tab.does(UiEvent::Cancel).await;
    });
    assert_eq!(reply, cancelled());
    assert_eq!(pressed(&tab, &key), alone());
    assert_eq!(approved(&tab, &key, &second), Ok(()));
    // Without the last one a press is enough again, and what it signs is still nothing.
    remove(&tab);
    let reply = asked(&tab, &key, async |tab| {
        assert!(tab.approval().passkeys.is_empty());
        tab.does(tab.signed(second.approves(&tab.approval().digest))).await;
        assert_eq!(tab.problem(), Some(ErrorCode::PasskeyFailed));
        tab.does(tab.approved()).await;
    });
    assert_eq!(reply, Ok(()));
}

/// A tab that wrote nothing meanwhile knows nothing of it, and asks before it believes a press.
#[test]
fn a_passkey_counts_in_every_tab_as_soon_as_it_is_enrolled_or_removed() {
    let (tab, passkey) = (Tab::ready(), FakePasskey::signing(1, KeyKind::Ed25519));
    let key = tab.create_confirmed("Payments", "durable").unwrap();
    let other = tab.beside();
    assert!(other.unlock(PASSPHRASE).is_ok());
    add(&other, &passkey);
    assert_eq!(pressed(&tab, &key), alone());
    assert_eq!(approved(&tab, &key, &passkey), Ok(()));
    remove(&other);
    let reply = asked(&tab, &key, async |tab| {
        assert_eq!(tab.approval().passkeys, std::slice::from_ref(&passkey.credential));
        tab.does(tab.signed(passkey.approves(&tab.approval().digest))).await;
        assert_eq!(tab.problem(), Some(ErrorCode::PasskeyFailed));
        tab.does(tab.approved()).await;
    });
    assert_eq!(reply, Ok(()));
}

#[test]
fn a_passkey_does_not_type_the_code() {
    let passkey = FakePasskey::signing(1, KeyKind::Ed25519);
    let (tab, key) = ready(&passkey);
    let reply = tab.send_to_person(tab.signing(&key, &[0xff, 0]), async |tab| {
        let digest = tab.approval().digest;
        let assertion = Some(passkey.approves(&digest));
        tab.does(UiEvent::Approve { digest: digest.to_vec(), code: None, assertion }).await;
        assert_eq!(tab.problem(), Some(ErrorCode::CodeMismatch));
        tab.does(tab.approved()).await;
        assert_eq!(tab.problem(), Some(ErrorCode::PasskeyRequired));
        tab.does(tab.signed(passkey.approves(&digest))).await;
    });
    assert_eq!(done(reply), Ok(()));
}
