//! How many streams there are, and when they end by themselves.

use kms_crypto::stream::CHUNK_LEN;
use kms_protocol::Value;
use kms_protocol::limits::{MAX_ALL_STREAMS, MAX_STREAMS, STREAM_IDLE_MS};
use kms_testkit::Tab;
use kms_testkit::invariants::entries;
use kms_testkit::tab::{Code, PAGE, origin, text};
use kms_vault::SessionId;
use pollster::block_on;

use super::{close, encrypting, is_gone, key, message, params, word, write};

fn open_as(tab: &Tab, session: SessionId, key: &str) -> Result<String, Code> {
    let opened = tab.call_as(session, "streams.encrypt", params(&[word("keyId", key)]))?;
    Ok(text(&opened, "streamId"))
}

fn open(tab: &Tab, key: &str) -> Result<String, Code> {
    open_as(tab, tab.session, key)
}

/// How many more streams the page can open now; they stay open.
fn room(tab: &Tab, key: &str) -> usize {
    (0..=MAX_ALL_STREAMS).take_while(|_| open(tab, key).is_ok()).count()
}

#[test]
fn a_page_has_few_streams_and_each_that_ends_makes_room() {
    let tab = Tab::ready();
    let key = key(&tab);
    let all: Vec<_> = (0..MAX_STREAMS).map(|_| open(&tab, &key).unwrap()).collect();
    let full = Err("too_many_requests".to_owned());
    assert_eq!(open(&tab, &key), full);
    assert!(write(&tab, &all[0], (0, true), b"all").is_ok());
    assert!(write(&tab, &all[1], (7, true), b"wrong").is_err());
    assert_eq!(close(&tab, &all[2]), Ok(()));
    assert_eq!(room(&tab, &key), 3);
    assert!(write(&tab, &all[3], (0, true), b"still there").is_ok());
    // What was refused has used no key.
    assert_eq!(entries(&tab).len(), 2 + MAX_STREAMS + 3);
}

#[test]
fn all_pages_together_have_few_streams_and_one_that_goes_makes_room() {
    let tab = Tab::ready();
    let key = key(&tab);
    let pages: Vec<_> = (0..3).map(|_| tab.enclave.connect(origin(PAGE))).collect();
    for page in &pages[..MAX_ALL_STREAMS / MAX_STREAMS] {
        for _ in 0..MAX_STREAMS {
            assert!(open_as(&tab, *page, &key).is_ok());
        }
    }
    assert_eq!(open_as(&tab, pages[2], &key), Err("too_many_requests".into()));
    tab.enclave.disconnect(pages[0]);
    assert!(open_as(&tab, pages[2], &key).is_ok());
    assert_eq!(open_as(&tab, pages[1], &key), Err("too_many_requests".into()));
}

#[test]
fn what_could_not_be_opened_leaves_no_stream() {
    let tab = Tab::ready();
    let key = key(&tab);
    let signing = tab.create("ed25519", "durable").unwrap();
    for _ in 0..=MAX_ALL_STREAMS {
        assert_eq!(open(&tab, &signing), Err("policy_denied".into()));
        assert_eq!(open(&tab, "AAECAwQFBgcICQoLDA0ODw"), Err("not_found".into()));
    }
    assert_eq!(room(&tab, &key), MAX_STREAMS);
}

#[test]
fn a_stream_that_nobody_writes_to_ends() {
    let tab = Tab::ready();
    let key = key(&tab);
    let (stream, _) = encrypting(&tab, &key).unwrap();
    let chunk = message(CHUNK_LEN);
    for at in 0..3 {
        tab.clock.advance(STREAM_IDLE_MS - 1);
        block_on(tab.enclave.tick());
        assert!(write(&tab, &stream, (at, false), &chunk).is_ok());
    }
    tab.clock.advance(STREAM_IDLE_MS);
    assert!(is_gone(&tab, &stream));
    assert_eq!(tab.state().as_deref(), Ok("unlocked"));
    // Its place is free at the next tick.
    assert_eq!(room(&tab, &key), MAX_STREAMS - 1);
    tab.clock.advance(STREAM_IDLE_MS);
    block_on(tab.enclave.tick());
    assert_eq!(room(&tab, &key), MAX_STREAMS);
}

#[test]
fn locking_ends_every_stream() {
    let tab = Tab::ready();
    let key = key(&tab);
    let stream = open(&tab, &key).unwrap();
    assert!(tab.call("vault.lock", Value::Map(vec![])).is_ok());
    assert!(tab.unlock(kms_testkit::PASSPHRASE).is_ok());
    assert!(is_gone(&tab, &stream));
    assert_eq!(room(&tab, &key), MAX_STREAMS);
}
