//! Keys in Rust, for engines that lack an algorithm, and a whole provider of them for tests.

#[cfg(feature = "software-provider")]
mod aead;
mod form;
mod kem;
mod key;
#[cfg(feature = "software-provider")]
mod provider;
#[cfg(feature = "software-provider")]
mod symmetric;
mod x_wing;

#[cfg(feature = "software-provider")]
pub use self::aead::SealingKey;
pub use self::form::{form_of, respelled, secret_of};
pub use self::kem::encapsulate;
pub use self::key::SoftwareKey;
#[cfg(feature = "software-provider")]
pub use self::provider::{DeviceKey, SoftwareProvider};
pub(crate) use self::x_wing::is_x_wing_key;
