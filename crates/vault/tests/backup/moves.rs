//! From one browser to another, and all that may stand in the way.

use kms_protocol::{ErrorCode, Value};
use kms_testkit::invariants::{broken, entries};
use kms_testkit::person::{encrypt, new, passphrase, phrase};
use kms_testkit::tab::{member, origin, text};
use kms_testkit::{FakePasskey, PASSPHRASE, Tab, TestPorts};
use kms_vault::{Clock, RecordKey, Store, Table, UiEvent};
use pollster::block_on;

use crate::{SECRET, drilled, elsewhere, health, number, refused};

/// Bytes of a file of the test kit before its first part.
const FILE_HEAD: usize = 106;
/// Where its Argon2id memory is.
const MEMORY: usize = 62;

fn key_params(id: &str) -> Value {
    Value::object([("keyId", Value::Text(id.into()))])
}

fn object(members: impl Iterator<Item = (&'static str, Value)>) -> Value {
    Value::Map(members.map(|(name, value)| (name.into(), value)).collect())
}

fn verifies(tab: &Tab, id: &str, signature: &[u8]) -> Option<Value> {
    let params = Value::object([
        ("keyId", Value::Text(id.into())),
        ("data", Value::Bytes(b"text".to_vec())),
        ("signature", Value::Bytes(signature.to_vec())),
    ]);
    member(&tab.call("verify", params).unwrap(), "valid")
}

/// Ends of the parts of a file, the end of its head first.
fn boundaries(file: &[u8]) -> Vec<usize> {
    let mut ends = vec![FILE_HEAD];
    while let Some(len) = file.get(ends[ends.len() - 1]..).and_then(<[u8]>::first_chunk::<4>) {
        let end = ends[ends.len() - 1];
        ends.push(end + 4 + u32::from_be_bytes(*len) as usize + 32);
    }
    ends
}

/// A vault of more than one part, and of more than one batch.
fn large() -> (Tab, Vec<String>) {
    let tab = Tab::ready();
    let keys: Vec<_> = (0..90).map(|_| tab.create("ed25519", "deferred").unwrap()).collect();
    (0..300).for_each(|_| assert!(tab.sign(&keys[0], b"text").is_ok()));
    (tab, keys)
}

/// Keys that have lived: rotated, under a policy and used up, disabled, waiting for deletion.
fn grown(tab: &Tab) -> Vec<String> {
    let call = |method: &str, id: &str, more: Vec<(&'static str, Value)>| {
        let id = ("keyId", Value::Text(id.into()));
        tab.call(method, object([id].into_iter().chain(more))).unwrap()
    };
    let rotated = tab.create("ed25519", "durable").unwrap();
    call("keys.rotate", &rotated, vec![]);
    call("keys.set_min_versions", &rotated, vec![("minEncryptionVersion", number(2))]);
    let policy = Value::object([
        ("operations", Value::List(vec![Value::Text("sign".into())])),
        ("maxUses", number(2)),
        ("notAfter", number(tab.clock.now_ms() + 86_400_000)),
    ]);
    let params = Value::object([("spec", Value::Text("ed25519".into())), ("policy", policy)]);
    let limited = text(&tab.call("keys.create", params).unwrap(), "keyId");
    assert!(tab.sign(&limited, b"text").is_ok());
    let disabled = tab.create("ec-p256", "durable").unwrap();
    call("keys.disable", &disabled, vec![]);
    let waiting = tab.create("ed25519", "durable").unwrap();
    call("keys.schedule_deletion", &waiting, vec![("days", number(7))]);
    vec![rotated, limited, disabled, waiting]
}

#[test]
fn what_became_of_keys_moves_with_them() {
    let old = Tab::ready();
    let keys = grown(&old);
    let [rotated, limited, disabled, waiting] = keys.as_slice() else { panic!("four keys") };
    let file = old.back_up(PASSPHRASE, SECRET).unwrap();
    let fresh = elsewhere(2);
    assert_eq!(fresh.restore(file, passphrase(SECRET)).map(|_| ()), Ok(()));
    for id in &keys {
        for method in ["keys.describe", "keys.public_key"] {
            let of = |tab: &Tab| tab.call(method, key_params(id)).unwrap();
            assert_eq!(of(&fresh), of(&old), "{method}");
        }
    }
    // Versions and minimum, what is left of a number of uses, and states hold there, too.
    let first = |method: &str| {
        let version = [("version", number(1)), ("data", Value::Bytes(b"text".to_vec()))];
        let id = ("keyId", Value::Text(rotated.clone()));
        fresh.call(method, object([id].into_iter().chain(version)))
    };
    assert_eq!(first("sign"), Err("policy_denied".into()));
    let signature = fresh.sign(rotated, b"text").unwrap();
    assert_eq!(verifies(&old, rotated, &signature), Some(Value::Bool(true)));
    // Every key signs once more, which is what the policy of one has left.
    assert_eq!(broken(&fresh), Vec::<String>::new());
    assert_eq!(fresh.sign(limited, b"text"), Err("policy_denied".into()));
    for id in [disabled, waiting] {
        assert_eq!(fresh.sign(id, b"text"), Err("invalid_key_state".into()));
    }
}

#[test]
fn a_vault_moves_to_another_browser_whole() {
    let (old, keys) = large();
    let p256 = old.create("ec-p256", "deferred").unwrap();
    let signature = old.sign(&p256, b"text").unwrap();
    let file = old.back_up(PASSPHRASE, SECRET).unwrap();
    let logged = entries(&old);

    let fresh = elsewhere(2);
    assert_eq!(fresh.restore(file, passphrase(SECRET)).map(|_| ()), Ok(()));
    assert_eq!(fresh.state().as_deref(), Ok("unlocked"));
    for id in keys.iter().chain([&p256]) {
        for method in ["keys.describe", "keys.public_key"] {
            let of = |tab: &Tab| tab.call(method, key_params(id)).unwrap();
            assert_eq!(of(&fresh), of(&old));
        }
    }
    assert_eq!(verifies(&fresh, &p256, &signature), Some(Value::Bool(true)));
    let signature = fresh.sign(&p256, b"text").unwrap();
    assert_eq!(verifies(&old, &p256, &signature), Some(Value::Bool(true)));
    let stranger = fresh.enclave.connect(origin("https://other.example"));
    let hidden = fresh.call_as(stranger, "keys.describe", key_params(&p256));
    assert_eq!(hidden, Err("not_found".into()));
    // The log goes on where the backup left it: what came after it is not in it.
    let restored = entries(&fresh);
    let kept = logged.iter().rposition(|entry| text(entry, "method") == "sign").unwrap() + 1;
    assert_eq!(restored[..kept], logged[..kept]);
    assert!(restored[kept..].iter().any(|entry| text(entry, "method") == "vault.restore"));
    assert_eq!(broken(&fresh), Vec::<String>::new());
    assert!(fresh.verify_audit().is_ok());
}

#[test]
fn the_factor_of_the_file_opens_the_restored_vault_and_the_old_ones_do_not() {
    let old = Tab::ready();
    let file = old.back_up(PASSPHRASE, SECRET).unwrap();
    let fresh = elsewhere(2);
    assert!(fresh.restore(file, passphrase(SECRET)).is_ok());
    let names: Vec<_> = fresh.enrolments().into_iter().map(|row| row.2).collect();
    assert_eq!(names, ["A passphrase"]);
    let fresh = fresh.restarted();
    assert_eq!(fresh.unlock(PASSPHRASE), Err("user_cancelled".into()));
    fresh.clock.advance(3_600_000);
    assert!(fresh.unlock(SECRET).is_ok());
    // The records are the same, but this browser's device key is another.
    let stolen = fresh.on(fresh.store.copied());
    stolen.store.poke_device(block_on(old.store.device_key()).unwrap());
    stolen.clock.advance(3_600_000);
    assert_eq!(stolen.unlock(SECRET), Err("user_cancelled".into()));
}

#[test]
fn a_recovery_phrase_restores_the_vault_and_its_next_backups() {
    let old = Tab::default();
    let words = old.set_up_with_phrase().unwrap();
    let key = old.create("ed25519", "durable").unwrap();
    let back_up = |tab: &Tab| {
        let made = tab.ask(
            "vault.backup",
            vec![tab.with_phrase(&words), encrypt(true, None), UiEvent::Confirm],
        );
        made.and_then(|_| tab.files.made().pop().ok_or_else(|| "no file".into()))
    };
    let file = back_up(&old).unwrap();
    let mut tabs = vec![elsewhere(2), elsewhere(3)];
    let second = tabs.pop().unwrap();
    let first = tabs.pop().unwrap();
    let messy = format!("  {}\n", words.to_uppercase().replace(' ', "   "));
    assert!(first.restore(file.clone(), phrase(&messy)).is_ok());
    assert!(first.sign(&key, b"text").is_ok());
    assert!(first.call("vault.lock", Value::Map(vec![])).is_ok());
    assert!(first.ask("vault.unlock", vec![first.with_phrase(&words)]).is_ok());
    assert!(second.restore(back_up(&first).unwrap(), phrase(&words)).is_ok());
    assert!(second.sign(&key, b"text").is_ok());

    let other = Tab::over(TestPorts::new(9), 9);
    let wrong = elsewhere(8).set_up_with_phrase().unwrap();
    let refusal = refused(&other, &file, phrase(&wrong));
    assert_eq!(refusal, Some(ErrorCode::BackupWrongFactor));
    let refusal = refused(&other, &file, phrase("abandon ability able"));
    assert_eq!(refusal, Some(ErrorCode::PhraseInvalid));
    // The file has no passphrase.
    let refusal = refused(&other, &file, passphrase(SECRET));
    assert_eq!(refusal, Some(ErrorCode::BackupWrongFactor));
}

#[test]
fn every_wrong_file_has_its_own_error_and_changes_nothing() {
    let file = Tab::ready().back_up(PASSPHRASE, SECRET).unwrap();
    let tab = elsewhere(2);
    let wrong = |text: &str| refused(&tab, &file, passphrase(text));
    assert_eq!(wrong("another passphrase"), Some(ErrorCode::BackupWrongFactor));
    assert_eq!(wrong(""), Some(ErrorCode::BackupWrongFactor));
    assert_eq!(wrong(&"a".repeat(2000)), Some(ErrorCode::BackupWrongFactor));
    for foreign in [&b""[..], b"age-encryption.org/v1\n", &file[1..]] {
        let refusal = refused(&tab, foreign, passphrase(SECRET));
        assert_eq!(refusal, Some(ErrorCode::BackupForeign));
    }
    // A cost that no release has asked for, in either direction.
    for memory in [1_u32, 1 << 20] {
        let mut costly = file.clone();
        costly[MEMORY..MEMORY + 4].copy_from_slice(&memory.to_be_bytes());
        let refusal = refused(&tab, &costly, passphrase(SECRET));
        assert_eq!(refusal, Some(ErrorCode::BackupDamaged));
    }
    // A passkey opens no file; it is not even an answer.
    let _seen = tab.outbox.take_commands();
    assert_eq!(refused(&tab, &file, FakePasskey::new(1).answer(&[0; 32])), None);
    tab.kdf.set_out_of_memory(true);
    assert_eq!(tab.restore(file.clone(), passphrase(SECRET)), Err("out_of_memory".into()));
    tab.kdf.set_out_of_memory(false);
    assert!(tab.restore(file, passphrase(SECRET)).is_ok());
}

#[test]
fn a_file_that_is_cut_or_altered_anywhere_restores_nothing() {
    let (old, keys) = large();
    let file = old.back_up(PASSPHRASE, SECRET).unwrap();
    let ends = boundaries(&file);
    // The head, the head of the stream, two parts of records, the end.
    assert!(ends.len() >= 5, "too small to have parts");
    assert_eq!(ends[ends.len() - 1], file.len());
    let tab = elsewhere(2);
    // What an earlier vault of this browser left must survive too.
    assert!(tab.set_up(PASSPHRASE).is_ok());
    assert!(tab.back_up(PASSPHRASE, SECRET).is_ok());
    assert!(tab.reset(PASSPHRASE).is_ok());
    assert_eq!(tab.store.keys(Table::Meta), [RecordKey::Text("history".into())]);
    for end in ends.iter().flat_map(|end| [end - 1, *end, end + 1]).filter(|end| *end < file.len())
    {
        let refusal = refused(&tab, &file[..end], passphrase(SECRET));
        assert_eq!(refusal, Some(ErrorCode::BackupTruncated), "{end}");
    }
    for part in ends.windows(2) {
        for byte in [part[0] + 4, usize::midpoint(part[0], part[1]), part[1] - 1] {
            let mut altered = file.clone();
            altered[byte] ^= 1;
            let refusal = refused(&tab, &altered, passphrase(SECRET));
            assert_eq!(refusal, Some(ErrorCode::BackupDamaged), "{byte}");
        }
    }
    assert_eq!(tab.restore(file, passphrase(SECRET)).map(|_| ()), Ok(()));
    assert!(tab.sign(&keys[0], b"text").is_ok());
}

#[test]
fn a_vault_is_never_restored_over() {
    let file = Tab::ready().back_up(PASSPHRASE, SECRET).unwrap();
    let tab = elsewhere(2);
    assert!(tab.set_up(PASSPHRASE).is_ok());
    let before = tab.store.dump();
    let twice = tab.restore(file.clone(), passphrase(SECRET));
    assert_eq!(twice, Err("already_initialized".into()));
    assert_eq!(tab.store.dump(), before);
    // Another tab makes a vault while the person reads what is in the file.
    let tab = elsewhere(3);
    let faster = tab.beside();
    tab.files.choose(file);
    let late = tab.ask_person("vault.restore", async |tab| {
        tab.does(new(passphrase(SECRET))).await;
        assert!(faster.set_up(PASSPHRASE).is_ok());
        tab.does(UiEvent::Confirm).await;
    });
    assert_eq!(late, Err("already_initialized".into()));
    assert_eq!(broken(&faster), Vec::<String>::new());
    assert!(tab.unlock(PASSPHRASE).is_ok());
}

#[test]
fn a_vault_that_another_tab_makes_in_the_middle_wins() {
    let (old, _) = large();
    let file = old.back_up(PASSPHRASE, SECRET).unwrap();
    let parts = u32::try_from(boundaries(&file).len()).unwrap() - 1;
    for part in 0..parts {
        let tab = elsewhere(u64::from(part) + 2);
        let faster = tab.beside();
        tab.files.choose(file.clone());
        let store = tab.store.reopen();
        let outcome = tab.ask_person("vault.restore", async |tab| {
            tab.files.meanwhile(part, move || assert!(faster.set_up(PASSPHRASE).is_ok()));
            tab.does(new(passphrase(SECRET))).await;
            tab.does(UiEvent::Confirm).await;
        });
        assert_eq!(outcome, Err("already_initialized".into()), "{part}");
        let after = tab.on(store);
        assert!(after.unlock(PASSPHRASE).is_ok(), "{part}");
        assert_eq!(after.store.keys(Table::Keys), [], "{part}");
        assert_eq!(broken(&after), Vec::<String>::new(), "{part}");
    }
}

#[test]
fn a_drill_proves_every_record_and_says_when() {
    let (tab, keys) = large();
    let file = tab.back_up(PASSPHRASE, SECRET).unwrap();
    assert!(matches!(health(&tab, "lastDrill"), None | Some(Value::Null)));
    assert_eq!(drilled(&tab, &file, passphrase(SECRET)), None);
    assert!(matches!(health(&tab, "lastDrill"), Some(Value::Number(_))));
    assert_eq!(
        drilled(&tab, &file, passphrase("another passphrase")),
        Some(ErrorCode::BackupWrongFactor)
    );
    let cut = drilled(&tab, &file[..file.len() - 1], passphrase(SECRET));
    assert_eq!(cut, Some(ErrorCode::BackupTruncated));
    let other = elsewhere(2);
    assert!(other.set_up(PASSPHRASE).is_ok());
    let other = other.back_up(PASSPHRASE, SECRET).unwrap();
    let other = drilled(&tab, &other, passphrase(SECRET));
    assert_eq!(other, Some(ErrorCode::BackupOtherVault));
    // The vault is still the one it was.
    assert!(tab.sign(&keys[0], b"text").is_ok());
}

#[test]
fn a_file_is_made_only_with_what_protects_it() {
    let tab = Tab::ready();
    let made = tab.ask_person("vault.backup", async |tab| {
        tab.does(tab.with(PASSPHRASE)).await;
        for weak in ["elevenchars", "aaaaaaaaaaaa", "abcdabcdabcd"] {
            tab.does(encrypt(false, Some(weak))).await;
            assert_eq!((tab.screen(), tab.problem()), ("backup", Some(ErrorCode::WeakPassphrase)));
        }
        // Less memory than this release asks for would do for a vault, but not for a file.
        tab.kdf.set_memory(Some(20 * 1024));
        tab.does(encrypt(false, Some(SECRET))).await;
    });
    assert_eq!(made, Err("out_of_memory".into()));
    assert_eq!(tab.files.made().len(), 0);
    tab.kdf.set_memory(None);
    assert!(tab.back_up(PASSPHRASE, SECRET).is_ok());
}
