//! Why a token is not made or not believed.

use kms_protocol::PolicyRule;

/// A refusal. None of them says anything about the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JoseError {
    /// A token, a header or claims are longer than their limit.
    #[error("the token is too large")]
    TooLarge,
    /// Not three parts in canonical base64url, or a signature of another length.
    #[error("the token is not a compact JWS")]
    Malformed,
    /// Something else than `alg`, `kid` and `typ`, or not as texts.
    #[error("the header is not acceptable")]
    InvalidHeader,
    /// An algorithm that this product does not do, `none` included.
    #[error("the algorithm is not supported")]
    UnsupportedAlgorithm,
    /// No key is named, or none that is known.
    #[error("the key is not known")]
    UnknownKey,
    /// The algorithm is not the one of the key.
    #[error("the algorithm is not that of the key")]
    WrongAlgorithm,
    /// Another kind of token than was asked for.
    #[error("the token is of another type")]
    WrongType,
    /// The signature is not one of this key over this text.
    #[error("the signature is not valid")]
    InvalidSignature,
    /// Not one JSON object within the limits, or a registered claim of the wrong kind.
    #[error("the claims are not acceptable")]
    InvalidClaims,
    /// The parts of a template contradict each other, or are too many.
    #[error("the template is not acceptable")]
    InvalidTemplate,
    /// A rule of the template does not allow these claims.
    #[error("the template does not allow this: {}", .0.as_str())]
    Denied(PolicyRule),
}
