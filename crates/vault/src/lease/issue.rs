//! Issuing tokens under a lease.

use std::rc::Rc;

use kms_crypto::CryptoProvider;
use kms_jose::vapid;
use kms_protocol::{ErrorCode, IssueTokenParams, Lease, VapidToken};

use crate::audit::Edited;
use crate::enclave::Inner;
use crate::keys::unlogged;
use crate::session::Caller;
use crate::state::UnlockedVault;
use crate::{Error, Ports};

/// Name of the operation in the log.
const METHOD: &str = "vapid.issue_token";

impl<P: Ports> Inner<P> {
    /// Issues a token. It is counted in the batch that logs it, and released afterwards. Refusals
    /// are logged too.
    pub(crate) async fn issue_token(
        self: &Rc<Self>,
        caller: &Caller,
        params: IssueTokenParams,
    ) -> Result<VapidToken, Error> {
        let vault = self.unlocked()?;
        self.journal_ready().await.map_err(unlogged)?;
        let known = vault.lease(&params.lease_id, &caller.origin);
        let issued = match &known {
            Ok(lease) => self.sign_token(caller, &vault, (&params, lease)).await,
            Err(code) => Err(Error::Code(*code)),
        };
        match issued {
            Ok(token) => Ok(token),
            Err(error) => {
                let key_id = known.as_ref().ok().map(|lease| &lease.key_id);
                let draft = self.lease_draft(METHOD, &caller.origin, key_id);
                Err(self.refuse(&vault, draft, error).await)
            }
        }
    }

    async fn sign_token(
        self: &Rc<Self>,
        caller: &Caller,
        vault: &UnlockedVault<P>,
        (params, Lease { key_id, contact, .. }): (&IssueTokenParams, &Lease),
    ) -> Result<VapidToken, Error> {
        let now = self.now_in(vault);
        let exp = {
            let settings = vault.settings.borrow();
            settings.lease(&params.lease_id, &caller.origin)?.token_exp(&params.audience, now)?
        };
        let key = self.vapid_key(vault, &caller.origin, key_id).await?;
        let unsigned = vapid::token(&key.public, (&params.audience, contact.as_ref()), exp);
        let unsigned = unsigned.map_err(|_| ErrorCode::PolicyDenied)?;
        let signature = self.ports.crypto().sign(&key.signer, unsigned.signing_input()).await?;
        let token = unsigned.sign(&signature);
        vault.still_open()?;
        let (id, origin) = (params.lease_id.clone(), Rc::clone(&caller.origin));
        let audience = params.audience.clone();
        let edit = move |edited: &mut Edited| {
            Ok(edited.settings.lease_mut(&id, &origin)?.count(&audience, now)?)
        };
        let draft = self.lease_draft(METHOD, &caller.origin, Some(key_id));
        let used = key.used_by(&caller.origin, now);
        self.commit_edit_by(draft, Box::new(edit), used).await.map_err(unlogged)?;
        vault.still_open()?;
        let authorization = vapid::authorization(&token, &key.public);
        Ok(VapidToken { token, authorization, expires: exp * 1000 })
    }
}
