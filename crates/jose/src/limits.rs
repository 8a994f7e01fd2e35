//! Limits on tokens and claims. Each is enforced before the data is used.

/// Longest compact serialisation, in bytes.
pub const MAX_TOKEN: usize = kms_protocol::limits::MAX_TOKEN;
/// Longest JSON text of the claims, in bytes.
pub const MAX_CLAIMS: usize = 4096;
/// Longest JSON text of a header, in bytes.
pub const MAX_HEADER: usize = 256;
/// Deepest nesting of objects and lists, the outermost object included.
pub const MAX_DEPTH: usize = 4;
/// Most members of one object.
pub const MAX_MEMBERS: usize = 32;
/// Most items of one list.
pub const MAX_ITEMS: usize = 64;
/// Largest integer that every reader of JSON agrees about: 2^53 − 1 (RFC 8259, section 6).
pub const MAX_INTEGER: u64 = (1 << 53) - 1;
/// Longest `typ`, in bytes.
pub const MAX_TYPE: usize = 64;
