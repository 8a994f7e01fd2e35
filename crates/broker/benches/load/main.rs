//! The broker under load beside a bare proxy of the same service, in one process on loopback: both take
//! mutual TLS from the same clients and pass the same requests on over mutual TLS. What the broker does
//! more is a token for each request, checked, used up, and written to the log before it is passed on.
//!
//! `cargo xtask bench --broker` runs it.

#![allow(clippy::unwrap_used)] // a measurement that fails ends

mod bare;
mod drive;
#[path = "../../tests/support/mod.rs"]
mod support;

use std::time::Instant;

use futures_util::future::join_all;
use kms_broker::config::Role;
use kms_broker::desk::{Asking, Peer};
use kms_broker::log::Event;
use kms_broker::tls::TlsVersion;
use kms_token::{Binding, Challenge, Digest, Token};
use serde_json::json;
use support::{AGENT, Workload, World, random, read_42};

use drive::Figures;

/// Requests of one round.
const REQUESTS: usize = 4_000;
/// Rounds of each; the best is told: whatever else the machine does makes it worse only.
const ROUNDS: usize = 3;
/// Tokens that are known to the broker meanwhile.
const LIVE: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];
/// At least so much of the bare proxy's throughput,
const THROUGHPUT: f64 = 0.5;
/// and at most so many times its 99th percentile.
const TAIL: f64 = 3.0;
/// What is done at one time while something is prepared.
const AT_ONCE: usize = 64;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.unwrap().block_on(measure());
}

async fn measure() {
    let limits = |json: &mut serde_json::Value| {
        json["limits"] = json!({
            "per_minute": u32::MAX, "alive": 3_000_000, "token_life_s": 900, "challenge_life_s": 900,
        });
    };
    let world = World::with(limits, TlsVersion::V1_3).await;
    let proxy = bare::start(&world).await;
    // Tokens are for its certificate, and each call makes another one.
    let agent = world.workload(AGENT);
    println!("{REQUESTS} requests over {} connections, best of {ROUNDS}", drive::CONNECTIONS);
    println!("{:>24} {:>9} {:>9} {:>9}", "", "p50", "p99", "per s");
    let plain = vec![String::new(); REQUESTS];
    let bare = best(async || drive::run(&agent, proxy, &plain).await).await;
    println!("{:>24} {bare}", "bare proxy");
    let alone = desk_alone(&world, &agent).await;
    println!("{:>24} {:>29.0} decisions alone, without TLS and service", "", alone);
    let mut known = REQUESTS;
    for live in LIVE {
        fill(&world, &agent, live.saturating_sub(known)).await;
        let round = async || {
            let tokens = tokens(&world, &agent).await;
            drive::run(&agent, world.address, &tokens).await
        };
        let broker = best(round).await;
        // Those of the rounds before are known as well.
        known = live.max(known + ROUNDS * REQUESTS);
        println!("{:>24} {broker}", format!("broker, {live} tokens"));
        judge(&broker, &bare);
    }
}

/// The best of some rounds, by what was done in a second.
async fn best(round: impl AsyncFn() -> Figures) -> Figures {
    let mut best: Option<Figures> = None;
    for _ in 0..ROUNDS {
        let figures = round().await;
        if best.as_ref().is_none_or(|best| figures.per_second > best.per_second) {
            best = Some(figures);
        }
    }
    best.unwrap()
}

/// Decisions in a second: tokens checked, used up and written, without a connection.
async fn desk_alone(world: &World, agent: &Workload) -> f64 {
    let (peer, tokens) = (peer(agent), tokens(world, agent).await);
    let tokens: Vec<_> = tokens.iter().map(|text| Token::parse(text).unwrap()).collect();
    let request = Binding::new("GET", "/v1/proxy/crm/contacts/42", Digest::of(b"")).unwrap();
    let begun = Instant::now();
    for some in tokens.chunks(AT_ONCE) {
        let used = some.iter().map(|token| world.app.desk.present(&peer, token, &request));
        assert!(join_all(used).await.iter().all(Result::is_ok));
    }
    f64::from(u32::try_from(REQUESTS).unwrap()) / begun.elapsed().as_secs_f64()
}

fn judge(broker: &Figures, bare: &Figures) {
    let throughput = broker.per_second / bare.per_second;
    let tail = broker.p99.as_secs_f64() / bare.p99.as_secs_f64();
    let told = |met: bool| if met { "met" } else { "NOT MET" };
    println!(
        "{:>24} {throughput:.2} of its throughput ({}), {tail:.2} of its p99 ({})",
        "",
        told(throughput >= THROUGHPUT),
        told(tail <= TAIL),
    );
}

/// As the broker sees it.
fn peer(agent: &Workload) -> Peer {
    let leaf = agent.identity().leaf;
    let (id, certificate, expires) = (leaf.id, leaf.certificate, leaf.expires);
    Peer { id, certificate, expires, role: Some(Role::Agent) }
}

/// Tokens for one round, asked for, approved and picked up as any.
async fn tokens(world: &World, agent: &Workload) -> Vec<String> {
    let (peer, desk) = (peer(agent), &world.app.desk);
    let asked = read_42().to_string();
    let token = async || {
        let asking = Asking::parse(asked.as_bytes()).unwrap();
        let pending = desk.ask(&peer, asking).await.unwrap();
        let challenge = Challenge::parse(pending.challenge.as_bytes()).unwrap();
        let token = world.mint(&challenge).await;
        desk.approve(challenge.id, token.reveal()).await.unwrap();
        desk.collect(&peer, challenge.id).await.unwrap().reveal().to_owned()
    };
    let mut tokens = Vec::with_capacity(REQUESTS);
    while tokens.len() < REQUESTS {
        tokens.extend(join_all((0..AT_ONCE).map(|_| token())).await);
    }
    tokens.truncate(REQUESTS);
    tokens
}

/// Lets the broker know so many tokens more, without the work of minting them.
async fn fill(world: &World, agent: &Workload, count: usize) {
    let peer = peer(agent);
    for begin in (0..count).step_by(1_000) {
        let some = (begin..count.min(begin + 1_000)).map(|_| {
            let iat = world.now();
            let (jti, challenge) = (random().to_string(), random().to_string());
            let (sub, exp) = (peer.id.to_string(), iat + 900);
            Event::Minted { challenge, jti, sub, iat, exp, approvers: Vec::new() }
        });
        let some: Vec<_> = some.collect();
        world.app.desk.store.decide(|_, _| Ok(((), some))).await.unwrap();
    }
}
