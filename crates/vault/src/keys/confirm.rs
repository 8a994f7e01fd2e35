//! Uses of keys that a person confirms first, where the policy of the key says so.

use std::rc::Rc;

use kms_protocol::{ErrorCode, Method, PolicyRule};

use super::cache::LoadedKey;
use super::using::Operation;
use crate::approval::{self, Decision};
use crate::audit::{Draft, OK};
use crate::enclave::Inner;
use crate::state::UnlockedVault;
use crate::{Error, Ports};

impl<P: Ports> Inner<P> {
    /// Waits for the person, if the policy of the key asks for that. What was shown is then what
    /// is done: with that version, if the key may still be used.
    ///
    /// Nobody is asked about what takes no private or secret key. A use of which nothing can be
    /// shown is refused.
    pub(super) async fn confirmed<'a>(
        self: &Rc<Self>,
        vault: &UnlockedVault<P>,
        (operation, key): (Operation<'a>, Rc<LoadedKey<P>>),
    ) -> Result<(Operation<'a>, Rc<LoadedKey<P>>), Error> {
        let asks = key.record.asks() || operation.usage.is_personal();
        if !(asks && operation.usage.is_secret()) {
            return Ok((operation, key));
        }
        let show = operation.shown.ok_or(Error::Denied(PolicyRule::Operation))?;
        let entry = entry_of(operation.method).ok_or(ErrorCode::Internal)?;
        let (caller, version) = (operation.caller, key.record.version(operation.version)?);
        let operation = operation.of_version(version.number());
        let kid = version.half(key.info.spec)?.map(|public| public.thumbprint());
        let shown = approval::Operation {
            vault_id: vault.id,
            method: operation.method.name(),
            key_id: operation.key_id.as_str(),
            version: version.number(),
            // A symmetric key has no thumbprint: its own id names it.
            kid: kid.as_deref().unwrap_or(operation.key_id.as_str()),
            origin: caller.origin.as_str(),
        };
        let (label, spec) = (key.info.label.clone(), key.info.spec);
        let (data, only_whole) = (&*show(), operation.only_whole);
        let decision = Decision { operation: shown, label, spec, data, only_whole };
        let answer = self.approve(caller, decision).await;
        vault.still_open()?;
        let outcome = answer.as_ref().map_or_else(|error| error.code().as_str(), |()| OK);
        self.defer(Draft { method: entry, ..self.draft(&operation, outcome) });
        answer?;
        let key = self.permitted(vault, &operation).await?;
        Ok((operation, key))
    }
}

/// What the log says was done when a person approved a use, or did not.
fn entry_of(method: Method) -> Option<&'static str> {
    Some(match method {
        Method::Sign => "sign.approval",
        Method::SignJwt => "jwt.sign.approval",
        Method::Encrypt => "encrypt.approval",
        Method::Decrypt => "decrypt.approval",
        Method::Rewrap => "rewrap.approval",
        Method::EncryptStream => "streams.encrypt.approval",
        Method::DecryptStream => "streams.decrypt.approval",
        Method::Mac => "mac.approval",
        Method::VerifyMac => "verify_mac.approval",
        Method::GenerateDataKey => "data_keys.generate.approval",
        Method::DecryptDataKey => "data_keys.decrypt.approval",
        Method::AgreeKey => "keys.agree.approval",
        Method::DeriveKey => "keys.derive.approval",
        Method::WrapKey => "keys.wrap.approval",
        Method::UnwrapKey => "keys.unwrap.approval",
        Method::ExportKey => "keys.export.approval",
        Method::ImportKey => "keys.import.approval",
        Method::Open => "open.approval",
        Method::ApproveChallenge => "poa.approve.approval",
        Method::RejectChallenge => "poa.reject.approval",
        Method::RevokeAuthorization => "poa.revoke.approval",
        Method::RotateApprover => "poa.rotate.approval",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use kms_protocol::{Interaction, KeyUsage};

    use super::*;

    #[test]
    fn every_use_of_a_secret_has_an_entry_for_its_approval() {
        for method in Method::ALL {
            let usage = method.key_rule().and_then(|rule| rule.usage);
            // Who allowed a lease is away when its tokens are made.
            let asks = usage.is_some_and(|usage| usage.is_secret() && usage != KeyUsage::Vapid);
            let asks = asks && method.policy().interaction != Interaction::None;
            let entry = asks.then(|| format!("{}.approval", method.name()));
            assert_eq!(entry_of(*method).map(str::to_owned), entry, "{}", method.name());
        }
    }
}
