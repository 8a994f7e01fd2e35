//! A fresh unlock: proof that the person was here a moment ago.

use kms_crypto::SecretBytes;

use crate::header::VaultId;
use crate::time::Moment;

/// How long a fresh unlock is good for, in milliseconds.
const LIFE_MS: u64 = 2 * 60 * 1000;

/// The RootKey, for one action. It lives in the step of the sheet that needs it, and is wiped
/// when the sheet goes on or closes.
pub(crate) struct Fresh {
    vault_id: VaultId,
    root: SecretBytes<32>,
    since: Moment,
}

impl Fresh {
    /// Opened just now.
    pub(crate) fn new(vault_id: VaultId, root: SecretBytes<32>, now: Moment) -> Self {
        Self { vault_id, root, since: now }
    }

    /// Whether it has been kept for too long.
    pub(crate) fn is_stale(&self, now: Moment) -> bool {
        now.since(self.since) >= LIFE_MS
    }

    /// Which vault was opened. Another tab may have replaced it since.
    pub(crate) fn vault_id(&self) -> &VaultId {
        &self.vault_id
    }

    /// The RootKey.
    pub(crate) fn root(&self) -> &SecretBytes<32> {
        &self.root
    }
}
