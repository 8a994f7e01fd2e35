//! Properties of the tables.

use std::collections::BTreeSet;

use kms_protocol::{ErrorCode, IntoValue, Method, Request, Response, Value};

#[test]
fn error_names_are_unique_snake_case() {
    let names: BTreeSet<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(names.len(), ErrorCode::ALL.len());
    for name in names {
        assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{name}");
    }
}

#[test]
fn every_method_is_found_by_its_exact_name_only() {
    for method in Method::ALL {
        assert_eq!(Method::parse(method.name()), Ok(*method));
        assert_eq!(Method::parse(&method.name().to_uppercase()), Err(ErrorCode::UnknownMethod));
        let padded = format!("{}\0", method.name());
        assert_eq!(Method::parse(&padded), Err(ErrorCode::UnknownMethod));
    }
    for name in ["__proto__", "constructor", "toString", "then", ""] {
        assert_eq!(Method::parse(name), Err(ErrorCode::UnknownMethod));
    }
}

#[test]
fn samples_decode_and_encode_to_themselves() {
    for method in Method::ALL {
        let (params, result) = method.samples();
        assert!(Request::decode(*method, params).is_ok(), "{}", method.name());
        let decoded = Response::decode(*method, result.clone()).map(IntoValue::into_value);
        assert_eq!(decoded, Ok(result), "{}", method.name());
    }
}

#[test]
fn a_member_nobody_asked_for_is_refused_everywhere() {
    for method in Method::ALL {
        for extra in ["passphrase", "privateKey", "__proto__", "origin"] {
            let (Value::Map(mut members), _) = method.samples() else { panic!("not an object") };
            members.push((extra.into(), Value::Text("x".into())));
            let refused = Request::decode(*method, Value::Map(members));
            assert_eq!(refused, Err(ErrorCode::InvalidParams), "{} {extra}", method.name());
        }
    }
}

/// No parameter or result has a member that could carry a secret.
#[test]
fn no_wire_type_can_carry_a_secret() {
    let mut types = Vec::new();
    for method in Method::ALL {
        method.define(&mut types);
    }
    let forbidden =
        ["passphrase", "password", "secret", "private", "prf", "mnemonic", "phrase", "seed"];
    for ty in types {
        if let kms_protocol::schema::Shape::Record(fields) = ty.shape {
            for field in fields {
                let name = field.name.to_lowercase();
                assert!(!forbidden.iter().any(|word| name.contains(word)), "{}.{name}", ty.name);
                assert_ne!(name, "d", "{} must not have the JWK private member", ty.name);
            }
        }
    }
}
