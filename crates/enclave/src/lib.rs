//! The wasm enclave of ATS KMS: the only crate that touches the browser.
//!
//! It implements the vault's ports over `WebCrypto`, IndexedDB, Web Locks and message ports,
//! and exports the few functions the worker's script calls. It holds no rules of its own:
//! those are in `kms-vault`, where they are tested without a browser.

mod argon2id;
mod clock;
mod convert;
mod exports;
mod files;
mod helper;
mod hub;
mod js;
mod kdf;
mod lock;
mod port;
mod ports;
mod provider;
mod stack;
mod store;
mod tabs;
mod ui;

#[cfg(feature = "probe")]
pub mod probe;

pub use argon2id::kdf;
pub use exports::Enclave;

/// Freed memory is wiped before it can be used again. The memory has a fixed size, which
/// std's allocator cannot live with; this one first takes what the linker set aside.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<dlmalloc::GlobalDlmalloc> =
    zeroizing_alloc::ZeroAlloc(dlmalloc::GlobalDlmalloc);
