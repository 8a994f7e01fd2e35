//! What limits an action, and on what grounds it happens.

use std::collections::BTreeMap;

use kms_jose::{Json, Object};

use crate::Refusal;
use crate::json::{as_text, exactly, get_object, get_text, text};

/// Most constraints of one token.
const MAX_CONSTRAINTS: usize = 16;
/// Longest name of a constraint, in bytes.
const MAX_NAME: usize = 64;
/// Longest text of a constraint or a ground, in bytes.
const MAX_TEXT: usize = 256;

/// Named limits of an action, in the order of their names: `{"id": "42"}`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Constraints(BTreeMap<String, String>);

impl Constraints {
    /// Takes names of lower-case letters, digits and `_`, and texts without control characters.
    pub fn new<'a>(members: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, Refusal> {
        let mut constraints = BTreeMap::new();
        for (name, value) in members {
            let known = constraints.insert(name.to_owned(), value.to_owned()).is_some();
            if known || !is_name(name) || !is_text(value) || constraints.len() > MAX_CONSTRAINTS {
                return Err(Refusal::Claims);
            }
        }
        Ok(Self(constraints))
    }

    /// The value of one of them.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Reads an object, in whatever order.
    pub fn read(object: &Object) -> Result<Self, Refusal> {
        let member = |name| as_text(object.get(name)).map(|value| (name, value));
        let members: Option<Vec<_>> = object.names().map(member).collect();
        Self::new(members.ok_or(Refusal::Claims)?)
    }

    pub(crate) fn to_object(&self) -> Object {
        let mut object = Object::default();
        self.iter().for_each(|(name, value)| object.set(name, text(value)));
        object
    }
}

/// Who answers for an action, and under which law.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grounds {
    /// Kind of the accountable party: `human`, `organisation`.
    pub party_type: String,
    /// The accountable party. It cannot approve.
    pub party: String,
    /// Why the action is lawful.
    pub basis: String,
    /// Where it happens.
    pub jurisdiction: String,
}

impl Grounds {
    /// Reads an object of exactly these members.
    pub fn read(object: &Object) -> Result<Self, Refusal> {
        let party = get_object(object, "accountable_party")?;
        let grounds = Self {
            party_type: get_text(party, "type")?.into(),
            party: get_text(party, "id")?.into(),
            basis: get_text(object, "basis")?.into(),
            jurisdiction: get_text(object, "jurisdiction")?.into(),
        };
        let texts = [&grounds.party_type, &grounds.party, &grounds.basis, &grounds.jurisdiction];
        let short = texts.into_iter().all(|text| is_text(text));
        if short && object.names().count() == 3 && party.names().count() == 2 {
            Ok(grounds)
        } else {
            Err(Refusal::Claims)
        }
    }

    pub(crate) fn to_object(&self) -> Object {
        let party = Object::of([("id", text(&self.party)), ("type", text(&self.party_type))]);
        Object::of([
            ("accountable_party", Json::Object(party)),
            ("basis", text(&self.basis)),
            ("jurisdiction", text(&self.jurisdiction)),
        ])
    }

    /// Reads what [`Self::to_object`] has written, in that order.
    pub(crate) fn read_exactly(object: &Object) -> Result<Self, Refusal> {
        let grounds = Self::read(object)?;
        exactly(object, &grounds.to_object())?;
        Ok(grounds)
    }
}

fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(plain)
}

/// A text as a person can be shown it: control characters would change how it looks.
fn is_text(text: &str) -> bool {
    (1..=MAX_TEXT).contains(&text.len()) && !text.chars().any(char::is_control)
}
