//! Which of two backups is the older one, whatever the clock said when they were made.

use std::cell::Cell;
use std::rc::Rc;

use kms_protocol::{ErrorCode, Value};
use kms_testkit::person::{encrypt, new, passphrase};
use kms_testkit::{PASSPHRASE, Tab};
use kms_vault::{Action, BackupInfo, Clock, UiEvent, UiScreen};

use crate::{SECRET, drilled, elsewhere, health, number};

const DAY: u64 = 24 * 60 * 60 * 1000;

/// What a browser without a vault shows of a file.
fn shown(tab: &Tab, file: &[u8]) -> BackupInfo {
    tab.files.choose(file.to_vec());
    assert!(tab.ask("vault.restore", vec![new(passphrase(SECRET))]).is_err());
    let info = tab.look(|view| match view.screen {
        UiScreen::ConfirmRestore(info) => Some(info),
        _ => None,
    });
    info.flatten().unwrap()
}

/// Whether nothing is told of the last backup or drill.
fn is_unknown(tab: &Tab, name: &str) -> bool {
    matches!(health(tab, name), None | Some(Value::Null))
}

/// The date of a file.
fn date(file: &[u8]) -> u64 {
    shown(&elsewhere(9), file).created
}

#[test]
fn an_older_backup_is_shown_as_older() {
    let tab = Tab::ready();
    let first = tab.back_up(PASSPHRASE, SECRET).unwrap();
    tab.clock.advance(60_000);
    assert!(tab.create("ed25519", "durable").is_ok());
    let second = tab.back_up(PASSPHRASE, SECRET).unwrap();
    let newest = health(&tab, "lastBackup");
    assert!(tab.reset(PASSPHRASE).is_ok());
    let (older, newer) = (shown(&tab, &first), shown(&tab, &second));
    assert_eq!(older.newer.map(number), newest);
    assert_eq!((older.keys, newer.keys, newer.newer), (0, 1, None));
    assert!(older.created + 60_000 <= newer.created && older.entries < newer.entries);
    // A browser that knows of neither says nothing.
    assert_eq!(shown(&elsewhere(2), &first).newer, None);
    // Knowing it, the person may want the older one; it stays known that there is a newer one.
    assert!(tab.restore(first, passphrase(SECRET)).is_ok());
    assert_eq!(health(&tab, "lastBackup"), newest);
}

/// Of every vault that was here, not only of the last one.
#[test]
fn what_is_known_of_one_deleted_vault_outlives_another() {
    let tab = Tab::ready();
    let first = tab.back_up(PASSPHRASE, SECRET).unwrap();
    tab.clock.advance(60_000);
    assert!(tab.back_up(PASSPHRASE, SECRET).is_ok());
    let newest = health(&tab, "lastBackup");
    assert!(tab.reset(PASSPHRASE).is_ok());
    for _ in 0..3 {
        assert!(tab.set_up(PASSPHRASE).is_ok());
        assert!(tab.back_up(PASSPHRASE, SECRET).is_ok());
        assert!(tab.reset(PASSPHRASE).is_ok());
    }
    assert_eq!(shown(&tab, &first).newer.map(number), newest);
}

/// Until then nobody has it.
#[test]
fn a_file_that_was_not_saved_is_no_backup() {
    let tab = Tab::ready();
    let entries = tab.verify_audit();
    let ends: [fn() -> UiEvent; 2] = [|| UiEvent::Cancel, || UiEvent::Lock];
    for end in ends {
        let asked = tab.ask_person("vault.backup", async |tab| {
            tab.does(tab.with(PASSPHRASE)).await;
            tab.does(encrypt(false, Some(SECRET))).await;
            assert_eq!(tab.screen(), "backup_ready");
            tab.does(end()).await;
        });
        assert!(asked.is_err());
        if tab.state().as_deref() == Ok("locked") {
            assert!(tab.unlock(PASSPHRASE).is_ok());
        }
        assert!(is_unknown(&tab, "lastBackup"));
    }
    assert_eq!(tab.files.made().len(), 2);
    let made = tab.back_up(PASSPHRASE, SECRET).unwrap();
    assert!(!is_unknown(&tab, "lastBackup") && !made.is_empty());
    // Three fresh unlocks, the lock, the unlock, and the one backup.
    assert_eq!(tab.verify_audit(), entries.map(|count| count + 6.0));
}

#[test]
fn a_drill_of_an_older_file_says_so_and_counts_for_nothing() {
    let tab = Tab::ready();
    let first = tab.back_up(PASSPHRASE, SECRET).unwrap();
    let second = tab.back_up(PASSPHRASE, SECRET).unwrap();
    assert_eq!(drilled(&tab, &first, passphrase(SECRET)), Some(ErrorCode::BackupOutdated));
    assert!(is_unknown(&tab, "lastDrill"));
    assert_eq!(drilled(&tab, &second, passphrase(SECRET)), None);
    assert!(!is_unknown(&tab, "lastDrill"));
}

#[test]
fn a_drill_knows_of_the_backup_of_another_tab() {
    let tab = Tab::ready();
    let first = tab.back_up(PASSPHRASE, SECRET).unwrap();
    let other = tab.beside();
    assert!(other.unlock(PASSPHRASE).is_ok());
    let _closed = tab.manage(UiEvent::Action(Action::Drill), PASSPHRASE, async |tab| {
        assert!(other.back_up(PASSPHRASE, SECRET).is_ok());
        tab.files.choose(first.clone());
        tab.does(new(passphrase(SECRET))).await;
    });
    assert_eq!(tab.problem(), Some(ErrorCode::BackupOutdated));
    assert!(is_unknown(&tab, "lastDrill"));
}

/// A browser whose clock was a day ahead when the vault was made and first backed up.
fn was_ahead() -> (Tab, u64, Vec<u8>) {
    let tab = Tab::default();
    let now = tab.clock.now_ms();
    tab.clock.set_wall(now + DAY);
    assert!(tab.set_up(PASSPHRASE).is_ok());
    let file = tab.back_up(PASSPHRASE, SECRET).unwrap();
    tab.clock.set_wall(now);
    (tab, now, file)
}

#[test]
fn a_clock_that_was_ahead_makes_no_older_file_the_newest() {
    let (tab, now, first) = was_ahead();
    let second = tab.back_up(PASSPHRASE, SECRET).unwrap();
    let third = tab.back_up(PASSPHRASE, SECRET).unwrap();
    assert_eq!([&first, &second, &third].map(|file| date(file)), [0, 1, 2].map(|n| now + DAY + n));
    assert_eq!(health(&tab, "lastBackup"), Some(number(now + DAY + 2)));
    assert!(tab.reset(PASSPHRASE).is_ok());
    for older in [&first, &second] {
        assert_eq!(shown(&tab, older).newer, Some(now + DAY + 2));
    }
    assert_eq!(shown(&tab, &third).newer, None);
}

#[test]
fn nor_do_a_reset_and_a_restore() {
    let (tab, now, first) = was_ahead();
    let second = tab.back_up(PASSPHRASE, SECRET).unwrap();
    assert!(tab.reset(PASSPHRASE).is_ok());
    // Another vault that is never backed up changes nothing about it.
    assert!(tab.set_up(PASSPHRASE).is_ok());
    assert!(tab.reset(PASSPHRASE).is_ok());
    // What the older file says of itself is not the last that is known of the vault.
    assert!(tab.restore(first.clone(), passphrase(SECRET)).is_ok());
    let third = tab.back_up(SECRET, SECRET).unwrap();
    assert_eq!(date(&third), now + DAY + 2);
    assert!(tab.reset(SECRET).is_ok());
    for older in [&first, &second] {
        assert_eq!(shown(&tab, older).newer, Some(now + DAY + 2));
    }
    assert_eq!(shown(&tab, &third).newer, None);
    // In a browser that knows of none, the restored file is the one before.
    let other = elsewhere(2);
    assert!(other.restore(third, passphrase(SECRET)).is_ok());
    assert_eq!(date(&other.back_up(SECRET, SECRET).unwrap()), now + DAY + 3);
}

#[test]
fn what_was_learned_while_the_person_looked_at_a_file_counts() {
    let tab = Tab::ready();
    let file = tab.back_up(PASSPHRASE, SECRET).unwrap();
    assert!(tab.reset(PASSPHRASE).is_ok());
    let faster = tab.beside();
    tab.files.choose(file.clone());
    let restored = tab.ask_person("vault.restore", async |tab| {
        tab.does(new(passphrase(SECRET))).await;
        assert!(faster.restore(file, passphrase(SECRET)).is_ok());
        assert!(faster.back_up(SECRET, SECRET).is_ok());
        assert!(faster.reset(SECRET).is_ok());
        tab.does(UiEvent::Confirm).await;
    });
    assert!(restored.is_ok());
    let newest = date(&tab.files.made().pop().unwrap());
    assert_eq!(health(&tab, "lastBackup"), Some(number(newest)));
}

#[test]
fn two_tabs_make_no_two_files_of_one_date() {
    let before = Tab::ready();
    let mut refused = 0;
    for call in 1.. {
        let tab = before.on(before.store.copied());
        assert!(tab.unlock(PASSPHRASE).is_ok());
        // Without the lock, which would keep it waiting here.
        let other = tab.restarted();
        assert!(other.unlock(PASSPHRASE).is_ok());
        let made = tab.files.made().len();
        let late = Rc::new(Cell::new(true));
        let acted = Rc::clone(&late);
        tab.store.meanwhile(call, move || {
            assert!(other.back_up(PASSPHRASE, SECRET).is_ok());
            acted.set(false);
        });
        let backed_up = tab.back_up(PASSPHRASE, SECRET).map(drop);
        if late.get() {
            assert_eq!(backed_up, Ok(()));
            break;
        }
        let dates: Vec<_> = tab.files.made()[made..].iter().map(|file| date(file)).collect();
        if backed_up.is_ok() {
            let [one, other] = dates[..] else { panic!("two files") };
            assert_ne!(one, other, "call {call}");
            let last = Some(number(one.max(other)));
            assert_eq!(health(&tab.restarted(), "lastBackup"), last, "call {call}");
        } else {
            assert_eq!(backed_up, Err("storage_conflict".into()), "call {call}");
            refused += 1;
        }
    }
    assert!(refused > 0);
}
