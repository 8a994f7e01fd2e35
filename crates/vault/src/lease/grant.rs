//! Allowing, extending, listing and revoking leases.

use std::rc::Rc;

use kms_protocol::limits::{MAX_LEASE_AUDIENCES, MAX_LEASE_MS, MAX_LEASE_TOKENS, MIN_LEASE_MS};
use kms_protocol::{
    CallerOrigin, CreateLeaseParams, ErrorCode, ExtendLeaseParams, KeyId, Lease, LeaseId,
    LeaseList, Method,
};

use super::record::LeaseRecord;
use crate::audit::{Draft, Edited, OK};
use crate::enclave::Inner;
use crate::session::Caller;
use crate::sheet::Subject;
use crate::state::UnlockedVault;
use crate::time::Now;
use crate::ui::LeaseTerms;
use crate::{Clock, Error, Ports, random};

/// What a person is asked to allow.
pub(crate) struct Request {
    pub(super) id: LeaseId,
    pub(super) origin: Rc<CallerOrigin>,
    pub(crate) terms: LeaseTerms,
}

impl Request {
    /// Brings the lease about; worked out anew for every try of the write.
    fn apply(&self, edited: &mut Edited, now: Now) -> Result<(), ErrorCode> {
        if self.terms.extends {
            edited.settings.lease_mut(&self.id, &self.origin)?.extend(self, now)
        } else {
            edited.settings.add_lease(LeaseRecord::new(self, now), now)
        }
    }

    fn method(&self) -> Method {
        if self.terms.extends { Method::ExtendLease } else { Method::CreateLease }
    }
}

impl<P: Ports> UnlockedVault<P> {
    /// A lease as its site sees it.
    pub(super) fn lease(&self, id: &LeaseId, origin: &CallerOrigin) -> Result<Lease, ErrorCode> {
        self.settings.borrow().lease(id, origin)?.publish()
    }
}

impl<P: Ports> Inner<P> {
    /// Asks the person for a new lease.
    pub(crate) async fn create_lease(
        self: &Rc<Self>,
        caller: &Caller,
        params: CreateLeaseParams,
    ) -> Result<Lease, Error> {
        let CreateLeaseParams { key_id, audiences, life_ms, tokens, contact } = params;
        let differs = |(at, audience)| !audiences.iter().take(at).any(|known| known == audience);
        let fits = (1..=MAX_LEASE_AUDIENCES).contains(&audiences.len())
            && audiences.iter().enumerate().all(differs)
            && are_allowed(life_ms, tokens);
        if !fits {
            return Err(Error::Code(ErrorCode::InvalidParams));
        }
        let vault = self.unlocked()?;
        vault.settings.borrow().has_room(self.now_in(&vault))?;
        let key = self.vapid_key(&vault, &caller.origin, &key_id).await?;
        let id = LeaseId::new(random::id(self.ports.crypto())?)?;
        let label = key.label();
        let terms =
            LeaseTerms { extends: false, key_id, label, audiences, contact, life_ms, tokens };
        self.ask_for(caller, Request { id, origin: Rc::clone(&caller.origin), terms }).await
    }

    /// Asks the person to extend a lease that has not ended.
    pub(crate) async fn extend_lease(
        self: &Rc<Self>,
        caller: &Caller,
        params: ExtendLeaseParams,
    ) -> Result<Lease, Error> {
        let ExtendLeaseParams { lease_id: id, life_ms, tokens } = params;
        if !are_allowed(life_ms, tokens) {
            return Err(Error::Code(ErrorCode::InvalidParams));
        }
        let vault = self.unlocked()?;
        let Lease { key_id, audiences, contact, .. } = {
            let settings = vault.settings.borrow();
            let lease = settings.lease(&id, &caller.origin)?;
            lease.later_end(life_ms, self.now_in(&vault))?;
            lease.publish()?
        };
        let key = self.vapid_key(&vault, &caller.origin, &key_id).await?;
        let label = key.label();
        let terms =
            LeaseTerms { extends: true, key_id, label, audiences, contact, life_ms, tokens };
        self.ask_for(caller, Request { id, origin: Rc::clone(&caller.origin), terms }).await
    }

    async fn ask_for(self: &Rc<Self>, caller: &Caller, request: Request) -> Result<Lease, Error> {
        let request = Rc::new(request);
        self.ask_about(caller, request.method(), Subject::Lease(Rc::clone(&request))).await?;
        Ok(self.unlocked()?.lease(&request.id, &caller.origin)?)
    }

    /// Writes what the person allowed, unless they have closed the sheet by then.
    pub(crate) async fn grant_lease(
        self: &Rc<Self>,
        question: u64,
        request: &Rc<Request>,
    ) -> Result<(), Error> {
        let now = self.now_in(&*self.unlocked()?);
        let (inner, asked) = (Rc::clone(self), Rc::clone(request));
        let edit = move |edited: &mut Edited| {
            inner.still_wanted(question)?;
            Ok(asked.apply(edited, now)?)
        };
        let method = request.method().name();
        let draft = self.lease_draft(method, &request.origin, Some(&request.terms.key_id));
        self.commit_edit(draft, Box::new(edit)).await
    }

    /// The leases of the caller, as they are stored now: another tab may have changed them.
    pub(crate) async fn list_leases(&self, caller: &Caller) -> Result<LeaseList, Error> {
        let vault = self.unlocked()?;
        self.catch_up(&vault).await?;
        vault.still_open()?;
        let leases = vault.settings.borrow().leases_of(&caller.origin)?;
        Ok(LeaseList { leases })
    }

    /// Ends a lease of the caller.
    pub(crate) async fn revoke_lease(
        self: &Rc<Self>,
        caller: &Caller,
        id: LeaseId,
    ) -> Result<(), Error> {
        let vault = self.unlocked()?;
        let key_id = vault.lease(&id, &caller.origin)?.key_id;
        let origin = Rc::clone(&caller.origin);
        let edit = move |edited: &mut Edited| Ok(edited.settings.revoke(&id, &origin)?);
        let draft = self.lease_draft("leases.revoke", &caller.origin, Some(&key_id));
        self.commit_edit(draft, Box::new(edit)).await
    }

    /// An entry about a lease of a site.
    pub(super) fn lease_draft(
        &self,
        method: &'static str,
        origin: &Rc<CallerOrigin>,
        key_id: Option<&KeyId>,
    ) -> Draft {
        let time = self.ports.clock().now_ms();
        let (key_id, origin) = (key_id.cloned(), Some(Rc::clone(origin)));
        Draft { time, method, key_id, origin, outcome: OK, about: None }
    }

    /// The time, for leases and policies of this vault.
    pub(crate) fn now_in(&self, vault: &UnlockedVault<P>) -> Now {
        vault.now(self.ports.clock())
    }
}

fn are_allowed(life_ms: u32, tokens: u32) -> bool {
    (MIN_LEASE_MS..=MAX_LEASE_MS).contains(&life_ms) && (1..=MAX_LEASE_TOKENS).contains(&tokens)
}
