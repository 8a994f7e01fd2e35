//! Message authentication codes, and random bytes.

use std::borrow::Cow;
use std::rc::Rc;

use kms_crypto::CryptoProvider;
use kms_protocol::limits::MAX_RANDOM;
use kms_protocol::{
    ErrorCode, MacParams, MacTag, Method, RandomBytes, RandomParams, Verdict, VerifyMacParams,
};

use super::using::Operation;
use crate::enclave::Inner;
use crate::session::Caller;
use crate::{Error, Ports};

impl<P: Ports> Inner<P> {
    /// Makes a code with a key of the caller.
    pub(crate) async fn mac(
        self: &Rc<Self>,
        caller: &Caller,
        params: MacParams,
    ) -> Result<MacTag, Error> {
        let MacParams { key_id, data, version } = params;
        let shown = || Cow::Borrowed(&data[..]);
        let operation = Operation::new(caller, Method::Mac, (key_id, version))?.showing(&shown);
        self.using(operation, async |permitted| {
            let handle = permitted.handle(&self.ports).await?;
            let mac = self.ports.crypto().mac(&handle, &data).await?;
            Ok(MacTag { mac: mac.to_vec(), version: permitted.version })
        })
        .await
    }

    /// Checks a code with a key of the caller.
    pub(crate) async fn verify_mac(
        self: &Rc<Self>,
        caller: &Caller,
        params: VerifyMacParams,
    ) -> Result<Verdict, Error> {
        let VerifyMacParams { key_id, data, mac, version } = params;
        let shown = || Cow::Borrowed(&data[..]);
        let operation =
            Operation::new(caller, Method::VerifyMac, (key_id, version))?.showing(&shown);
        self.using(operation, async |permitted| {
            let handle = permitted.handle(&self.ports).await?;
            let valid = self.ports.crypto().verify_mac(&handle, &data, &mac).await?;
            Ok(Verdict { valid })
        })
        .await
    }

    /// Random bytes. No key has to do with them.
    pub(crate) fn random(&self, params: &RandomParams) -> Result<RandomBytes, Error> {
        if !(1..=MAX_RANDOM).contains(&params.length) {
            return Err(Error::Code(ErrorCode::InvalidParams));
        }
        let mut bytes = vec![0; params.length as usize];
        self.ports.crypto().fill_random(&mut bytes)?;
        Ok(RandomBytes { bytes })
    }
}
