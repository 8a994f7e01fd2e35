//! Strict verification of tokens and approvals.

use kms_jose::TokenType;

use crate::{
    Approval, Authorization, Binding, Challenge, Digest, Key, KeyRing, Life, Refusal, SpiffeId,
    Token, approval,
};

/// What a verifier goes by.
#[derive(Clone, Copy, Debug)]
pub struct Verifier<'a> {
    /// The approvers' keys.
    pub ring: &'a KeyRing,
    /// For whom tokens have to be.
    pub audience: &'a SpiffeId,
    /// The longest life that is accepted.
    pub life: Life,
}

/// Who presents a token, for what, and when.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// The workload, by its certificate.
    pub sub: &'a SpiffeId,
    /// Digest of that certificate.
    pub certificate: Digest,
    /// The request.
    pub request: &'a Binding,
    /// The time.
    pub now_s: u64,
}

/// A token that is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// What it authorizes.
    pub authorization: Authorization,
    /// Who approved, the minting one last: thumbprints and owners.
    pub approvers: Vec<(String, String)>,
}

impl Verifier<'_> {
    /// Verifies a token that a workload presents. That it was not used or revoked is for the caller to
    /// see to.
    pub fn verify(&self, token: &Token, at: &Circumstances<'_>) -> Result<Verified, Refusal> {
        let verified = self.verify_minted(token, at.now_s)?;
        let Challenge { sub, certificate, req, .. } = &verified.authorization.challenge;
        if sub != at.sub {
            Err(Refusal::Subject)
        } else if *certificate != at.certificate {
            Err(Refusal::Certificate)
        } else if req != at.request {
            Err(Refusal::Request)
        } else {
            Ok(verified)
        }
    }

    /// Verifies a token by itself, when it comes from an approver and nobody presents it yet.
    pub fn verify_minted(&self, token: &Token, now_s: u64) -> Result<Verified, Refusal> {
        let find = |kid: &str| self.ring.get(kid).map(|key| key.public.clone());
        let jws = kms_jose::verify(token.reveal(), &typ()?, find)?;
        let authorization = Authorization::read(&jws.claims)?;
        let Authorization { challenge, iat, nbf, exp, .. } = &authorization;
        let minter = self.ring.signer(&jws.kid, *iat)?;
        if challenge.aud != *self.audience {
            return Err(Refusal::Audience);
        }
        self.life.admits((*iat, *nbf, *exp), now_s)?;
        count_approvals(&authorization)?;
        not_accountable(minter, challenge)?;
        let mut approvers = vec![(jws.kid, minter.owner.clone())];
        if let Some(first) = &authorization.first {
            // It had to be alive when the second approver minted, not now.
            let first = self.verify_approval(first, challenge, *iat)?;
            if same_owner(&first.1, &minter.owner) {
                return Err(Refusal::Approvers);
            }
            approvers.insert(0, first);
        }
        Ok(Verified { authorization, approvers })
    }

    /// Verifies a first approval of this challenge; who gave it, by thumbprint and owner.
    pub fn verify_approval(
        &self,
        jws: &str,
        challenge: &Challenge,
        now_s: u64,
    ) -> Result<(String, String), Refusal> {
        let find = |kid: &str| self.ring.get(kid).map(|key| key.public.clone());
        let jws = kms_jose::verify(jws, &approval::typ()?, find)?;
        let approval = Approval::read(&jws.claims)?;
        let approver = self.ring.signer(&jws.kid, approval.iat)?;
        approval.admits(challenge, now_s)?;
        not_accountable(approver, challenge)?;
        Ok((jws.kid, approver.owner.clone()))
    }
}

/// Whether as many approvals are in a token as its challenge takes.
pub(crate) fn count_approvals(authorization: &Authorization) -> Result<(), Refusal> {
    match (authorization.challenge.approvals, &authorization.first) {
        (1, None) | (2, Some(_)) => Ok(()),
        _ => Err(Refusal::Approvers),
    }
}

/// Nobody approves what they answer for themselves.
fn not_accountable(approver: &Key, challenge: &Challenge) -> Result<(), Refusal> {
    let same = same_owner(&approver.owner, &challenge.leg.party);
    if same { Err(Refusal::Approvers) } else { Ok(()) }
}

fn same_owner(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// `typ` of tokens.
pub(crate) fn typ() -> Result<TokenType, Refusal> {
    Ok(TokenType::new("poa+jwt")?)
}
