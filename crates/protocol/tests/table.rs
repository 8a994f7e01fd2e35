//! Properties of the tables.

use std::collections::BTreeSet;

use kms_protocol::{
    Authority, ErrorCode, IntoValue, Method, Needs, Request, Response, Value, VaultState,
};

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

#[test]
fn every_method_and_every_error_is_documented() {
    let mut types = Vec::new();
    for method in Method::ALL {
        method.define(&mut types);
    }
    let known = |name: &str| types.iter().any(|ty| ty.name == name);
    for method in Method::ALL {
        assert!(method.doc().ends_with('.'), "{}", method.name());
        let (params, result) = method.types();
        assert!(known(&params.typescript) && known(&result.typescript), "{}", method.name());
        let own: BTreeSet<_> = method.errors().iter().map(|code| code.as_str()).collect();
        assert_eq!(own.len(), method.errors().len(), "{}", method.name());
    }
    for code in ErrorCode::ALL {
        assert_eq!(code.to_string(), code.info().message);
        assert!(code.to_string().ends_with('.'), "{}", code.as_str());
    }
}

#[test]
fn every_method_that_names_a_key_says_what_it_demands_of_it() {
    for method in Method::ALL {
        let (Value::Map(params), _) = method.samples() else { panic!("not an object") };
        let names_a_key = params.iter().any(|(name, _)| name == "keyId");
        assert_eq!(method.key_rule().is_some(), names_a_key, "{}", method.name());
    }
}

/// Every copy of `value` in which one value at any depth is of another kind.
fn with_one_of_another_kind(value: &Value) -> Vec<Value> {
    let others = [
        Value::Bool(true),
        Value::Number(0.5),
        Value::Text("no such word".into()),
        Value::Bytes(Vec::new()),
        Value::List(Vec::new()),
        Value::Map(Vec::new()),
    ];
    let other_kind = |other: &Value| std::mem::discriminant(other) != std::mem::discriminant(value);
    let mut changed: Vec<Value> = others.into_iter().filter(other_kind).collect();
    match value {
        Value::List(items) => {
            for (index, item) in items.iter().enumerate() {
                changed.extend(with_one_of_another_kind(item).into_iter().map(|other| {
                    let mut items = items.clone();
                    items[index] = other;
                    Value::List(items)
                }));
            }
        }
        Value::Map(members) => {
            for (index, (_, member)) in members.iter().enumerate() {
                let (name, _) = &members[index];
                // A claim can be of several kinds, and has tests of its own.
                let is_free = |other: &Value| {
                    matches!(other, Value::Map(members) if !members.is_empty())
                        && ["claims", "fixed"].contains(&name.as_ref())
                };
                let others = with_one_of_another_kind(member).into_iter();
                changed.extend(others.filter(|other| !is_free(other)).map(|other| {
                    let mut members = members.clone();
                    members[index].1 = other;
                    Value::Map(members)
                }));
            }
        }
        _ => {}
    }
    changed
}

#[test]
fn a_value_of_another_kind_is_refused_everywhere() {
    let mut tried = 0;
    for method in Method::ALL {
        let (params, result) = method.samples();
        for changed in with_one_of_another_kind(&params) {
            let refused = Request::decode(*method, changed.clone());
            assert_eq!(refused, Err(ErrorCode::InvalidParams), "{} {changed:?}", method.name());
            tried += 1;
        }
        for changed in with_one_of_another_kind(&result) {
            let refused = Response::decode(*method, changed.clone()).map(IntoValue::into_value);
            assert_eq!(refused, Err(ErrorCode::InvalidParams), "{} {changed:?}", method.name());
            tried += 1;
        }
    }
    assert!(tried > 500, "{tried}");
}

#[test]
fn an_optional_member_may_be_absent_or_null() {
    let status = |storage: Vec<(kms_protocol::Name, Value)>| {
        let (_, Value::Map(mut members)) = Method::Status.samples() else {
            panic!("not an object")
        };
        for (name, value) in &mut members {
            if name == "storage" {
                *value = Value::Map(storage.clone());
            }
        }
        Response::decode(Method::Status, Value::Map(members)).map(IntoValue::into_value)
    };
    let names = ["persisted", "partitioned", "usage", "quota"];
    let null = names.map(|name| (name.into(), Value::Null)).to_vec();
    assert!(status(null.clone()).is_ok());
    assert_eq!(status(null), status(Vec::new()));
    let word = vec![("usage".into(), Value::Text("much".into()))];
    assert_eq!(status(word), Err(ErrorCode::InvalidParams));
}

#[test]
fn what_a_method_needs_is_what_stands_in_its_way() {
    for method in Method::ALL {
        let allowed = Authority::ALL.map(|by| method.refusal(VaultState::Unlocked, by).is_none());
        // Nobody, who confirms, who proves, a lease, a lease and who proves.
        let expected = match method.auth().as_str() {
            "none" | "unlocked" => [true; 5],
            "confirmation" => [false, true, true, false, true],
            "fresh" => [false, false, true, false, true],
            "lease" => [false, false, false, true, true],
            _ => [false, false, false, false, true],
        };
        let is_open = matches!(method, Method::Unlock);
        let cannot = method.policy().needs == Needs::NoVault;
        let expected = if is_open { [true; 5] } else { expected.map(|may| may && !cannot) };
        assert_eq!(allowed, expected, "{}", method.name());
    }
}
