//! The two kinds of named wire types. One definition gives type, codec, description and sample.

macro_rules! record {
    (
        $(#[doc = $doc:literal])*
        $name:ident { $($(#[doc = $field_doc:literal])* $field:ident: $ty:ty => $wire:literal,)* }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name { $($(#[doc = $field_doc])* pub $field: $ty,)* }

        impl FromValue for $name {
            #[allow(unused_mut)] // records without members
            fn from_value(value: Value) -> Result<Self, ErrorCode> {
                let mut fields = Fields::new(value)?;
                let record = Self { $($field: fields.take($wire)?,)* };
                fields.finish()?;
                Ok(record)
            }
        }

        impl IntoValue for $name {
            fn into_value(self) -> Value {
                Value::object([$(($wire, self.$field.into_value()),)*])
            }
        }

        impl Wire for $name {
            fn type_ref() -> TypeRef {
                TypeRef::plain(stringify!($name))
            }

            fn sample() -> Value {
                Value::object([$(($wire, <$ty as Wire>::sample()),)*])
            }

            #[allow(unused_variables)] // records without members
            fn define(types: &mut Vec<TypeDoc>) {
                $(<$ty as Wire>::define(types);)*
                add(types, TypeDoc {
                    name: stringify!($name),
                    doc: doc(&[$($doc),*]),
                    shape: Shape::Record(vec![$(FieldDoc {
                        name: $wire,
                        doc: doc(&[$($field_doc),*]),
                        ty: <$ty as Wire>::type_ref(),
                    },)*]),
                });
            }
        }
    };
}

macro_rules! tokens {
    (
        $(#[doc = $doc:literal])*
        $name:ident { $($(#[doc = $variant_doc:literal])* $variant:ident => $wire:literal,)* }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[doc = $variant_doc])* $variant,)* }

        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Name on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $wire,)* }
            }
        }

        impl FromValue for $name {
            fn from_value(value: Value) -> Result<Self, ErrorCode> {
                match value {
                    Value::Text(text) => match text.as_str() {
                        $($wire => Ok(Self::$variant),)*
                        _ => Err(ErrorCode::InvalidParams),
                    },
                    _ => Err(ErrorCode::InvalidParams),
                }
            }
        }

        impl IntoValue for $name {
            fn into_value(self) -> Value {
                Value::Text(self.as_str().into())
            }
        }

        impl Wire for $name {
            fn type_ref() -> TypeRef {
                TypeRef::plain(stringify!($name))
            }

            fn sample() -> Value {
                Self::ALL[0].into_value()
            }

            fn define(types: &mut Vec<TypeDoc>) {
                add(types, TypeDoc {
                    name: stringify!($name),
                    doc: doc(&[$($doc),*]),
                    shape: Shape::Tokens(vec![$(($wire, doc(&[$($variant_doc),*])),)*]),
                });
            }
        }
    };
}
