//! Descriptions of the wire types, for code generation and documentation.

use crate::Value;

/// How a type is written in TypeScript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeRef {
    /// TypeScript expression.
    pub typescript: String,
    /// Whether the member may be left out.
    pub optional: bool,
}

impl TypeRef {
    /// A required type.
    #[must_use]
    pub fn plain(typescript: &str) -> Self {
        Self { typescript: typescript.into(), optional: false }
    }
}

/// A type that may stand on the wire.
pub trait Wire {
    /// How to refer to it.
    fn type_ref() -> TypeRef;
    /// A valid example.
    fn sample() -> Value;
    /// Its definition and those it needs, for named types.
    fn define(_: &mut Vec<TypeDoc>) {}
}

/// A named type.
#[derive(Clone, Debug)]
pub struct TypeDoc {
    /// Its name.
    pub name: &'static str,
    /// What it means.
    pub doc: String,
    /// What it consists of.
    pub shape: Shape,
}

/// The kinds of named types.
#[derive(Clone, Debug)]
pub enum Shape {
    /// An object with exactly these members.
    Record(Vec<FieldDoc>),
    /// One of these strings.
    Tokens(Vec<(&'static str, String)>),
    /// An object with strings under names of the caller's choice.
    Texts,
    /// A value of one of these types of TypeScript.
    OneOf(&'static [&'static str]),
}

/// A member of an object.
#[derive(Clone, Debug)]
pub struct FieldDoc {
    /// Name on the wire.
    pub name: &'static str,
    /// What it means.
    pub doc: String,
    /// Its type.
    pub ty: TypeRef,
}

/// Joins the lines of a doc comment.
#[must_use]
pub fn doc(lines: &[&str]) -> String {
    lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

/// Adds a definition once.
pub fn add(types: &mut Vec<TypeDoc>, new: TypeDoc) {
    if !types.iter().any(|known| known.name == new.name) {
        types.push(new);
    }
}

impl<T: Wire> Wire for Option<T> {
    fn type_ref() -> TypeRef {
        TypeRef { optional: true, ..T::type_ref() }
    }

    fn sample() -> Value {
        T::sample()
    }

    fn define(types: &mut Vec<TypeDoc>) {
        T::define(types);
    }
}

impl<T: Wire> Wire for Box<T> {
    fn type_ref() -> TypeRef {
        T::type_ref()
    }

    fn sample() -> Value {
        T::sample()
    }

    fn define(types: &mut Vec<TypeDoc>) {
        T::define(types);
    }
}

macro_rules! plain {
    ($($ty:ty => $typescript:literal, $sample:expr;)*) => {$(
        impl Wire for $ty {
            fn type_ref() -> TypeRef {
                TypeRef::plain($typescript)
            }

            fn sample() -> Value {
                $sample
            }
        }
    )*};
}

plain! {
    bool => "boolean", Value::Bool(true);
    u32 => "number", Value::Number(1.0);
    u64 => "number", Value::Number(1_763_769_600_000.0);
    String => "string", Value::Text("text".into());
    Vec<u8> => "Uint8Array", Value::Bytes(vec![0x61, 0x74, 0x73]);
}

impl<T: Wire> Wire for Vec<T> {
    fn type_ref() -> TypeRef {
        TypeRef { typescript: format!("{}[]", T::type_ref().typescript), optional: false }
    }

    fn sample() -> Value {
        Value::List(vec![T::sample()])
    }

    fn define(types: &mut Vec<TypeDoc>) {
        T::define(types);
    }
}
