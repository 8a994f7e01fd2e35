//! Strict verification of tokens and approvals.

use kms_jose::{Claims, Jws, TokenType};

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
    /// That its signatures are good.
    pub seen: Seen,
}

/// That the signatures of a token were verified: of this text and no other. A key that goes by its
/// thumbprint does not become another one, so that they need not be verified twice; everything else is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen(Digest);

impl Seen {
    fn of(token: &Token) -> Self {
        Self(Digest::of(token.reveal().as_bytes()))
    }
}

impl Verifier<'_> {
    /// Verifies a token that a workload presents. That it was not used or revoked is for the caller to
    /// see to.
    pub fn verify(&self, token: &Token, at: &Circumstances<'_>) -> Result<Verified, Refusal> {
        Self::presented(self.verify_minted(token, at.now_s)?, at)
    }

    /// The same for a token that may have been verified before, without its signatures if so.
    pub fn verify_again(
        &self,
        token: &Token,
        seen: Option<Seen>,
        at: &Circumstances<'_>,
    ) -> Result<Verified, Refusal> {
        if seen != Some(Seen::of(token)) {
            return self.verify(token, at);
        }
        let jws = Jws::parse(token.reveal())?;
        let kid = jws.header().kid.clone().ok_or(Refusal::Claims)?;
        let signed = (kid, Claims::parse(jws.unverified_payload())?);
        let verified = self.judge(signed, token, at.now_s, |first, challenge, iat| {
            let jws = Jws::parse(first)?;
            let kid = jws.header().kid.clone().ok_or(Refusal::Claims)?;
            self.judge_approval((kid, Claims::parse(jws.unverified_payload())?), challenge, iat)
        })?;
        Self::presented(verified, at)
    }

    fn presented(verified: Verified, at: &Circumstances<'_>) -> Result<Verified, Refusal> {
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
        self.judge((jws.kid, jws.claims), token, now_s, |first, challenge, iat| {
            self.verify_approval(first, challenge, iat)
        })
    }

    /// What is to be said of a token whose signature is good. `first` says it of the approval in it.
    fn judge(
        &self,
        (kid, claims): (String, Claims),
        token: &Token,
        now_s: u64,
        first_of: impl FnOnce(&str, &Challenge, u64) -> Result<(String, String), Refusal>,
    ) -> Result<Verified, Refusal> {
        let authorization = Authorization::read(&claims)?;
        let Authorization { challenge, iat, nbf, exp, .. } = &authorization;
        let minter = self.ring.signer(&kid, *iat)?;
        if challenge.aud != *self.audience {
            return Err(Refusal::Audience);
        }
        self.life.admits((*iat, *nbf, *exp), now_s)?;
        count_approvals(&authorization)?;
        not_accountable(minter, challenge)?;
        let mut approvers = vec![(kid, minter.owner.clone())];
        if let Some(first) = &authorization.first {
            // It had to be alive when the second approver minted, not now.
            let first = first_of(first, challenge, *iat)?;
            if same_owner(&first.1, &minter.owner) {
                return Err(Refusal::Approvers);
            }
            approvers.insert(0, first);
        }
        Ok(Verified { authorization, approvers, seen: Seen::of(token) })
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
        self.judge_approval((jws.kid, jws.claims), challenge, now_s)
    }

    fn judge_approval(
        &self,
        (kid, claims): (String, Claims),
        challenge: &Challenge,
        now_s: u64,
    ) -> Result<(String, String), Refusal> {
        let approval = Approval::read(&claims)?;
        let approver = self.ring.signer(&kid, approval.iat)?;
        approval.admits(challenge, now_s)?;
        not_accountable(approver, challenge)?;
        Ok((kid, approver.owner.clone()))
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
