//! The broker: a relying party that knows only public keys.
//!
//! A workload asks for a challenge, people approve it in their enclaves, the broker hands the token out
//! once and lets its bearer do the one thing that was approved, once.
//!
//! - [`config`], [`policy`]: what may be asked, and by whom; [`rego`]: what narrows that.
//! - [`tls`]: mutual TLS with SPIFFE identities, on every connection.
//! - [`log`], [`state`], [`store`]: the log that is the store, and the state made from it;
//!   [`expiring`]: what it forgets.
//! - [`desk`]: the decisions, without HTTP.
//! - [`http`]: the endpoints. [`serve`]: the listener. [`client`]: what the command line asks with,
//!   [`pool`]: what services are asked with.
//! - [`relay`]: what brings challenges to a page, and back what its person signed.
//! - [`confine`]: what the program gives up before it serves.

pub mod client;
pub mod config;
pub mod confine;
pub mod desk;
pub mod devpki;
mod error;
pub mod expiring;
pub mod http;
pub mod log;
pub mod policy;
pub mod pool;
pub mod rego;
pub mod relay;
pub mod serve;
pub mod state;
pub mod store;
pub mod tls;
pub mod trace;

pub use error::{Error, Problem};
