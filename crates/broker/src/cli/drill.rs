//! A drill: how long it takes from a revocation until the token is refused, on the real way.

use std::path::Path;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::{Method, Request, StatusCode, header};
use kms_broker::Error;
use kms_broker::client::Upstream;
use kms_broker::tls::{Files, Identity};
use kms_token::{Challenge, Life, SpiffeId, Statement, Target, Token, mint};
use serde_json::{Value, json};

use super::args::DrillArgs;
use super::key::{FileKey, random, refused, sign};
use super::pki::file_name;
use super::{now, runtime, spiffe_id};

/// Everybody who takes part.
struct Drill {
    broker: SpiffeId,
    agent: Identity,
    relay: Identity,
    admin: Identity,
    key: FileKey,
    asked: Value,
}

pub(super) fn run(args: &DrillArgs) -> Result<(), Error> {
    let drill = Drill::read(args)?;
    let within = Duration::from_millis(args.within);
    runtime()?.block_on(async {
        let mut slowest = Duration::ZERO;
        for (at, then) in ways(args) {
            let took = drill.at(at, then).await?;
            let on = if at == then { at.to_owned() } else { format!("{at}, then {then}") };
            println!("{on}: refused {:.1} ms after the revocation", took.as_secs_f64() * 1e3);
            slowest = slowest.max(took);
        }
        if slowest > within {
            return Err(Error::Answer(format!("later than after {} ms", args.within)));
        }
        Ok(())
    })
}

/// Where a token is revoked and where it then is used.
fn ways(args: &DrillArgs) -> Vec<(&str, &str)> {
    let all = || args.broker.iter().map(String::as_str);
    if args.shared {
        all().flat_map(|at| all().map(move |then| (at, then))).collect()
    } else {
        all().zip(all()).collect()
    }
}

impl Drill {
    fn read(args: &DrillArgs) -> Result<Self, Error> {
        let identity = |text: &str| identity(&args.svids, &spiffe_id(text)?);
        let asked = std::fs::read(&args.ask).map_err(|error| Error::file(&args.ask, error))?;
        let asked = serde_json::from_slice(&asked);
        Ok(Self {
            broker: spiffe_id(&args.broker_id)?,
            agent: identity(&args.agent)?,
            relay: identity(&args.relay)?,
            admin: identity(&args.admin)?,
            key: FileKey::read(&args.signing_key)?,
            asked: asked.map_err(|error| Error::file(&args.ask, error.into()))?,
        })
    }

    /// The time from a revocation at one broker to the refusal there or at another one. That the token
    /// would have been good is shown by what refuses it.
    async fn at(&self, address: &str, then: &str) -> Result<Duration, Error> {
        let token = self.token(address).await?;
        let statement = Statement::Revoke(Target::Token(token.jti()));
        let statement = sign(&self.key, &self.broker, &statement).await?;
        let revocation = post("/v1/revocations", &json!({ "statement": statement }))?;
        let used = self.use_of(&token)?;
        let start = Instant::now();
        self.ask(address, &self.admin, revocation)
            .await
            .and_then(expect(StatusCode::NO_CONTENT))?;
        let (status, body) = self.ask(then, &self.agent, used).await?;
        let took = start.elapsed();
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        if status == StatusCode::FORBIDDEN && body["code"] == "token_revoked" {
            return Ok(took);
        }
        Err(Error::Answer(format!("{status}, not a refusal: the token was not revoked")))
    }

    /// A token that this drill has asked for, approved and picked up.
    async fn token(&self, address: &str) -> Result<Token, Error> {
        let asked = self.ask(address, &self.agent, post("/v1/challenges", &self.asked)?).await;
        let asked = asked.and_then(expect(StatusCode::CREATED))?;
        let asked: Value = serde_json::from_slice(&asked).unwrap_or_default();
        let text = asked["challenge"].as_str().unwrap_or_default();
        let challenge = Challenge::parse(text.as_bytes()).map_err(refused)?;
        let minting = (random()?, now(), Life::default());
        let token = mint(&self.key, &challenge, None, minting).await.map_err(refused)?;
        let base = format!("/v1/challenges/{}", challenge.id);
        let signed = post(&format!("{base}/approvals"), &json!({ "signed": token.reveal() }))?;
        let approved = self.ask(address, &self.relay, signed).await;
        approved.and_then(expect(StatusCode::NO_CONTENT))?;
        let picked = self.ask(address, &self.agent, post(&format!("{base}/token"), &Value::Null)?);
        picked.await.and_then(expect(StatusCode::OK))?;
        Ok(token)
    }

    /// The request that the token is for.
    fn use_of(&self, token: &Token) -> Result<Request<Bytes>, Error> {
        let text = |name: &str| self.asked["req"][name].as_str().unwrap_or_default();
        let builder = Request::builder().method(text("method")).uri(text("path"));
        let builder = builder.header(header::AUTHORIZATION, format!("Bearer {}", token.reveal()));
        builder.body(Bytes::new()).map_err(|error| Error::Answer(error.to_string()))
    }

    async fn ask(
        &self,
        address: &str,
        by: &Identity,
        mut request: Request<Bytes>,
    ) -> Result<(StatusCode, Bytes), Error> {
        let host =
            address.parse().map_err(|_| Error::Config(format!("{address} is no address")))?;
        request.headers_mut().insert(header::HOST, host);
        let answer = Upstream { address, id: &self.broker }.ask(by, request).await?;
        Ok((answer.status(), answer.into_body()))
    }
}

fn identity(dir: &Path, id: &SpiffeId) -> Result<Identity, Error> {
    let file = |end: &str| dir.join(format!("{}.{end}", file_name(id)));
    let files =
        Files { certificate: file("pem"), key: file("key"), bundle: dir.join("bundle.pem") };
    Identity::read(&files, id)
}

fn post(path: &str, body: &Value) -> Result<Request<Bytes>, Error> {
    let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
    let request = Request::builder().method(Method::POST).uri(path).body(body);
    request.map_err(|error| Error::Answer(error.to_string()))
}

fn expect(status: StatusCode) -> impl FnOnce((StatusCode, Bytes)) -> Result<Bytes, Error> {
    move |(found, body)| {
        if found == status {
            return Ok(body);
        }
        Err(Error::Answer(format!("{found}: {}", String::from_utf8_lossy(&body))))
    }
}
