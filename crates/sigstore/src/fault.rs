//! Why a bundle is not accepted.

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Longer than anything that is read.
    #[error("the {0} is too long")]
    TooLong(&'static str),
    /// Not UTF-8.
    #[error("the {0} is not text")]
    NotText(&'static str),
    /// Not a bundle.
    #[error("not a bundle: {0}")]
    Bundle(String),
    /// A bundle of a format that is older or newer.
    #[error("not a bundle of version 0.3")]
    Version,
    /// A signed statement that does not say where the file comes from.
    #[error("the statement is not one of provenance")]
    Statement,
    /// What the caller trusts cannot be used.
    #[error("the root of trust cannot be used: {0}")]
    Root(String),
    /// What the caller takes for the signer's key is none.
    #[error("the signer's key cannot be used: {0}")]
    Key(String),
    /// The bundle does not show what it has to.
    #[error("{0}")]
    Refused(String),
}
