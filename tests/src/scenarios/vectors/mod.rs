//! The known answers through the methods of the shipped enclave, with the keys of the vectors: private
//! keys come in by `keys.import`, public keys by `keys.agree`.
//!
//! What the methods can take of each suite, whole or in part, and why not the rest, stands in
//! `kms_testkit::known_answers::REACHED` and in docs/known-answers.md. These scenarios fail when they
//! ask more or fewer. All the answers are asked of the enclave's provider in the probe build
//! (`known_answers`).

mod agreements;
mod ciphers;
mod keys;
mod uses;

use anyhow::{Result, anyhow, bail, ensure};
use kms_crypto::CryptoError;
use kms_testkit::known_answers::{self, Call, Case, Owners, REACHED, Reach};
use serde_json::{Value, json};

use crate::{
    scenario::scenarios,
    session::{Session, to_page},
    world::World,
};

use self::keys::Keys;

scenarios!("vectors": uses_of_keys, agreements);

const TEXT: &[u8] = b"some text";

fn failed(error: CryptoError) -> anyhow::Error {
    anyhow!("{error}")
}

/// A request, and how it must end.
struct Asked {
    what: String,
    method: &'static str,
    params: Value,
    expected: Expected,
}

enum Expected {
    Result(&'static str, Value),
    /// The thumbprint in a public key.
    Kid(String),
    Refused(&'static str),
}

impl Expected {
    fn is_met(&self, reply: &Value) -> bool {
        match self {
            Self::Result(name, value) => reply["result"][name] == *value,
            Self::Kid(kid) => reply["result"]["jwk"]["kid"] == *kid,
            Self::Refused(code) => reply["error"]["code"] == *code,
        }
    }
}

/// Sends requests, many in a message. The first that ends otherwise is the error.
async fn ask(session: &Session<'_>, asked: Vec<Asked>) -> Result<()> {
    let requests: Vec<_> = asked.iter().map(|one| (one.method, one.params.clone())).collect();
    let replies = session.batch(&requests).await?;
    for (Asked { what, method, expected, .. }, reply) in asked.iter().zip(&replies) {
        ensure!(expected.is_met(reply), "{what}, {method}: {reply}");
    }
    Ok(())
}

/// The cases of each suite that are meant and within reach; of each suite with all of them, as many
/// as are known.
fn within_reach(owners: &Owners, is_meant: fn(&Call) -> bool) -> Result<Vec<(String, Case)>> {
    let mut chosen = Vec::new();
    for (name, whole, others) in &REACHED {
        let cases = known_answers::load(name).map_err(|error| anyhow!(error))?.cases;
        let in_part = others.iter().filter(|(reach, _)| matches!(reach, Reach::Part(_)));
        let known = whole + in_part.map(|(_, count)| count).sum::<usize>();
        let is_reached = |case: &Case| !matches!(owners.reach(case), Reach::Not(_));
        let (reached, _): (Vec<_>, Vec<_>) = cases.into_iter().partition(is_reached);
        ensure!(reached.len() == known, "{name}: {} of {known} are asked", reached.len());
        let meant = reached.into_iter().filter(|case| is_meant(&case.call));
        chosen.extend(meant.map(|case| (format!("{name} {}", case.id), case)));
    }
    Ok(chosen)
}

/// Every operation but agreements.
async fn uses_of_keys(world: &mut World) -> Result<()> {
    let owners = Owners::load().map_err(|error| anyhow!(error))?;
    let cases = within_reach(&owners, |call| !matches!(call, Call::Agree { .. }))?;
    let stage = world.stage()?;
    let session = Session::unlocked(world.page()?, &stage).await?;
    let mut keys = Keys::new(&session).await?;
    for (_, case) in &cases {
        if let Some((kind, secret)) = uses::key_of(&owners, &case.call)? {
            keys.want(kind, &secret);
        }
    }
    keys.import().await?;
    let mut asked = Vec::new();
    for (what, case) in &cases {
        asked.extend(uses::requests(what, case, &owners, &keys)?);
    }
    ask(&session, asked).await?;
    strangers(&session, &owners).await
}

/// Signatures on P-256 that are not valid, under keys that nobody knows. Under another key they are
/// not valid either, whatever their form, and that key takes its own signature of the same message.
async fn strangers(session: &Session<'_>, owners: &Owners) -> Result<()> {
    let params = json!({"spec": "ec-p256", "audit": "deferred"});
    let id = session.call("keys.create", params).await?["keyId"].take();
    let mut asked = Vec::new();
    for (name, _, others) in REACHED.iter().filter(|(name, ..)| name.starts_with("ecdsa_p256")) {
        let cases = known_answers::load(name).map_err(|error| anyhow!(error))?.cases;
        let is_stranger = |case: &Case| matches!(owners.reach(case), Reach::Not(_));
        let (strangers, _): (Vec<_>, Vec<_>) = cases.into_iter().partition(is_stranger);
        let known = others.iter().filter(|(reach, _)| matches!(reach, Reach::Not(_)));
        let known = known.map(|(_, count)| count).sum::<usize>();
        ensure!(strangers.len() == known, "{name}: {} strangers, not {known}", strangers.len());
        for Case { id: number, call, .. } in strangers {
            let Call::Verify { message, signature, .. } = call else { bail!("{name} {number}") };
            let data = to_page(&message);
            let signed = session.call("sign", json!({"keyId": id, "data": data})).await?;
            let own = signed["signature"].clone();
            for (signature, verdict) in [(to_page(&signature), false), (own, true)] {
                let params = json!({"keyId": id, "data": data, "signature": signature});
                let (what, expected) =
                    (format!("{name} {number}"), Expected::Result("valid", verdict.into()));
                asked.push(Asked { what, method: "verify", params, expected });
            }
        }
    }
    ask(session, asked).await
}

async fn agreements(world: &mut World) -> Result<()> {
    let owners = Owners::load().map_err(|error| anyhow!(error))?;
    let cases = within_reach(&owners, |call| matches!(call, Call::Agree { .. }))?;
    let stage = world.stage()?;
    let session = Session::unlocked(world.page()?, &stage).await?;
    agreements::run(&session, &cases, world.engine).await
}
