//! Commands that ask a broker something.

use std::path::Path;

use axum::body::Bytes;
use axum::http::{Method, Request, header};
use base64ct::{Base64, Encoding};
use ed25519_dalek::{Signer as _, SigningKey};
use kms_broker::Error;
use kms_broker::client::Upstream;
use kms_broker::tls::Identity;
use kms_crypto::{KeyKind, PublicKey, SIGNATURE_LEN};
use kms_token::{Id, KeyState, Refusal, Signer, SpiffeId, Statement, Target, state};
use zeroize::Zeroizing;

use super::args::{PeerArgs, RevokeArgs, RotateArgs};
use super::{now, runtime, spiffe_id};

/// What is asked.
pub(crate) enum Ask<'a> {
    Health,
    Revoke(&'a RevokeArgs),
    Rotate(&'a RotateArgs),
}

/// A key from a file.
struct FileKey {
    secret: SigningKey,
    public: PublicKey,
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

async fn sign(key: &FileKey, broker: &SpiffeId, statement: &Statement) -> Result<String, Error> {
    let mut jti = [0; 16];
    let random = rustls::crypto::ring::default_provider().secure_random;
    random.fill(&mut jti).map_err(|_| refused(Refusal::Signer))?;
    state(key, broker, statement, (Id::new(jti), now())).await.map_err(refused)
}

#[allow(clippy::needless_pass_by_value)] // as `map_err` has it
fn refused(refusal: Refusal) -> Error {
    Error::Config(refusal.to_string())
}

impl FileKey {
    fn read(path: &Path) -> Result<Self, Error> {
        let failed = |error| Error::file(path, error);
        let text = Zeroizing::new(std::fs::read_to_string(path).map_err(failed)?);
        let mut seed = Zeroizing::new([0; 32]);
        let read = Base64::decode(text.trim_end(), &mut *seed).map(<[u8]>::len);
        let wrong = || Error::Config(format!("{}: not an Ed25519 seed", path.display()));
        if read != Ok(32) {
            return Err(wrong());
        }
        let secret = SigningKey::from_bytes(&seed);
        let raw = secret.verifying_key().to_bytes();
        let public = PublicKey::from_raw(KeyKind::Ed25519, &raw).map_err(|_| wrong())?;
        Ok(Self { secret, public })
    }
}

impl Signer for FileKey {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    async fn sign(&self, input: &[u8]) -> Result<[u8; SIGNATURE_LEN], Refusal> {
        Ok(self.secret.sign(input).to_bytes())
    }
}
