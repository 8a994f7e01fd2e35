//! Structs from JSON objects, and from nothing else: the readers that serde derives take a list of the
//! members as well, which would be a second spelling of every file.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};

/// A struct by its members.
#[doc(hidden)]
pub trait Members<'de>: Sized {
    /// The derived reader.
    fn from_members<D: Deserializer<'de>>(members: D) -> Result<Self, D::Error>;
}

/// Reads a struct from an object.
#[doc(hidden)]
pub fn from_object<'de, D: Deserializer<'de>, T: Members<'de>>(object: D) -> Result<T, D::Error> {
    object.deserialize_map(Object(PhantomData))
}

struct Object<T>(PhantomData<T>);

impl<'de, T: Members<'de>> Visitor<'de> for Object<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
        T::from_members(MapAccessDeserializer::new(members))
    }
}

/// Lets structs be read from objects alone. They have `#[serde(remote = "Self")]`, by which serde makes
/// functions of their own of what it derives, instead of its traits.
#[macro_export]
macro_rules! read_from_objects {
    ($($name:ty),* $(,)?) => {$(
        impl<'de> $crate::object::Members<'de> for $name {
            fn from_members<D>(members: D) -> ::core::result::Result<Self, D::Error>
            where
                D: ::serde::Deserializer<'de>,
            {
                <$name>::deserialize(members)
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D>(object: D) -> ::core::result::Result<Self, D::Error>
            where
                D: ::serde::Deserializer<'de>,
            {
                $crate::object::from_object(object)
            }
        }
    )*};
}

/// Lets structs with `#[serde(remote = "Self")]` be written as serde derives it.
#[macro_export]
macro_rules! written_as_derived {
    ($($name:ty),* $(,)?) => {$(
        impl ::serde::Serialize for $name {
            fn serialize<S>(&self, serializer: S) -> ::core::result::Result<S::Ok, S::Error>
            where
                S: ::serde::Serializer,
            {
                <$name>::serialize(self, serializer)
            }
        }
    )*};
}
