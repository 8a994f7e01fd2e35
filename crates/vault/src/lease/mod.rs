//! Leases: what a person allowed a site to be issued in their absence. Each is a part of the
//! sealed settings, so it changes in one batch with its audit entry, and one that was put back
//! after it was used or revoked does not open.

mod grant;
mod issue;
mod record;

pub(crate) use grant::Request;
pub(crate) use record::LeaseRecord;
