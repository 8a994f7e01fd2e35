//! Approving a challenge.

use std::borrow::Cow;
use std::rc::Rc;

use kms_protocol::{ApprovalKind, ApproveChallengeParams, ErrorCode, Method, SignedApproval};
use kms_token::{Approval, Challenge, Id, Life, Signer, approve, mint};

use super::shown::{challenge_facts, log_facts};
use super::{Approver, refused};
use crate::audit::Naming;
use crate::enclave::Inner;
use crate::keys::facts::Facts;
use crate::keys::record::{KeyRecord, OfferedLog};
use crate::keys::using::Operation;
use crate::session::Caller;
use crate::{Error, Ports, random};

/// What a page asks to be approved.
struct Asked {
    challenge: Challenge,
    first: Option<String>,
    life: Life,
}

impl Asked {
    fn read(challenge: &str, first: Option<String>, life_s: Option<u32>) -> Result<Self, Error> {
        let challenge = Challenge::parse(challenge.as_bytes()).map_err(refused)?;
        let life = life_s.map_or_else(Life::default, |seconds| Life::new(seconds.into()));
        let fits = first.is_none() || challenge.approvals > 1;
        if fits {
            Ok(Self { challenge, first, life })
        } else {
            Err(ErrorCode::InvalidParams.into())
        }
    }

    /// Whether a token comes of it, or the first of two approvals.
    fn kind(&self) -> ApprovalKind {
        let is_first = self.challenge.approvals > 1 && self.first.is_none();
        if is_first { ApprovalKind::Approval } else { ApprovalKind::Token }
    }

    /// The key that gave the first approval, as that says: an approval of this challenge that is
    /// alive, and not by this key. Who gave it is for the broker to verify.
    fn first_kid(&self, record: &KeyRecord, now_s: u64) -> Result<Option<String>, Error> {
        let Some(first) = &self.first else { return Ok(None) };
        let kid = Approval::unverified_kid(first, &self.challenge, now_s).map_err(refused)?;
        let spec = record.spec()?;
        for version in record.versions() {
            if version.public(spec)?.thumbprint() == kid {
                return Err(ErrorCode::InvalidParams.into());
            }
        }
        Ok(Some(kid))
    }

    /// All of it, for the person who decides.
    fn facts(&self, first: Option<&str>) -> Facts {
        let signatures = match (self.challenge.approvals, first) {
            (1, _) => "one, and this is it".into(),
            (_, None) => "two, and this is the first".into(),
            (_, Some(kid)) => format!("two, and this is the second, after that of key {kid}"),
        };
        let lives = format!("{} seconds", self.life.seconds());
        challenge_facts(&self.challenge).line("signatures", &signatures).line("lives", &lives)
    }

    /// What the person approved, signed: it begins now.
    async fn sign(
        &self,
        approver: &impl Signer,
        (jti, now_s): (Id, u64),
    ) -> Result<(String, u64), Error> {
        let expires = now_s.saturating_add(self.life.seconds()) * 1000;
        let signed = match self.kind() {
            ApprovalKind::Approval => approve(approver, &self.challenge, now_s, self.life).await,
            ApprovalKind::Token => {
                let first = self.first.as_deref();
                let minted = mint(approver, &self.challenge, first, (jti, now_s, self.life)).await;
                minted.map(|token| token.reveal().to_owned())
            }
        };
        Ok((signed.map_err(refused)?, expires))
    }
}

/// What the person is asked about, and what they are shown.
struct Ready {
    asked: Asked,
    log: Rc<OfferedLog>,
    shown: Vec<u8>,
}

impl<P: Ports> Inner<P> {
    /// Approves a challenge with a key of the caller, if its broker's log continues what the key saw.
    pub(crate) async fn approve_challenge(
        self: &Rc<Self>,
        caller: &Caller,
        params: ApproveChallengeParams,
    ) -> Result<SignedApproval, Error> {
        let key = (params.key_id.clone(), params.version);
        let about = Naming::default();
        let operation = Operation::new(caller, Method::ApproveChallenge, key)?.about(&about);
        let ready = |record: &KeyRecord| self.challenge_ready(params, record, &about);
        let Ready { asked, log, shown } = self.ready(&operation, ready).await?;
        let shown = || Cow::Borrowed(&shown[..]);
        let seen = move |record: &mut KeyRecord| Ok(record.see(&log)?);
        let operation = operation.showing_all(&shown).noting(Rc::new(seen));
        self.using(operation, async |permitted| {
            // The first approval may have ended while the person was thinking.
            let now_s = self.now_s();
            asked.first_kid(&permitted.key.record, now_s)?;
            let approver = Approver::of(&permitted, &self.ports).await?;
            let jti = Id::new(random::bytes(self.ports.crypto())?);
            let (signed, expires) = asked.sign(&approver, (jti, now_s)).await?;
            let kind = asked.kind();
            if kind == ApprovalKind::Token {
                about.token(jti);
            }
            Ok(SignedApproval { kind, signed, expires, version: permitted.version })
        })
        .await
    }

    fn challenge_ready(
        &self,
        params: ApproveChallengeParams,
        record: &KeyRecord,
        about: &Naming,
    ) -> Result<Ready, Error> {
        let ApproveChallengeParams { challenge, first, log, life_s, .. } = params;
        let asked = Asked::read(&challenge, first, life_s)?;
        about.asked(&asked.challenge);
        let log = Rc::new(OfferedLog::read(&log)?);
        log.follows(record.log())?;
        let first = asked.first_kid(record, self.now_s())?;
        let facts = log_facts(asked.facts(first.as_deref()), record.log(), log.state());
        Ok(Ready { asked, log, shown: facts.told().into_owned() })
    }
}
