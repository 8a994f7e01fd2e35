//! The second wasm module of ATS KMS: it writes and opens the files of backups.
//!
//! Most visits never need it, and it is larger than the enclave, so it is loaded when a backup is
//! made or opened, into a worker of its own. It holds no rules: it turns plaintext into an age
//! file and back, for the enclave.
//!
//! # What the worker's script calls
//!
//! The glue makes one class, [`Tools`]. An instance writes one file or opens one file:
//!
//! ```text
//! new Tools()
//!
//! create(phrase?: Uint8Array, passphrase?: {
//!     salt: Uint8Array, memoryKib: number, iterations: number, parallelism: number,
//!     key: Uint8Array }): void
//! write(part: Uint8Array): Uint8Array     // bytes of the file that are finished, often none
//! finish(): Uint8Array                    // the last bytes of the file
//!
//! kdf(file: Uint8Array): {
//!     salt: Uint8Array, memoryKib: number, iterations: number, parallelism: number } | null
//! open(file: Uint8Array, kind: 'phrase' | 'passphrase', key: Uint8Array): void
//! read(): Uint8Array | null               // plaintext, at most 64 KiB; null behind the last
//! ```
//!
//! - Every method is synchronous and throws the name of an error, a string: `backup_foreign`,
//!   `backup_wrong_factor`, `backup_truncated`, `backup_damaged`, or `internal` for values and
//!   calls that the enclave never makes. Arguments of another type than above, and anything else
//!   that is thrown, end the use of the instance.
//! - An absent `phrase` or `passphrase` is undefined or null; one of them must be there.
//! - Every `key` and every `part` is wiped in the caller's array before the call returns. What
//!   `read` returns is a secret: it is to be transferred.
//! - `open` and `kdf` may be called again with the same file: a new `open` starts anew.
//! - The file stays in JavaScript's memory and is read piece by piece; it must not change until
//!   it has been read. So the module's own memory need not grow with the file: it is built with
//!   the flags of the enclave, and an instance works with the memory that the enclave's gets
//!   (`initial` and `maximum` of 128 pages).

mod bytes;
mod exports;
#[cfg(target_arch = "wasm32")]
mod random;
mod stack;

pub use exports::Tools;

/// Freed memory is wiped before it can be used again. The memory has a fixed size, which
/// std's allocator cannot live with; this one first takes what the linker set aside.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<dlmalloc::GlobalDlmalloc> =
    zeroizing_alloc::ZeroAlloc(dlmalloc::GlobalDlmalloc);
