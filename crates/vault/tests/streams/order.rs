//! The order of writes, and what may be in one.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use futures_util::future::{join, join3};
use kms_crypto::stream::{CHUNK_LEN, SEALED_CHUNK_LEN};
use kms_protocol::Value;
use kms_testkit::tab::{Code, bytes, origin, outcome};
use kms_testkit::{PASSPHRASE, Tab};
use pollster::block_on;

use super::{chunks, close, decrypting, encrypt, encrypting, is_gone, key, message, params, word};
use super::{write, write_as};

#[test]
fn a_write_has_whole_chunks_and_says_which() {
    let tab = Tab::ready();
    let key = key(&tab);
    let (one, two) = (message(CHUNK_LEN), message(2 * CHUNK_LEN));
    let mut wrong: Vec<(usize, bool, Vec<u8>, &str)> = vec![
        (1, false, one.clone(), "invalid_params"),
        (0, false, vec![], "invalid_params"),
        (0, false, message(CHUNK_LEN - 1), "invalid_params"),
        (0, false, message(CHUNK_LEN + 1), "invalid_params"),
    ];
    for last in [false, true] {
        wrong.push((0, last, message(7 * CHUNK_LEN + 1), "payload_too_large"));
    }
    for (chunk, last, bytes, code) in wrong {
        let (stream, _) = encrypting(&tab, &key).unwrap();
        let written = write(&tab, &stream, (chunk, last), &bytes);
        assert!(written == Err(code.into()), "{chunk} {last} {}", bytes.len());
        assert!(is_gone(&tab, &stream));
    }
    let (stream, header) = encrypting(&tab, &key).unwrap();
    let mut payload = write(&tab, &stream, (0, false), &one).unwrap();
    payload.extend(write(&tab, &stream, (1, false), &two).unwrap());
    // An empty last chunk is of an empty message.
    assert_eq!(write(&tab, &stream, (3, true), b""), Err("invalid_params".into()));
    assert!(is_gone(&tab, &stream));
    let sealed = |chunks: usize, less: usize| &payload[..chunks * SEALED_CHUNK_LEN - less];
    let too_much = vec![0; 7 * SEALED_CHUNK_LEN + 1];
    for (chunk, bytes, code) in [
        (1, sealed(1, 0), "invalid_params"),
        (0, sealed(1, 1), "invalid_params"),
        (0, sealed(2, SEALED_CHUNK_LEN - 16), "invalid_params"),
        (0, &[][..], "invalid_params"),
        (0, &too_much[..], "payload_too_large"),
    ] {
        let stream = decrypting(&tab, &key, &header).unwrap();
        let written = write(&tab, &stream, (chunk, false), bytes);
        assert!(written == Err(code.into()), "{chunk} {}", bytes.len());
        assert!(is_gone(&tab, &stream));
    }
}

#[test]
fn a_chunk_is_written_once() {
    let tab = Tab::ready();
    let key = key(&tab);
    for again in [0, 2] {
        let (stream, _) = encrypting(&tab, &key).unwrap();
        assert!(write(&tab, &stream, (0, false), &message(CHUNK_LEN)).is_ok());
        let second = write(&tab, &stream, (again, true), b"other");
        assert_eq!(second, Err("invalid_params".into()));
        assert!(is_gone(&tab, &stream));
    }
    // The last chunk is the last.
    let (stream, _) = encrypting(&tab, &key).unwrap();
    assert!(write(&tab, &stream, (0, true), b"all").is_ok());
    assert!(is_gone(&tab, &stream));
}

#[test]
fn a_stream_belongs_to_its_connection() {
    let tab = Tab::ready();
    let key = key(&tab);
    let (stream, header) = encrypting(&tab, &key).unwrap();
    let reading = decrypting(&tab, &key, &header).unwrap();
    for site in [kms_testkit::tab::PAGE, "https://other.example"] {
        let other = tab.enclave.connect(origin(site));
        for stream in [&stream, &reading] {
            let written = write_as((&tab, other), stream, (0, true), &[0; 17]);
            assert_eq!(written, Err("stream_not_found".into()));
            let closed = tab.call_as(other, "streams.close", params(&[word("streamId", stream)]));
            assert_eq!(closed, Err("stream_not_found".into()));
        }
    }
    // Nobody has ended it.
    let made = write(&tab, &stream, (0, true), b"mine").unwrap();
    assert_eq!(write(&tab, &reading, (0, true), &made), Ok(b"mine".to_vec()));
}

fn data_of(reply: Option<Value>) -> Result<Vec<u8>, Code> {
    Ok(bytes(&outcome(reply)?, "data"))
}

#[test]
fn writes_are_done_in_the_order_in_which_they_came() {
    let tab = Tab::ready();
    let key = key(&tab);
    let plain = message(2 * CHUNK_LEN + 5);
    let (stream, header) = encrypting(&tab, &key).unwrap();
    let (other, _) = encrypting(&tab, &key).unwrap();
    let part = |chunk: usize| plain.chunks(CHUNK_LEN).nth(chunk).unwrap();
    let send = |stream: &str, chunk: usize, bytes: &[u8]| {
        let write = chunks(stream, (chunk, chunk == 2), bytes);
        tab.enclave.handle(tab.session, tab.request("streams.write", write))
    };
    let gate = tab.crypto.hold_seal();
    let (first, second) = (send(&stream, 0, part(0)), send(&stream, 1, part(1)));
    let (between, third) = (send(&other, 0, part(0)), send(&stream, 2, part(2)));
    let mut all = pin!(join3(first, second, join(between, third)));
    let mut context = Context::from_waker(Waker::noop());
    assert!(all.as_mut().poll(&mut context).is_pending());
    // Every one of them waits for the first.
    assert!(gate.send(()).is_ok());
    let (first, second, (between, third)) = block_on(all);
    let made = [first, second, third].map(|reply| data_of(reply).unwrap()).concat();
    assert!(data_of(between).is_ok());
    assert!(super::decrypt(&tab, &key, (&header, &made)) == Ok(plain));
    // One that fails takes with it what waits behind it.
    let (stream, _) = encrypting(&tab, &key).unwrap();
    let gate = tab.crypto.hold_seal();
    let wrong = chunks(&stream, (5, false), &message(CHUNK_LEN));
    let wrong = tab.enclave.handle(tab.session, tab.request("streams.write", wrong));
    let all =
        join3(send(&stream, 0, &message(CHUNK_LEN)), wrong, send(&stream, 1, &message(CHUNK_LEN)));
    drop(gate);
    let (first, wrong, behind) = block_on(all);
    assert!(data_of(first).is_ok());
    assert_eq!(data_of(wrong), Err("invalid_params".into()));
    assert_eq!(data_of(behind), Err("stream_not_found".into()));
}

#[test]
fn no_write_of_any_stream_outlives_a_lock_though_the_vault_is_unlocked_again() {
    let tab = Tab::ready();
    let key = key(&tab);
    let streams = [(); 3].map(|()| encrypting(&tab, &key).unwrap().0);
    let send = |stream: &str, chunk: usize| {
        let write = chunks(stream, (chunk, false), &message(CHUNK_LEN));
        tab.enclave.handle(tab.session, tab.request("streams.write", write))
    };
    let gate = tab.crypto.hold_seal();
    let (held, behind) = (send(&streams[0], 0), send(&streams[0], 1));
    let others = join(send(&streams[1], 0), send(&streams[2], 0));
    let mut all = pin!(join3(held, behind, others));
    let mut context = Context::from_waker(Waker::noop());
    assert!(all.as_mut().poll(&mut context).is_pending());
    assert!(tab.call("vault.lock", Value::Map(vec![])).is_ok());
    assert!(tab.unlock(PASSPHRASE).is_ok());
    let again = encrypting(&tab, &key).unwrap().0;
    assert!(gate.send(()).is_ok());
    let (held, behind, (one, other)) = block_on(all);
    for reply in [held, behind, one, other] {
        assert_eq!(data_of(reply), Err("stream_not_found".into()));
    }
    assert!(write(&tab, &again, (0, true), b"text").is_ok());
    assert!(streams.iter().all(|stream| is_gone(&tab, stream)));
}

/// A write that waits for its chunk, and what is done meanwhile.
fn under_way(act: impl FnOnce(&Tab, &str)) -> (Tab, String, Result<Vec<u8>, Code>) {
    let tab = Tab::ready();
    let key = key(&tab);
    let (stream, _) = encrypting(&tab, &key).unwrap();
    let request = Value::object([
        ("id", Value::Text("held".into())),
        ("method", Value::Text("streams.write".into())),
        ("params", chunks(&stream, (0, false), &message(CHUNK_LEN))),
        ("deadlineMs", Value::Number(1000.0)),
    ]);
    let gate = tab.crypto.hold_seal();
    let written = {
        let mut write = pin!(tab.enclave.handle(tab.session, request));
        let mut context = Context::from_waker(Waker::noop());
        assert_eq!(write.as_mut().poll(&mut context), Poll::Pending);
        act(&tab, &stream);
        // What was given up is not waited for.
        match write.as_mut().poll(&mut context) {
            Poll::Ready(reply) => data_of(reply),
            Poll::Pending => {
                drop(gate);
                data_of(block_on(write))
            }
        }
    };
    (tab, stream, written)
}

#[test]
fn what_is_aborted_late_or_closed_in_the_middle_ends_the_stream() {
    let (tab, stream, written) = under_way(|tab, _| {
        assert_eq!(tab.send(Value::object([("cancel", Value::Text("held".into()))])), None);
    });
    assert_eq!(written, Err("aborted".into()));
    assert!(is_gone(&tab, &stream));
    let (tab, stream, written) = under_way(|tab, _| tab.clock.advance(1000));
    assert_eq!(written, Err("deadline_exceeded".into()));
    assert!(is_gone(&tab, &stream));
    let (tab, stream, written) = under_way(|tab, stream| assert_eq!(close(tab, stream), Ok(())));
    assert_eq!(written, Err("stream_not_found".into()));
    assert!(is_gone(&tab, &stream));
    let (tab, stream, written) = under_way(|tab, _| tab.enclave.disconnect(tab.session));
    assert!(written.is_err());
    let other = tab.enclave.connect(origin(kms_testkit::tab::PAGE));
    let more = write_as((&tab, other), &stream, (1, true), b"more");
    assert_eq!(more, Err("stream_not_found".into()));
    // The next write is not held up by one that was given up.
    let key = text_key(&tab, other);
    let opened = tab.call_as(other, "streams.encrypt", params(&[word("keyId", &key)])).unwrap();
    let stream = kms_testkit::tab::text(&opened, "streamId");
    assert!(write_as((&tab, other), &stream, (0, true), b"more").is_ok());
}

fn text_key(tab: &Tab, session: kms_vault::SessionId) -> String {
    let spec = Value::object([word("spec", "aes-256")]);
    kms_testkit::tab::text(&tab.call_as(session, "keys.create", spec).unwrap(), "keyId")
}

#[test]
fn a_lock_in_the_middle_ends_the_write_and_the_stream() {
    let (tab, stream, written) = under_way(|tab, _| {
        assert!(tab.call("vault.lock", Value::Map(vec![])).is_ok());
    });
    assert_eq!(written, Err("locked".into()));
    assert_eq!(write(&tab, &stream, (1, true), b"more"), Err("locked".into()));
    assert!(tab.unlock(kms_testkit::PASSPHRASE).is_ok());
    assert!(is_gone(&tab, &stream));
    let key = key(&tab);
    assert!(encrypt(&tab, &key, b"again").is_ok());
}
