//! The table of authority against what happens.

use kms_protocol::{Auth, Authority, ErrorCode, Method, VaultState};
use kms_testkit::{PASSPHRASE, Tab};

use crate::person::Person;
use crate::world::World;

/// A world with a vault in a state.
fn in_state(state: VaultState) -> World {
    let mut world = match state {
        VaultState::Uninitialized => World::over(Tab::default()),
        VaultState::Locked | VaultState::Unlocked => World::new(),
    };
    if state == VaultState::Locked {
        world.call(Method::Lock, (0, 0));
    }
    world
}

fn person(by: Authority) -> Person {
    match (by.confirms, by.proves) {
        (_, true) => Person::Proves,
        (true, false) => Person::Confirms,
        (false, false) => Person::Refuses,
    }
}

/// Calls a method with everything there is. One that is allowed has to succeed once; one that is to be
/// refused never does, whatever it is called with, and is refused as is said at least once.
fn ends(world: &mut World, method: Method, expected: Option<&str>) -> bool {
    let mut as_said = false;
    for choice in (0..24).flat_map(|key| (0..8).map(move |what| (key, what))) {
        // A page may not ask faster.
        world.tab.clock.advance(20);
        let (done, refused) = (world.done.len(), world.refused.len());
        world.call(method, choice);
        let succeeded = world.done[done..].contains(&method);
        let with = |code| world.refused[refused..].contains(&(method, String::from(code)));
        match expected {
            None if succeeded => return true,
            Some(_) if succeeded => return false,
            Some(code) => as_said |= with(code),
            None => {}
        }
    }
    as_said
}

/// Whether a call leaves a world in which the next one could be refused for another reason.
fn leaves_traces(method: Method) -> bool {
    !matches!(method.auth(), Auth::None | Auth::Unlocked) || method == Method::Lock
}

#[test]
fn every_method_in_every_state_with_every_authority_does_what_the_table_says() {
    let backup = Tab::ready().back_up(PASSPHRASE, PASSPHRASE).unwrap();
    for state in VaultState::ALL {
        for by in Authority::ALL {
            let mut world = in_state(*state);
            for method in Method::ALL {
                let needs_lease = matches!(method.auth(), Auth::Lease | Auth::LeaseAndFresh);
                if needs_lease && by.lease && *state == VaultState::Unlocked {
                    world.person = Person::Proves;
                    assert!(ends(&mut world, Method::CreateLease, None));
                }
                world.tab.files.choose(backup.clone());
                world.person = person(by);
                let expected = method.refusal(*state, by).map(ErrorCode::as_str);
                let found = ends(&mut world, *method, expected);
                assert!(found, "{} {state:?} {}: {expected:?}", method.name(), by.name);
                if leaves_traces(*method) {
                    world = in_state(*state);
                }
            }
        }
    }
}
