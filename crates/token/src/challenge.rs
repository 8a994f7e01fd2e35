//! What a workload asks for.

use kms_jose::{Json, Object};

use crate::json::{get_integer, get_object, get_text, text};
use crate::{Action, Binding, Constraints, Digest, Grounds, Id, Refusal, SpiffeId, Tier};

/// Longest text of a challenge, in bytes.
pub const MAX_CHALLENGE: usize = 4096;
/// Most approvers that a token has.
const MAX_APPROVALS: u64 = 2;

/// A challenge: all that approvers are shown and sign about. Who asks comes from a certificate, how
/// many approvals it takes from a policy, and neither from the workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// Its own name.
    pub id: Id,
    /// Who is to accept the token.
    pub aud: SpiffeId,
    /// The workload.
    pub sub: SpiffeId,
    /// Digest of the workload's certificate.
    pub certificate: Digest,
    /// What is to be done.
    pub act: Action,
    /// What limits it.
    pub con: Constraints,
    /// On what grounds.
    pub leg: Grounds,
    /// By which request.
    pub req: Binding,
    /// How many approvers it takes: 1 or 2.
    pub approvals: u8,
    /// How much harm it can do, if the policy says so.
    pub tier: Option<Tier>,
}

impl Challenge {
    /// Reads what [`Self::to_json`] has written, and nothing else.
    pub fn parse(json: &[u8]) -> Result<Self, Refusal> {
        let object = (json.len() <= MAX_CHALLENGE).then(|| Object::parse(json)).flatten();
        let object = object.ok_or(Refusal::Claims)?;
        let approvals = get_integer(&object, "approvals")?;
        let valid = (1..=MAX_APPROVALS).contains(&approvals);
        let challenge = Self {
            id: Id::parse(get_text(&object, "id")?)?,
            aud: SpiffeId::parse(get_text(&object, "aud")?)?,
            sub: SpiffeId::parse(get_text(&object, "sub")?)?,
            certificate: Digest::parse(get_text(&object, "x5t#S256")?)?,
            act: Action::parse(get_text(&object, "act")?)?,
            con: Constraints::read(get_object(&object, "con")?)?,
            leg: Grounds::read_exactly(get_object(&object, "leg")?)?,
            req: Binding::read(get_object(&object, "req")?)?,
            approvals: u8::try_from(approvals).ok().filter(|_| valid).ok_or(Refusal::Claims)?,
            tier: Tier::read(&object, approvals)?,
        };
        // No second spelling: neither other members or another order, nor white space or escapes.
        if challenge.to_json().as_bytes() == json { Ok(challenge) } else { Err(Refusal::Claims) }
    }

    /// The text in the form of RFC 8785.
    #[must_use]
    pub fn to_json(&self) -> String {
        self.to_object().to_json()
    }

    /// SHA-256 of [`Self::to_json`]: what a token and an approval say that they are about.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.to_json().as_bytes())
    }

    fn to_object(&self) -> Object {
        let mut object = Object::of([
            ("act", text(self.act.as_str())),
            ("approvals", Json::Integer(self.approvals.into())),
            ("aud", text(self.aud.as_str())),
            ("con", Json::Object(self.con.to_object())),
            ("id", text(self.id.to_string())),
            ("leg", Json::Object(self.leg.to_object())),
            ("req", Json::Object(self.req.to_object())),
            ("sub", text(self.sub.as_str())),
        ]);
        Tier::write(self.tier, &mut object);
        object.set("x5t#S256", text(self.certificate.to_string()));
        object
    }
}
