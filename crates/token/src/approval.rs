//! What the first of two approvers signs.

use kms_jose::{Claims, Json, Jws, Object, TokenType};

use crate::json::{as_text, text};
use crate::{Challenge, Digest, Life, Refusal, SpiffeId, time};

/// `typ`: an approval is no token.
pub(crate) const TYPE: &str = "poa-approval+jwt";

/// A first approver's word about one challenge. It lets nobody do anything: the second approver puts
/// it into the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Who is to accept the token.
    pub aud: SpiffeId,
    /// Digest of the challenge.
    pub challenge: Digest,
    /// When it was signed.
    pub iat: u64,
    /// Until when it can become a token.
    pub exp: u64,
}

impl Approval {
    /// Reads one whose signature is not looked at, for whoever knows no key of other approvers: to
    /// refuse early what nobody would accept. Thumbprint of the key that it names, if it is about
    /// this challenge and alive.
    pub fn unverified_kid(jws: &str, challenge: &Challenge, now_s: u64) -> Result<String, Refusal> {
        let read = Jws::parse(jws)?;
        let header = read.header();
        if header.typ.as_deref() != Some(TYPE) {
            return Err(Refusal::Claims);
        }
        Self::read(&Claims::parse(read.unverified_payload())?)?.admits(challenge, now_s)?;
        header.kid.clone().ok_or(Refusal::Claims)
    }

    pub(crate) fn of(challenge: &Challenge, now_s: u64, life: Life) -> Self {
        Self {
            aud: challenge.aud.clone(),
            challenge: challenge.digest(),
            iat: now_s,
            exp: now_s.saturating_add(life.seconds()),
        }
    }

    pub(crate) fn read(claims: &Claims) -> Result<Self, Refusal> {
        let get = |name| as_text(claims.get(name)).ok_or(Refusal::Claims);
        let (Some(iat), Some(exp)) = (claims.iat(), claims.exp()) else {
            return Err(Refusal::Claims);
        };
        let (aud, challenge) = (SpiffeId::parse(get("aud")?)?, Digest::parse(get("chl")?)?);
        let read = Self { aud, challenge, iat, exp };
        if read.to_claims()? == *claims { Ok(read) } else { Err(Refusal::Claims) }
    }

    pub(crate) fn to_claims(&self) -> Result<Claims, Refusal> {
        Ok(Claims::check(Object::of([
            ("aud", text(self.aud.as_str())),
            ("chl", text(self.challenge.to_string())),
            ("exp", Json::Integer(self.exp)),
            ("iat", Json::Integer(self.iat)),
        ]))?)
    }

    /// Whether it is about this challenge and alive at this time.
    pub(crate) fn admits(&self, challenge: &Challenge, now_s: u64) -> Result<(), Refusal> {
        if self.aud != challenge.aud || self.challenge != challenge.digest() {
            return Err(Refusal::Challenge);
        }
        Life::new(time::HARD_CAP_S).admits((self.iat, self.iat, self.exp), now_s)
    }
}

pub(crate) fn typ() -> Result<TokenType, Refusal> {
    Ok(TokenType::new(TYPE)?)
}
