//! Sealing to a key, and opening with it: HPKE (RFC 9180), so that anybody who has the public half can
//! seal.

use std::rc::Rc;

use kms_crypto::hpke::{self, Binding};
use kms_protocol::{Method, OpenParams, Plaintext, SealParams, Sealed};

use super::ciphertext::Canonical;
use super::encrypt::fits;
use super::facts::Facts;
use super::using::Operation;
use crate::enclave::Inner;
use crate::session::Caller;
use crate::{Error, Ports, cbor};

/// `info` of the key schedule. The version needs no place in it: HPKE binds to the public key.
const INFO: &[u8] = b"ats-kms/v1/seal";

impl<P: Ports> Inner<P> {
    /// Seals to a key of the caller.
    pub(crate) async fn seal_to_key(
        self: &Rc<Self>,
        caller: &Caller,
        params: SealParams,
    ) -> Result<Sealed, Error> {
        let SealParams { key_id, plaintext, context, version } = params;
        fits(&plaintext)?;
        let aad = cbor::encode(&Canonical(&context.unwrap_or_default()));
        let binding = Binding { info: INFO, aad: &aad };
        let operation = Operation::new(caller, Method::Seal, (key_id, version))?;
        self.using(operation, async |permitted| {
            let public = permitted.public()?;
            let sealed = hpke::seal(self.ports.crypto(), &public, binding, &plaintext).await?;
            Ok(Sealed { sealed, version: permitted.version })
        })
        .await
    }

    /// Opens with a key of the caller.
    pub(crate) async fn open_sealed(
        self: &Rc<Self>,
        caller: &Caller,
        params: OpenParams,
    ) -> Result<Plaintext, Error> {
        let OpenParams { key_id, sealed, context, version } = params;
        let context = context.unwrap_or_default();
        let aad = cbor::encode(&Canonical(&context));
        let binding = Binding { info: INFO, aad: &aad };
        let shown = || Facts::default().bytes("sealed", &sealed).context(&context).told();
        let operation = Operation::new(caller, Method::Open, (key_id, version))?.showing(&shown);
        self.using(operation, async |permitted| {
            let (handle, public) = (permitted.handle(&self.ports).await?, permitted.public()?);
            let key = (&*handle, &public);
            let plaintext = hpke::open(self.ports.crypto(), key, binding, &sealed).await?;
            Ok(Plaintext { plaintext: plaintext.expose().to_vec(), version: permitted.version })
        })
        .await
    }
}
