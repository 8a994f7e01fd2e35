//! Several stores on one log, and faults of what it is in.

#![allow(clippy::unwrap_used)] // helpers of tests

mod support;

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use kms_broker::Problem;
use kms_broker::log::Event;
use kms_broker::state::State;
use kms_broker::store::{Clock, Ledger, Row, Store, replay};
use kms_token::{Id, SpiffeId};
use pollster::block_on;
use support::{AGENT, BROKER, id};
use tokio::sync::OwnedMutexGuard;

const NOW: u64 = 1_800_000_000;
const LIFE_S: u64 = 300;

type Lines = Arc<tokio::sync::Mutex<Vec<String>>>;

/// A ledger in memory that fails at one of its operations, and may then have done it.
struct Table {
    lines: Lines,
    turn: Option<OwnedMutexGuard<Vec<String>>>,
    faults: Arc<Faults>,
}

#[derive(Default)]
struct Faults {
    operations: AtomicU64,
    /// At which operations, and whether it is done all the same.
    at: Mutex<Vec<(u64, bool)>>,
    /// The next lines are lost.
    loses: AtomicBool,
}

impl Faults {
    /// Whether the next operation is done, and whether it says so.
    fn next(&self) -> (bool, bool) {
        let now = self.operations.fetch_add(1, Ordering::SeqCst);
        let at = self.at.lock().unwrap();
        at.iter().find(|(at, _)| *at == now).map_or((true, true), |(_, done)| (*done, false))
    }
}

impl Ledger for Table {
    async fn begin(&mut self) -> io::Result<()> {
        self.turn = None;
        self.turn = Some(Arc::clone(&self.lines).lock_owned().await);
        self.said(self.faults.next().1)
    }

    async fn read(&mut self, from: u64) -> io::Result<Vec<Row>> {
        self.said(self.faults.next().1)?;
        let lines = self.turn.as_ref().unwrap().iter();
        let rows = lines.skip(usize::try_from(from).unwrap()).take(3);
        Ok(rows.map(|line| Row { line: line.clone(), waits: None }).collect())
    }

    async fn end(&mut self, from: u64, rows: &[Row]) -> io::Result<()> {
        let (done, says) = self.faults.next();
        let lost = !rows.is_empty() && self.faults.loses.swap(false, Ordering::SeqCst);
        let (done, says) = (done && !lost, says && !lost);
        if done {
            let lines = self.turn.as_mut().unwrap();
            assert!(rows.is_empty() || lines.len() as u64 == from, "in the place of another line");
            lines.extend(rows.iter().map(|row| row.line.clone()));
        }
        self.turn = None;
        self.said(says)
    }
}

impl Table {
    fn said(&mut self, well: bool) -> io::Result<()> {
        if !well {
            self.turn = None;
            return Err(io::Error::other("no connection"));
        }
        Ok(())
    }
}

fn broker() -> SpiffeId {
    id(BROKER)
}

fn clock() -> Clock {
    Arc::new(|| NOW)
}

fn join(lines: &Lines, faults: &Arc<Faults>) -> Store {
    let (lines, faults) = (Arc::clone(lines), Arc::clone(faults));
    let table = Table { lines, turn: None, faults };
    Store::join(table, State::shared(broker(), LIFE_S), clock()).unwrap()
}

fn whole(lines: &Lines) -> u64 {
    let text = lines.blocking_lock().concat();
    replay(text.as_bytes(), &broker()).unwrap().chain.size()
}

fn mint(store: &Store, number: u8) -> Result<(), Problem> {
    let jti = Id::new([number; 16]).to_string();
    let (challenge, sub) = (jti.clone(), AGENT.to_owned());
    let (iat, exp, approvers) = (NOW, NOW + 300, Vec::new());
    let minted = Event::Minted { challenge, jti: jti.clone(), sub, iat, exp, approvers };
    block_on(store.decide(|_, _| Ok(((), vec![minted, Event::Delivered { jti }]))))
}

fn use_once(store: &Store, number: u8) -> Result<(), Problem> {
    let jti = Id::new([number; 16]);
    let (act, by) = ("crm.contact.read".into(), AGENT.into());
    block_on(store.decide(|state, _| {
        state.admit(jti)?;
        Ok(((), vec![Event::Used { jti: jti.to_string(), act, by }]))
    }))
}

#[test]
fn what_one_decides_the_others_know() {
    let lines = Lines::default();
    let [one, other] = [(); 2].map(|()| join(&lines, &Arc::default()));
    mint(&one, 1).unwrap();
    assert_eq!(use_once(&other, 1), Ok(()));
    assert_eq!(use_once(&one, 1), Err(Problem::TOKEN_USED));
    assert_eq!(use_once(&other, 1), Err(Problem::TOKEN_USED));
    for number in 2..20 {
        mint(if number % 2 == 0 { &one } else { &other }, number).unwrap();
    }
    block_on(one.fresh()).unwrap();
    assert_eq!(one.chain(|chain, durable| (chain.size(), durable)), Ok((39, 39)));
    assert_eq!(whole(&lines), 39);
    // One that comes later reads all of it first.
    let later = join(&lines, &Arc::default());
    assert_eq!(use_once(&later, 1), Err(Problem::TOKEN_USED));
    assert_eq!(use_once(&later, 19), Ok(()));
}

#[test]
fn of_requests_at_all_stores_one_uses_a_token() {
    let lines = Lines::default();
    let stores = [(); 3].map(|()| join(&lines, &Arc::default()));
    for number in 1..=5 {
        mint(&stores[0], number).unwrap();
    }
    let yes = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for thread in 0..12 {
            let (store, yes) = (&stores[thread % 3], &yes);
            scope.spawn(move || {
                for number in 1..=5 {
                    yes.fetch_add(u64::from(use_once(store, number).is_ok()), Ordering::SeqCst);
                }
            });
        }
    });
    assert_eq!(yes.load(Ordering::SeqCst), 5);
    assert_eq!(whole(&lines), 15);
}

/// At every operation, done or not: what was said yes to is there, once, and it goes on afterwards.
#[test]
fn after_a_fault_at_any_point_nothing_is_used_twice() {
    for (at, done) in (3..24).flat_map(|at| [(at, false), (at, true)]) {
        let (lines, faults) = (Lines::default(), Arc::<Faults>::default());
        let store = join(&lines, &faults);
        let other = join(&lines, &Arc::default());
        faults.at.lock().unwrap().push((at, done));
        for number in 1..=3 {
            let known = mint(&store, number).is_ok();
            let yes = use_once(&store, number);
            let again = use_once(&other, number);
            match (known, yes) {
                (_, Ok(())) => assert_eq!(again, Err(Problem::TOKEN_USED), "{at} {done}"),
                (true, _) => assert!(matches!(again, Ok(()) | Err(Problem::TOKEN_USED))),
                (false, _) => {}
            }
            assert!(use_once(&store, number).is_err(), "{at} {done} {number}");
        }
        // It goes on by itself, at once.
        faults.at.lock().unwrap().clear();
        mint(&store, 4).unwrap();
        assert_eq!(use_once(&other, 4), Ok(()));
        drop((store, other));
        whole(&lines);
    }
}

#[test]
fn a_log_that_is_another_one_is_not_gone_on_with() {
    let lines = Lines::default();
    let store = join(&lines, &Arc::default());
    mint(&store, 1).unwrap();
    let before = lines.blocking_lock().clone();
    use_once(&store, 1).unwrap();
    // As somebody would who wants to use the token again.
    *lines.blocking_lock() = before;
    assert_eq!(use_once(&store, 1), Err(Problem::STORE));
    assert_eq!(mint(&store, 2), Err(Problem::STORE));
    assert_eq!(block_on(store.fresh()), Err(Problem::STORE));
    // A line that follows from nothing is no start.
    lines.blocking_lock().push("{}\n".into());
    let table = Table { lines: Arc::clone(&lines), turn: None, faults: Arc::default() };
    assert!(Store::join(table, State::shared(broker(), LIFE_S), clock()).is_err());
}

/// Also not after lines of its own were lost, when everything is read again.
#[test]
fn a_log_that_was_exchanged_meanwhile_is_found() {
    let (lines, faults) = (Lines::default(), Arc::<Faults>::default());
    let store = join(&lines, &faults);
    mint(&store, 1).unwrap();
    use_once(&store, 1).unwrap();
    faults.loses.store(true, Ordering::SeqCst);
    assert_eq!(mint(&store, 2), Err(Problem::STORE));
    lines.blocking_lock().truncate(2);
    assert_eq!(use_once(&store, 1), Err(Problem::STORE));
}

#[test]
fn what_is_noted_is_written_soon_or_at_the_end() {
    let lines = Lines::default();
    let store = join(&lines, &Arc::default());
    let refused = || Event::Refused { code: "role".into(), by: AGENT.into(), jti: None };
    store.note(refused());
    while lines.blocking_lock().is_empty() {
        std::thread::yield_now();
    }
    store.note(refused());
    store.close();
    assert_eq!(whole(&lines), 2);
    assert_eq!(mint(&store, 1), Err(Problem::STORE));
}

/// Peers that are refused while nothing can be written do not fill the memory.
#[test]
fn what_waits_to_be_noted_has_a_bound() {
    let lines = Lines::default();
    let store = join(&lines, &Arc::default());
    let held = lines.blocking_lock();
    for _ in 0..5000 {
        store.note(Event::Refused { code: "role".into(), by: AGENT.into(), jti: None });
    }
    drop(held);
    store.close();
    assert_eq!(whole(&lines), 4096);
}

/// A request that is given up while it waits holds nobody up.
#[test]
fn who_does_not_wait_any_more_is_not_waited_for() {
    let lines = Lines::default();
    let store = join(&lines, &Arc::default());
    let held = lines.blocking_lock();
    let mut given_up = Box::pin(store.fresh());
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(given_up.as_mut().poll(&mut context).is_pending());
    drop(given_up);
    drop(held);
    assert_eq!(mint(&store, 1), Ok(()));
}
