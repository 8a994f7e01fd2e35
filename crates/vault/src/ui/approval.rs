//! What a person is asked to approve.

use kms_protocol::KeySpec;

/// What the person is asked to approve: all of it, or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Digest over all of it. It comes back with the approval, which counts for nothing else.
    pub digest: [u8; 32],
    /// What is to be done.
    pub operations: Vec<OperationInfo>,
    /// What has to be typed; asked for where something cannot be read.
    pub code: Option<String>,
    /// Credential ids of the passkeys of which one has to sign the digest. Empty where a press is
    /// enough.
    pub passkeys: Vec<Vec<u8>>,
}

/// What a passkey signed to approve (Web Authentication, section 7.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertion {
    /// Credential id.
    pub credential: Vec<u8>,
    /// Client data, as JSON.
    pub client_data: Vec<u8>,
    /// Authenticator data.
    pub authenticator_data: Vec<u8>,
    /// Signature over both.
    pub signature: Vec<u8>,
}

/// An operation that needs the person's approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationInfo {
    /// Name of the method on the wire.
    pub method: String,
    /// Label of the key, safe to show.
    pub label: Option<String>,
    /// Spec of the key.
    pub spec: KeySpec,
    /// RFC 7638 thumbprint of the version of the key that is to be used.
    pub kid: String,
    /// What the key is to be used on.
    pub payload: Payload,
}

/// What a key is to be used on, as far as it can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// Length.
    pub bytes: u64,
    /// SHA-256.
    pub sha256: [u8; 32],
    /// As text, where it is one.
    pub text: Option<PayloadText>,
}

/// A text that is safe to show: what is no visible character stands there as its code point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayloadText {
    /// The text, or its beginning.
    pub shown: String,
    /// Length of all of it, in Unicode scalar values.
    pub characters: u64,
    /// Whether all of it is shown.
    pub whole: bool,
}

impl Payload {
    /// Whether the person can see all of it.
    #[must_use]
    pub fn is_readable(&self) -> bool {
        self.text.as_ref().is_some_and(|text| text.whole)
    }
}
