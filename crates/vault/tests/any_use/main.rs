//! Whatever a page calls in whatever order, and whatever the person does: no answer, no event, no
//! record and no backup has the bytes of a secret in it, and the vault stays whole.
#![allow(clippy::unwrap_used)] // the fixtures are plain functions

mod authority;
mod calls;
mod person;
mod secrets;
mod world;

use kms_crypto::SecretBytes;
use kms_crypto::labels::{Label, derive, unlock_key};
use kms_protocol::{KeySpec, Method, Value};
use kms_testkit::Tab;
use proptest::prelude::*;

use person::Person;
use secrets::{Secrets, forms, watch};
use world::{Purpose, World};

/// One thing that happens. Numbers choose among what there is at that moment.
#[derive(Clone, Debug)]
enum Act {
    /// A key is made.
    Create(usize, usize),
    /// A method is called, in the state of the vault that it needs or in whatever state.
    Call { method: Method, choice: (usize, usize), ready: bool, willing: bool },
    /// Another start of the browser.
    Restart,
}

fn act() -> impl Strategy<Value = Act> {
    let often = || prop::bool::weighted(0.8);
    prop_oneof![
        1 => (0..KeySpec::ALL.len(), 0..3_usize).prop_map(|(spec, uses)| Act::Create(spec, uses)),
        14 => (0..Method::ALL.len(), (0..24_usize, 0..8_usize), often(), often()).prop_map(
            |(method, choice, ready, willing)| {
                Act::Call { method: Method::ALL[method], choice, ready, willing }
            }
        ),
        1 => Just(Act::Restart),
    ]
}

fn done(world: &mut World, act: &Act) {
    match *act {
        Act::Create(spec, uses) => world.create(KeySpec::ALL[spec], Purpose::ALL[uses]),
        Act::Call { method, choice, ready, willing } => {
            if ready {
                world.prepare(method);
            }
            world.person = if willing { Person::Proves } else { Person::Refuses };
            world.call(method, choice);
        }
        Act::Restart => world.restart(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_order_of_calls_leaks_no_secret(acts in prop::collection::vec(act(), 0..60)) {
        let mut world = World::new();
        for act in &acts {
            done(&mut world, act);
        }
        world.check();
    }
}

/// Calls a method with everything there is until it succeeds.
fn succeeds(world: &mut World, method: Method) -> bool {
    let choices = (0..24).flat_map(|key| (0..8).map(move |what| (key, what)));
    let before = world.done.len();
    for choice in choices {
        world.prepare(method);
        let from = world.done.len();
        world.call(method, choice);
        if world.done[from..].contains(&method) {
            return true;
        }
    }
    world.done[before..].contains(&method)
}

#[test]
fn every_method_is_called_with_success() {
    let mut world = World::new();
    for method in Method::ALL {
        assert!(succeeds(&mut world, *method), "{method:?}");
    }
    world.check();
}

#[test]
fn what_a_key_is_made_of_is_searched_for() {
    let mut world = World::new();
    for method in [
        Method::CreateKey,
        Method::RotateKey,
        Method::EncryptStream,
        Method::AgreeKey,
        Method::DeriveKey,
        Method::WrapKey,
        Method::UnwrapKey,
        Method::ExportKey,
        Method::ImportKey,
    ] {
        let before = world.made;
        assert!(succeeds(&mut world, method), "{method:?}");
        let makes = ![Method::WrapKey, Method::ExportKey].contains(&method);
        assert_eq!(world.made > before, makes, "{method:?}");
    }
}

#[test]
fn a_data_key_is_searched_for_wherever_it_was_not_asked_for() {
    let mut world = World::new();
    let (bare, wrapped) = (0, 1);
    for (method, what) in [(Method::GenerateDataKey, bare), (Method::DecryptDataKey, 0)] {
        (0..24).for_each(|key| world.call(method, (key, what)));
        let given = world.data_keys.iter().find(|(by, _)| *by == method);
        let (_, data_key) = given.unwrap_or_else(|| panic!("{method:?}"));
        assert!(world.secrets.contains(data_key), "{method:?}");
        let elsewhere = Value::object([("plaintext", Value::Bytes(data_key.clone()))]);
        assert!(world.secrets.are_in(&elsewhere), "{method:?}");
    }
    // So is one that stays wrapped.
    let mut more = vec![];
    for key in 0..24 {
        let (known, done) = (world.secrets.known().count(), world.done.len());
        world.call(Method::GenerateDataKey, (key, wrapped));
        let succeeded = world.done.len() - done;
        more.push((world.secrets.known().count() - known, succeeded));
    }
    assert!(more.iter().all(|(known, succeeded)| known == succeeded), "{more:?}");
    assert!(more.contains(&(1, 1)));
    world.check();
}

#[test]
fn the_search_would_find_a_secret_in_any_form() {
    let world = World::new();
    assert!(world.secrets.known().count() >= KeySpec::ALL.len());
    for secret in world.secrets.known() {
        for form in forms(secret) {
            let around = [&[1], &form[..], &[2]].concat();
            let leak = Value::object([("a", Value::List(vec![Value::Bytes(around)]))]);
            assert!(world.secrets.are_in(&leak));
            let text = String::from_utf8(form).map(Value::Text);
            assert!(text.is_err() || world.secrets.are_in(&text.unwrap()));
        }
    }
}

#[test]
fn the_keys_above_all_others_are_searched_for() {
    watch();
    let mut secrets = Secrets::default();
    assert!(!Tab::ready().enrolments().is_empty());
    secrets.take_in();
    let keys: Vec<SecretBytes<32>> =
        secrets.known().filter_map(|secret| SecretBytes::copy_of(secret).ok()).collect();
    let made = |key: SecretBytes<32>| secrets.contains(key.expose());
    let is_root = |key: &&SecretBytes<32>| {
        let mut below = [Label::RecordKey, Label::WrapKey, Label::AuditKey].into_iter();
        below.all(|label| made(derive(key, label)))
    };
    assert_eq!(keys.iter().filter(is_root).count(), 1, "the RootKey");
    let opens = |factor: &SecretBytes<32>, device: &SecretBytes<32>| {
        made(unlock_key(factor, device, Label::UnlockPassphrase))
    };
    let opening = keys.iter().any(|factor| keys.iter().any(|device| opens(factor, device)));
    assert!(opening, "the UnlockKey, of a factor and the MAC of the device key");
}
