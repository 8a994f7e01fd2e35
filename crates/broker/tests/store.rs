//! What a crash, a fault and a forger leave of the log.

#![allow(clippy::unwrap_used)] // helpers of tests

mod support;

use std::io::{self, BufReader};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use kms_broker::Problem;
use kms_broker::config::Config;
use kms_broker::desk::Desk;
use kms_broker::log::{Chain, Event};
use kms_broker::store::{Clock, Disk, Store, replay};
use kms_token::{Id, SpiffeId};
use pollster::block_on;
use support::{AGENT, BROKER, config, id};

const NOW: u64 = 1_800_000_000;

/// A disk in memory that loses power at one of its operations.
#[derive(Clone, Default)]
struct Platter(Arc<Mutex<Surface>>);

#[derive(Default)]
struct Surface {
    synced: Vec<u8>,
    written: Vec<u8>,
    operations: usize,
    fails_at: Option<usize>,
}

impl Surface {
    fn step(&mut self) -> io::Result<()> {
        let at = self.operations;
        self.operations += 1;
        if self.fails_at.is_some_and(|fails_at| at >= fails_at) {
            return Err(io::Error::other("no power"));
        }
        Ok(())
    }
}

impl Disk for Platter {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut surface = self.0.lock().unwrap();
        surface.written.extend_from_slice(bytes);
        surface.step()
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut surface = self.0.lock().unwrap();
        surface.step()?;
        let written = std::mem::take(&mut surface.written);
        surface.synced.extend(written);
        Ok(())
    }
}

impl Platter {
    fn failing_at(at: usize) -> Self {
        let disk = Self::default();
        disk.0.lock().unwrap().fails_at = Some(at);
        disk
    }

    /// What is left with so many bytes of what was not synced.
    fn left(&self, unsynced: usize) -> Vec<u8> {
        let surface = self.0.lock().unwrap();
        let some = &surface.written[..unsynced.min(surface.written.len())];
        [&surface.synced, some].concat()
    }
}

fn clock() -> Clock {
    Arc::new(|| NOW)
}

fn begin(disk: &Platter, log: &[u8]) -> Store {
    Store::start(disk.clone(), replay(log, &broker()).unwrap(), clock())
}

fn broker() -> SpiffeId {
    id(BROKER)
}

fn minted(number: u8) -> Vec<Event> {
    let jti = Id::new([number; 16]).to_string();
    let (challenge, sub) = (jti.clone(), AGENT.to_owned());
    let (iat, exp, approvers) = (NOW, NOW + 300, Vec::new());
    vec![
        Event::Minted { challenge, jti: jti.clone(), sub, iat, exp, approvers },
        Event::Delivered { jti },
    ]
}

fn used(number: u8) -> Event {
    let jti = Id::new([number; 16]).to_string();
    Event::Used { jti, act: "crm.contact.read".into(), by: AGENT.into() }
}

/// Uses a token, as a request does; whether the broker has said yes.
fn use_once(store: &Store, number: u8) -> Result<(), Problem> {
    block_on(store.decide(|state, _| {
        state.admit(Id::new([number; 16]))?;
        Ok(((), vec![used(number)]))
    }))
}

fn mint(store: &Store, number: u8) -> Result<(), Problem> {
    block_on(store.decide(|_, _| Ok(((), minted(number)))))
}

/// A disk that takes its time: each sync waits until it may go on.
struct Slow {
    syncs: Arc<AtomicU64>,
    begun: Sender<()>,
    go_on: Receiver<()>,
}

impl Disk for Slow {
    fn append(&mut self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.syncs.fetch_add(1, Ordering::SeqCst);
        // Once the test has ended, nothing holds it up.
        let _ = self.begun.send(());
        let _ = self.go_on.recv();
        Ok(())
    }
}

/// What comes while the disk is busy waits for one sync, however much it is; and nobody is told before.
#[test]
fn decisions_that_wait_share_one_sync() {
    const WAITING: u8 = 32;
    let syncs = Arc::new(AtomicU64::new(0));
    let ((begun, has_begun), (may, go_on)) = (channel(), channel());
    let disk = Slow { syncs: Arc::clone(&syncs), begun, go_on };
    let store = Store::start(disk, replay(&b""[..], &broker()).unwrap(), clock());
    let said = AtomicU64::new(0);
    let decide = |number| {
        mint(&store, number).unwrap();
        said.fetch_add(1, Ordering::SeqCst);
    };
    std::thread::scope(|scope| {
        scope.spawn(|| decide(0));
        has_begun.recv().unwrap();
        for number in 1..=WAITING {
            let decide = &decide;
            scope.spawn(move || decide(number));
        }
        let all = 2 * (u64::from(WAITING) + 1);
        while store.chain(|chain, _| chain.size()).unwrap() < all {
            std::thread::yield_now();
        }
        assert_eq!(said.load(Ordering::SeqCst), 0);
        may.send(()).unwrap();
        has_begun.recv().unwrap();
        // A sync too many is counted, and does not wait.
        drop(may);
    });
    assert_eq!(said.load(Ordering::SeqCst), u64::from(WAITING) + 1);
    assert_eq!(syncs.load(Ordering::SeqCst), 2);
}

/// What nobody waits for costs no sync of its own when a decision comes, and is written without one.
#[test]
fn what_is_noted_is_written_with_a_decision_or_soon() {
    let disk = Platter::default();
    let store = begin(&disk, b"");
    let lines = || disk.left(0).split(|byte| *byte == b'\n').count() - 1;
    let refused = || Event::Refused { code: "role".into(), by: AGENT.into(), jti: None };
    store.note(refused());
    store.note(refused());
    mint(&store, 1).unwrap();
    assert_eq!(lines(), 4);
    store.note(refused());
    while lines() < 5 {
        std::thread::yield_now();
    }
    store.note(refused());
    store.close();
    assert_eq!(lines(), 6);
}

/// At every operation of the disk, and with every part of what was not synced: what the broker has
/// said yes to is there, and nothing is used twice.
#[test]
fn after_a_crash_at_any_point_nothing_is_used_twice() {
    for fails_at in 0..14 {
        let disk = Platter::failing_at(fails_at);
        let store = begin(&disk, b"");
        let mut said = Vec::new();
        for number in 1..=3 {
            let known = mint(&store, number).is_ok();
            let yes = use_once(&store, number);
            said.push((number, known, yes.is_ok()));
            if yes.is_err() {
                // Once it has failed, it decides nothing.
                assert_eq!(use_once(&store, number), Err(Problem::STORE));
            }
        }
        drop(store);
        let rest = disk.0.lock().unwrap().written.len();
        for unsynced in 0..=rest {
            let left = disk.left(unsynced);
            let again = Platter::default();
            let replayed = replay(&left[..], &broker()).unwrap();
            let store = begin(&again, &left[..usize::try_from(replayed.len).unwrap()]);
            for (number, known, yes) in &said {
                let now = use_once(&store, *number);
                if *yes {
                    assert_eq!(now, Err(Problem::TOKEN_USED), "{fails_at} {unsynced} {number}");
                } else if *known {
                    assert!(matches!(now, Ok(()) | Err(Problem::TOKEN_USED)));
                }
            }
        }
    }
}

#[test]
fn of_requests_at_one_time_one_uses_a_token() {
    let disk = Platter::default();
    let store = begin(&disk, b"");
    mint(&store, 1).unwrap();
    let yes = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                if use_once(&store, 1).is_ok() {
                    yes.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
    });
    assert_eq!(yes.load(Ordering::SeqCst), 1);
}

fn written() -> Vec<u8> {
    let disk = Platter::default();
    let store = begin(&disk, b"");
    mint(&store, 1).unwrap();
    use_once(&store, 1).unwrap();
    mint(&store, 2).unwrap();
    drop(store);
    disk.left(0)
}

#[test]
fn a_log_that_was_changed_is_not_read() {
    let log = String::from_utf8(written()).unwrap();
    let lines: Vec<_> = log.lines().collect();
    assert_eq!(lines.len(), 5);
    let join = |lines: &[&str]| lines.join("\n") + "\n";
    let changed = [
        ("a line is missing", join(&[&lines[..1], &lines[2..]].concat())),
        ("the first line is missing", join(&lines[1..])),
        ("a line stands twice", join(&[&lines[..1], &lines[..]].concat())),
        ("two lines are exchanged", join(&[lines[0], lines[2], lines[1], lines[3], lines[4]])),
        ("a use is another one", log.replacen("contact.read", "contact.writ", 1)),
        ("a time is another one", log.replacen("\"at\":1800000000", "\"at\":1800000001", 1)),
        ("there is a space", log.replacen(",\"at\"", ", \"at\"", 1)),
        ("a member is unknown", log.replacen("{\"seq\"", "{\"a\":1,\"seq\"", 1)),
        ("there is an empty line", log.replacen('\n', "\n\n", 1)),
        ("a line has no end", "x".repeat(20_000)),
    ];
    for (what, log) in changed {
        assert!(replay(log.as_bytes(), &broker()).is_err(), "{what}");
    }
}

#[test]
fn a_log_that_was_made_up_does_not_become_the_state() {
    let make = |events: &[Event]| {
        let mut chain = Chain::default();
        let lines = events.iter().map(|event| chain.write(NOW, event.clone()).unwrap());
        replay(lines.collect::<String>().as_bytes(), &broker()).map(drop)
    };
    assert!(make(&minted(1)).is_ok());
    let twice = [minted(1), vec![used(1), used(1)]].concat();
    for events in [
        vec![used(1)],
        twice,
        [minted(1), minted(1)].concat(),
        vec![Event::Delivered { jti: "x".into() }],
        vec![Event::Started { broker: AGENT.into() }],
        vec![Event::Stated { statement: "a.b.c".into() }],
        vec![Event::Enrolled { key: "x".into(), owner: "eve".into(), admin: true }],
    ] {
        assert!(make(&events).is_err(), "{events:?}");
    }
}

#[test]
fn a_log_never_goes_back_in_time() {
    let time = Arc::new(AtomicU64::new(NOW));
    let now = Arc::clone(&time);
    let disk = Platter::default();
    let clock: Clock = Arc::new(move || now.load(Ordering::SeqCst));
    let store = Store::start(disk, replay(&b""[..], &broker()).unwrap(), clock);
    mint(&store, 1).unwrap();
    time.store(NOW - 5, Ordering::SeqCst);
    assert_eq!(store.look(|_, now_s| Ok(now_s)), Ok(NOW));
    time.store(NOW - 6, Ordering::SeqCst);
    assert_eq!(use_once(&store, 1), Err(Problem::CLOCK));
    time.store(NOW + 1, Ordering::SeqCst);
    assert_eq!(use_once(&store, 1), Ok(()));
}

#[test]
fn two_brokers_do_not_share_a_log() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.jsonl");
    let first = Store::open(&path, &broker(), clock()).unwrap();
    assert!(Store::open(&path, &broker(), clock()).is_err());
    mint(&first, 1).unwrap();
    drop(first);
    // A torn line is cut off, and the log goes on behind what was whole.
    let whole = std::fs::read(&path).unwrap();
    let torn = [&whole[..], b"{\"seq\":2,\"at\""].concat();
    std::fs::write(&path, torn).unwrap();
    let second = Store::open(&path, &broker(), clock()).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), whole);
    use_once(&second, 1).unwrap();
    drop(second);
    let log = std::fs::File::open(&path).unwrap();
    assert_eq!(replay(BufReader::new(log), &broker()).unwrap().chain.size(), 3);
}

#[test]
fn a_log_that_lost_its_end_or_its_key_is_not_opened() {
    let dir = tempfile::tempdir().unwrap();
    let open = || {
        let config = config("127.0.0.1:1").to_string();
        let config = Config::parse(config.as_bytes()).unwrap();
        Desk::open(config, dir.path(), clock())
    };
    let desk = open().unwrap();
    mint(&desk.store, 1).unwrap();
    desk.checkpoint().unwrap();
    drop(desk);
    let path = dir.path().join("log.jsonl");
    let whole = std::fs::read_to_string(&path).unwrap();
    let shorter = whole.trim_end().rsplit_once('\n').unwrap().0.to_owned() + "\n";
    std::fs::write(&path, shorter).unwrap();
    assert!(open().is_err());
    std::fs::write(&path, "").unwrap();
    assert!(open().is_err());
    std::fs::write(&path, whole).unwrap();
    drop(open().unwrap());
    std::fs::remove_file(dir.path().join("log.key")).unwrap();
    assert!(open().is_err());
}

#[test]
fn events_that_do_not_fit_stop_the_store() {
    let store = begin(&Platter::default(), b"");
    assert_eq!(block_on(store.decide(|_, _| Ok(((), vec![used(1)])))), Err(Problem::STORE));
    assert_eq!(mint(&store, 1), Err(Problem::STORE));
    assert_eq!(store.look(|_, _| Ok(())), Err(Problem::STORE));
    assert_eq!(store.chain(|_, _| ()), Err(Problem::STORE));
}
