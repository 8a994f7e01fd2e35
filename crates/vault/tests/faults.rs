//! Every store call of every operation fails once, in every way; afterwards the vault is
//! healed, reopened, and whole.

use kms_protocol::{EnrolmentKind, Value};
use kms_testkit::invariants::{broken, entries, listed};
use kms_testkit::person::{of, phrase};
use kms_testkit::tab::{member, text};
use kms_testkit::{FakePasskey, Fault, PASSPHRASE, Tab};
use proptest::prelude::*;

/// Runs `operation` on a fresh copy of `before` with each call failing in each way. What it
/// acknowledges must be there afterwards, as `kept` says.
fn schedule<T>(
    before: &Tab,
    unlocked: bool,
    operation: impl Fn(&Tab) -> Result<T, String>,
    kept: impl Fn(&Tab, &T, &str),
) {
    for fault in Fault::ALL {
        for call in 1.. {
            let tab = before.on(before.store.copied());
            if unlocked {
                assert!(tab.unlock(PASSPHRASE).is_ok());
            }
            tab.store.fail_at(call, fault);
            let outcome = operation(&tab);
            let fired = tab.store.heal();
            let generations = [before, &tab].map(|tab| tab.store.disk_generation());
            assert!(generations.is_sorted(), "a generation only grows: {generations:?}");
            let said = outcome.as_ref().err();
            let name = format!("{fault:?} at call {call}, said {said:?}");
            if !fired {
                assert!(outcome.is_ok(), "{name}");
                break;
            }
            assert!(said.is_none_or(|code| fault.explains(code)), "{name}");
            check(&tab, &name, (&operation, &outcome), &kept);
            assert!(call < 100, "{name}: the operation never ends");
        }
    }
}

fn check<T>(
    tab: &Tab,
    name: &str,
    (operation, outcome): (impl Fn(&Tab) -> Result<T, String>, &Result<T, String>),
    kept: impl Fn(&Tab, &T, &str),
) {
    // A healed connection in the same process, then a restart.
    let after = tab.restarted();
    if after.state().as_deref() == Ok("uninitialized") {
        assert!(outcome.is_err(), "{name}: what was set up is gone");
        assert!(after.set_up(PASSPHRASE).is_ok(), "{name}");
    } else {
        after.clock.advance(3_600_000);
        assert!(after.unlock(PASSPHRASE).is_ok(), "{name}");
    }
    if let Ok(made) = outcome {
        kept(&after, made, name);
    }
    assert_eq!(broken(&after), Vec::<String>::new(), "{name}");
    // Whatever was reported, the operation can be asked for again.
    let keys = listed(&after).len();
    let _again = operation(&after);
    assert!(listed(&after).len() >= keys, "{name}");
    assert_eq!(broken(&after), Vec::<String>::new(), "{name}, repeated");
}

fn nothing<T>(_: &Tab, _: &T, _: &str) {}

fn signed(tab: &Tab) -> usize {
    let ok = |entry: &&Value| text(entry, "method") == "sign" && text(entry, "outcome") == "ok";
    entries(tab).iter().filter(ok).count()
}

/// A fault, and how many calls after the one before it is met.
fn fault() -> impl Strategy<Value = (u64, Fault)> {
    (1..14_u64, prop::sample::select(Fault::ALL.to_vec()))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever an operation does about one fault may meet another.
    #[test]
    fn two_faults_lose_no_more_than_one(which in 0..4_usize, first in fault(), second in fault()) {
        type Operation = fn(&Tab) -> Result<(), String>;
        let before = if which == 0 { Tab::default() } else { Tab::ready() };
        let operation: Operation = match which {
            0 => |tab| tab.set_up(PASSPHRASE).map(drop),
            1 => |tab| tab.unlock(PASSPHRASE).map(drop),
            2 => |tab| tab.create("ed25519", "durable").map(drop),
            _ => |tab| {
                let key = tab.create("ec-p256", "deferred")?;
                tab.sign(&key, b"x").map(drop)
            },
        };
        let tab = before.on(before.store.copied());
        if which > 1 {
            prop_assert!(tab.unlock(PASSPHRASE).is_ok());
        }
        tab.store.fail_at(first.0, first.1);
        tab.store.fail_again(second.0, second.1);
        let outcome = operation(&tab);
        tab.store.heal();
        let name = format!("{first:?}, {second:?}: {outcome:?}");
        check(&tab, &name, (operation, &outcome), |after, (), name| {
            assert_eq!(listed(after).len(), usize::from(which > 1), "{name}: what was made is gone");
        });
    }
}

#[test]
fn set_up_is_all_or_nothing() {
    schedule(&Tab::default(), false, |tab| tab.set_up(PASSPHRASE), nothing);
}

#[test]
fn unlocking_is_all_or_nothing() {
    let before = Tab::ready();
    assert!(before.create("ed25519", "durable").is_ok());
    schedule(&before, false, |tab| tab.unlock(PASSPHRASE), nothing);
}

/// Unlocks in some way, with each call failing in each way; afterwards that way still opens.
fn unlocks(before: &Tab, unlock: impl Fn(&Tab) -> Result<Value, String>) {
    for fault in Fault::ALL {
        for call in 1.. {
            let tab = before.on(before.store.copied());
            tab.store.fail_at(call, fault);
            let outcome = unlock(&tab);
            let fired = tab.store.heal();
            let name = format!("{fault:?} at call {call}: {:?}", outcome.as_ref().err());
            if !fired {
                assert!(outcome.is_ok(), "{name}");
                break;
            }
            assert!(outcome.err().is_none_or(|code| fault.explains(&code)), "{name}");
            let after = tab.restarted();
            after.clock.advance(3_600_000);
            assert!(unlock(&after).is_ok(), "{name}: {:?}", after.problem());
            assert_eq!(broken(&after), Vec::<String>::new(), "{name}");
        }
    }
}

#[test]
fn unlocking_with_a_passkey_or_a_phrase_is_all_or_nothing() {
    let (passkey, tab) = (FakePasskey::new(1), Tab::default());
    assert!(tab.set_up_with_passkey(&passkey).is_ok());
    unlocks(&tab, |tab| {
        tab.ask_person("vault.unlock", async |tab| tab.does(tab.enrolled(&passkey)).await)
    });
    let tab = Tab::default();
    let words = tab.set_up_with_phrase().unwrap();
    unlocks(&tab, |tab| {
        tab.ask_person("vault.unlock", async |tab| {
            tab.does(of(&tab.first(EnrolmentKind::RecoveryPhrase), phrase(&words))).await;
        })
    });
}

#[test]
fn a_better_kdf_is_taken_up_whole_or_not_at_all() {
    let tab = Tab::default();
    tab.kdf.set_memory(Some(19_456));
    assert!(tab.set_up(PASSPHRASE).is_ok());
    schedule(&tab, false, |tab| tab.unlock(PASSPHRASE), nothing);
}

#[test]
fn creating_is_all_or_nothing() {
    let create = |tab: &Tab| tab.create("ec-p256", "durable");
    schedule(&Tab::ready(), true, create, |after, key, name| {
        assert!(listed(after).contains(key), "{name}: the key is gone");
    });
}

#[test]
fn signing_is_logged_or_not_done() {
    for audit in ["durable", "deferred"] {
        let before = Tab::ready();
        let key = before.create("ed25519", audit).unwrap();
        let sign = |tab: &Tab| {
            let signature = tab.sign(&key, b"text");
            pollster::block_on(tab.enclave.tick());
            signature
        };
        schedule(&before, true, sign, |after, _, name| {
            // A deferred entry is in memory for a moment, and may go with the process.
            let least = usize::from(audit == "durable");
            assert!((least..=1).contains(&signed(after)), "{name}: {} entries", signed(after));
        });
    }
}

/// What else is done with a key, by name, and what it is called with.
const USES: [(&str, &[(&str, u32)]); 9] = [
    ("keys.describe", &[]),
    ("keys.public_key", &[]),
    ("keys.rotate", &[]),
    ("keys.set_min_versions", &[("minDecryptionVersion", 2), ("minEncryptionVersion", 2)]),
    ("keys.trim", &[("minAvailableVersion", 2)]),
    ("keys.disable", &[]),
    ("keys.enable", &[]),
    ("keys.schedule_deletion", &[("days", 7)]),
    ("keys.cancel_deletion", &[]),
];

#[test]
fn every_use_of_a_key_is_all_or_nothing() {
    let before = Tab::ready();
    let key = before.create("ed25519", "durable").unwrap();
    let call = |tab: &Tab, method: &str, more: &[(&'static str, u32)]| {
        let id = ("keyId", Value::Text(key.clone()));
        let more = more.iter().map(|(name, number)| (*name, Value::Number((*number).into())));
        let params = [id].into_iter().chain(more).map(|(name, value)| (name.into(), value));
        tab.call(method, Value::Map(params.collect()))
    };
    for (method, more) in USES {
        let state = |tab: &Tab| {
            let info = call(tab, "keys.describe", &[]).unwrap();
            ["state", "version", "minDecryptionVersion"].map(|name| member(&info, name))
        };
        let expected = {
            let tab = before.on(before.store.copied());
            assert!(tab.unlock(PASSPHRASE).is_ok());
            assert_eq!(call(&tab, method, more).err(), None, "{method}");
            state(&tab)
        };
        schedule(
            &before,
            true,
            |tab| call(tab, method, more),
            |after, _, name| assert_eq!(state(after), expected, "{method}: {name}"),
        );
        // What follows builds on it. Hours have passed, so it is locked.
        assert!(before.unlock(PASSPHRASE).is_ok());
        assert!(call(&before, method, more).is_ok(), "{method}");
    }
}

#[test]
fn reading_says_why_it_cannot() {
    let before = Tab::ready();
    let key = before.create("ed25519", "durable").unwrap();
    assert!(before.sign(&key, b"text").is_ok());
    let reads = [
        ("keys.list", Value::Map(Vec::new())),
        ("audit.list", Value::Map(Vec::new())),
        ("audit.verify", Value::Map(Vec::new())),
        ("audit.checkpoint", Value::Map(Vec::new())),
        ("audit.prove_inclusion", Value::object([("seq", Value::Number(1.0))])),
        ("leases.list", Value::Map(Vec::new())),
    ];
    for (method, params) in reads {
        schedule(&before, true, |tab| tab.call(method, params.clone()), nothing);
    }
}

#[test]
fn an_approved_signature_is_logged_or_not_done() {
    for audit in ["durable", "deferred"] {
        let before = Tab::ready();
        let key = before.create_confirmed("Payments", audit).unwrap();
        let sign = |tab: &Tab| {
            let signature = tab.sign_approved(&key, b"text");
            pollster::block_on(tab.enclave.tick());
            signature
        };
        schedule(&before, true, sign, |after, _, name| {
            let least = usize::from(audit == "durable");
            assert!((least..=1).contains(&signed(after)), "{name}: {} entries", signed(after));
        });
    }
}

#[test]
fn locking_always_locks() {
    let before = Tab::ready();
    let key = before.create("ed25519", "deferred").unwrap();
    let lock = |tab: &Tab| {
        let _signed = tab.sign(&key, b"text");
        let _ended = tab.call("vault.lock", Value::Map(Vec::new()));
        assert_eq!(tab.sign(&key, b"text"), Err("locked".into()));
        assert!(tab.unlock(PASSPHRASE).is_ok() || tab.store.heal());
        Ok(())
    };
    schedule(&before, true, lock, nothing);
}

#[test]
fn deferred_entries_survive_a_failing_store_and_nothing_is_done_meanwhile() {
    let tab = Tab::ready();
    let key = tab.create("ed25519", "deferred").unwrap();
    let entries = tab.verify_audit().unwrap();
    assert!(tab.sign(&key, b"one").is_ok());
    tab.store.fail_at(1, Fault::CrashBefore);
    pollster::block_on(tab.enclave.tick());
    assert_eq!(tab.sign(&key, b"two"), Err("audit_unavailable".into()));
    assert_eq!(tab.create("ed25519", "durable"), Err("storage_unavailable".into()));
    tab.store.heal();
    assert!(tab.sign(&key, b"three").is_ok());
    assert_eq!(tab.verify_audit(), Ok(entries + 2.0));
}

#[test]
fn a_failing_store_holds_back_what_is_otherwise_logged_later() {
    let tab = Tab::ready();
    let key = tab.create("ed25519", "deferred").unwrap();
    tab.store.fail_at(1, Fault::CrashBefore);
    // Nothing waits after this, but it is known that nothing can be written.
    assert_eq!(tab.create("ed25519", "durable"), Err("storage_unavailable".into()));
    assert_eq!(tab.sign(&key, b"one"), Err("audit_unavailable".into()));
    tab.store.heal();
    assert!(tab.sign(&key, b"two").is_ok());
    let calls = tab.store.calls();
    assert!(tab.sign(&key, b"three").is_ok());
    assert_eq!(tab.store.calls(), calls, "later ones wait again");
}

#[test]
fn a_batch_whose_outcome_was_lost_is_not_written_twice() {
    let tab = Tab::ready();
    let key = tab.create("ed25519", "deferred").unwrap();
    let entries = tab.verify_audit().unwrap();
    assert!(tab.sign(&key, b"one").is_ok());
    // The commit is applied, its answer is lost, and nothing can be read for a while.
    tab.store.fail_at(1, Fault::CrashAfter);
    pollster::block_on(tab.enclave.tick());
    tab.store.heal();
    pollster::block_on(tab.enclave.tick());
    assert_eq!(tab.verify_audit(), Ok(entries + 1.0));
}

#[test]
fn nor_is_it_when_the_vault_is_locked_in_between() {
    let tab = Tab::ready();
    let key = tab.create("ed25519", "deferred").unwrap();
    let entries = tab.verify_audit().unwrap();
    assert!(tab.sign(&key, b"one").is_ok());
    tab.store.fail_at(1, Fault::CrashAfter);
    pollster::block_on(tab.enclave.tick());
    assert!(tab.call("vault.lock", kms_protocol::Value::Map(Vec::new())).is_ok());
    tab.store.heal();
    assert!(tab.unlock(PASSPHRASE).is_ok());
    // The signature, the lock and the unlock.
    assert_eq!(tab.verify_audit(), Ok(entries + 3.0));
}
