//! What opens a vault: passphrase, passkey, recovery phrase, each bound to this browser.
#![allow(clippy::unwrap_used)] // the fixtures are plain functions

use kms_protocol::{EnrolmentKind, ErrorCode, Value};
use kms_testkit::invariants::{broken, entries};
use kms_testkit::person::{new, of, passphrase, phrase, rename, submit};
use kms_testkit::tab::text;
use kms_testkit::{FakePasskey, PASSPHRASE, Tab, TestPorts};
use kms_vault::{Action, Factor, PasskeyAnswer, RecordKey, Store, Table, UiEvent, UiScreen};
use pollster::block_on;

const CANCELLED: &str = "user_cancelled";

/// Where the header is changed, to what, and how the person then answers.
type Edit<'a> = (usize, &'a [u8], &'a dyn Fn(&Tab) -> UiEvent);
/// Valid words that belong to no vault of these tests (BIP-39 test vector).
const OTHER_WORDS: &str = "abandon abandon abandon abandon abandon abandon abandon abandon \
    abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon \
    abandon abandon abandon abandon art";

fn empty() -> Value {
    Value::Map(Vec::new())
}

/// Unlocks with what the person does after the sheet was opened.
fn unlock(tab: &Tab, factor: impl FnOnce(&Tab) -> UiEvent) -> Result<(), String> {
    let unlocked = tab.ask_person("vault.unlock", async |tab| tab.does(factor(tab)).await);
    unlocked.map(|_| ())
}

#[test]
fn a_vault_is_made_and_opened_with_a_passkey() {
    let tab = Tab::default();
    let passkey = FakePasskey::new(1);
    assert!(tab.set_up_with_passkey(&passkey).is_ok());
    let key = tab.create("ed25519", "durable").unwrap();
    let after = tab.restarted();
    assert_eq!(after.enrolments()[0].1, "passkey");
    assert_eq!(unlock(&after, |tab| tab.enrolled(&passkey)), Ok(()));
    assert!(after.sign(&key, b"text").is_ok());
    assert_eq!(broken(&after), Vec::<String>::new());
}

#[test]
fn a_vault_is_made_and_opened_with_a_recovery_phrase() {
    let tab = Tab::default();
    let words = tab.set_up_with_phrase().unwrap();
    assert_eq!(words.split(' ').count(), 24);
    let after = tab.restarted();
    assert_eq!(after.enrolments()[0].1, "recovery-phrase");
    let shouted = format!("  {}\n", words.to_uppercase().replace(' ', "\t"));
    assert_eq!(unlock(&after, |tab| tab.with_phrase(&shouted)), Ok(()));
    assert_eq!(broken(&after), Vec::<String>::new());
}

#[test]
fn a_new_way_to_unlock_has_the_name_that_the_release_gives_it() {
    let names = |tab: &Tab| -> Vec<_> { tab.enrolments().into_iter().map(|row| row.2).collect() };
    let by_phrase = Tab::default();
    assert!(by_phrase.set_up_with_phrase().is_ok());
    assert_eq!(names(&by_phrase), ["Some words"]);
    let by_passkey = Tab::default();
    assert!(by_passkey.set_up_with_passkey(&FakePasskey::new(1)).is_ok());
    assert_eq!(names(&by_passkey), ["A passkey"]);
    let tab = Tab::ready();
    let first = tab.first(EnrolmentKind::Passphrase);
    assert!(tab.manage(rename(&first, "Mine"), PASSPHRASE, async |_| ()).is_ok());
    let add = UiEvent::Action(Action::Add(EnrolmentKind::Passkey));
    let added = tab.manage(add, PASSPHRASE, async |tab| {
        tab.does(new(FakePasskey::new(2).answer(&tab.new_salt()))).await;
    });
    assert!(added.is_ok());
    assert_eq!(names(&tab), ["Mine", "A passkey"]);
    assert_eq!(names(&tab.restarted()), ["Mine", "A passkey"]);
}

#[test]
fn nothing_is_stored_before_the_words_are_confirmed() {
    let tab = Tab::default();
    let done = tab.ask_person("vault.setup", async |tab| {
        tab.does(UiEvent::NewPhrase).await;
        assert_eq!(tab.screen(), "phrase");
        let words = tab.words();
        // The words cannot be answered before they are asked for.
        tab.does(tab.asked_words()).await;
        assert_eq!(tab.screen(), "phrase");
        tab.does(UiEvent::Written).await;
        assert_eq!(tab.screen(), "confirm_phrase");
        let wrong = kms_crypto::SecretVec::copy_of(b"zoo zoo zoo");
        tab.does(UiEvent::Words(wrong)).await;
        assert_eq!(tab.problem(), Some(ErrorCode::PhraseMismatch));
        tab.does(UiEvent::Back).await;
        assert_eq!((tab.screen(), tab.words()), ("phrase", words));
        tab.does(UiEvent::Back).await;
        assert_eq!(tab.screen(), "setup");
        // Another phrase, then.
        let before = tab.words();
        tab.does(UiEvent::NewPhrase).await;
        assert_ne!(tab.words(), before);
        tab.does(UiEvent::Written).await;
        assert_eq!((tab.store.commits(), tab.store.disk_generation()), (0, 0));
        tab.does(tab.asked_words()).await;
    });
    assert!(done.is_ok());
    assert_eq!(tab.store.disk_generation(), 1);
}

#[test]
fn three_different_words_are_asked_for_in_order() {
    let mut seen = [false; 24];
    for seed in 0..60 {
        let tab = Tab::over(TestPorts::new(seed), seed);
        let asked = tab.ask_person("vault.setup", async |tab| {
            tab.does(UiEvent::NewPhrase).await;
            tab.does(UiEvent::Written).await;
            let asked = tab.look(|view| match view.screen {
                UiScreen::ConfirmPhrase(positions) => positions,
                _ => [0; 3],
            });
            let [a, b, c] = asked.unwrap();
            assert!(1 <= a && a < b && b < c && c <= 24);
            for n in [a, b, c] {
                seen[usize::from(n) - 1] = true;
            }
        });
        assert_eq!(asked, Err(CANCELLED.into()));
    }
    assert!(seen.into_iter().all(|seen| seen));
}

/// A vault with one enrolment of each kind, and what opens it.
struct Kinds {
    tab: Tab,
    passkey: FakePasskey,
    words: String,
}

fn kinds() -> Kinds {
    use kms_vault::Action;
    let tab = Tab::ready();
    let passkey = FakePasskey::new(1);
    let add = |kind| UiEvent::Action(Action::Add(kind));
    let added = tab.manage(add(EnrolmentKind::Passkey), PASSPHRASE, async |tab| {
        tab.does(new(passkey.answer(&tab.new_salt()))).await;
        assert_eq!(tab.screen(), "manage");
    });
    assert!(added.is_ok());
    let added = tab.manage(add(EnrolmentKind::RecoveryPhrase), PASSPHRASE, async |tab| {
        tab.does(UiEvent::Written).await;
        tab.does(tab.asked_words()).await;
        assert_eq!(tab.screen(), "manage");
    });
    assert!(added.is_ok());
    let words = tab.words();
    Kinds { tab, passkey, words }
}

#[test]
fn every_kind_opens_the_same_vault() {
    let Kinds { tab, passkey, words } = kinds();
    let key = tab.create("ec-p256", "durable").unwrap();
    let by_passphrase = tab.restarted();
    assert_eq!(unlock(&by_passphrase, |tab| tab.with(PASSPHRASE)), Ok(()));
    let by_passkey = tab.restarted();
    assert_eq!(unlock(&by_passkey, |tab| tab.enrolled(&passkey)), Ok(()));
    let by_phrase = tab.restarted();
    assert_eq!(unlock(&by_phrase, |tab| tab.with_phrase(&words)), Ok(()));
    for tab in [by_passphrase, by_passkey, by_phrase] {
        assert!(tab.sign(&key, b"text").is_ok());
        assert_eq!(broken(&tab), Vec::<String>::new());
    }
}

#[test]
fn no_kind_opens_anything_without_this_browsers_device_key() {
    let Kinds { tab, passkey, words } = kinds();
    let stranger = Tab::over(TestPorts::new(77), 77);
    assert!(stranger.set_up(PASSPHRASE).is_ok());
    let foreign = block_on(stranger.store.device_key()).unwrap();
    for device in [foreign, None] {
        let copy = tab.store.copied();
        let present = device.is_some();
        copy.poke_device(device);
        let thief = tab.on(copy);
        let tries: [&dyn Fn(&Tab) -> UiEvent; 3] =
            [&|tab| tab.with(PASSPHRASE), &|tab| tab.enrolled(&passkey), &|tab| {
                tab.with_phrase(&words)
            }];
        for factor in tries {
            let told = unlock(&thief, factor);
            if present {
                assert_eq!(told, Err(CANCELLED.into()));
                assert_eq!(thief.problems(), [ErrorCode::UnlockFailed]);
            } else {
                assert_eq!(told, Err("device_key_lost".into()));
            }
        }
    }
}

#[test]
fn a_wrong_factor_of_each_kind_opens_nothing() {
    let Kinds { tab, passkey, .. } = kinds();
    let tab = tab.restarted();
    let other = FakePasskey { credential: passkey.credential.clone(), ..FakePasskey::new(2) };
    let tries: [&dyn Fn(&Tab) -> UiEvent; 4] = [
        &|tab| tab.with("not the passphrase"),
        &|tab| tab.with(""),
        &|tab| tab.enrolled(&other),
        &|tab| tab.with_phrase(OTHER_WORDS),
    ];
    for factor in tries {
        assert_eq!(unlock(&tab, factor), Err(CANCELLED.into()));
        assert_eq!(tab.problems(), [ErrorCode::UnlockFailed]);
    }
}

#[test]
fn the_answer_of_another_credential_is_wrong() {
    let Kinds { tab, passkey, .. } = kinds();
    let tab = tab.restarted();
    let id = tab.first(EnrolmentKind::Passkey);
    let other = FakePasskey { credential: vec![9; 16], ..passkey.clone() };
    // Even with the right PRF output.
    let salt = |tab: &Tab| {
        let salt = tab.look(|view| match &view.screen {
            UiScreen::Unlock { ceremony, .. } => ceremony.passkeys[0].salt,
            _ => [0; 32],
        });
        salt.unwrap()
    };
    assert_eq!(unlock(&tab, |tab| of(&id, other.answer(&salt(tab)))), Err(CANCELLED.into()));
    assert_eq!(tab.problems(), [ErrorCode::UnlockFailed]);
}

#[test]
fn passkeys_that_prove_too_little_are_refused_and_cost_no_attempt() {
    let Kinds { tab, passkey, .. } = kinds();
    let tab = tab.restarted();
    let stored = tab.store.dump();
    let unverified = FakePasskey { flags: 0b001, ..passkey.clone() };
    let elsewhere = FakePasskey { host: "kms.example.evil", ..passkey.clone() };
    for bad in [unverified, elsewhere] {
        assert_eq!(unlock(&tab, |tab| tab.enrolled(&bad)), Err(CANCELLED.into()));
        assert_eq!(tab.problems(), [ErrorCode::PasskeyFailed]);
    }
    assert_eq!(tab.store.dump(), stored);
    assert_eq!(unlock(&tab, |tab| tab.enrolled(&passkey)), Ok(()));
}

#[test]
fn a_passkey_without_prf_makes_no_vault() {
    let tab = Tab::default();
    let passkey = FakePasskey::new(1);
    let with = |change: &dyn Fn(&mut PasskeyAnswer)| {
        let made = tab.ask_person("vault.setup", async |tab| {
            let Factor::Passkey(mut answer) = passkey.answer(&tab.new_salt()) else { return };
            change(&mut answer);
            tab.does(new(Factor::Passkey(answer))).await;
        });
        assert_eq!(made, Err(CANCELLED.into()));
        tab.problems()
    };
    let secret = |bytes: &[u8]| kms_crypto::SecretVec::copy_of(bytes);
    let without = [ErrorCode::PasskeyWithoutPrf];
    assert_eq!(with(&|answer| answer.prf = secret(&[])), without);
    assert_eq!(with(&|answer| answer.prf = secret(&[0; 32])), without);
    assert_eq!(with(&|answer| answer.prf_at_creation = Some(secret(&[1; 32]))), without);
    assert_eq!(with(&|answer| answer.authenticator_data.clear()), [ErrorCode::PasskeyFailed]);
    assert_eq!(tab.store.disk_generation(), 0);
}

#[test]
fn what_is_no_phrase_is_said_so_and_costs_no_attempt() {
    let Kinds { tab, words, .. } = kinds();
    let tab = tab.restarted();
    let stored = tab.store.dump();
    let swapped = words.split(' ').rev().collect::<Vec<_>>().join(" ");
    for typed in ["", "twenty four words", &swapped, &words[..words.len() - 3]] {
        assert_eq!(unlock(&tab, |tab| tab.with_phrase(typed)), Err(CANCELLED.into()));
        assert_eq!(tab.problems(), [ErrorCode::PhraseInvalid], "{typed}");
    }
    assert_eq!(tab.store.dump(), stored);
}

#[test]
fn back_off_is_counted_for_each_enrolment_and_survives_a_restart() {
    let Kinds { tab, words, .. } = kinds();
    let tab = tab.restarted();
    for _ in 0..3 {
        assert!(unlock(&tab, |tab| tab.with("not the passphrase")).is_err());
    }
    let after = tab.restarted();
    assert!(unlock(&after, |tab| tab.with(PASSPHRASE)).is_err());
    assert_eq!(after.problem(), Some(ErrorCode::UnlockDelayed));
    let wait = after.look(|view| view.retry_after_ms).flatten();
    assert!(wait.is_some_and(|ms| (1..=1000).contains(&ms)));
    // The phrase is another door.
    assert_eq!(unlock(&after, |tab| tab.with_phrase(&words)), Ok(()));
    assert_eq!(after.call("vault.lock", empty()), Ok(empty()));
    // Its success does not open the first one again.
    assert!(unlock(&after, |tab| tab.with(PASSPHRASE)).is_err());
    assert_eq!(after.problem(), Some(ErrorCode::UnlockDelayed));
    after.clock.advance(1000);
    assert_eq!(unlock(&after, |tab| tab.with(PASSPHRASE)), Ok(()));
    let log = entries(&after);
    let failed = log.iter().filter(|entry| text(entry, "outcome") == "unlock_failed").count();
    assert_eq!(failed, 3);
}

#[test]
fn an_event_that_does_not_fit_the_screen_is_ignored() {
    let Kinds { tab, .. } = kinds();
    let tab = tab.restarted();
    let stored = tab.store.dump();
    let passphrase_id = tab.first(EnrolmentKind::Passphrase);
    let ignored = tab.ask_person("vault.unlock", async |tab| {
        let shown = tab.outbox.take_commands().len();
        assert_eq!(shown, 1);
        tab.does(submit(PASSPHRASE)).await;
        tab.does(of(&passphrase_id, phrase(OTHER_WORDS))).await;
        tab.does(of("AAAAAAAAAAAAAAAAAAAAAA", passphrase(PASSPHRASE))).await;
        for event in [UiEvent::NewPhrase, UiEvent::Written, UiEvent::Back, UiEvent::Restore] {
            tab.does(event).await;
        }
        tab.does(UiEvent::Confirm).await;
        tab.does(UiEvent::Action(kms_vault::Action::Reset)).await;
        tab.does(kms_testkit::person::encrypt(true, None)).await;
        tab.does(UiEvent::Estimate(kms_crypto::SecretVec::copy_of(b"typed"))).await;
        assert!(tab.outbox.take_commands().is_empty());
    });
    assert_eq!(ignored, Err(CANCELLED.into()));
    assert_eq!(tab.store.dump(), stored);
    // Nor is there anything to answer when nothing is asked.
    for event in [submit(PASSPHRASE), UiEvent::Confirm, UiEvent::Cancel, UiEvent::Back] {
        block_on(tab.does(event));
    }
    assert_eq!(tab.state().as_deref(), Ok("locked"));
}

#[test]
fn a_device_that_refuses_the_memory_gets_less_but_never_too_little() {
    let tab = Tab::default();
    tab.kdf.set_memory(Some(19_456));
    assert!(tab.set_up(PASSPHRASE).is_ok());
    assert_eq!(tab.kdf.asked(), [(65_536, 3, 1), (19_456, 2, 1), (19_456, 2, 1)]);
    // As long as that is so, unlocking works and keeps it.
    let poor = tab.restarted();
    poor.kdf.set_memory(Some(19_456));
    assert!(poor.unlock(PASSPHRASE).is_ok());
    assert_eq!(poor.kdf.asked(), [(19_456, 2, 1), (65_536, 3, 1)]);
    // With more memory the enrolment is renewed, once.
    let rich = poor.restarted();
    assert!(rich.unlock(PASSPHRASE).is_ok());
    assert_eq!(rich.kdf.asked(), [(19_456, 2, 1), (65_536, 3, 1), (65_536, 3, 1)]);
    let again = rich.restarted();
    assert!(again.unlock(PASSPHRASE).is_ok());
    assert_eq!(again.kdf.asked(), [(65_536, 3, 1)]);
    let none = Tab::default();
    none.kdf.set_memory(Some(19_455));
    assert_eq!(none.set_up(PASSPHRASE), Err("out_of_memory".into()));
    assert_eq!(none.store.disk_generation(), 0);
}

#[test]
fn two_vaults_share_nothing() {
    let Kinds { tab, passkey, words } = kinds();
    let other = Tab::over(TestPorts::new(9), 9);
    assert!(other.set_up("another long passphrase").is_ok());
    let other = other.restarted();
    let id = other.first(EnrolmentKind::Passphrase);
    assert!(unlock(&other, |_| of(&id, passphrase(PASSPHRASE))).is_err());
    // A record of the one is not a record of the other, not even with its device key.
    for table in Table::ALL {
        for key in tab.store.keys(table) {
            let copy = other.store.copied();
            copy.poke(table, &key, tab.store.peek(table, &key));
            copy.poke_device(block_on(tab.store.device_key()).unwrap());
            let mixed = other.on(copy);
            assert!(mixed.unlock("another long passphrase").is_err());
            assert!(unlock(&mixed, |tab| tab.with(PASSPHRASE)).is_err());
            assert!(unlock(&mixed, |tab| tab.enrolled(&passkey)).is_err());
            assert!(unlock(&mixed, |tab| tab.with_phrase(&words)).is_err());
        }
    }
}

#[test]
fn kind_and_parameters_of_an_enrolment_cannot_be_edited() {
    let Kinds { tab, passkey, .. } = kinds();
    let key = RecordKey::Text("header".into());
    let good = tab.store.peek(Table::Meta, &key).unwrap();
    let find = |needle: &[u8]| good.windows(needle.len()).position(|w| w == needle).unwrap();
    // Memory 65536 becomes 65535 KiB, within all bounds; a credential gets another last byte.
    let memory = find(&[0x1a, 0x00, 0x01, 0x00, 0x00]);
    let credential = find(&passkey.credential) + 15;
    let edits: [Edit<'_>; 2] = [
        (memory, &[0x1a, 0x00, 0x00, 0xff, 0xff], &|tab| tab.with(PASSPHRASE)),
        (credential, &[0x02], &|tab| {
            let moved = [vec![1; 15], vec![2]].concat();
            tab.enrolled(&FakePasskey { credential: moved, ..passkey.clone() })
        }),
    ];
    for (at, bytes, factor) in edits {
        let copy = tab.store.copied();
        let mut edited = good.clone();
        edited[at..at + bytes.len()].copy_from_slice(bytes);
        copy.poke(Table::Meta, &key, Some(edited));
        let tab = tab.on(copy);
        assert!(unlock(&tab, factor).is_err());
        assert_eq!(tab.problems(), [ErrorCode::UnlockFailed]);
    }
}

#[test]
fn the_strength_of_a_new_passphrase_is_estimated() {
    use kms_vault::UiCommand;
    let tab = Tab::default();
    let typed = |text: &str| UiEvent::Estimate(kms_crypto::SecretVec::copy_of(text.as_bytes()));
    let estimated = tab.ask_person("vault.setup", async |tab| {
        tab.does(typed("aaaaaaaaaaaa")).await;
        tab.does(typed("gR7#vexing-plumb.Ostrich%42")).await;
        // The screen stays as it is, and takes input.
        assert_eq!(tab.screen(), "setup");
        tab.does(submit(PASSPHRASE)).await;
    });
    assert!(estimated.is_ok());
    let commands = tab.outbox.take_commands().into_iter();
    let scores: Vec<u8> = commands
        .filter_map(|command| match command {
            UiCommand::Strength(score) => Some(score),
            _ => None,
        })
        .collect();
    assert!(matches!(scores.as_slice(), [weak, strong] if weak < strong && *strong <= 100));
}

#[test]
fn the_unlock_screen_tells_who_asks_and_what_opens() {
    let Kinds { tab, passkey, .. } = kinds();
    let tab = tab.restarted();
    let asked = tab.ask_person("vault.unlock", async |tab| {
        let seen = tab.look(|view| {
            let UiScreen::Unlock { enrolments, ceremony, .. } = &view.screen else { return None };
            let kinds: Vec<_> = enrolments.iter().map(|one| one.kind).collect();
            let credentials: Vec<_> =
                ceremony.passkeys.iter().map(|one| one.credential.clone()).collect();
            Some((view.origin.as_str().to_owned(), kinds, credentials))
        });
        let (origin, kinds, credentials) = seen.flatten().unwrap();
        assert_eq!(origin, kms_testkit::PAGE);
        assert_eq!(kinds, EnrolmentKind::ALL);
        assert_eq!(credentials, std::slice::from_ref(&passkey.credential));
    });
    assert!(asked.is_err());
    // When it was last used is known from the second unlock on.
    tab.clock.advance(5000);
    assert!(tab.unlock(PASSPHRASE).is_ok());
    let status = tab.call("vault.status", empty()).unwrap();
    let Some(Value::List(all)) = kms_testkit::tab::member(&status, "enrolments") else { return };
    let used = kms_testkit::tab::member(&all[0], "lastUsed");
    assert_eq!(used, Some(Value::Number(1_800_000_005_000.0)));
    assert_eq!(kms_testkit::tab::member(&all[1], "lastUsed"), None);
}

#[test]
fn an_enrolment_that_would_not_open_the_vault_is_never_made() {
    let mut refused = 0;
    for count in 1.. {
        let tab = Tab::default();
        tab.crypto.spoil_seal(count);
        let made = tab.set_up(PASSPHRASE);
        if tab.crypto.heal() {
            assert!(made.is_ok());
            break;
        }
        let after = tab.restarted();
        if let Err(code) = made {
            refused += 1;
            assert_eq!(code, "internal", "seal {count}");
            assert_eq!(after.state().as_deref(), Ok("uninitialized"), "seal {count}");
        } else {
            // Another record may be damaged, which is found when it is read.
            let _damaged = after.unlock(PASSPHRASE);
            assert_ne!(after.problem(), Some(ErrorCode::UnlockFailed), "seal {count}");
        }
    }
    assert!(refused > 0);
}

#[test]
fn every_passkey_is_asked_with_a_salt_of_its_own() {
    let tab = Tab::default();
    let mut salts = Vec::new();
    for _ in 0..2 {
        let left = tab.ask_person("vault.setup", async |tab| salts.push(tab.new_salt()));
        assert_eq!(left, Err(CANCELLED.into()));
    }
    assert_ne!(salts[0], salts[1]);
    assert!(!salts.contains(&[0; 32]));
}
