//! Statements about tokens and keys, for a broker.

use std::borrow::Cow;
use std::rc::Rc;

use kms_protocol::{
    ErrorCode, Method, RejectChallengeParams, RevocationTarget, RevokeAuthorizationParams,
    RotateApproverParams, SignedStatement,
};
use kms_token::{Challenge, Id, SpiffeId, Statement, Target, state};

use super::shown::{challenge_facts, revocation_facts};
use super::{Approver, refused};
use crate::audit::Naming;
use crate::enclave::Inner;
use crate::keys::facts::Facts;
use crate::keys::record::KeyRecord;
use crate::keys::using::{Operation, Permitted};
use crate::session::Caller;
use crate::{Error, Ports, random};

/// What the person is asked about: what is stated, to whom, and what they are shown of it.
struct Ready {
    aud: SpiffeId,
    facts: Facts,
    statement: Stated,
    about: Naming,
}

/// What is stated.
enum Stated {
    /// That something is not to be used.
    Revoke(Target),
    /// That this version takes the place of the one that signs.
    Rotate(u32),
}

impl<P: Ports> Inner<P> {
    /// Signs that a challenge is rejected.
    pub(crate) async fn reject_challenge(
        self: &Rc<Self>,
        caller: &Caller,
        params: RejectChallengeParams,
    ) -> Result<SignedStatement, Error> {
        let RejectChallengeParams { key_id, challenge, audience, version } = params;
        let about = Naming::default();
        let operation = Operation::new(caller, Method::RejectChallenge, (key_id, version))?;
        let operation = operation.about(&about);
        let ready = |_: &KeyRecord| {
            let challenge = Challenge::parse(challenge.as_bytes()).map_err(refused)?;
            about.asked(&challenge);
            let aud = audience.map_or_else(|| Ok(challenge.aud.clone()), |aud| broker(&aud))?;
            let statement = Stated::Revoke(Target::Challenge(challenge.id));
            Ok(Ready { aud, facts: challenge_facts(&challenge), statement, about })
        };
        let ready = self.ready(&operation, ready).await?;
        self.state(operation, ready).await
    }

    /// Signs that something is revoked.
    pub(crate) async fn revoke_authorization(
        self: &Rc<Self>,
        caller: &Caller,
        params: RevokeAuthorizationParams,
    ) -> Result<SignedStatement, Error> {
        let RevokeAuthorizationParams { key_id, audience, what, value, version } = params;
        let about = Naming::default();
        let operation = Operation::new(caller, Method::RevokeAuthorization, (key_id, version))?;
        let operation = operation.about(&about);
        let ready = |_: &KeyRecord| {
            let (aud, target) = (broker(&audience)?, target(what, &value)?);
            match &target {
                Target::Token(jti) => about.token(*jti),
                Target::Challenge(id) => about.challenge(*id),
                Target::Subject(_) => {}
            }
            let facts = revocation_facts(&target, &aud);
            Ok(Ready { aud, facts, statement: Stated::Revoke(target), about })
        };
        let ready = self.ready(&operation, ready).await?;
        self.state(operation, ready).await
    }

    /// Signs that the latest version takes the place of the one that a broker knows.
    pub(crate) async fn rotate_approver(
        self: &Rc<Self>,
        caller: &Caller,
        params: RotateApproverParams,
    ) -> Result<SignedStatement, Error> {
        let RotateApproverParams { key_id, audience, version } = params;
        let operation = Operation::new(caller, Method::RotateApprover, (key_id, Some(version)))?;
        let ready = |record: &KeyRecord| {
            let (aud, latest) = (broker(&audience)?, record.version(None)?);
            if latest.number() == version {
                return Err(ErrorCode::InvalidParams.into());
            }
            let kid = latest.public(record.spec()?)?.thumbprint();
            let facts = Facts::default().line("new key", &kid).line("at", aud.as_str());
            let (statement, about) = (Stated::Rotate(latest.number()), Naming::default());
            Ok(Ready { aud, facts, statement, about })
        };
        let ready = self.ready(&operation, ready).await?;
        self.state(operation, ready).await
    }

    /// The latest version signs as well: nobody can name a key that is not theirs.
    async fn rotation(
        &self,
        permitted: &Permitted<'_, P>,
        latest: u32,
        aud: &SpiffeId,
    ) -> Result<Statement, Error> {
        let latest = Permitted { version: latest, ..*permitted };
        let new = Approver::of(&latest, &self.ports).await?;
        let old = permitted.public()?.thumbprint();
        let proof = Statement::prove(&new, aud, &old).await.map_err(refused)?;
        Ok(Statement::Rotate { key: new.public, proof })
    }

    async fn state(
        self: &Rc<Self>,
        operation: Operation<'_>,
        ready: Ready,
    ) -> Result<SignedStatement, Error> {
        let Ready { aud, facts, statement, about } = ready;
        let shown = facts.told();
        let shown = || Cow::Borrowed(&*shown);
        let Operation { method, key_id, version, caller, .. } = operation;
        let operation = Operation::new(caller, method, (key_id, version))?.showing_all(&shown);
        let operation = operation.about(&about);
        self.using(operation, async |permitted| {
            let statement = match statement {
                Stated::Revoke(target) => Statement::Revoke(target),
                Stated::Rotate(latest) => self.rotation(&permitted, latest, &aud).await?,
            };
            let approver = Approver::of(&permitted, &self.ports).await?;
            let jti = Id::new(random::bytes(self.ports.crypto())?);
            let signed = state(&approver, &aud, &statement, (jti, self.now_s())).await;
            let (statement, version) = (signed.map_err(refused)?, permitted.version);
            about.statement(jti);
            Ok(SignedStatement { statement, version })
        })
        .await
    }
}

fn broker(id: &str) -> Result<SpiffeId, Error> {
    SpiffeId::parse(id).map_err(refused)
}

fn target(what: RevocationTarget, value: &str) -> Result<Target, Error> {
    let target = match what {
        RevocationTarget::Token => Id::parse(value).map(Target::Token),
        RevocationTarget::Challenge => Id::parse(value).map(Target::Challenge),
        RevocationTarget::Subject => SpiffeId::parse(value).map(Target::Subject),
    };
    target.map_err(refused)
}
