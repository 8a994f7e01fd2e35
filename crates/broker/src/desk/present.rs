//! Using a token: once.

use std::sync::Arc;

use kms_token::{
    Authorization, Binding, Circumstances, Digest, KeyRing, Refusal, Seen, SpiffeId, Token,
    Verified, Verifier,
};

use crate::Problem;
use crate::desk::{Desk, Peer};
use crate::log::Event;
use crate::state::State;

/// Who has presented a token to another service, for what.
#[derive(Debug)]
pub struct Shown {
    /// The token.
    pub token: Token,
    /// The workload, by the certificate that the service saw.
    pub sub: SpiffeId,
    /// Digest of that certificate.
    pub certificate: Digest,
    /// The request.
    pub request: Binding,
}

/// A token that was accepted, and counts no more.
#[derive(Debug)]
pub struct Presented {
    /// What it authorizes.
    pub authorization: Authorization,
    /// Who approved: thumbprints and owners.
    pub approvers: Vec<(String, String)>,
}

/// A token with who has presented it, and for what.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a> {
    /// For whom it has to be.
    pub audience: &'a SpiffeId,
    /// The token.
    pub token: &'a Token,
    /// The workload.
    pub sub: &'a SpiffeId,
    /// Digest of its certificate.
    pub certificate: Digest,
    /// The request.
    pub request: &'a Binding,
}

/// A token whose signatures, claims and policy are good. Whether it may still be used is for the state
/// to say.
#[derive(Debug)]
pub struct Checked<'a> {
    sight: Sight<'a>,
    verified: Verified,
    by: Means,
}

/// What a token is checked by.
#[derive(Debug)]
struct Means {
    ring: Arc<KeyRing>,
    seen: Option<Seen>,
    now_s: u64,
}

impl Means {
    fn new(state: &State, token: &Token, now_s: u64) -> Self {
        let (ring, seen) = (Arc::clone(&state.ring), state.seen.get(&token.jti()).copied());
        Self { ring, seen, now_s }
    }

    fn are_of(&self, state: &State, now_s: u64) -> bool {
        Arc::ptr_eq(&self.ring, &state.ring) && self.now_s == now_s
    }
}

impl Desk {
    /// Accepts a token that a workload presents here.
    pub async fn present(
        &self,
        peer: &Peer,
        token: &Token,
        request: &Binding,
    ) -> Result<Presented, Problem> {
        let (sub, certificate, audience) = (&peer.id, peer.certificate, self.id());
        self.accept(peer, Sight { audience, token, sub, certificate, request }).await
    }

    /// Accepts a token that a workload has shown to the service that asks.
    pub async fn introspect(&self, service: &Peer, shown: &Shown) -> Result<Presented, Problem> {
        let Shown { token, sub, certificate, request } = shown;
        let (certificate, audience) = (*certificate, &service.id);
        self.accept(service, Sight { audience, token, sub, certificate, request }).await
    }

    async fn accept(&self, by: &Peer, sight: Sight<'_>) -> Result<Presented, Problem> {
        let accepted = async {
            self.store.fresh().await?;
            self.take(by, self.check(sight)?).await
        };
        let accepted = accepted.await;
        if let Err(problem) = &accepted {
            self.refused(by, *problem, Some(sight.token.jti()));
        }
        accepted
    }

    /// Checks what needs no state: nobody waits for it.
    pub fn check<'a>(&self, sight: Sight<'a>) -> Result<Checked<'a>, Problem> {
        let by = self.store.look(|state, now_s| Ok(Means::new(state, sight.token, now_s)))?;
        let verified = self.believe(&by, sight)?;
        Ok(Checked { sight, verified, by })
    }

    /// Uses up what was checked, if it may still be used, and returns once that is on the disk. If a key
    /// or the time is another one by now, it is checked anew.
    pub async fn take(&self, peer: &Peer, checked: Checked<'_>) -> Result<Presented, Problem> {
        let Checked { sight, verified, by } = checked;
        self.store
            .decide(|state, now_s| {
                let verified = if by.are_of(state, now_s) {
                    verified
                } else {
                    self.believe(&Means::new(state, sight.token, now_s), sight)?
                };
                let Verified { authorization, approvers, .. } = verified;
                state.admit(authorization.jti)?;
                let event = Event::Used {
                    jti: authorization.jti.to_string(),
                    act: authorization.challenge.act.as_str().into(),
                    by: peer.id.to_string(),
                };
                Ok((Presented { authorization, approvers }, vec![event]))
            })
            .await
    }

    fn believe(&self, by: &Means, sight: Sight<'_>) -> Result<Verified, Problem> {
        let Sight { audience, token, sub, certificate, request } = sight;
        let Means { ring, seen, now_s } = by;
        let verifier = Verifier { ring, audience, life: self.config().token_life() };
        let at = Circumstances { sub, certificate, request, now_s: *now_s };
        let believed = verifier.verify_again(token, *seen, &at)?;
        let Authorization { challenge, iat, .. } = &believed.authorization;
        self.policy.admit_again(challenge, *now_s)?;
        if self.policy.in_time(&challenge.act, *iat, *now_s) {
            Ok(believed)
        } else {
            Err(Refusal::Expired.into())
        }
    }
}
