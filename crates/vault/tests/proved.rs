//! A new way to unlock is proved by the way it will be opened, and nothing is stored before.
#![allow(clippy::unwrap_used)] // the fixtures are plain functions

use kms_protocol::EnrolmentKind;
use kms_testkit::golden::Golden;
use kms_testkit::invariants::broken;
use kms_testkit::person::{new, passphrase, submit};
use kms_testkit::{FakePasskey, FastKdf, PASSPHRASE, Tab};
use kms_vault::{Action, UiEvent};
use pollster::block_on;

const OTHER: &str = "another long passphrase";
const SECRET: &str = "a passphrase for the file";
/// Parameters of a device that refused more memory.
const WEAK: (u32, u32, u32) = (19_456, 2, 1);

/// Makes something; tells what was wrong.
type Make = fn(&Tab) -> Result<(), String>;

/// A way in which a passphrase gets a new record.
struct Making {
    /// A tab before.
    before: fn() -> Tab,
    /// Runs of Argon2id that come before those of the new record.
    earlier: u32,
    make: Make,
    /// Nothing was made.
    nothing: fn(&Tab),
}

const ALL: [Making; 4] = [
    Making {
        before: Tab::default,
        earlier: 0,
        make: |tab| tab.set_up(PASSPHRASE).map(drop),
        nothing: is_empty,
    },
    Making {
        before: Tab::ready,
        earlier: 1,
        make: add,
        nothing: |tab| {
            let after = tab.restarted();
            assert_eq!(after.enrolments().len(), 1);
            assert!(after.unlock(PASSPHRASE).is_ok());
            assert_eq!(broken(&after), Vec::<String>::new());
        },
    },
    Making {
        before: || {
            let file = Tab::ready().back_up(PASSPHRASE, SECRET).unwrap();
            let tab = Tab::default();
            tab.files.choose(file);
            tab
        },
        earlier: 1,
        make: |tab| {
            let events = vec![new(passphrase(SECRET)), UiEvent::Confirm];
            tab.ask("vault.restore", events).map(drop)
        },
        nothing: is_empty,
    },
    Making {
        before: || {
            let tab = Tab::default();
            tab.kdf.set_memory(Some(WEAK.0));
            assert!(tab.set_up(PASSPHRASE).is_ok());
            tab.restarted()
        },
        earlier: 1,
        make: |tab| tab.unlock(PASSPHRASE).map(drop),
        nothing: |tab| {
            let after = tab.restarted();
            assert!(after.unlock(PASSPHRASE).is_ok());
            assert_eq!(after.kdf.asked()[0], WEAK);
            assert_eq!(broken(&after), Vec::<String>::new());
        },
    },
];

fn is_empty(tab: &Tab) {
    assert_eq!(tab.store.dump(), Vec::<Vec<u8>>::new());
    assert_eq!(tab.restarted().state().as_deref(), Ok("uninitialized"));
}

/// Adds a passphrase on the management page, which says what was wrong.
fn add(tab: &Tab) -> Result<(), String> {
    let add = UiEvent::Action(Action::Add(EnrolmentKind::Passphrase));
    let managed = tab.manage(add, PASSPHRASE, async |tab| tab.does(submit(OTHER)).await);
    managed.and_then(|_| tab.problem().map_or(Ok(()), |code| Err(code.as_str().into())))
}

#[test]
fn what_a_wrong_computation_sealed_is_not_stored() {
    for Making { before, earlier, make, nothing } in ALL {
        // Also when it is the proof that went wrong.
        for run in [earlier + 1, earlier + 2] {
            let tab = before();
            tab.kdf.spoil(run);
            assert_eq!(make(&tab), Err("internal".into()), "run {run} after {earlier}");
            assert!(!tab.kdf.heal());
            nothing(&tab);
        }
        let tab = before();
        tab.kdf.spoil(earlier + 3);
        assert_eq!(make(&tab), Ok(()));
        assert!(tab.kdf.heal(), "no run beyond the proof");
    }
}

/// Lets something happen during a run of Argon2id, counted from 1.
fn during(kdf: &FastKdf, run: u32, act: Box<dyn FnOnce()>) {
    if run == 1 {
        kdf.meanwhile(act);
    } else {
        let next = kdf.clone();
        kdf.meanwhile(move || during(&next, run - 1, act));
    }
}

#[test]
fn what_is_closed_or_locked_meanwhile_makes_nothing() {
    for Making { before, earlier, make, nothing } in ALL {
        for run in [earlier + 1, earlier + 2] {
            for locks in [false, true] {
                let tab = before();
                let (enclave, outbox) = (tab.enclave.clone(), tab.outbox.clone());
                let act = move || {
                    let event = if locks { UiEvent::Hidden } else { UiEvent::Cancel };
                    block_on(enclave.handle_ui(outbox.view(), event));
                };
                during(&tab.kdf, run, Box::new(act));
                let (made, asked) = (make(&tab), tab.kdf.asked().len());
                // To close the management page is no failure.
                let closed = made == Err("user_cancelled".into()) || made == Ok(());
                assert!(if locks { made == Err("locked".into()) } else { closed }, "{made:?}");
                assert!(asked >= usize::try_from(run).unwrap());
                nothing(&tab);
            }
        }
    }
}

#[test]
fn memory_that_is_refused_for_the_proof_counts_like_any_other() {
    let short = |kdf: &FastKdf, run| {
        let next = kdf.clone();
        during(kdf, run, Box::new(move || next.set_memory(Some(WEAK.0))));
    };
    let strong = (65_536, 3, 1);
    let tab = Tab::default();
    short(&tab.kdf, 2);
    assert!(tab.set_up(PASSPHRASE).is_ok());
    assert_eq!(tab.kdf.asked(), [strong, strong, WEAK, WEAK]);
    // What opened the vault goes on to open it.
    let tab = tab.restarted();
    short(&tab.kdf, 3);
    assert!(tab.unlock(PASSPHRASE).is_ok());
    assert_eq!(tab.kdf.asked(), [WEAK, strong, strong]);
    (ALL[3].nothing)(&tab);
}

#[test]
fn an_old_envelope_that_was_sealed_again_is_proved_too() {
    let golden = Golden::read(include_str!("golden/v1.txt"));
    let tab = Tab::default().on(golden.store.copied());
    tab.kdf.set_real();
    tab.crypto.spoil_seal(1);
    assert_eq!(tab.unlock(PASSPHRASE), Err("internal".into()));
    assert!(!tab.crypto.heal());
    let after = tab.restarted();
    after.kdf.set_real();
    after.clock.advance(3_600_000);
    assert!(after.unlock(PASSPHRASE).is_ok(), "{:?}", after.problem());
}

#[test]
fn a_passkey_and_a_phrase_are_proved_as_well() {
    let makings: [Make; 2] = [
        |tab| tab.set_up_with_passkey(&FakePasskey::new(1)).map(drop),
        |tab| tab.set_up_with_phrase().map(drop),
    ];
    for make in makings {
        let tab = Tab::default();
        tab.crypto.spoil_seal(1);
        assert_eq!(make(&tab), Err("internal".into()));
        is_empty(&tab);
    }
}
