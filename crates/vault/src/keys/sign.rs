//! Signatures.

use std::borrow::Cow;
use std::rc::Rc;

use kms_crypto::CryptoProvider;
use kms_protocol::{Method, SignParams, Signature, Verdict, VerifyParams};

use super::using::Operation;
use crate::enclave::Inner;
use crate::session::Caller;
use crate::{Error, Ports};

impl<P: Ports> Inner<P> {
    /// Signs with a key of the caller.
    pub(crate) async fn sign(
        self: &Rc<Self>,
        caller: &Caller,
        params: SignParams,
    ) -> Result<Signature, Error> {
        let SignParams { key_id, data, version } = params;
        let shown = || Cow::Borrowed(&data[..]);
        let operation = Operation::new(caller, Method::Sign, (key_id, version))?.showing(&shown);
        self.using(operation, async |permitted| {
            let handle = permitted.handle(&self.ports).await?;
            let signature = self.ports.crypto().sign(&handle, &data).await?;
            Ok(Signature { signature: signature.to_vec(), version: permitted.version })
        })
        .await
    }

    /// Verifies with a key of the caller.
    pub(crate) async fn verify(
        self: &Rc<Self>,
        caller: &Caller,
        params: VerifyParams,
    ) -> Result<Verdict, Error> {
        let VerifyParams { key_id, data, signature, version } = params;
        let operation = Operation::new(caller, Method::Verify, (key_id, version))?;
        self.using(operation, async |permitted| {
            let public = permitted.public()?;
            let valid = self.ports.crypto().verify(&public, &data, &signature).await?;
            Ok(Verdict { valid })
        })
        .await
    }
}
