//! The passphrase KDF: Argon2id version 0x13 (RFC 9106).

use argon2::{Algorithm, Argon2, Block, Params, Version};
use zeroize::Zeroize;

use crate::{CryptoError, SecretBytes, wipe_stack};

/// Shortest salt (RFC 9106, section 3.1 recommends 16 bytes).
pub const MIN_SALT_LEN: usize = 16;

/// Cost parameters. A value is always within [`Self::FLOOR`] and [`Self::MAX`], so that
/// stored parameters can neither weaken a passphrase nor stall the enclave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argon2Params {
    memory_kib: u32,
    iterations: u32,
    parallelism: u32,
}

impl Argon2Params {
    /// What new enrolments use: 64 MiB, three passes (RFC 9106, section 4, second choice,
    /// with one lane because wasm has one thread).
    pub const DEFAULT: Self = Self { memory_kib: 65_536, iterations: 3, parallelism: 1 };
    /// Weakest parameters that are accepted: 19 MiB, two passes.
    pub const FLOOR: Self = Self { memory_kib: 19_456, iterations: 2, parallelism: 1 };
    /// Costliest parameters that are accepted; the memory fits the KDF worker's.
    pub const MAX: Self = Self { memory_kib: 65_536, iterations: 16, parallelism: 4 };

    /// Checks parameters that were stored or received.
    pub fn new(memory_kib: u32, iterations: u32, parallelism: u32) -> Result<Self, CryptoError> {
        let within = |value, floor, max| (floor..=max).contains(&value);
        let (floor, max) = (Self::FLOOR, Self::MAX);
        let accepted = within(memory_kib, floor.memory_kib, max.memory_kib)
            && within(iterations, floor.iterations, max.iterations)
            && within(parallelism, floor.parallelism, max.parallelism);
        if accepted {
            Ok(Self { memory_kib, iterations, parallelism })
        } else {
            Err(CryptoError::InvalidParameters)
        }
    }

    /// Memory in KiB.
    #[must_use]
    pub const fn memory_kib(self) -> u32 {
        self.memory_kib
    }

    /// Passes over the memory.
    #[must_use]
    pub const fn iterations(self) -> u32 {
        self.iterations
    }

    /// Lanes.
    #[must_use]
    pub const fn parallelism(self) -> u32 {
        self.parallelism
    }
}

/// Derives the factor secret of a passphrase, which is NFKC-normalised UTF-8.
pub fn derive(
    passphrase: &[u8],
    salt: &[u8],
    params: Argon2Params,
) -> Result<SecretBytes<32>, CryptoError> {
    if salt.len() < MIN_SALT_LEN {
        return Err(CryptoError::InvalidParameters);
    }
    let params = Params::new(params.memory_kib, params.iterations, params.parallelism, Some(32))
        .map_err(|_| CryptoError::InvalidParameters)?;
    compute(&Argon2::new(Algorithm::Argon2id, Version::V0x13, params), passphrase, salt)
}

fn compute(
    argon2: &Argon2<'_>,
    passphrase: &[u8],
    salt: &[u8],
) -> Result<SecretBytes<32>, CryptoError> {
    let mut blocks = Blocks::allocate(argon2.params().block_count())?;
    let secret = SecretBytes::try_new_with(|out| {
        argon2
            .hash_password_into_with_memory(passphrase, salt, out, blocks.0.as_mut_slice())
            .map_err(|_| CryptoError::InvalidParameters)
    });
    wipe_stack();
    secret
}

/// The memory of one computation. Wiped as a slice: `Vec`'s own wipe walks the memory twice.
struct Blocks(Vec<Block>);

impl Blocks {
    fn allocate(count: usize) -> Result<Self, CryptoError> {
        let mut blocks = Vec::new();
        blocks.try_reserve_exact(count).map_err(|_| CryptoError::OutOfMemory)?;
        blocks.resize(count, Block::default());
        Ok(Self(blocks))
    }
}

impl Drop for Blocks {
    fn drop(&mut self) {
        self.0.iter_mut().zeroize();
    }
}

#[cfg(test)]
mod tests {
    use argon2::{AssociatedData, ParamsBuilder};
    use hex_literal::hex;

    use super::*;

    // RFC 9106, section 5.3.
    #[test]
    fn rfc_9106_vector() {
        let mut params = ParamsBuilder::new();
        params.m_cost(32).t_cost(3).p_cost(4).output_len(32);
        params.data(AssociatedData::new(&[4; 12]).unwrap());
        let (secret, params) = ([3; 8], params.build().unwrap());
        let argon2 =
            Argon2::new_with_secret(&secret, Algorithm::Argon2id, Version::V0x13, params).unwrap();
        let tag = compute(&argon2, &[1; 32], &[2; 16]).unwrap();
        let expected = hex!("0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659");
        assert_eq!(tag.expose(), &expected);
    }

    #[test]
    fn bounds_are_inclusive_and_kept() {
        for bound in [Argon2Params::FLOOR, Argon2Params::DEFAULT, Argon2Params::MAX] {
            let Argon2Params { memory_kib: m, iterations: t, parallelism: p } = bound;
            assert_eq!(Argon2Params::new(m, t, p), Ok(bound));
        }
        for (m, t, p) in [
            (19_455, 2, 1),
            (19_456, 1, 1),
            (19_456, 2, 0),
            (65_537, 3, 1),
            (65_536, 17, 1),
            (65_536, 3, 5),
            (0, 0, 0),
            (u32::MAX, u32::MAX, u32::MAX),
        ] {
            assert_eq!(Argon2Params::new(m, t, p), Err(CryptoError::InvalidParameters));
        }
    }

    #[test]
    fn every_input_matters() {
        let floor = Argon2Params::FLOOR;
        let one = derive(b"passphrase", &[1; 16], floor).unwrap();
        assert_eq!(one.expose(), derive(b"passphrase", &[1; 16], floor).unwrap().expose());
        assert_ne!(one.expose(), derive(b"Passphrase", &[1; 16], floor).unwrap().expose());
        assert_ne!(one.expose(), derive(b"passphrase", &[2; 16], floor).unwrap().expose());
        let slower = Argon2Params::new(19_456, 3, 1).unwrap();
        assert_ne!(one.expose(), derive(b"passphrase", &[1; 16], slower).unwrap().expose());
        assert!(derive(b"passphrase", &[1; 15], floor).is_err());
    }
}
