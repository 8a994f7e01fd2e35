//! Why a token, an approval or a statement is refused.

use kms_jose::JoseError;

/// A refusal. It names a rule and holds nothing of what was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not a JWS as this product writes them, or its algorithm is not that of its key.
    #[error("{0}")]
    Jose(#[from] JoseError),
    /// Claims are missing, unknown, of another form, or not in the canonical order.
    #[error("the claims are not those of this kind of token")]
    Claims,
    /// A SPIFFE id, an action, an identifier or a request that is not in its one form.
    #[error("a name is not well-formed")]
    Name,
    /// The key may not sign now: it is not active yet, retired, or revoked.
    #[error("the key may not sign")]
    KeyState,
    /// The key is not one for this: another owner has to sign, or an administrator.
    #[error("the key has not this right")]
    KeyRight,
    /// Its time is over.
    #[error("expired")]
    Expired,
    /// Its time has not begun, or its times contradict each other.
    #[error("not valid yet")]
    NotYetValid,
    /// It would live longer than is allowed.
    #[error("the life is too long")]
    Life,
    /// For another trust domain.
    #[error("another issuer")]
    Issuer,
    /// For another audience.
    #[error("another audience")]
    Audience,
    /// Of another workload.
    #[error("another subject")]
    Subject,
    /// Of another certificate of the workload.
    #[error("another certificate")]
    Certificate,
    /// For another method, path or body.
    #[error("another request")]
    Request,
    /// Not what the approvers were asked.
    #[error("not the challenge that was approved")]
    Challenge,
    /// A second approver is missing, is the first one again, or is the accountable party.
    #[error("the approvers are not enough")]
    Approvers,
    /// The signer failed.
    #[error("the signer failed")]
    Signer,
}
