//! Signatures.

use std::rc::Rc;

use kms_crypto::CryptoProvider;
use kms_protocol::{KeyUsage, Method, SignParams, Signature, Verdict, VerifyParams};

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
        let (method, usage, origin) = (Method::Sign, KeyUsage::Sign, &caller.origin);
        let operation = Operation { method, usage, key_id, version, origin };
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
        let (method, usage, origin) = (Method::Verify, KeyUsage::Verify, &caller.origin);
        let operation = Operation { method, usage, key_id, version, origin };
        self.using(operation, async |permitted| {
            let public = permitted.public()?;
            let valid = self.ports.crypto().verify(&public, &data, &signature).await?;
            Ok(Verdict { valid })
        })
        .await
    }
}
