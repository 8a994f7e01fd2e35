//! The claims of a token.

use kms_jose::{Claims, Json, Object};

use crate::json::{as_text, get_integer, get_text, text};
use crate::{
    Action, Binding, Challenge, Constraints, Digest, Grounds, Id, Refusal, SpiffeId, Tier,
};

/// An authorization: a challenge, when it was approved, and by which first approver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorization {
    /// What was asked. `iss` is the trust domain of its `sub`.
    pub challenge: Challenge,
    /// When it was minted.
    pub iat: u64,
    /// From when on it is valid.
    pub nbf: u64,
    /// From when on it is no longer valid.
    pub exp: u64,
    /// Its own name.
    pub jti: Id,
    /// The first approver's [`crate::Approval`], if there are two.
    pub(crate) first: Option<String>,
}

impl Authorization {
    pub(crate) fn read(claims: &Claims) -> Result<Self, Refusal> {
        let get = |name| as_text(claims.get(name)).ok_or(Refusal::Claims);
        let inner = |name| match claims.get(name) {
            Some(Json::Object(inner)) => Ok(inner),
            _ => Err(Refusal::Claims),
        };
        let asked = inner("chl")?;
        let approvals = get_integer(asked, "approvals")?;
        let challenge = Challenge {
            id: Id::parse(get_text(asked, "id")?)?,
            aud: SpiffeId::parse(get("aud")?)?,
            sub: SpiffeId::parse(get("sub")?)?,
            certificate: Digest::parse(get_text(inner("cnf")?, "x5t#S256")?)?,
            act: Action::parse(get("act")?)?,
            con: Constraints::read(inner("con")?)?,
            leg: Grounds::read_exactly(inner("leg")?)?,
            req: Binding::read(inner("req")?)?,
            approvals: u8::try_from(approvals).map_err(|_| Refusal::Claims)?,
            tier: Tier::read(asked, approvals)?,
        };
        let (Some(iat), Some(nbf), Some(exp)) = (claims.iat(), claims.nbf(), claims.exp()) else {
            return Err(Refusal::Claims);
        };
        let first = as_text(claims.get("apr")).map(Into::into);
        let read = Self { challenge, iat, nbf, exp, jti: Id::parse(get("jti")?)?, first };
        if get("iss")? != read.challenge.sub.issuer() {
            return Err(Refusal::Issuer);
        }
        if get_text(asked, "s256")? != read.challenge.digest().to_string() {
            return Err(Refusal::Challenge);
        }
        // Members that nobody knows, twice the same in another order: no second spelling.
        if read.to_claims()? == *claims { Ok(read) } else { Err(Refusal::Claims) }
    }

    pub(crate) fn to_claims(&self) -> Result<Claims, Refusal> {
        let Challenge { id, aud, sub, certificate, act, con, leg, req, approvals, tier } =
            &self.challenge;
        let mut chl = Object::of([
            ("approvals", Json::Integer((*approvals).into())),
            ("id", text(id.to_string())),
            ("s256", text(self.challenge.digest().to_string())),
        ]);
        Tier::write(*tier, &mut chl);
        let mut claims = Object::of([("act", text(act.as_str()))]);
        if let Some(first) = &self.first {
            claims.set("apr", text(first));
        }
        claims.set("aud", text(aud.as_str()));
        claims.set("chl", Json::Object(chl));
        let cnf = Object::of([("x5t#S256", text(certificate.to_string()))]);
        claims.set("cnf", Json::Object(cnf));
        claims.set("con", Json::Object(con.to_object()));
        claims.set("exp", Json::Integer(self.exp));
        claims.set("iat", Json::Integer(self.iat));
        claims.set("iss", text(sub.issuer()));
        claims.set("jti", text(self.jti.to_string()));
        claims.set("leg", Json::Object(leg.to_object()));
        claims.set("nbf", Json::Integer(self.nbf));
        claims.set("req", Json::Object(req.to_object()));
        claims.set("sub", text(sub.as_str()));
        Ok(Claims::check(claims)?)
    }
}
