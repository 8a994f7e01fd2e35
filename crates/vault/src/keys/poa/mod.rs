//! What a person approves that a workload does: tokens, first approvals, and statements about both. A
//! key for this signs nothing else, and the person is asked about each use.

mod approve;
mod shown;
mod state;

use std::rc::Rc;

use kms_crypto::{CryptoProvider, PublicKey, SIGNATURE_LEN};
use kms_protocol::{ErrorCode, KeyId, KeyUsage, SeenLog};
use kms_token::{Refusal, Signer};

use super::cache::Handle;
use super::record::{KeyRecord, LogRecord};
use super::using::{Operation, Permitted};
use crate::enclave::Inner;
use crate::session::Caller;
use crate::{Clock, Error, Ports};

/// A version of a key that signs what was approved.
struct Approver<'a, P: Ports> {
    ports: &'a P,
    handle: Rc<Handle<P>>,
    public: PublicKey,
}

impl<'a, P: Ports> Approver<'a, P> {
    /// The version that was permitted.
    async fn of(permitted: &Permitted<'_, P>, ports: &'a P) -> Result<Self, Error> {
        let handle = permitted.handle(ports).await?;
        Ok(Self { ports, handle, public: permitted.public()? })
    }
}

impl<P: Ports> Signer for Approver<'_, P> {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    async fn sign(&self, input: &[u8]) -> Result<[u8; SIGNATURE_LEN], Refusal> {
        let signed = self.ports.crypto().sign(&self.handle, input).await;
        signed.map_err(|_| Refusal::Signer)
    }
}

/// What a page brings that is refused is not well-formed, or contradicts itself.
fn refused(refusal: Refusal) -> Error {
    match refusal {
        Refusal::Signer => Error::Code(ErrorCode::Internal),
        _ => Error::Code(ErrorCode::InvalidParams),
    }
}

impl<P: Ports> Inner<P> {
    /// What a key of the caller saw last of its broker's log.
    pub(crate) async fn seen_log(&self, caller: &Caller, key_id: &KeyId) -> Result<SeenLog, Error> {
        let vault = self.unlocked()?;
        let key = self.load(&vault, key_id).await?;
        key.record.permits(&caller.origin, (KeyUsage::Approve, None), self.now_in(&vault))?;
        Ok(SeenLog { seen: key.record.log().map(LogRecord::publish) })
    }

    /// What is made of a request about a key that may be used for it. Refusals are logged.
    async fn ready<T>(
        self: &Rc<Self>,
        operation: &Operation<'_>,
        make: impl FnOnce(&KeyRecord) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let vault = self.unlocked()?;
        let key = self.permitted(&vault, operation).await?;
        let ready = make(&key.record);
        if let Err(error) = &ready {
            self.defer(self.draft(operation, error.code().as_str()));
        }
        ready
    }

    /// The time, as tokens have it.
    fn now_s(&self) -> u64 {
        self.ports.clock().now_ms() / 1000
    }
}
