//! Every store call of every operation fails once, in every way; afterwards the vault is
//! healed, reopened, and whole.

use kms_testkit::invariants::{broken, listed};
use kms_testkit::{Fault, PASSPHRASE, Tab};
use proptest::prelude::*;

/// Runs `operation` on a fresh copy of `before` with each call failing in each way.
fn schedule(before: &Tab, unlocked: bool, operation: impl Fn(&Tab) -> bool) {
    for fault in Fault::ALL {
        let mut call = 1;
        loop {
            let tab = before.on(before.store.copied());
            if unlocked {
                assert!(tab.unlock(PASSPHRASE).is_ok());
            }
            tab.store.fail_at(call, fault);
            let succeeded = operation(&tab);
            let fired = tab.store.heal();
            let name = format!("{fault:?} at call {call}, success {succeeded}");
            if !fired {
                assert!(succeeded, "{name}");
                break;
            }
            check(&tab, &name, &operation);
            call += 1;
            assert!(call < 100, "{name}: the operation never ends");
        }
    }
}

fn check(tab: &Tab, name: &str, operation: impl Fn(&Tab) -> bool) {
    // A healed connection in the same process, then a restart.
    let after = tab.restarted();
    if after.state().as_deref() == Ok("uninitialized") {
        assert!(after.set_up(PASSPHRASE).is_ok(), "{name}");
    } else {
        after.clock.advance(3_600_000);
        assert!(after.unlock(PASSPHRASE).is_ok(), "{name}");
    }
    assert_eq!(broken(&after), Vec::<String>::new(), "{name}");
    // Whatever was reported, the operation can be asked for again.
    let keys = listed(&after).len();
    operation(&after);
    assert!(listed(&after).len() >= keys, "{name}");
    assert_eq!(broken(&after), Vec::<String>::new(), "{name}, repeated");
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
        type Operation = fn(&Tab) -> bool;
        let before = if which == 0 { Tab::default() } else { Tab::ready() };
        let operation: Operation = match which {
            0 => |tab| tab.set_up(PASSPHRASE).is_ok(),
            1 => |tab| tab.unlock(PASSPHRASE).is_ok(),
            2 => |tab| tab.create("ed25519", "durable").is_ok(),
            _ => |tab| tab.create("ec-p256", "deferred").is_ok_and(|key| tab.sign(&key, b"x").is_ok()),
        };
        let tab = before.on(before.store.copied());
        if which > 1 {
            prop_assert!(tab.unlock(PASSPHRASE).is_ok());
        }
        tab.store.fail_at(first.0, first.1);
        tab.store.fail_again(second.0, second.1);
        let succeeded = operation(&tab);
        tab.store.heal();
        let name = format!("{first:?}, {second:?}, success {succeeded}");
        if which > 1 && succeeded {
            let after = tab.restarted();
            after.clock.advance(3_600_000);
            prop_assert!(after.unlock(PASSPHRASE).is_ok(), "{name}");
            prop_assert_eq!(listed(&after).len(), 1, "{}: what was made is gone", name);
        }
        check(&tab, &name, operation);
    }
}

#[test]
fn set_up_is_all_or_nothing() {
    schedule(&Tab::default(), false, |tab| tab.set_up(PASSPHRASE).is_ok());
}

#[test]
fn unlocking_is_all_or_nothing() {
    let before = Tab::ready();
    assert!(before.create("ed25519", "durable").is_ok());
    schedule(&before, false, |tab| tab.unlock(PASSPHRASE).is_ok());
}

#[test]
fn creating_is_all_or_nothing() {
    schedule(&Tab::ready(), true, |tab| tab.create("ec-p256", "durable").is_ok());
}

#[test]
fn signing_is_logged_or_not_done() {
    for audit in ["durable", "deferred"] {
        let before = Tab::ready();
        let key = before.create("ed25519", audit).unwrap();
        schedule(&before, true, |tab| {
            let signed = tab.sign(&key, b"text").is_ok();
            pollster::block_on(tab.enclave.tick());
            signed
        });
    }
}

#[test]
fn an_approved_signature_is_logged_or_not_done() {
    for audit in ["durable", "deferred"] {
        let before = Tab::ready();
        let key = before.create_confirmed("Payments", audit).unwrap();
        schedule(&before, true, |tab| {
            let signed = tab.sign_approved(&key, b"text").is_ok();
            pollster::block_on(tab.enclave.tick());
            signed
        });
    }
}

#[test]
fn locking_always_locks() {
    let before = Tab::ready();
    let key = before.create("ed25519", "deferred").unwrap();
    schedule(&before, true, |tab| {
        let _signed = tab.sign(&key, b"text");
        let _ended = tab.call("vault.lock", kms_protocol::Value::Map(Vec::new()));
        assert_eq!(tab.sign(&key, b"text"), Err("locked".into()));
        assert!(tab.unlock(PASSPHRASE).is_ok() || tab.store.heal());
        true
    });
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
