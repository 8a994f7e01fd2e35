//! What is signed about tokens and keys: revoke, rotate, enrol, change of state.

use base64ct::{Base64UrlUnpadded, Encoding};
use kms_crypto::{KeyKind, PublicKey};
use kms_jose::{Claims, Json, Object, TokenType, verify};

use crate::json::{as_text, text};
use crate::names::decode;
use crate::sign::sign;
use crate::{Id, KeyRing, KeyState, Refusal, SKEW_S, Signer, SpiffeId};

/// How old a statement may be when it arrives.
const MAX_AGE_S: u64 = 300;
/// Longest name of an owner, in bytes.
const MAX_OWNER: usize = 256;

/// What is revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// One token.
    Token(Id),
    /// A challenge and the token of it; a person's no is this, too.
    Challenge(Id),
    /// All that a workload has when the statement arrives.
    Subject(SpiffeId),
}

/// A statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// Something is not to be used any more.
    Revoke(Target),
    /// This key takes the place of the one that signs.
    Rotate {
        /// The new key.
        key: PublicKey,
        /// That its owner has it: [`Statement::prove`].
        proof: String,
    },
    /// A key becomes known, in the state `next`.
    Enrol {
        /// The key.
        key: PublicKey,
        /// Whose it is.
        owner: String,
    },
    /// A key changes its state.
    State {
        /// Which key.
        kid: String,
        /// To which; `since` of `VerifyOnly` is when the statement was signed.
        state: KeyState,
    },
}

/// A statement that one of the keys has signed, for this broker, and now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Thumbprint of the key that signed.
    pub kid: String,
    /// Its own name: it counts once.
    pub jti: Id,
    /// When it was signed.
    pub iat: u64,
    /// What it says.
    pub statement: Statement,
}

impl Statement {
    /// What a new key signs about taking the place of another one.
    pub async fn prove<S: Signer>(new: &S, aud: &SpiffeId, old: &str) -> Result<String, Refusal> {
        sign(new, &proof_type()?, &proof_claims(aud, old)?).await
    }

    pub(crate) fn to_claims(&self, aud: &SpiffeId, jti: Id, iat: u64) -> Result<Claims, Refusal> {
        let mut claims = Object::of([
            ("aud", text(aud.as_str())),
            ("iat", Json::Integer(iat)),
            ("jti", text(jti.to_string())),
        ]);
        let raw = |key: &PublicKey| text(Base64UrlUnpadded::encode_string(key.raw()));
        match self {
            Self::Revoke(target) => {
                let (what, value) = match target {
                    Target::Token(jti) => ("token", jti.to_string()),
                    Target::Challenge(id) => ("challenge", id.to_string()),
                    Target::Subject(id) => ("subject", id.to_string()),
                };
                claims.set("op", text("revoke"));
                claims.set("value", text(value));
                claims.set("what", text(what));
            }
            Self::Rotate { key, proof } => {
                claims.set("key", raw(key));
                claims.set("op", text("rotate"));
                claims.set("proof", text(proof));
            }
            Self::Enrol { key, owner } => {
                claims.set("key", raw(key));
                claims.set("op", text("enrol"));
                claims.set("owner", text(owner));
            }
            Self::State { kid, state } => {
                claims.set("kid", text(kid));
                claims.set("op", text("state"));
                claims.set("state", text(state.as_str()));
            }
        }
        Ok(Claims::check(claims)?)
    }

    fn read(claims: &Claims, iat: u64) -> Result<Self, Refusal> {
        let get = |name| as_text(claims.get(name)).ok_or(Refusal::Claims);
        let key = || {
            let raw: [u8; 32] = decode(get("key")?)?;
            PublicKey::from_raw(KeyKind::Ed25519, &raw).map_err(|_| Refusal::Claims)
        };
        match get("op")? {
            "revoke" => target(claims).map(Self::Revoke),
            "rotate" => Ok(Self::Rotate { key: key()?, proof: get("proof")?.into() }),
            "enrol" => {
                let owner = get("owner")?;
                let valid = (1..=MAX_OWNER).contains(&owner.len())
                    && !owner.chars().any(|c| c.is_control() || c.is_whitespace());
                let owner = valid.then(|| owner.to_owned()).ok_or(Refusal::Claims)?;
                Ok(Self::Enrol { key: key()?, owner })
            }
            "state" => {
                let state = match get("state")? {
                    "active" => KeyState::Active,
                    "verify-only" => KeyState::VerifyOnly { since: iat },
                    "revoked" => KeyState::Revoked,
                    _ => return Err(Refusal::Claims),
                };
                Ok(Self::State { kid: get("kid")?.into(), state })
            }
            _ => Err(Refusal::Claims),
        }
    }
}

impl Signed {
    /// Reads a statement that a known key has signed for this audience. Whether that key has the right
    /// to is for [`KeyRing::apply`] to say, and whether it counted already for its caller.
    pub fn verify(jws: &str, ring: &KeyRing, aud: &SpiffeId, now_s: u64) -> Result<Self, Refusal> {
        let find = |kid: &str| ring.get(kid).map(|key| key.public.clone());
        let verified = verify(jws, &typ()?, find)?;
        let claims = &verified.claims;
        let iat = claims.iat().ok_or(Refusal::Claims)?;
        let jti = Id::parse(claims.jti().ok_or(Refusal::Claims)?)?;
        if claims.audiences() != [aud.as_str()] {
            return Err(Refusal::Audience);
        }
        if iat > now_s.saturating_add(SKEW_S) {
            return Err(Refusal::NotYetValid);
        }
        if iat.saturating_add(MAX_AGE_S) < now_s {
            return Err(Refusal::Expired);
        }
        let statement = Statement::read(claims, iat)?;
        if statement.to_claims(aud, jti, iat)? != *claims {
            return Err(Refusal::Claims);
        }
        if let Statement::Rotate { key, proof } = &statement {
            let proved = kms_jose::verify(proof, &proof_type()?, |_| Some(key.clone()))?;
            if proved.claims != proof_claims(aud, &verified.kid)? {
                return Err(Refusal::Claims);
            }
        }
        Ok(Self { kid: verified.kid, jti, iat, statement })
    }
}

fn target(claims: &Claims) -> Result<Target, Refusal> {
    let get = |name| as_text(claims.get(name)).ok_or(Refusal::Claims);
    let value = get("value")?;
    match get("what")? {
        "token" => Id::parse(value).map(Target::Token),
        "challenge" => Id::parse(value).map(Target::Challenge),
        "subject" => SpiffeId::parse(value).map(Target::Subject),
        _ => Err(Refusal::Claims),
    }
}

pub(crate) fn typ() -> Result<TokenType, Refusal> {
    Ok(TokenType::new("poa-statement+jwt")?)
}

fn proof_type() -> Result<TokenType, Refusal> {
    Ok(TokenType::new("poa-key+jwt")?)
}

fn proof_claims(aud: &SpiffeId, old: &str) -> Result<Claims, Refusal> {
    Ok(Claims::check(Object::of([("aud", text(aud.as_str())), ("kid", text(old))]))?)
}
