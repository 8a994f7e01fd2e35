//! Types that carry a secret cannot become a part of a response, a text or a copy: they lack every trait
//! on which that rests.

use std::fmt::{Debug, Display};

use kms_crypto::software::{DeviceKey, SealingKey, SoftwareKey};
use kms_crypto::{SecretBytes, SecretVec, SharedSecret};
use kms_protocol::{IntoValue, Response, Value};
use kms_vault::{
    BackupIdentity, Factor, PasskeyAnswer, PassphraseRecipient, Recipients, UiEvent, UiScreen,
};

/// Whether a type has a trait: an own constant of `Asked` hides that of `Lacks`.
macro_rules! has {
    ($type:ty: $($trait:tt)+) => {{
        #[allow(dead_code)] // where the type has the trait
        trait Lacks {
            const HAS: bool = false;
        }
        impl<T> Lacks for T {}
        #[allow(dead_code)] // only its type is of interest
        struct Asked<T>(T);
        #[allow(dead_code)] // where the type lacks the trait
        impl<T: $($trait)+> Asked<T> {
            const HAS: bool = true;
        }
        <Asked<$type>>::HAS
    }};
}

/// The ways to the wire that a type has, by name.
macro_rules! ways_out {
    ($type:ty) => {
        [
            ("IntoValue", has!($type: IntoValue)),
            ("Into<Value>", has!($type: Into<Value>)),
            ("Into<Response>", has!($type: Into<Response>)),
            ("Into<Vec<u8>>", has!($type: Into<Vec<u8>>)),
            ("Into<String>", has!($type: Into<String>)),
            ("AsRef<[u8]>", has!($type: AsRef<[u8]>)),
            ("Debug", has!($type: Debug)),
            ("Display", has!($type: Display)),
        ]
        .into_iter()
        .filter_map(|(name, has)| has.then_some(name))
        .collect::<Vec<_>>()
    };
}

/// None of these types has one, and only a handle has a copy.
macro_rules! stay_inside {
    ($($type:ty),+ $(,)?) => {$(
        assert_eq!(ways_out!($type), Vec::<&str>::new(), "{}", stringify!($type));
    )+};
}

#[test]
fn secrets_have_no_way_to_a_response() {
    stay_inside!(
        SecretBytes<16>,
        SecretBytes<32>,
        SecretVec,
        SharedSecret,
        SoftwareKey,
        SealingKey,
        DeviceKey,
        Factor,
        PasskeyAnswer,
        UiEvent,
        UiScreen,
        BackupIdentity,
        PassphraseRecipient,
        Recipients,
    );
}

#[test]
fn secrets_are_not_copied_and_not_compared() {
    macro_rules! single {
        ($($type:ty),+) => {$(
            assert!(!has!($type: Clone) && !has!($type: PartialEq), "{}", stringify!($type));
        )+};
    }
    single!(SecretBytes<16>, SecretBytes<32>, SecretVec, SharedSecret, Factor, PasskeyAnswer);
}

#[test]
fn the_check_sees_the_ways_that_there_are() {
    let bytes = ["IntoValue", "Into<Vec<u8>>", "AsRef<[u8]>", "Debug"];
    assert_eq!(ways_out!(Vec<u8>), bytes);
    assert_eq!(ways_out!(Response), ["IntoValue", "Into<Response>", "Debug"]);
    assert!(has!(Vec<u8>: Clone) && has!(String: Display) && has!(Value: Into<Value>));
}
