//! From a workload's question to its token.

use kms_jose::{Json, Object};
use kms_token::{
    Action, Binding, Challenge, Circumstances, Constraints, Digest, Grounds, Id, Token, Verifier,
};

use crate::Problem;
use crate::config::Tier;
use crate::desk::{Desk, Peer, random_id};
use crate::log::{Approver, Event};
use crate::state::{Open, State};

/// What a workload may say about what it asks; everything else comes from its certificate and the
/// policy.
#[derive(Debug)]
pub struct Asking {
    act: Action,
    con: Constraints,
    leg: Grounds,
    req: Binding,
}

/// A challenge as its approvers need it.
#[derive(Debug)]
pub struct Pending {
    /// The challenge, in the form whose digest is signed.
    pub challenge: String,
    /// Until when it can be answered.
    pub expires: u64,
    /// The first of two approvals, if it is there.
    pub first: Option<String>,
    /// How much harm it can do, where the policy says so.
    pub tier: Option<Tier>,
}

impl Asking {
    /// Reads `{act, con, leg, req: {method, path, body}}`.
    pub fn parse(json: &[u8]) -> Result<Self, Problem> {
        let object = Object::parse(json).ok_or(Problem::BAD_REQUEST)?;
        Self::read(&object).ok_or(Problem::BAD_REQUEST)
    }

    fn read(object: &Object) -> Option<Self> {
        let known = |name: &str| matches!(name, "act" | "con" | "leg" | "req");
        let request = inner(object, "req")?;
        let in_request = |name: &str| matches!(name, "method" | "path" | "body");
        if !object.names().all(known) || !request.names().all(in_request) {
            return None;
        }
        let body = match request.get("body") {
            Some(_) => Digest::parse(text(request, "body")?).ok()?,
            None => Digest::of(b""),
        };
        let req = Binding::new(text(request, "method")?, text(request, "path")?, body).ok()?;
        let act = Action::parse(text(object, "act")?).ok()?;
        let con = Constraints::read(inner(object, "con")?).ok()?;
        Some(Self { act, con, leg: Grounds::read(inner(object, "leg")?).ok()?, req })
    }
}

impl Desk {
    /// Opens a challenge.
    pub async fn ask(&self, peer: &Peer, asking: Asking) -> Result<Pending, Problem> {
        let Asking { act, con, leg, req } = asking;
        let (aud, approvals) = self.policy.admit(&act, &con, &req)?;
        let tier = self.policy.tier(&act);
        let (id, sub, certificate) = (random_id()?, peer.id.clone(), peer.certificate);
        let challenge = Challenge {
            id,
            aud,
            sub,
            certificate,
            act,
            con,
            leg,
            req,
            approvals,
            tier: tier.map(Tier::signed),
        };
        self.policy.admit_question(&challenge, self.store.look(|_, now_s| Ok(now_s))?)?;
        let text = challenge.to_json();
        if Challenge::parse(text.as_bytes()).as_ref() != Ok(&challenge) {
            return Err(Problem::TOO_LARGE);
        }
        self.store
            .decide(|state, now_s| {
                if state.alive() >= self.config().limits.alive {
                    return Err(Problem::FULL);
                }
                let expires = now_s + self.config().limits.challenge_life_s;
                let event = Event::Asked { challenge: id.to_string(), text: text.clone() };
                let (first, token, minted) = (None, None, false);
                let open = Open { challenge, at: now_s, expires, first, token, minted };
                if !state.open.insert(id, expires, open) {
                    return Err(Problem::CONFLICT);
                }
                Ok((Pending { challenge: text, expires, first: None, tier }, vec![event]))
            })
            .await
    }

    /// What waits for approvers.
    pub async fn pending(&self) -> Result<Vec<Pending>, Problem> {
        self.store.fresh().await?;
        self.store.look(|state, _| {
            Ok(state
                .open
                .values()
                .filter(|open| !open.minted)
                .map(|open| self.shown(open))
                .collect())
        })
    }

    /// One challenge.
    pub async fn challenge(&self, id: Id) -> Result<Pending, Problem> {
        self.store.fresh().await?;
        self.store.look(|state, _| {
            state.open.get(&id).map(|open| self.shown(open)).ok_or(Problem::NOT_FOUND)
        })
    }

    /// Takes what an approver has signed: the first of two approvals, or the token.
    pub async fn approve(&self, id: Id, signed: &str) -> Result<(), Problem> {
        self.store
            .decide(|state, now_s| {
                let open = state.open.get(&id).ok_or(Problem::NOT_FOUND)?;
                if open.minted {
                    return Err(Problem::CONFLICT);
                }
                if state.is_refused(&open.challenge, open.at) {
                    return Err(Problem::TOKEN_REVOKED);
                }
                let event = if open.challenge.approvals == 2 && open.first.is_none() {
                    self.first(state, id, signed, now_s)
                } else {
                    self.minted(state, id, signed, now_s)
                };
                Ok(((), vec![event?]))
            })
            .await
    }

    fn first(&self, state: &mut State, id: Id, jws: &str, now_s: u64) -> Result<Event, Problem> {
        let open = state.open.get(&id).ok_or(Problem::NOT_FOUND)?;
        let verifier = self.verifier(state, &open.challenge);
        let (kid, owner) = verifier.verify_approval(jws, &open.challenge, now_s)?;
        if let Some(open) = state.open.get_mut(&id) {
            open.first = Some(jws.into());
        }
        Ok(Event::Approved { challenge: id.to_string(), kid, owner })
    }

    fn minted(&self, state: &mut State, id: Id, text: &str, now_s: u64) -> Result<Event, Problem> {
        let open = state.open.get(&id).ok_or(Problem::NOT_FOUND)?;
        let token = Token::parse(text)?;
        let asked = &open.challenge;
        let (sub, certificate, request) = (&asked.sub, asked.certificate, &asked.req);
        let at = Circumstances { sub, certificate, request, now_s };
        let verified = self.verifier(state, asked).verify(&token, &at)?;
        let authorization = verified.authorization;
        if authorization.challenge != *asked {
            return Err(kms_token::Refusal::Challenge.into());
        }
        if state.has_token(authorization.jti) {
            return Err(Problem::CONFLICT);
        }
        let approver = |(kid, owner)| Approver { kid, owner };
        let event = Event::Minted {
            challenge: id.to_string(),
            jti: authorization.jti.to_string(),
            sub: asked.sub.to_string(),
            iat: authorization.iat,
            exp: authorization.exp,
            approvers: verified.approvers.into_iter().map(approver).collect(),
        };
        if !state.seen.insert(authorization.jti, authorization.exp, verified.seen) {
            return Err(Problem::CONFLICT);
        }
        if let Some(open) = state.open.get_mut(&id) {
            (open.token, open.minted) = (Some(token), true);
        }
        Ok(event)
    }

    /// Hands the token out, once, to the workload that asked, with the certificate it had then.
    pub async fn collect(&self, peer: &Peer, id: Id) -> Result<Token, Problem> {
        self.store
            .decide(|state, _| {
                let own = |open: &&mut Open| {
                    let Challenge { sub, certificate, .. } = &open.challenge;
                    *sub == peer.id && *certificate == peer.certificate
                };
                let open = state.open.get_mut(&id).filter(own).ok_or(Problem::NOT_FOUND)?;
                let token = open.token.take().ok_or(Problem::CONFLICT)?;
                let event = Event::Delivered { jti: token.jti().to_string() };
                if open.minted {
                    state.open.remove(&id);
                }
                Ok((token, vec![event]))
            })
            .await
    }

    fn shown(&self, open: &Open) -> Pending {
        let (challenge, first) = (open.challenge.to_json(), open.first.clone());
        let tier = self.policy.tier(&open.challenge.act);
        Pending { challenge, expires: open.expires, first, tier }
    }

    pub(super) fn verifier<'a>(&self, state: &'a State, asked: &'a Challenge) -> Verifier<'a> {
        Verifier { ring: &state.ring, audience: &asked.aud, life: self.config().token_life() }
    }
}

fn inner<'a>(object: &'a Object, name: &str) -> Option<&'a Object> {
    match object.get(name) {
        Some(Json::Object(inner)) => Some(inner),
        _ => None,
    }
}

fn text<'a>(object: &'a Object, name: &str) -> Option<&'a str> {
    match object.get(name) {
        Some(Json::Text(text)) => Some(text),
        _ => None,
    }
}
