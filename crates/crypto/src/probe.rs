//! Test builds only: tells a hook about every secret that is made, so that a memory scan
//! knows what to look for after lock.

use std::sync::OnceLock;

/// Receives the type of a new secret and its bytes.
pub type Hook = fn(label: &'static str, bytes: &[u8]);

static HOOK: OnceLock<Hook> = OnceLock::new();

/// Sets the hook. The first call wins; the answer says whether this was it.
pub fn set(hook: Hook) -> bool {
    HOOK.set(hook).is_ok()
}

/// Reports a secret. Without a hook nothing happens.
pub fn note(label: &'static str, bytes: &[u8]) {
    if let Some(hook) = HOOK.get() {
        hook(label, bytes);
    }
}
