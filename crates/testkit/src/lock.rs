//! The lock between tabs, in one process.

use std::sync::Arc;

use futures_util::lock::{Mutex, OwnedMutexGuard};
use kms_vault::VaultLock;

/// The lock; clones are the same lock.
#[derive(Clone, Default)]
pub struct TabLock(Arc<Mutex<()>>);

impl VaultLock for TabLock {
    type Guard = OwnedMutexGuard<()>;

    async fn acquire(&self) -> Self::Guard {
        Arc::clone(&self.0).lock_owned().await
    }
}
