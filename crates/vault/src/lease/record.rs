//! The stored form of a lease, and the rules for its use.

use kms_jose::vapid;
use kms_protocol::limits::MAX_LEASES;
use kms_protocol::{CallerOrigin, ContactUrl, ErrorCode, KeyId, Lease, LeaseId, PushOrigin};
use minicbor::{Decode, Encode};

use super::Request;
use crate::settings::Settings;
use crate::time::Now;
use crate::ui::HeldLease;

/// By how much a clock may be set back without being noticed: what keeps clocks right does so.
const SLACK_MS: u64 = 5 * 60 * 1000;

/// What is inside the settings.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct LeaseRecord {
    #[n(0)]
    id: String,
    #[n(1)]
    origin: String,
    #[n(2)]
    key_id: String,
    #[n(3)]
    audiences: Vec<String>,
    #[n(4)]
    contact: Option<String>,
    #[n(5)]
    created: u64,
    #[n(6)]
    ends: u64,
    #[n(7)]
    tokens: u32,
    #[n(8)]
    used: u32,
    /// The latest time at which the vault was opened or the lease was used. A clock that is behind
    /// it was set back.
    #[n(9)]
    seen: u64,
}

impl LeaseRecord {
    /// A lease that was allowed just now.
    pub(super) fn new(request: &Request, now: Now) -> Self {
        let terms = &request.terms;
        Self {
            id: request.id.as_str().into(),
            origin: request.origin.as_str().into(),
            key_id: terms.key_id.as_str().into(),
            audiences: terms.audiences.iter().map(|audience| audience.as_str().into()).collect(),
            contact: terms.contact.as_ref().map(|contact| contact.as_str().into()),
            created: now.wall_ms,
            ends: now.wall_ms.saturating_add(terms.life_ms.into()),
            tokens: terms.tokens,
            used: 0,
            seen: now.wall_ms,
        }
    }

    /// One of the fuzz targets' seeds.
    #[cfg(feature = "fuzzing")]
    pub(crate) fn sample() -> Self {
        Self {
            id: "AAECAwQFBgcICQoLDA0ODw".into(),
            origin: "https://page.example".into(),
            key_id: "AAECAwQFBgcICQoLDA0ODw".into(),
            audiences: vec!["https://push.example".into()],
            contact: Some("https://page.example/contact".into()),
            created: 1,
            ends: 2,
            tokens: 3,
            used: 4,
            seen: 5,
        }
    }

    /// Extends it by what was allowed just now.
    pub(super) fn extend(&mut self, request: &Request, now: Now) -> Result<(), ErrorCode> {
        self.ends = self.later_end(request.terms.life_ms, now)?;
        (self.tokens, self.used) = (request.terms.tokens, 0);
        self.see(now.wall_ms);
        Ok(())
    }

    /// Where an extension would end. One that has ended stays ended, and no end comes nearer: a
    /// token that is being signed keeps to the one it saw.
    pub(super) fn later_end(&self, life_ms: u32, now: Now) -> Result<u64, ErrorCode> {
        self.lives(now)?;
        let end = now.wall_ms.saturating_add(life_ms.into());
        if end < self.ends { Err(ErrorCode::InvalidParams) } else { Ok(end) }
    }

    /// Whether it can still be used by the clock.
    pub(super) fn lives(&self, now: Now) -> Result<(), ErrorCode> {
        if now.latest_ms >= self.ends {
            return Err(ErrorCode::LeaseExpired);
        }
        let set_back = now.wall_ms.saturating_add(SLACK_MS) < self.seen;
        if set_back { Err(ErrorCode::ClockSetBack) } else { Ok(()) }
    }

    /// Whether it has ended for good, whatever the clock is set to. While the clock is set back no token
    /// is issued, but the person still sees the lease and can revoke it.
    fn has_ended(&self, now: Now) -> bool {
        now.latest_ms.max(self.seen) >= self.ends
    }

    /// When a token for a push service would expire, in seconds, if one may be issued now.
    pub(super) fn token_exp(&self, audience: &PushOrigin, now: Now) -> Result<u64, ErrorCode> {
        if !self.audiences.iter().any(|covered| covered == audience.as_str()) {
            return Err(ErrorCode::LeaseAudience);
        }
        self.lives(now)?;
        if self.used >= self.tokens {
            return Err(ErrorCode::LeaseExhausted);
        }
        let now_s = now.wall_ms / 1000;
        let exp = (self.ends / 1000).min(now_s.saturating_add(vapid::DEFAULT_LIFE_S.into()));
        if exp > now_s { Ok(exp) } else { Err(ErrorCode::LeaseExpired) }
    }

    /// Counts a token, if it may still be issued.
    pub(super) fn count(&mut self, audience: &PushOrigin, now: Now) -> Result<(), ErrorCode> {
        self.token_exp(audience, now)?;
        self.used += 1;
        self.see(now.wall_ms);
        Ok(())
    }

    fn see(&mut self, wall_ms: u64) {
        self.seen = self.seen.max(wall_ms);
    }

    /// The lease as its site sees it.
    pub(crate) fn publish(&self) -> Result<Lease, ErrorCode> {
        let audience = |text: &String| PushOrigin::new(text.as_str());
        let audiences: Result<_, _> = self.audiences.iter().map(audience).collect();
        let corrupt = |_| ErrorCode::VaultCorrupt;
        Ok(Lease {
            lease_id: LeaseId::new(self.id.as_str()).map_err(corrupt)?,
            key_id: KeyId::new(self.key_id.as_str()).map_err(corrupt)?,
            audiences: audiences.map_err(corrupt)?,
            contact: self.contact.as_ref().map(ContactUrl::new).transpose().map_err(corrupt)?,
            created: self.created,
            ends: self.ends,
            tokens: self.tokens,
            used: self.used,
        })
    }

    /// The lease as the person sees it.
    fn held(&self) -> Result<HeldLease, ErrorCode> {
        let origin = CallerOrigin::new(self.origin.as_str());
        let origin = origin.map_err(|_| ErrorCode::VaultCorrupt)?;
        Ok(HeldLease { origin, lease: self.publish()? })
    }
}

impl Settings {
    /// A lease of a site. One of another site does not exist.
    pub(super) fn lease(
        &self,
        id: &LeaseId,
        origin: &CallerOrigin,
    ) -> Result<&LeaseRecord, ErrorCode> {
        let own = |lease: &&LeaseRecord| is_own(lease, id, origin);
        self.leases().iter().find(own).ok_or(ErrorCode::LeaseNotFound)
    }

    /// The same, to be changed.
    pub(super) fn lease_mut(
        &mut self,
        id: &LeaseId,
        origin: &CallerOrigin,
    ) -> Result<&mut LeaseRecord, ErrorCode> {
        let own = |lease: &&mut LeaseRecord| is_own(lease, id, origin);
        self.leases_mut().iter_mut().find(own).ok_or(ErrorCode::LeaseNotFound)
    }

    /// The leases of a site, as it sees them.
    pub(super) fn leases_of(&self, origin: &CallerOrigin) -> Result<Vec<Lease>, ErrorCode> {
        let own = self.leases().iter().filter(|lease| lease.origin == origin.as_str());
        own.map(LeaseRecord::publish).collect()
    }

    /// The leases of all sites that have not ended, as the person sees them.
    pub(crate) fn held_leases(&self, now: Now) -> Vec<HeldLease> {
        let alive = self.leases().iter().filter(|lease| !lease.has_ended(now));
        alive.filter_map(|lease| lease.held().ok()).collect()
    }

    /// Whether there is room for another lease: one that has ended makes place.
    pub(super) fn has_room(&self, now: Now) -> Result<(), ErrorCode> {
        let alive = self.leases().iter().filter(|lease| !lease.has_ended(now)).count();
        if alive < MAX_LEASES { Ok(()) } else { Err(ErrorCode::TooManyLeases) }
    }

    /// Adds a lease; if there are too many, the ones that have ended go.
    pub(super) fn add_lease(&mut self, lease: LeaseRecord, now: Now) -> Result<(), ErrorCode> {
        self.has_room(now)?;
        let leases = self.leases_mut();
        if leases.len() >= MAX_LEASES {
            leases.retain(|lease| !lease.has_ended(now));
        }
        leases.push(lease);
        Ok(())
    }

    /// Ends a lease for good.
    pub(super) fn revoke(&mut self, id: &LeaseId, origin: &CallerOrigin) -> Result<(), ErrorCode> {
        self.lease(id, origin)?;
        self.leases_mut().retain(|lease| !is_own(lease, id, origin));
        Ok(())
    }

    /// Ends a lease of any site for good.
    pub(crate) fn revoke_any(&mut self, id: &LeaseId) -> Result<(), ErrorCode> {
        let before = self.leases().len();
        self.leases_mut().retain(|lease| lease.id != id.as_str());
        if self.leases().len() < before { Ok(()) } else { Err(ErrorCode::InvalidParams) }
    }

    /// Notes the time at which the vault was opened: no lease that it ends comes back when the
    /// clock is set back later. A clock that ran ahead ends leases and makes none longer.
    pub(crate) fn note_time(&mut self, wall_ms: u64) {
        self.leases_mut().iter_mut().for_each(|lease| lease.see(wall_ms));
    }
}

fn is_own(lease: &LeaseRecord, id: &LeaseId, origin: &CallerOrigin) -> bool {
    lease.id == id.as_str() && lease.origin == origin.as_str()
}
