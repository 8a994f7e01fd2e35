//! A KDF that costs nothing, for tests that are not about its cost; on request the real one.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use kms_crypto::{Argon2Params, SecretBytes, hkdf, kdf};
use kms_protocol::ErrorCode;
use kms_vault::{Kdf, KdfJob};

/// The KDF; clones share their notes.
#[derive(Clone, Default)]
pub struct FastKdf {
    asked: Rc<RefCell<Vec<(u32, u32, u32)>>>,
    /// Computations that need more than this many KiB fail.
    memory_kib: Rc<RefCell<Option<u32>>>,
    /// What they fail with, if it is not the memory.
    error: Rc<RefCell<Option<ErrorCode>>>,
    real: Rc<RefCell<bool>>,
    /// Computations from now until the one that comes out wrong.
    spoil: Rc<Cell<Option<u32>>>,
    meanwhile: Rc<RefCell<Option<Act>>>,
}

/// Something that happens once.
type Act = Box<dyn FnOnce()>;

impl FastKdf {
    /// Parameters (memory, passes, lanes) of every computation so far.
    #[must_use]
    pub fn asked(&self) -> Vec<(u32, u32, u32)> {
        self.asked.borrow().clone()
    }

    /// Lets computations fail for want of memory.
    pub fn set_out_of_memory(&self, fail: bool) {
        *self.memory_kib.borrow_mut() = fail.then_some(0);
    }

    /// Lets computations fail that need more memory than this.
    pub fn set_memory(&self, kib: Option<u32>) {
        *self.memory_kib.borrow_mut() = kib;
    }

    /// Lets the computations that fail do so with this error.
    pub fn set_error(&self, code: ErrorCode) {
        *self.error.borrow_mut() = Some(code);
    }

    /// Lets something happen during the next computation.
    pub fn meanwhile(&self, act: impl FnOnce() + 'static) {
        *self.meanwhile.borrow_mut() = Some(Box::new(act));
    }

    /// The `count`-th computation from now (1 is the next) comes out wrong.
    pub fn spoil(&self, count: u32) {
        self.spoil.set(Some(count));
    }

    /// Whether a computation that was to come out wrong has not been made yet. Forgets it.
    #[must_use]
    pub fn heal(&self) -> bool {
        self.spoil.take().is_some()
    }

    /// Computes Argon2id in earnest.
    pub fn set_real(&self) {
        *self.real.borrow_mut() = true;
    }
}

impl Kdf for FastKdf {
    async fn derive(&self, job: KdfJob<'_>) -> Result<SecretBytes<32>, ErrorCode> {
        let params = (job.memory_kib, job.iterations, job.parallelism);
        self.asked.borrow_mut().push(params);
        let act = self.meanwhile.borrow_mut().take();
        if let Some(act) = act {
            act();
        }
        if self.memory_kib.borrow().is_some_and(|limit| job.memory_kib > limit) {
            return Err(self.error.borrow().unwrap_or(ErrorCode::OutOfMemory));
        }
        let secret = if *self.real.borrow() {
            let params = Argon2Params::new(job.memory_kib, job.iterations, job.parallelism);
            params.and_then(|params| kdf::derive(job.passphrase, job.salt, params))
        } else {
            let info = format!("test-kdf {params:?}");
            SecretBytes::try_new_with(|out| {
                hkdf::derive_into(job.salt, &[job.passphrase], info.as_bytes(), out)
            })
        };
        let secret = secret.map_err(kms_crypto::CryptoError::code)?;
        let left = self.spoil.get().map(|left| left - 1);
        self.spoil.set(left.filter(|left| *left > 0));
        Ok(if left == Some(0) { altered(&secret) } else { secret })
    }
}

/// The same but for one bit, as memory that errs would have it.
fn altered(secret: &SecretBytes<32>) -> SecretBytes<32> {
    SecretBytes::new_with(|out| {
        *out = *secret.expose();
        out[0] ^= 1;
    })
}
