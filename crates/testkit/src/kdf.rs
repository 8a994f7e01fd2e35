//! A KDF that costs nothing, for tests that are not about its cost.

use std::cell::RefCell;
use std::rc::Rc;

use kms_crypto::{SecretBytes, hkdf};
use kms_protocol::ErrorCode;
use kms_vault::{Kdf, KdfJob};

/// The KDF; clones share their notes.
#[derive(Clone, Default)]
pub struct FastKdf {
    asked: Rc<RefCell<Vec<(u32, u32, u32)>>>,
    out_of_memory: Rc<RefCell<bool>>,
}

impl FastKdf {
    /// Parameters (memory, passes, lanes) of every computation so far.
    #[must_use]
    pub fn asked(&self) -> Vec<(u32, u32, u32)> {
        self.asked.borrow().clone()
    }

    /// Lets computations fail for want of memory.
    pub fn set_out_of_memory(&self, fail: bool) {
        *self.out_of_memory.borrow_mut() = fail;
    }
}

impl Kdf for FastKdf {
    async fn derive(&self, job: KdfJob<'_>) -> Result<SecretBytes<32>, ErrorCode> {
        let params = (job.memory_kib, job.iterations, job.parallelism);
        self.asked.borrow_mut().push(params);
        if *self.out_of_memory.borrow() {
            return Err(ErrorCode::OutOfMemory);
        }
        let info = format!("test-kdf {params:?}");
        SecretBytes::try_new_with(|out| {
            hkdf::derive_into(job.salt, &[job.passphrase], info.as_bytes(), out)
        })
        .map_err(kms_crypto::CryptoError::code)
    }
}
