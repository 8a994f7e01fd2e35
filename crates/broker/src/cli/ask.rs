//! Commands that ask a broker something.

use axum::body::Bytes;
use axum::http::{Method, Request, header};
use kms_broker::Error;
use kms_broker::client::Upstream;
use kms_broker::tls::Identity;
use kms_token::{Id, KeyState, SpiffeId, Statement, Target};

use super::args::{PeerArgs, RevokeArgs, RotateArgs};
use super::key::{FileKey, refused, sign};
use super::{runtime, spiffe_id};

/// What is asked.
pub(crate) enum Ask<'a> {
    Health,
    Revoke(&'a RevokeArgs),
    Rotate(&'a RotateArgs),
}

pub(crate) fn run(peer: &PeerArgs, ask: &Ask<'_>) -> Result<(), Error> {
    runtime()?.block_on(async {
        let broker = spiffe_id(&peer.broker_id)?;
        let statement = match ask {
            Ask::Health => None,
            Ask::Revoke(args) => Some(revoke(&broker, args).await?),
            Ask::Rotate(args) => Some(rotate(&broker, args).await?),
        };
        let request = request(peer, statement)?;
        let identity = Identity::read(&peer.files.files(), &spiffe_id(&peer.id)?)?;
        let upstream = Upstream { address: &peer.broker, id: &broker };
        let answer = upstream.ask(&identity, request).await?;
        let text = String::from_utf8_lossy(answer.body());
        if !answer.status().is_success() {
            return Err(Error::Answer(format!("{}: {text}", answer.status())));
        }
        println!("{}", if text.is_empty() { "done" } else { &text });
        Ok(())
    })
}

fn request(peer: &PeerArgs, statement: Option<String>) -> Result<Request<Bytes>, Error> {
    let builder = Request::builder().header(header::HOST, &peer.broker);
    let request = match statement {
        None => builder.uri("/v1/health").body(Bytes::new()),
        Some(statement) => {
            let body = serde_json::json!({ "statement": statement }).to_string();
            builder.method(Method::POST).uri("/v1/revocations").body(body.into())
        }
    };
    request.map_err(|error| Error::Answer(error.to_string()))
}

async fn revoke(broker: &SpiffeId, args: &RevokeArgs) -> Result<String, Error> {
    let id = |text: &String| Id::parse(text).map_err(refused);
    let statement = match (&args.jti, &args.challenge, &args.subject, &args.kid) {
        (Some(jti), ..) => Statement::Revoke(Target::Token(id(jti)?)),
        (_, Some(challenge), ..) => Statement::Revoke(Target::Challenge(id(challenge)?)),
        (_, _, Some(subject), _) => Statement::Revoke(Target::Subject(spiffe_id(subject)?)),
        (.., kid) => {
            let kid = kid.clone().unwrap_or_default();
            Statement::State { kid, state: KeyState::Revoked }
        }
    };
    sign(&FileKey::read(&args.signing_key)?, broker, &statement).await
}

async fn rotate(broker: &SpiffeId, args: &RotateArgs) -> Result<String, Error> {
    let (old, new) = (FileKey::read(&args.old_key)?, FileKey::read(&args.new_key)?);
    let proof = Statement::prove(&new, broker, &old.public.thumbprint()).await.map_err(refused)?;
    sign(&old, broker, &Statement::Rotate { key: new.public.clone(), proof }).await
}
