//! Set-up, unlock, lock, restart.

use kms_protocol::{ErrorCode, Value};
use kms_testkit::person::submit;
use kms_testkit::tab::config;
use kms_testkit::{PAGE, PASSPHRASE, Tab};
use kms_vault::{RecordKey, Table, UiCommand, UiEvent, UiScreen};
use pollster::block_on;

fn empty() -> Value {
    Value::Map(Vec::new())
}

fn problems(tab: &Tab) -> Vec<ErrorCode> {
    tab.problems()
}

#[test]
fn a_vault_is_made_locked_and_unlocked_again() {
    let tab = Tab::default();
    assert_eq!(tab.state().as_deref(), Ok("uninitialized"));
    assert_eq!(tab.set_up(PASSPHRASE).map(|_| ()), Ok(()));
    assert_eq!(tab.state().as_deref(), Ok("unlocked"));
    let key = tab.create("ed25519", "durable").unwrap();
    let signature = tab.sign(&key, b"text").unwrap();
    assert_eq!(tab.call("vault.lock", empty()), Ok(empty()));
    assert_eq!(tab.state().as_deref(), Ok("locked"));
    assert_eq!(tab.sign(&key, b"text"), Err("locked".into()));
    assert!(tab.unlock(PASSPHRASE).is_ok());
    assert_eq!(tab.sign(&key, b"text"), Ok(signature));
    assert_eq!(tab.outbox.names(tab.session).last().map(String::as_str), Some("unlocked"));
}

#[test]
fn a_restart_keeps_everything_but_the_keys_in_memory() {
    let tab = Tab::ready();
    let key = tab.create("ec-p256", "durable").unwrap();
    let after = tab.restarted();
    assert_eq!(after.state().as_deref(), Ok("locked"));
    assert_eq!(after.sign(&key, b"text"), Err("locked".into()));
    assert!(after.unlock(PASSPHRASE).is_ok());
    assert_eq!(after.sign(&key, b"text").map(|s| s.len()), Ok(64));
    assert!(after.verify_audit().is_ok());
}

#[test]
fn an_existing_vault_is_never_overwritten() {
    let tab = Tab::ready();
    let before = tab.store.dump();
    assert_eq!(tab.set_up(PASSPHRASE), Err("already_initialized".into()));
    let other = tab.restarted();
    assert_eq!(other.set_up("another long passphrase"), Err("already_initialized".into()));
    assert_eq!(tab.store.dump(), before);
}

#[test]
fn two_tabs_that_set_up_at_once_make_one_vault() {
    let first = Tab::default();
    let second = first.restarted();
    assert_eq!(second.state().as_deref(), Ok("uninitialized"));
    assert!(first.set_up(PASSPHRASE).is_ok());
    assert_eq!(second.set_up("another long passphrase"), Err("already_initialized".into()));
    assert_eq!(second.state().as_deref(), Ok("locked"));
    assert!(second.unlock(PASSPHRASE).is_ok());
}

#[test]
fn a_header_that_was_removed_is_not_replaced() {
    let tab = Tab::ready();
    tab.store.poke(Table::Meta, &RecordKey::Text("header".into()), None);
    let after = tab.restarted();
    assert_eq!(after.state(), Err("vault_corrupt".into()));
    assert_eq!(after.set_up(PASSPHRASE), Err("vault_corrupt".into()));
}

#[test]
fn weak_passphrases_are_refused_in_the_sheet() {
    let tab = Tab::default();
    let _commands = tab.outbox.take_commands();
    assert_eq!(tab.set_up("elevenchars"), Err("user_cancelled".into()));
    assert_eq!(problems(&tab), [ErrorCode::WeakPassphrase]);
    assert_eq!(tab.store.disk_generation(), 0);
    assert!(tab.ask("vault.setup", vec![submit("short"), submit(PASSPHRASE)]).is_ok());
}

#[test]
fn a_wrong_passphrase_opens_nothing_and_backs_off() {
    let tab = Tab::ready().restarted();
    for _ in 0..3 {
        assert_eq!(tab.unlock("wrong wrong wrong"), Err("user_cancelled".into()));
        assert_eq!(problems(&tab), [ErrorCode::UnlockFailed]);
    }
    assert!(tab.unlock(PASSPHRASE).is_err());
    assert_eq!(problems(&tab), [ErrorCode::UnlockDelayed]);
    // Neither a restart nor a clock that is set back ends the wait.
    tab.clock.set_wall(5);
    let after = tab.restarted();
    assert!(after.unlock(PASSPHRASE).is_err());
    assert_eq!(problems(&after), [ErrorCode::UnlockDelayed]);
    after.clock.advance(1000);
    assert!(after.unlock(PASSPHRASE).is_ok());
    // The failures are in the log, and forgotten in the header.
    let failed = kms_testkit::invariants::entries(&after)
        .iter()
        .filter(|entry| kms_testkit::tab::text(entry, "outcome") == "unlock_failed")
        .count();
    assert_eq!(failed, 3);
    let again = after.restarted();
    assert!(again.unlock(PASSPHRASE).is_ok());
    assert!(again.verify_audit().is_ok());
}

#[test]
fn a_tab_that_was_open_all_the_time_has_no_attempt_to_spare() {
    let tab = Tab::ready().restarted();
    let other = tab.restarted();
    tab.clock.advance(3_600_000);
    for _ in 0..3 {
        assert!(tab.unlock("wrong wrong wrong").is_err());
    }
    assert!(other.unlock(PASSPHRASE).is_err());
    assert_eq!(problems(&other), [ErrorCode::UnlockDelayed]);
    // Also when the clock is set back: the other tab cannot know when the attempt was.
    tab.clock.set_wall(5);
    assert!(other.unlock(PASSPHRASE).is_err());
    assert_eq!(problems(&other), [ErrorCode::UnlockDelayed]);
    tab.clock.advance(1000);
    assert!(other.unlock(PASSPHRASE).is_ok());
}

#[test]
fn an_attempt_counts_even_if_the_tab_dies_in_it() {
    let tab = Tab::ready().restarted();
    tab.kdf.set_out_of_memory(true);
    for _ in 0..3 {
        assert_eq!(tab.unlock(PASSPHRASE), Err("out_of_memory".into()));
    }
    tab.kdf.set_out_of_memory(false);
    let after = tab.restarted();
    assert!(after.unlock(PASSPHRASE).is_err());
    assert_eq!(problems(&after), [ErrorCode::UnlockDelayed]);
}

#[test]
fn the_right_passphrase_without_the_device_key_opens_nothing() {
    let stranger = Tab::over(kms_testkit::TestPorts::new(77), 77);
    assert!(stranger.set_up(PASSPHRASE).is_ok());
    let foreign = block_on(kms_vault::Store::device_key(&stranger.store)).unwrap();
    let tab = Tab::ready();
    let copy = tab.store.copied();
    copy.poke_device(foreign);
    let thief = tab.on(copy.clone());
    assert_eq!(thief.unlock(PASSPHRASE), Err("user_cancelled".into()));
    assert_eq!(problems(&thief), [ErrorCode::UnlockFailed]);
    copy.poke_device(None);
    let thief = tab.on(copy);
    assert!(thief.unlock(PASSPHRASE).is_err());
    assert!(tab.restarted().unlock(PASSPHRASE).is_ok());
}

#[test]
fn stored_kdf_parameters_are_bounded() {
    let header = RecordKey::Text("header".into());
    let tab = Tab::ready();
    let bytes = tab.store.peek(Table::Meta, &header).unwrap();
    // 65536 KiB, as CBOR writes it, becomes 8 KiB, 18 MiB, and 4 GiB - 1 KiB.
    let stored = [0x1a, 0x00, 0x01, 0x00, 0x00];
    let at = bytes.windows(5).position(|window| window == stored).unwrap();
    for memory in [8_u32, 18 << 10, u32::MAX] {
        let copy = tab.store.copied();
        let mut edited = bytes.clone();
        edited[at + 1..at + 5].copy_from_slice(&memory.to_be_bytes());
        copy.poke(Table::Meta, &header, Some(edited));
        let after = tab.on(copy);
        assert_eq!(after.unlock(PASSPHRASE), Err("vault_corrupt".into()));
        assert!(after.kdf.asked().is_empty());
    }
}

#[test]
fn cancelling_ends_the_waiting_requests() {
    let tab = Tab::default();
    assert_eq!(tab.ask("vault.setup", vec![UiEvent::Cancel]), Err("user_cancelled".into()));
    assert_eq!(tab.outbox.names(tab.session), ["attention", "attention"]);
    let commands = tab.outbox.take_commands();
    let [UiCommand::Show(view), UiCommand::Hide] = commands.as_slice() else {
        panic!("the sheet is shown once and hidden");
    };
    assert_eq!(view.origin.as_str(), PAGE);
    assert_eq!((view.problem, view.retry_after_ms), (None, None));
    assert!(matches!(view.screen, UiScreen::Setup(_)));
}

#[test]
fn the_enclave_tells_what_it_was_told_of_itself() {
    let tab = Tab::default();
    let nonce = Value::Text("AAECAwQFBgcICQoLDA0ODw".into());
    let params = Value::object([("nonce", nonce)]);
    let measured = tab.call("enclave.measurement", params).unwrap();
    assert_eq!(kms_testkit::tab::text(&measured, "release"), config().release);
    assert_eq!(tab.call("rpc.ping", empty()), Ok(empty()));
}

#[test]
fn a_missing_device_key_is_no_wrong_attempt() {
    let tab = Tab::ready().restarted();
    let device = tab.store.copied();
    tab.store.poke_device(None);
    let stored = tab.store.dump();
    for _ in 0..5 {
        assert_eq!(tab.unlock(PASSPHRASE), Err("device_key_lost".into()));
    }
    assert_eq!(tab.store.dump(), stored);
    assert_eq!(tab.state().as_deref(), Ok("locked"));
    // With everything gone there is nothing a key could be missing for.
    let tab = tab.on(device);
    let gone = tab.ask_person("vault.unlock", async |tab| {
        let event = tab.with(PASSPHRASE);
        tab.store.evict();
        tab.does(event).await;
    });
    assert_eq!(gone, Err("not_initialized".into()));
}
