//! Owners of secret bytes: on the heap, so that moving one copies nothing; wiped on drop.
//!
//! Neither type is `Clone`, `Debug`, comparable or serialisable.

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::CryptoError;

/// A secret of fixed length.
pub struct SecretBytes<const N: usize>(Box<[u8; N]>);

impl<const N: usize> SecretBytes<N> {
    /// Lets `fill` write the secret into its final place.
    pub fn new_with(fill: impl FnOnce(&mut [u8; N])) -> Self {
        let mut secret = Self(Box::new([0; N]));
        fill(&mut secret.0);
        secret.noted()
    }

    /// As [`Self::new_with`], for a source that can fail.
    pub fn try_new_with<E>(fill: impl FnOnce(&mut [u8; N]) -> Result<(), E>) -> Result<Self, E> {
        let mut secret = Self(Box::new([0; N]));
        fill(&mut secret.0)?;
        Ok(secret.noted())
    }

    /// Copies a secret that has another owner. A wrong length is [`CryptoError::InvalidKey`].
    pub fn copy_of(bytes: &[u8]) -> Result<Self, CryptoError> {
        if bytes.len() != N {
            return Err(CryptoError::InvalidKey);
        }
        Ok(Self::new_with(|out| out.copy_from_slice(bytes)))
    }

    /// The secret itself. The borrow should be short and never copied.
    #[must_use]
    pub fn expose(&self) -> &[u8; N] {
        &self.0
    }

    fn noted(self) -> Self {
        #[cfg(feature = "probe")]
        crate::probe::note("SecretBytes", &*self.0);
        self
    }
}

impl<const N: usize> Zeroize for SecretBytes<N> {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl<const N: usize> Drop for SecretBytes<N> {
    fn drop(&mut self) {
        self.zeroize();
    }
}

impl<const N: usize> ZeroizeOnDrop for SecretBytes<N> {}

/// A secret of any length, which never grows.
pub struct SecretVec(Vec<u8>);

impl SecretVec {
    /// Takes ownership; the whole capacity of `bytes` is wiped on drop.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes).noted()
    }

    /// Copies a secret that has another owner.
    #[must_use]
    pub fn copy_of(bytes: &[u8]) -> Self {
        Self::new(bytes.to_vec())
    }

    /// Lets `fill` write the secret into its final place of exactly `len` bytes.
    pub fn try_new_with<E>(
        len: usize,
        fill: impl FnOnce(&mut [u8]) -> Result<(), E>,
    ) -> Result<Self, E> {
        let mut secret = Self(vec![0; len]);
        fill(&mut secret.0)?;
        Ok(secret.noted())
    }

    /// The secret itself. The borrow should be short and never copied.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    fn noted(self) -> Self {
        #[cfg(feature = "probe")]
        crate::probe::note("SecretVec", &self.0);
        self
    }
}

impl Zeroize for SecretVec {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl Drop for SecretVec {
    fn drop(&mut self) {
        self.zeroize();
    }
}

impl ZeroizeOnDrop for SecretVec {}

/// Bytes of stack that [`wipe_stack`] overwrites: more than any primitive here uses.
const STACK_DEPTH: usize = 16 * 1024;

/// Overwrites the stack below the caller, where the arithmetic of a primitive that has just
/// returned may have left intermediate values. In wasm that stack is linear memory.
#[inline(never)]
pub fn wipe_stack() {
    // A variable: a reference to a constant array would be one to static memory.
    let mut zeros = [0_u8; STACK_DEPTH];
    core::hint::black_box(&mut zeros);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_fill_makes_no_secret() {
        let failed = SecretBytes::<4>::try_new_with(|_| Err(CryptoError::Random));
        assert_eq!(failed.err(), Some(CryptoError::Random));
        let failed = SecretVec::try_new_with(4, |_| Err(CryptoError::Random));
        assert_eq!(failed.err(), Some(CryptoError::Random));
    }

    #[test]
    fn a_copy_needs_the_exact_length() {
        assert!(SecretBytes::<4>::copy_of(&[1, 2, 3]).is_err());
        assert_eq!(SecretBytes::<3>::copy_of(&[1, 2, 3]).unwrap().expose(), &[1, 2, 3]);
    }

    #[test]
    fn zeroize_clears_the_bytes() {
        let mut secret = SecretBytes::new_with(|out: &mut [u8; 8]| out.fill(7));
        secret.zeroize();
        assert_eq!(secret.expose(), &[0; 8]);
    }
}
