//! Uses of keys that a person confirms first, where the policy of the key says so.

use std::rc::Rc;

use super::cache::LoadedKey;
use super::using::{Operation, Shown};
use crate::approval::{self, Decision};
use crate::audit::{Draft, OK};
use crate::enclave::Inner;
use crate::state::UnlockedVault;
use crate::{Error, Ports};

impl<P: Ports> Inner<P> {
    /// Waits for the person, if the policy of the key asks for that. What was shown is then what
    /// is done: with that version, if the key may still be used.
    ///
    /// Nobody is asked about a use of which nothing can be shown. A policy that asks has none of
    /// them, apart from verifying, which takes no private key.
    pub(super) async fn confirmed<'a>(
        self: &Rc<Self>,
        vault: &UnlockedVault<P>,
        (operation, key): (Operation<'a>, Rc<LoadedKey<P>>),
    ) -> Result<(Operation<'a>, Rc<LoadedKey<P>>), Error> {
        let Some(Shown { entry, data }) = operation.shown.filter(|_| key.record.asks()) else {
            return Ok((operation, key));
        };
        let (caller, version) = (operation.caller, key.record.version(operation.version)?);
        let operation = operation.of_version(version.number());
        let shown = approval::Operation {
            vault_id: vault.id,
            method: operation.method.name(),
            key_id: operation.key_id.as_str(),
            version: version.number(),
            kid: &version.public(key.info.spec)?.thumbprint(),
            origin: caller.origin.as_str(),
        };
        let (label, spec) = (key.info.label.clone(), key.info.spec);
        let decision = Decision { operation: shown, label, spec, data };
        let answer = self.approve(caller, decision).await;
        vault.still_open()?;
        let outcome = answer.as_ref().map_or_else(|error| error.code().as_str(), |()| OK);
        self.defer(Draft { method: entry, ..self.draft(&operation, outcome) });
        answer?;
        let key = self.permitted(vault, &operation).await?;
        Ok((operation, key))
    }
}
