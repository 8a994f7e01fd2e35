//! What is in a stream, and what does not open.

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit};
use kms_crypto::stream::{CHUNK_LEN, SEALED_CHUNK_LEN};
use kms_protocol::Value;
use kms_testkit::invariants::broken;
use kms_testkit::tab::{bytes, text};
use kms_testkit::{PASSPHRASE, Tab, watched};

use super::{
    data, decrypt, decrypting, drafts, encrypt, encrypting, is_gone, key, message, params,
};
use super::{refusal, word, write};

const LENGTHS: [usize; 7] =
    [0, 1, CHUNK_LEN, CHUNK_LEN + 1, 7 * CHUNK_LEN, 7 * CHUNK_LEN + 1, 15 * CHUNK_LEN - 1];

#[test]
fn what_is_encrypted_is_decrypted_also_after_a_restart() {
    let tab = Tab::ready();
    let key = key(&tab);
    let made: Vec<_> =
        LENGTHS.iter().map(|len| encrypt(&tab, &key, &message(*len)).unwrap()).collect();
    assert!(tab.call("keys.rotate", params(&[word("keyId", &key)])).is_ok());
    let after = tab.restarted();
    assert!(after.unlock(PASSPHRASE).is_ok());
    for (len, (header, payload)) in LENGTHS.iter().zip(&made) {
        let tags = len.div_ceil(CHUNK_LEN).max(1) * 16;
        assert_eq!(
            (header.len(), &header[..5], payload.len()),
            (65, &[4, 0, 0, 0, 1][..], len + tags)
        );
        for tab in [&tab, &after] {
            assert!(decrypt(tab, &key, (header, payload)) == Ok(message(*len)), "{len}");
        }
    }
    assert_ne!(made[0].0, made[1].0);
    assert_eq!(broken(&after), Vec::<String>::new());
}

/// What docs/formats.md says, on the cipher alone: from the key of the vault to the message.
#[test]
fn somebody_else_can_read_a_stream_with_the_key() {
    let tab = Tab::ready();
    let (key, drawn) = watched(|| key(&tab));
    let message = message(2 * CHUNK_LEN + 9);
    let (header, payload) = encrypt(&tab, &key, &message).unwrap();
    let aad = [&b"\x84\x71ats-kms/v1/stream\x76"[..], key.as_bytes(), b"\x01\xa1\x64user\x617"];
    let (nonce, sealed) = header[5..].split_at(12);
    let stream_key = drawn.iter().filter(|drawn| drawn.len() == 32).find_map(|secret| {
        let cipher = Aes256Gcm::new_from_slice(secret).unwrap();
        let payload = Payload { msg: sealed, aad: &aad.concat() };
        cipher.decrypt(nonce.try_into().unwrap(), payload).ok()
    });
    let cipher = Aes256Gcm::new_from_slice(&stream_key.unwrap()).unwrap();
    let nonces = [
        *b"\0\0\0\0\0\0\0\0\0\0\0\0",
        *b"\0\0\0\0\0\0\0\0\0\0\x01\0",
        *b"\0\0\0\0\0\0\0\0\0\0\x02\x01",
    ];
    let read = payload.chunks(SEALED_CHUNK_LEN).zip(&nonces);
    let read: Vec<_> =
        read.flat_map(|(chunk, nonce)| cipher.decrypt(nonce.into(), chunk).unwrap()).collect();
    assert!(read == message);
}

#[test]
fn chunks_that_are_cut_swapped_repeated_dropped_or_flipped_end_the_stream() {
    let tab = Tab::ready();
    let key = key(&tab);
    let (header, payload) = encrypt(&tab, &key, &message(3 * CHUNK_LEN + 17)).unwrap();
    let all: Vec<_> = payload.chunks(SEALED_CHUNK_LEN).collect();
    let of = |order: &[usize]| order.iter().map(|at| all[*at]).collect::<Vec<_>>().concat();
    assert!(decrypt(&tab, &key, (&header, &of(&[0, 1, 2, 3]))).is_ok());
    let mut damaged: Vec<_> =
        [&[0, 1, 2][..], &[], &[1, 0, 2, 3], &[0, 1, 1, 2, 3], &[0, 2, 3], &[3]].map(of).into();
    for at in [0, SEALED_CHUNK_LEN, payload.len() - 1] {
        let mut flipped = payload.clone();
        flipped[at] ^= 1;
        damaged.push(flipped);
        damaged.push(payload[..at].to_vec());
    }
    // As long as a tag, or not even that.
    damaged.extend([[all[0], &[0; 16]].concat(), [all[0], &[0; 3]].concat()]);
    for payload in damaged {
        let stream = decrypting(&tab, &key, &header).unwrap();
        let invalid = Err("invalid_ciphertext".into());
        assert!(write(&tab, &stream, (0, true), &payload) == invalid, "{}", payload.len());
        assert!(is_gone(&tab, &stream));
    }
    // Nothing of a write comes out if one chunk of it is wrong; what came before stays.
    let stream = decrypting(&tab, &key, &header).unwrap();
    assert!(write(&tab, &stream, (0, false), all[0]).is_ok());
    let invalid = Err("invalid_ciphertext".into());
    assert!(write(&tab, &stream, (1, false), &of(&[1, 1])) == invalid);
    assert!(is_gone(&tab, &stream));
}

#[test]
fn a_stream_and_a_ciphertext_never_open_as_each_other() {
    let tab = Tab::ready();
    let key = tab.create_for("aes-256", &["encrypt", "decrypt", "data_key"]).unwrap();
    let (_, header) = encrypting(&tab, &key).unwrap();
    let plain = [word("keyId", &key), data("plaintext", &[7; 32]), drafts()];
    let ciphertext = bytes(&tab.call("encrypt", params(&plain)).unwrap(), "ciphertext");
    let wrap = params(&[word("keyId", &key), drafts()]);
    let wrapped = bytes(&tab.call("data_keys.generate", wrap).unwrap(), "wrapped");
    let relabelled = |from: &[u8], mark: u8| [&[mark], &from[1..]].concat();
    for ciphertext in [header.clone(), relabelled(&header, 1), relabelled(&wrapped, 1)] {
        for method in ["decrypt", "rewrap"] {
            let more = [word("keyId", &key), data("ciphertext", &ciphertext), drafts()];
            assert_eq!(tab.call(method, params(&more)), Err("invalid_ciphertext".into()));
        }
    }
    let others = [ciphertext.clone(), relabelled(&ciphertext, 4), relabelled(&wrapped, 4), vec![]];
    for header in others {
        assert_eq!(decrypting(&tab, &key, &header), Err("invalid_ciphertext".into()));
    }
}

#[test]
fn a_header_is_bound_to_its_key_its_version_and_its_context() {
    let tab = Tab::ready();
    let (key, other) = (key(&tab), key(&tab));
    let (_, header) = encrypting(&tab, &key).unwrap();
    let invalid = Err("invalid_ciphertext".to_owned());
    assert_eq!(decrypting(&tab, &other, &header), invalid);
    for at in 0..header.len() {
        let mut bad = header.clone();
        bad[at] ^= 1;
        let expected =
            if (1..5).contains(&at) { "version_not_found" } else { "invalid_ciphertext" };
        assert_eq!(decrypting(&tab, &key, &bad), Err(expected.into()), "byte {at}");
        assert_eq!(decrypting(&tab, &key, &header[..at]), invalid, "length {at}");
    }
    let bare = params(&[word("keyId", &key), data("header", &header)]);
    assert_eq!(tab.call("streams.decrypt", bare), Err("invalid_ciphertext".into()));
    // A header says nothing about a payload that is not its own.
    let (_, payload) = encrypt(&tab, &key, b"of another stream").unwrap();
    let read = decrypt(&tab, &key, (&header, &payload));
    assert_eq!(read, Err("invalid_ciphertext".into()));
    assert!(tab.call("keys.rotate", params(&[word("keyId", &key)])).is_ok());
    assert!(decrypting(&tab, &key, &header).is_ok());
    let minimum =
        ["minDecryptionVersion", "minEncryptionVersion"].map(|name| (name, Value::Number(2.0)));
    let minimum = params(&[&[word("keyId", &key)], &minimum[..]].concat());
    assert!(tab.call("keys.set_min_versions", minimum).is_ok());
    let read = params(&[word("keyId", &key), data("header", &header), drafts()]);
    let old = ("policy_denied".to_owned(), "min_version".to_owned());
    assert_eq!(refusal(&tab, "streams.decrypt", read), old);
    let first = params(&[word("keyId", &key), ("version", Value::Number(1.0))]);
    assert_eq!(refusal(&tab, "streams.encrypt", first), old);
    let latest = tab.call("streams.encrypt", params(&[word("keyId", &key)])).unwrap();
    assert_eq!(bytes(&latest, "header")[..5], [4, 0, 0, 0, 2]);
    assert_eq!(text(&latest, "streamId").len(), 22);
}
