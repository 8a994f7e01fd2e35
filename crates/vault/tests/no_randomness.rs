//! A generator of random numbers that fails: nothing is made of what it did not give.

use std::cell::Cell;
use std::rc::Rc;

use kms_crypto::software::SoftwareProvider;
use kms_crypto::{CryptoError, CryptoProvider};
use kms_protocol::{EnrolmentKind, Value};
use kms_testkit::invariants::broken;
use kms_testkit::person::encrypt;
use kms_testkit::tab::bytes;
use kms_testkit::{PASSPHRASE, Tab, TestPorts, seeded_provider};
use kms_vault::{Action, UiEvent};

/// How many more draws succeed.
type Left = Rc<Cell<u32>>;

/// A tab on the disk of another, whose randomness ends when it is told to.
fn tab(before: &Tab) -> (Tab, Left) {
    let left = Left::new(Cell::new(u32::MAX));
    let (count, source) = (Rc::clone(&left), seeded_provider(9));
    let crypto = SoftwareProvider::new(move |out: &mut [u8]| {
        let now = count.get().checked_sub(1).ok_or(CryptoError::Random)?;
        count.set(now);
        source.fill_random(out)
    });
    let ports =
        TestPorts { store: before.store.copied(), crypto: crypto.into(), ..TestPorts::new(9) };
    (Tab::over(ports, 9), left)
}

/// Runs something with ever more randomness until it succeeds; what was stored is whole after
/// every failure.
fn ends_well(before: &Tab, unlocked: bool, act: impl Fn(&Tab) -> bool) {
    for draws in 0.. {
        let (tab, left) = tab(before);
        assert!(!unlocked || tab.unlock(PASSPHRASE).is_ok());
        left.set(draws);
        let done = act(&tab);
        assert!(draws < 200, "it never succeeds");
        if left.get() > 0 {
            assert!(done);
            assert!(draws > 0, "nothing was drawn");
            return;
        }
        left.set(u32::MAX);
        let after = tab.restarted();
        after.clock.advance(3_600_000);
        if after.state().as_deref() == Ok("uninitialized") {
            assert!(!done && after.store.dump().is_empty(), "{draws}");
            continue;
        }
        // What was set up in earnest may have used up the last draw.
        if unlocked || done {
            let opened = if after.enrolments()[0].1 == EnrolmentKind::Passphrase.as_str() {
                after.unlock(PASSPHRASE)
            } else {
                continue;
            };
            assert!(opened.is_ok(), "{draws}");
            assert_eq!(broken(&after), Vec::<String>::new(), "{draws}");
        }
    }
}

fn acted(tab: &Tab, action: Action, then: impl AsyncFnOnce(&Tab)) -> bool {
    let mut done = false;
    let managed = tab.manage(UiEvent::Action(action), PASSPHRASE, async |tab| {
        let opened = tab.screen() != "unlock";
        then(tab).await;
        done = opened && (tab.screen(), tab.problem()) == ("manage", None);
    });
    managed.is_ok() && done
}

#[test]
fn no_vault_is_made() {
    ends_well(&Tab::default(), false, |tab| tab.set_up(PASSPHRASE).is_ok());
    ends_well(&Tab::default(), false, |tab| tab.set_up_with_phrase().is_ok());
}

#[test]
fn one_screen_back_is_none_without_a_new_salt() {
    let (tab, left) = tab(&Tab::default());
    let setup = tab.ask_person("vault.setup", async |tab| {
        tab.does(UiEvent::NewPhrase).await;
        assert_eq!(tab.screen(), "phrase");
        left.set(0);
        tab.does(UiEvent::Back).await;
        assert_eq!(tab.screen(), "hidden");
    });
    assert_eq!(setup, Err("internal".into()));
}

#[test]
fn a_phrase_that_was_shown_too_long_is_gone_without_another() {
    let (tab, left) = tab(&Tab::default());
    let setup = tab.ask_person("vault.setup", async |tab| {
        tab.does(UiEvent::NewPhrase).await;
        left.set(0);
        tab.clock.advance(24 * 3_600_000);
        tab.enclave.tick().await;
        assert_eq!(tab.screen(), "hidden");
    });
    assert_eq!(setup, Err("internal".into()));
}

#[test]
fn a_late_phrase_is_not_added_without_a_new_challenge() {
    let (tab, left) = tab(&Tab::ready());
    assert!(tab.unlock(PASSPHRASE).is_ok());
    let add = UiEvent::Action(Action::Add(EnrolmentKind::RecoveryPhrase));
    let managed = tab.manage(add, PASSPHRASE, async |tab| {
        tab.does(UiEvent::Written).await;
        let words = tab.asked_words();
        tab.clock.advance(120_000);
        tab.enclave.tick().await;
        assert_eq!(tab.screen(), "confirm_phrase");
        left.set(0);
        tab.does(words).await;
        assert_eq!(tab.screen(), "hidden");
    });
    assert_eq!(managed, Err("internal".into()));
    assert_eq!(tab.enrolments().len(), 1);
}

#[test]
fn no_factor_is_added() {
    let before = Tab::ready();
    ends_well(&before, true, |tab| {
        acted(tab, Action::Add(EnrolmentKind::RecoveryPhrase), async |tab| {
            tab.does(UiEvent::Written).await;
            tab.does(tab.asked_words()).await;
        })
    });
    ends_well(&before, true, |tab| {
        acted(tab, Action::Add(EnrolmentKind::Passkey), async |tab| {
            let passkey = kms_testkit::FakePasskey::new(1);
            tab.does(kms_testkit::person::new(passkey.answer(&tab.new_salt()))).await;
        })
    });
}

#[test]
fn no_key_and_no_backup_is_made() {
    let before = Tab::ready();
    ends_well(&before, true, |tab| tab.create("ed25519", "durable").is_ok());
    ends_well(&before, true, |tab| {
        let made = tab.files.made().len();
        let done = tab.ask_person("vault.backup", async |tab| {
            tab.does(tab.with(PASSPHRASE)).await;
            tab.does(encrypt(false, Some("a passphrase for the file"))).await;
            tab.does(UiEvent::Confirm).await;
        });
        done.is_ok() && tab.files.made().len() == made + 1
    });
}

#[test]
fn no_stream_is_opened() {
    let before = Tab::ready();
    let key = Value::Text(before.create("aes-256", "durable").unwrap());
    ends_well(&before, true, |tab| {
        tab.call("streams.encrypt", Value::object([("keyId", key.clone())])).is_ok()
    });
}

#[test]
fn no_key_is_taken_in() {
    let before = Tab::ready();
    let id = |spec, uses: &[&str]| Value::Text(before.create_for(spec, uses).unwrap());
    let (key, receiving) = (id("ec-p256", &["export"]), id("hpke-x25519", &["import"]));
    let half = before.call("keys.public_key", Value::object([("keyId", receiving.clone())]));
    let recipient = Value::Bytes(bytes(&half.unwrap(), "raw"));
    let export = [("keyId", key), ("recipient", recipient)];
    let sealed = bytes(&before.call("keys.export", Value::object(export)).unwrap(), "sealed");
    let import = Value::object([
        ("keyId", receiving),
        ("sealed", Value::Bytes(sealed)),
        ("key", Value::object([("spec", Value::Text("ec-p256".into()))])),
    ]);
    ends_well(&before, true, |tab| tab.call("keys.import", import.clone()).is_ok());
}
