//! Using a token: once.

use kms_token::{
    Authorization, Binding, Circumstances, Digest, Refusal, SpiffeId, Token, Verified, Verifier,
};

use crate::Problem;
use crate::desk::{Desk, Peer};
use crate::log::Event;

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

impl Desk {
    /// Accepts a token that a workload presents here.
    pub async fn present(
        &self,
        peer: &Peer,
        token: &Token,
        request: &Binding,
    ) -> Result<Presented, Problem> {
        let (sub, certificate) = (&peer.id, peer.certificate);
        let shown = |now_s| Circumstances { sub, certificate, request, now_s };
        self.accept(peer, self.id(), token, shown).await
    }

    /// Accepts a token that a workload has shown to the service that asks.
    pub async fn introspect(&self, service: &Peer, shown: &Shown) -> Result<Presented, Problem> {
        let Shown { token, sub, certificate, request } = shown;
        let at = |now_s| Circumstances { sub, certificate: *certificate, request, now_s };
        self.accept(service, &service.id, token, at).await
    }

    async fn accept<'a>(
        &self,
        by: &Peer,
        audience: &SpiffeId,
        token: &Token,
        shown: impl FnOnce(u64) -> Circumstances<'a>,
    ) -> Result<Presented, Problem> {
        let accepted = self.store.decide(|state, now_s| {
            let verifier =
                Verifier { ring: &state.ring, audience, life: self.config().token_life() };
            let Verified { authorization, approvers } = verifier.verify(token, &shown(now_s))?;
            state.admit(authorization.jti)?;
            let challenge = &authorization.challenge;
            self.policy.admit_again(challenge)?;
            if !self.policy.in_time(&challenge.act, authorization.iat, now_s) {
                return Err(Refusal::Expired.into());
            }
            let event = Event::Used {
                jti: authorization.jti.to_string(),
                act: authorization.challenge.act.as_str().into(),
                by: by.id.to_string(),
            };
            Ok((Presented { authorization, approvers }, vec![event]))
        });
        let accepted = accepted.await;
        if let Err(problem) = &accepted {
            self.refused(by, *problem, Some(token.jti()));
        }
        accepted
    }
}
