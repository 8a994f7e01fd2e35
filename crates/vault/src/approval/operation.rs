//! What exactly is approved: a digest over everything that decides what an operation does.

use minicbor::Encode;
use sha2::{Digest, Sha256};

use crate::cbor;
use crate::header::VaultId;

/// Separates digests of one operation from every other use of SHA-256 in the product.
const ONE_DOMAIN: &[u8] = b"ats-kms/operation/v1\0";
/// The same for the digest of several that are approved together.
const ALL_DOMAIN: &[u8] = b"ats-kms/operations/v1\0";

/// An operation: a CBOR array in this order.
#[derive(Clone, Copy, Encode)]
pub(crate) struct Operation<'a> {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) vault_id: VaultId,
    /// Name of the method on the wire.
    #[n(1)]
    pub(crate) method: &'a str,
    #[n(2)]
    pub(crate) key_id: &'a str,
    /// Version of the key.
    #[n(3)]
    pub(crate) version: u32,
    /// RFC 7638 thumbprint of that version.
    #[n(4)]
    pub(crate) kid: &'a str,
    /// Who asks.
    #[n(5)]
    pub(crate) origin: &'a str,
}

impl Operation<'_> {
    /// Digest of this operation on a payload with this SHA-256. The nonce is random: no two
    /// requests have the same digest.
    pub(super) fn digest(&self, payload: &[u8; 32], nonce: &[u8; 32]) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(ONE_DOMAIN);
        hasher.update(nonce);
        hasher.update(payload);
        hasher.update(cbor::encode(self));
        hasher.finalize().into()
    }
}

/// Digest of operations that are approved together, from theirs.
pub(super) fn digest_of_all<'a>(digests: impl Iterator<Item = &'a [u8; 32]>) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(ALL_DOMAIN);
    digests.for_each(|digest| hasher.update(digest));
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use hex_literal::hex;

    use super::*;

    const ONE: Operation<'_> = Operation {
        vault_id: [1; 16],
        method: "sign",
        key_id: "AAAAAAAAAAAAAAAAAAAAAA",
        version: 3,
        kid: "thumbprint",
        origin: "https://page.example",
    };
    const PAYLOAD: [u8; 32] = [2; 32];
    const NONCE: [u8; 32] = [4; 32];

    fn digest(operation: &Operation<'_>) -> [u8; 32] {
        operation.digest(&PAYLOAD, &NONCE)
    }

    #[test]
    fn the_digests_are_what_they_were() {
        // Computed with Python: hashlib, and the array in CBOR by hand.
        let one = hex!("06f440e3dce0fb08e88c8c148d9656876283b6a9b93190259168031dfd8ebe3b");
        assert_eq!(digest(&ONE), one);
        let both = digest_of_all([digest(&ONE), [7; 32]].iter());
        let all = hex!("88e119ceddb8222b253502555648733bdae3c1fe9a271a92a20254880f719417");
        assert_eq!(both, all);
    }

    #[test]
    fn every_member_changes_the_digest() {
        let others = [
            Operation { vault_id: [9; 16], ..ONE },
            Operation { method: "verify", ..ONE },
            Operation { key_id: "AAAAAAAAAAAAAAAAAAAAAB", ..ONE },
            Operation { version: 4, ..ONE },
            Operation { kid: "thumbprinu", ..ONE },
            Operation { origin: "https://page.example:8443", ..ONE },
            // A border between two members cannot move.
            Operation { kid: "thumbprinthttps:", origin: "//page.example", ..ONE },
        ];
        let mut digests: Vec<_> = others.iter().map(digest).collect();
        digests.push(digest(&ONE));
        digests.push(ONE.digest(&[3; 32], &NONCE));
        digests.push(ONE.digest(&PAYLOAD, &[5; 32]));
        digests.push(ONE.digest(&NONCE, &PAYLOAD));
        digests.sort_unstable();
        digests.dedup();
        assert_eq!(digests.len(), others.len() + 4);
    }

    #[test]
    fn number_and_order_of_operations_count() {
        let (one, two) = (digest(&ONE), [7; 32]);
        let lists: [&[[u8; 32]]; 5] = [&[], &[one], &[one, two], &[two, one], &[one, one]];
        let mut digests: Vec<_> = lists.iter().map(|list| digest_of_all(list.iter())).collect();
        digests.push(one);
        digests.sort_unstable();
        digests.dedup();
        assert_eq!(digests.len(), lists.len() + 1);
    }
}
