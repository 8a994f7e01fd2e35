//! The stored form of a template of tokens, a part of the policy.

use kms_jose::Template;
use kms_protocol::{
    Audience, ByClaim, ClaimName, ClaimType, ClaimValue, ErrorCode, FixedClaim, JwtTemplate,
    JwtType,
};
use minicbor::{Decode, Encode};

use super::token;

/// What the tokens of a key say.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct TemplateRecord {
    #[n(0)]
    typ: String,
    #[n(1)]
    audiences: Vec<String>,
    #[n(2)]
    max_life_s: u32,
    #[n(3)]
    claims: Option<Vec<ClaimRecord>>,
    #[n(4)]
    required: Option<Vec<String>>,
    #[n(5)]
    fixed: Option<Vec<FixedRecord>>,
    #[n(6)]
    not_before: Option<bool>,
    #[n(7)]
    token_id: Option<bool>,
}

/// A claim whose value a page chooses.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
struct ClaimRecord {
    #[n(0)]
    name: String,
    #[n(1)]
    of: String,
}

/// A claim that is fixed, and its one value.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
struct FixedRecord {
    #[n(0)]
    name: String,
    #[n(1)]
    text: Option<String>,
    #[n(2)]
    number: Option<u64>,
    #[n(3)]
    flag: Option<bool>,
}

impl TemplateRecord {
    /// The stored form, if the template makes sense.
    pub(super) fn new(template: JwtTemplate) -> Result<Self, ErrorCode> {
        let template = Template::new(template).map_err(|_| ErrorCode::InvalidParams)?;
        let JwtTemplate { typ, audiences, max_life_s, claims, required, fixed, .. } =
            template.as_policy();
        let claim = |(name, of): (&str, &ClaimType)| ClaimRecord {
            name: name.into(),
            of: of.as_str().into(),
        };
        let names =
            |names: &Vec<ClaimName>| names.iter().map(|name| name.as_str().into()).collect();
        Ok(Self {
            typ: typ.as_str().into(),
            audiences: audiences.iter().map(|audience| audience.as_str().into()).collect(),
            max_life_s: *max_life_s,
            claims: claims.as_ref().map(|claims| claims.iter().map(claim).collect()),
            required: required.as_ref().map(names),
            fixed: fixed.as_ref().map(|fixed| fixed.iter().map(FixedRecord::new).collect()),
            not_before: template.as_policy().not_before,
            token_id: template.as_policy().token_id,
        })
    }

    /// The template as callers see it.
    pub(super) fn publish(&self) -> Result<JwtTemplate, ErrorCode> {
        let claim = |ClaimRecord { name, of }: &ClaimRecord| {
            Ok((ClaimName::new(name.as_str())?, token(ClaimType::ALL, ClaimType::as_str, of)?))
        };
        let claims: Option<Result<ByClaim<_>, ErrorCode>> =
            self.claims.as_ref().map(|claims| claims.iter().map(claim).collect());
        let fixed: Option<Result<ByClaim<_>, ErrorCode>> =
            self.fixed.as_ref().map(|fixed| fixed.iter().map(FixedRecord::publish).collect());
        let required: Option<Result<Vec<_>, _>> = self
            .required
            .as_ref()
            .map(|names| names.iter().map(|name| ClaimName::new(name.as_str())).collect());
        let audience = |text: &String| Audience::new(text.as_str());
        Ok(JwtTemplate {
            typ: JwtType::new(self.typ.as_str())?,
            audiences: self.audiences.iter().map(audience).collect::<Result<_, _>>()?,
            max_life_s: self.max_life_s,
            claims: claims.transpose()?,
            required: required.transpose()?,
            fixed: fixed.transpose()?,
            not_before: self.not_before,
            token_id: self.token_id,
        })
    }

    /// The template, for use. One that no release has written is unreadable.
    pub(super) fn read(&self) -> Result<Template, ErrorCode> {
        let template = self.publish().map_err(|_| ErrorCode::Unreadable)?;
        Template::new(template).map_err(|_| ErrorCode::Unreadable)
    }
}

impl FixedRecord {
    fn new((name, value): (&str, &FixedClaim)) -> Self {
        let (mut text, mut number, mut flag) = (None, None, None);
        match value.value() {
            ClaimValue::Text(is) => text = Some(is.clone()),
            ClaimValue::Number(is) => number = Some(*is),
            // No list is fixed.
            other => flag = Some(*other == ClaimValue::Flag(true)),
        }
        Self { name: name.into(), text, number, flag }
    }

    fn publish(&self) -> Result<(ClaimName, FixedClaim), ErrorCode> {
        let value = match (&self.text, self.number, self.flag) {
            (Some(text), None, None) => ClaimValue::Text(text.clone()),
            (None, Some(number), None) => ClaimValue::Number(number),
            (None, None, Some(flag)) => ClaimValue::Flag(flag),
            _ => return Err(ErrorCode::Unreadable),
        };
        Ok((ClaimName::new(self.name.as_str())?, FixedClaim::new(value)?))
    }
}

/// A template with every member, for tests.
#[cfg(test)]
pub(super) fn full() -> JwtTemplate {
    let name = |name: &str| ClaimName::new(name).unwrap();
    let fixed = |at, value| (name(at), FixedClaim::new(value).unwrap());
    JwtTemplate {
        typ: JwtType::new("receipt+jwt").unwrap(),
        audiences: vec![Audience::new("bank").unwrap()],
        max_life_s: 300,
        claims: Some(
            [(name("a"), ClaimType::Number), (name("b"), ClaimType::Texts)].into_iter().collect(),
        ),
        required: Some(vec![name("b")]),
        fixed: Some(
            [
                fixed("iss", ClaimValue::Text("shop".into())),
                fixed("n", ClaimValue::Number(3)),
                fixed("y", ClaimValue::Flag(true)),
            ]
            .into_iter()
            .collect(),
        ),
        not_before: Some(true),
        token_id: Some(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cbor;

    fn record() -> TemplateRecord {
        TemplateRecord::new(full()).unwrap()
    }

    // Written by hand from RFC 8949. A change here makes every key with a template unreadable.
    #[test]
    fn the_stored_form_is_fixed() {
        let expected = [
            &b"\x88\x6breceipt+jwt\x81\x64bank\x19\x01\x2c"[..],
            b"\x82\x82\x61a\x66number\x82\x61b\x65texts",
            b"\x81\x61b",
            b"\x83\x82\x63iss\x64shop\x83\x61n\xf6\x03\x84\x61y\xf6\xf6\xf5",
            b"\xf5\xf5",
        ];
        assert_eq!(cbor::encode(&record()), expected.concat());
        assert_eq!(cbor::decode(&expected.concat()), Some(record()));
        let least = JwtTemplate {
            claims: None,
            required: None,
            fixed: None,
            not_before: None,
            token_id: None,
            ..full()
        };
        let least = TemplateRecord::new(least).unwrap();
        assert_eq!(cbor::encode(&least), b"\x83\x6breceipt+jwt\x81\x64bank\x19\x01\x2c");
    }

    #[test]
    fn what_was_stored_is_what_was_asked_for() {
        assert_eq!(record().publish(), Ok(full()));
        assert_eq!(record().read().unwrap().as_policy(), &full());
    }

    #[test]
    fn what_no_release_has_written_is_unreadable() {
        let fixed = |text: Option<&str>, flag| {
            let text = text.map(String::from);
            Some(vec![FixedRecord { name: "iss".into(), text, number: None, flag }])
        };
        let claim =
            |name: &str, of: &str| Some(vec![ClaimRecord { name: name.into(), of: of.into() }]);
        for bad in [
            TemplateRecord { typ: String::new(), ..record() },
            TemplateRecord { audiences: vec![], ..record() },
            TemplateRecord { audiences: vec![String::new()], ..record() },
            TemplateRecord { max_life_s: 0, ..record() },
            TemplateRecord { claims: claim("b", "float"), ..record() },
            TemplateRecord { claims: claim("", "text"), ..record() },
            TemplateRecord { required: Some(vec![String::new()]), ..record() },
            TemplateRecord { required: Some(vec!["c".into()]), ..record() },
            TemplateRecord { fixed: fixed(None, None), ..record() },
            TemplateRecord { fixed: fixed(Some("a"), Some(true)), ..record() },
            TemplateRecord { fixed: fixed(Some(&"a".repeat(257)), None), ..record() },
            TemplateRecord { fixed: fixed(None, Some(true)), ..record() },
        ] {
            assert_eq!(bad.read().err(), Some(ErrorCode::Unreadable), "{bad:?}");
        }
    }
}
