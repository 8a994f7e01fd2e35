//! The named types of the wire that are about leases and VAPID tokens.

use crate::schema::{FieldDoc, Shape, TypeDoc, TypeRef, Wire, add, doc};
use crate::{
    ContactUrl, ErrorCode, Fields, FromValue, IntoValue, KeyId, LeaseId, PushOrigin, Value,
};

record! {
    /// Parameters of `vapid.create_lease`: what the person is asked to allow.
    CreateLeaseParams {
        /// Which key: `ec-p256`, as VAPID demands (RFC 8292, section 2).
        key_id: KeyId => "keyId",
        /// For which push services, 1 to 4 different ones.
        audiences: Vec<PushOrigin> => "audiences",
        /// For how long from the moment it is allowed, 60 000 to 2 592 000 000 (30 days).
        life_ms: u32 => "lifeMs",
        /// For how many tokens, 1 to 10 000.
        tokens: u32 => "tokens",
        /// The web page that the tokens name as their sender; none if absent.
        contact: Option<ContactUrl> => "contact",
    }
}

record! {
    /// Parameters of `leases.extend`. What else the lease covers stays as it is.
    ExtendLeaseParams {
        /// Which lease.
        lease_id: LeaseId => "leaseId",
        /// For how long from the moment it is allowed, as in `vapid.create_lease`; its end only
        /// moves away.
        life_ms: u32 => "lifeMs",
        /// For how many tokens from that moment.
        tokens: u32 => "tokens",
    }
}

record! {
    /// Parameters that name a lease.
    LeaseParams {
        /// Which lease.
        lease_id: LeaseId => "leaseId",
    }
}

record! {
    /// What a person allowed the calling site: so many tokens for these push services, until then.
    Lease {
        /// Its random name.
        lease_id: LeaseId => "leaseId",
        /// With which key.
        key_id: KeyId => "keyId",
        /// For which push services.
        audiences: Vec<PushOrigin> => "audiences",
        /// The web page that the tokens name as their sender.
        contact: Option<ContactUrl> => "contact",
        /// When it was allowed first, in milliseconds since 1970-01-01T00:00Z.
        created: u64 => "created",
        /// When it ends.
        ends: u64 => "ends",
        /// How many tokens it covers.
        tokens: u32 => "tokens",
        /// How many of them were issued.
        used: u32 => "used",
    }
}

record! {
    /// The leases of the calling site.
    LeaseList {
        /// At most 16; those that ended stay until another one needs their place.
        leases: Vec<Lease> => "leases",
    }
}

record! {
    /// Parameters of `vapid.issue_token`.
    IssueTokenParams {
        /// Under which lease.
        lease_id: LeaseId => "leaseId",
        /// For which push service: the origin of the subscription's endpoint.
        audience: PushOrigin => "audience",
    }
}

record! {
    /// A VAPID token (RFC 8292). Whoever has it can send push messages in the site's name until it
    /// expires.
    VapidToken {
        /// The token, a compact JWS.
        token: String => "token",
        /// Value of the header field `Authorization` of a push message.
        authorization: String => "authorization",
        /// When it expires, in milliseconds since 1970-01-01T00:00Z: after 15 minutes, and never
        /// after the lease.
        expires: u64 => "expires",
    }
}
