//! Argon2id as the reference implementation in C computes it (of `argon2-cffi` 25.1). The vector of
//! RFC 9106 has a secret and associated data, which the enclave uses none of; the unit tests of the
//! function run it on the same code.

use hex_literal::hex;
use kms_crypto::Argon2Params;

use super::{Answer, Call, Suite};

/// Passphrase, salt, costs, and the key.
type Vector = (&'static str, &'static [u8], (u32, u32, u32), [u8; 32]);

const VECTORS: [Vector; 3] = [
    (
        "correct horse battery staple",
        &hex!("000102030405060708090a0b0c0d0e0f"),
        (19_456, 2, 1),
        hex!("818259b6310026a8e0dbac5d2e6927abcfdb07b32258fac4f61b18b80f929085"),
    ),
    (
        "p\u{e4}ssword \u{3a9}",
        &hex!("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"),
        (19_456, 3, 4),
        hex!("83a526f7bec95b0fd00edc654b5fa6ad8b4ac49ab090a4ac22babf01f3b2a945"),
    ),
    (
        "",
        &[0xff; 16],
        (20_000, 2, 2),
        hex!("38b706e111119e65935ce1e9308642fd16ba31e4414ace33f1d57cecebdd2f04"),
    ),
];

pub(super) fn argon2id() -> Suite {
    let mut suite = Suite::new("argon2id");
    for (id, (passphrase, salt, costs, key)) in VECTORS.into_iter().enumerate() {
        suite.vectors += 1;
        suite.add(id, call(passphrase, salt, costs), Answer::Bytes(key.to_vec()));
    }
    // A short salt and costs below the floor are never the person's: the record is damaged.
    let (damaged, floor) = (Answer::Refused("vault_corrupt"), Argon2Params::FLOOR);
    let costs = (floor.memory_kib(), floor.iterations(), floor.parallelism());
    suite.add(3, call("", &[0; 15], costs), damaged.clone());
    suite.add(4, call("", &[0; 16], (costs.0 - 1, costs.1, costs.2)), damaged);
    suite
}

fn call(passphrase: &str, salt: &[u8], costs: (u32, u32, u32)) -> Call {
    let (memory_kib, iterations, parallelism) = costs;
    let (passphrase, salt) = (passphrase.as_bytes().to_vec(), salt.to_vec());
    Call::Argon2id { passphrase, salt, memory_kib, iterations, parallelism }
}
