//! Signing, over a port: the key may be one that never leaves a browser.

use std::future::Future;

use kms_crypto::{PublicKey, SIGNATURE_LEN};
use kms_jose::{Claims, TokenType, Unsigned};

use crate::statement::{self, Statement};
use crate::{
    Approval, Authorization, Challenge, Id, Life, Refusal, SpiffeId, Token, approval, verify,
};

/// A key that signs.
pub trait Signer {
    /// Its public half.
    fn public_key(&self) -> &PublicKey;

    /// An Ed25519 signature over these bytes; an error if there is none.
    fn sign(&self, input: &[u8]) -> impl Future<Output = Result<[u8; SIGNATURE_LEN], Refusal>>;
}

/// Mints the token of an approved challenge. Its life is within the hard cap, whatever was asked for.
/// `first` is the first approver's approval, where the challenge takes two.
pub async fn mint<S: Signer>(
    signer: &S,
    challenge: &Challenge,
    first: Option<&str>,
    (jti, now_s, life): (Id, u64, Life),
) -> Result<Token, Refusal> {
    let (challenge, first) = (challenge.clone(), first.map(Into::into));
    let exp = now_s.saturating_add(life.seconds());
    let minted = Authorization { challenge, iat: now_s, nbf: now_s, exp, jti, first };
    verify::count_approvals(&minted)?;
    let text = sign(signer, &verify::typ()?, &minted.to_claims()?).await?;
    Ok(Token::new(text, jti))
}

/// Signs the first of two approvals.
pub async fn approve<S: Signer>(
    signer: &S,
    challenge: &Challenge,
    now_s: u64,
    life: Life,
) -> Result<String, Refusal> {
    let approval = Approval::of(challenge, now_s, life);
    sign(signer, &approval::typ()?, &approval.to_claims()?).await
}

/// Signs a statement for this broker.
pub async fn state<S: Signer>(
    signer: &S,
    aud: &SpiffeId,
    statement: &Statement,
    (jti, now_s): (Id, u64),
) -> Result<String, Refusal> {
    let claims = statement.to_claims(aud, jti, now_s)?;
    sign(signer, &statement::typ()?, &claims).await
}

pub(crate) async fn sign<S: Signer>(
    signer: &S,
    typ: &TokenType,
    claims: &Claims,
) -> Result<String, Refusal> {
    let unsigned = Unsigned::new(signer.public_key(), typ, claims)?;
    let signature = signer.sign(unsigned.signing_input()).await?;
    Ok(unsigned.sign(&signature))
}
