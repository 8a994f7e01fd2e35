//! Known answers: RFC 7515, RFC 7520, RFC 8037, RFC 8292.

#![allow(clippy::unwrap_used)] // helpers of tests

use base64ct::{Base64UrlUnpadded, Encoding};
use hex_literal::hex;
use kms_crypto::software::SoftwareKey;
use kms_crypto::{KeyKind, PublicKey};
use kms_jose::{Algorithm, JoseError, Jws, TokenType};
use kms_protocol::KeySpec;

// RFC 7515, appendix A.3.
const A3: &str = concat!(
    "eyJhbGciOiJFUzI1NiJ9.",
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt",
    "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ.",
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSA",
    "pmWQxfKTUJqPP3-Kg6NU1Q"
);
const A3_KEY: [u8; 65] = hex!(
    "047fcdce2770f6c45d4183cbee6fdb4b7b580733357be9ef13bacf6e3c7bd15445
     c7f144cd1bbd9b7e872cdfedb9eeb9f4b3695d6ea90b24ad8a4623288588e5ad"
);

// RFC 8037, appendix A.
const A4: &str = concat!(
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.",
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
);
const A_SECRET: [u8; 32] = hex!("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");

// RFC 8292, section 2.4.
const VAPID: &str = concat!(
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.",
    "eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleHAiOjE0NTM1MjM3NjgsInN1YiI6Im1haWx0bzpw",
    "dXNoQGV4YW1wbGUuY29tIn0.",
    "i3CYb7t4xfxCDquptFOepC9GAu_HLGkMlMuCGSK2rpiUfnK9ojFwDXb1JrErtmysazNjjvW2L9OkSSHzvoD1oA"
);
const VAPID_KEY: &str =
    "BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs";

// RFC 7520, sections 4.1 to 4.4: one payload, signed by RS256, PS384, ES512 and HS256.
const COOKBOOK_PAYLOAD: &str = concat!(
    "SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91",
    "IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXi",
    "gJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4",
);
const COOKBOOK: [(&str, &str); 4] = [
    (
        "eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9",
        concat!(
            "MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx",
            "996ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHR",
            "D68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrD",
            "aLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH8",
            "4ogoree7vjbU5y18kDquDg",
        ),
    ),
    (
        "eyJhbGciOiJQUzM4NCIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9",
        concat!(
            "cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2IpN6-tPid6VrklHkqsG",
            "qDqHCdP6O8TTB5dDDItllVo6_1OLPpcbUrhiUSMxbbXUvdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf8Z",
            "nyPEgVFn442ZdNqiVJRmBqrYRXe8P_ijQ7p8Vdz0TTrxUeT3lm8d9shnr2lfJT8ImUjvAA2Xez2Mlp8c",
            "BE5awDzT0qI0n6uiP1aCN_2_jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7xho0uTOcbH510a6GYmJUAfmW",
            "jwZ6oD4ifKo8DYM-X72Eaw",
        ),
    ),
    (
        "eyJhbGciOiJFUzUxMiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9",
        concat!(
            "AE_R_YZCChjn4791jSQCrdPZCNYqHXCTZH0-JZGYNlaAjP2kqaluUIIUnC9qvbu9Plon7KRTzoNEuT4V",
            "a2cmL1eJAQy3mtPBu_u_sDDyYjnAMDxXPn7XrT0lw-kvAD890jl8e2puQens_IEKBpHABlsbEPX6sFY8",
            "OcGDqoRuBomu9xQ2",
        ),
    ),
    (
        "eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9",
        "s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0",
    ),
];

fn p256() -> PublicKey {
    PublicKey::from_raw(KeySpec::EcP256, &A3_KEY).unwrap()
}

fn ed25519() -> SoftwareKey {
    let secret = |out: &mut [u8]| {
        out.copy_from_slice(&A_SECRET);
        Ok(())
    };
    SoftwareKey::generate(KeySpec::Ed25519, secret).unwrap()
}

#[test]
fn rfc_7515_a_3_verifies() {
    let jws = Jws::parse(A3).unwrap();
    assert_eq!(jws.header().algorithm, Algorithm::Es256);
    let payload =
        "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";
    assert_eq!(jws.verify(&p256()), Ok(payload.as_bytes()));
}

#[test]
fn rfc_8037_a_4_verifies_and_is_what_the_key_signs() {
    let signer = ed25519();
    let jws = Jws::parse(A4).unwrap();
    let key = signer.public_key().unwrap().unwrap();
    assert_eq!(jws.verify(&key), Ok(&b"Example of Ed25519 signing"[..]));
    assert_eq!(key.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    let (input, signature) = A4.rsplit_once('.').unwrap();
    let made = signer.sign(input.as_bytes()).unwrap();
    assert_eq!(Base64UrlUnpadded::encode_string(&made), signature);
}

#[test]
fn the_token_of_rfc_8292_verifies_with_its_key() {
    let key = Base64UrlUnpadded::decode_vec(VAPID_KEY).unwrap();
    let key = PublicKey::from_raw(KeySpec::EcP256, &key).unwrap();
    let payload = concat!(
        r#"{"aud":"https://push.example.net","exp":1453523768,"#,
        r#""sub":"mailto:push@example.com"}"#
    );
    let jws = Jws::parse(VAPID).unwrap();
    assert_eq!(jws.header().typ.as_deref(), Some("JWT"));
    assert_eq!(jws.verify(&key), Ok(payload.as_bytes()));
    let field = kms_jose::vapid::authorization(VAPID, &key);
    assert_eq!(field, format!("vapid t={VAPID}, k={VAPID_KEY}"));
}

#[test]
fn keys_that_do_not_sign_have_no_algorithm() {
    let signing = [KeyKind::Ed25519, KeyKind::EcP256];
    for kind in KeyKind::ALL {
        assert_eq!(Algorithm::of(*kind).is_some(), signing.contains(kind), "{kind:?}");
    }
}

// Whole and valid tokens of other algorithms. None has a signature of 64 bytes, which is seen first;
// with one that has, the name of the algorithm is the reason. No key is looked for.
#[test]
fn the_tokens_of_rfc_7520_are_refused() {
    let verify = |token: &str| {
        kms_jose::verify(token, &TokenType::jwt(), |_| panic!("a key was looked for")).err()
    };
    let fitting = A3.rsplit_once('.').unwrap().1;
    for (header, signature) in COOKBOOK {
        let input = format!("{header}.{COOKBOOK_PAYLOAD}");
        let whole = verify(&format!("{input}.{signature}"));
        assert_eq!(whole, Some(JoseError::Malformed), "{header}");
        let fitted = verify(&format!("{input}.{fitting}"));
        assert_eq!(fitted, Some(JoseError::UnsupportedAlgorithm), "{header}");
    }
}

// RFC 7515, appendix A.4, is ES512; appendix A.5 is the unsecured JWS. None may be believed.
#[test]
fn algorithms_of_other_vectors_are_refused() {
    let signature = A3.rsplit_once('.').unwrap().1;
    for header in ["eyJhbGciOiJFUzUxMiJ9", "eyJhbGciOiJub25lIn0"] {
        let token = format!("{header}.e30.{signature}");
        assert_eq!(Jws::parse(&token).err(), Some(JoseError::UnsupportedAlgorithm), "{header}");
    }
    // The unsecured form has an empty signature (RFC 7515, appendix A.5).
    assert_eq!(Jws::parse("eyJhbGciOiJub25lIn0.e30.").err(), Some(JoseError::Malformed));
}

#[test]
fn a_key_of_the_other_algorithm_verifies_nothing() {
    let ed25519 = ed25519().public_key().unwrap().unwrap();
    assert_eq!(Jws::parse(A3).unwrap().verify(&ed25519), Err(JoseError::WrongAlgorithm));
    assert_eq!(Jws::parse(A4).unwrap().verify(&p256()), Err(JoseError::WrongAlgorithm));
}

/// Each character of a token matters, the ones with unused bits included.
#[test]
fn no_character_may_differ() {
    let keys = [(A3, p256()), (A4, ed25519().public_key().unwrap().unwrap())];
    for (token, key) in keys {
        for at in 0..token.len() {
            for other in ["A", "B", "_", "=", ".", " "] {
                if token[at..].starts_with(other) {
                    continue;
                }
                let changed = format!("{}{other}{}", &token[..at], &token[at + 1..]);
                let believed = Jws::parse(&changed).is_ok_and(|jws| jws.verify(&key).is_ok());
                assert!(!believed, "{other:?} at {at}");
            }
        }
        for end in 0..token.len() {
            assert!(Jws::parse(&token[..end]).is_err(), "{end}");
        }
        assert!(Jws::parse(&format!("{token}.")).is_err());
        assert!(Jws::parse(&format!("{token}\n")).is_err());
    }
}
