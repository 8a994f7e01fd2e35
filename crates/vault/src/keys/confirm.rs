//! Uses of keys that a person confirms first, where the policy of the key says so.

use std::rc::Rc;

use kms_protocol::KeyUsage;

use super::cache::LoadedKey;
use super::sign::Operation;
use crate::approval::{self, Decision};
use crate::audit::{Draft, OK};
use crate::enclave::Inner;
use crate::session::Caller;
use crate::state::UnlockedVault;
use crate::{Error, Ports};

/// What an entry says was done when the person approved or denied a use. None where nobody is
/// asked, whatever the policy says.
const fn approval_of(usage: KeyUsage) -> Option<&'static str> {
    match usage {
        KeyUsage::Sign => Some("sign.approval"),
        // Verifying takes no private key. Tokens are allowed with their lease, for a time in which
        // the person is away: a policy that asks for both is refused.
        KeyUsage::Verify | KeyUsage::Vapid => None,
    }
}

impl<P: Ports> Inner<P> {
    /// Waits for the person, if the policy of the key asks for that. What was shown is then what
    /// is done: with that version, if the key may still be used.
    pub(super) async fn confirmed<'a>(
        self: &Rc<Self>,
        caller: &Caller,
        vault: &UnlockedVault<P>,
        (operation, key): (Operation<'a>, Rc<LoadedKey<P>>),
        data: &[u8],
    ) -> Result<(Operation<'a>, Rc<LoadedKey<P>>), Error> {
        let Some(entry) = approval_of(operation.usage).filter(|_| key.record.asks()) else {
            return Ok((operation, key));
        };
        let version = key.record.version(operation.version)?;
        let operation = Operation { version: Some(version.number()), ..operation };
        let shown = approval::Operation {
            vault_id: vault.id,
            method: operation.method,
            key_id: operation.key_id.as_str(),
            version: version.number(),
            kid: &version.public(key.info.spec)?.thumbprint(),
            origin: operation.origin.as_str(),
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
