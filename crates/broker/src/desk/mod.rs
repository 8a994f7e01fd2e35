//! The broker's decisions, without HTTP.

mod ask;
mod key;
mod present;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use base64ct::{Base64UrlUnpadded, Encoding};
use kms_token::{Digest, Id, SpiffeId};
use zeroize::Zeroizing;

use crate::config::{Config, Role, StateRule};
use crate::log::Event;
use crate::policy::Policy;
use crate::state::State;
use crate::store::{Clock, Database, Postgres, Seal, Store};
use crate::tls::Source;
use crate::{Error, Problem};

pub use ask::{Asking, Pending};
pub use key::{LogKey, read_checkpoint};
pub use present::{Checked, Presented, Shown, Sight};

/// Who is at the other end of a connection, by its certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its SPIFFE id.
    pub id: SpiffeId,
    /// Digest of its certificate.
    pub certificate: Digest,
    /// When that certificate ends.
    pub expires: u64,
    /// What it may be; nothing if the configuration does not say.
    pub role: Option<Role>,
}

/// The desk: configuration, policy and store.
#[derive(Debug)]
pub struct Desk {
    id: SpiffeId,
    /// What may be asked.
    pub policy: Policy,
    /// What was decided.
    pub store: Store,
    config: Config,
    key: LogKey,
    /// Where the last checkpoint is kept; one at a time writes it.
    checkpoint: Mutex<PathBuf>,
}

impl Desk {
    /// Opens the broker's folder, or begins one.
    pub fn open(config: Config, dir: &Path, clock: Clock) -> Result<Self, Error> {
        if config.database_id()?.is_some() {
            return Err(Error::Config("the log is in a database".into()));
        }
        let (id, policy) = (config.id()?, Policy::new(&config)?);
        let log = dir.join("log.jsonl");
        let key = LogKey::open(&dir.join("log.key"), &id, !log.exists())?;
        let store = Store::open(&log, &id, clock)?;
        Self { id, policy, store, config, key, checkpoint: kept(dir) }.begin()
    }

    /// Takes part in a log that other brokers of this id write too. All have the same keys in their
    /// folders, and the same configuration.
    pub fn join(
        config: Config,
        dir: &Path,
        clock: Clock,
        source: &Arc<Source>,
    ) -> Result<Self, Error> {
        let (StateRule::Postgres(rule), Some(database)) = (&config.state, config.database_id()?)
        else {
            return Self::open(config, dir, clock);
        };
        let (id, policy) = (config.id()?, Policy::new(&config)?);
        let key = LogKey::open(&dir.join("log.key"), &id, false)?;
        let seal = Seal::open(&dir.join("seal.key"))?;
        let password = password(&dir.join("postgres.password"))?;
        let password = password.as_deref().map(|text| text.trim_end());
        let database = Database::new(rule, database, key.verifier().to_string(), password);
        let ledger = Postgres::new(database, Arc::clone(source), Arc::clone(&clock), seal);
        let state = State::shared(id.clone(), config.limits.challenge_life_s);
        let store = Store::join(ledger, state, clock)?;
        Self { id, policy, store, config, key, checkpoint: kept(dir) }.begin()
    }

    fn begin(self) -> Result<Self, Error> {
        let stopped = |_| Error::Checkpoint("cannot be written");
        let kept = self.checkpoint.lock().map_err(|_| stopped(Problem::STORE))?;
        self.key.compare(&kept, &self.store)?;
        drop(kept);
        let keys = self.config.keys()?;
        pollster::block_on(self.store.decide(|state, _| {
            let mut events = vec![Event::Started { broker: self.id.to_string() }];
            let known = state.kids();
            for key in keys.into_iter().filter(|key| !known.contains(&*key.public.thumbprint())) {
                let raw = Base64UrlUnpadded::encode_string(key.public.raw());
                let (owner, admin) = (key.owner, key.admin);
                events.push(Event::Enrolled { key: raw, owner, admin });
            }
            Ok(((), events))
        }))
        .map_err(stopped)?;
        Ok(self)
    }

    /// The broker's id.
    #[must_use]
    pub fn id(&self) -> &SpiffeId {
        &self.id
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The key that signs checkpoints.
    #[must_use]
    pub fn log_key(&self) -> &LogKey {
        &self.key
    }

    /// A signed checkpoint of what is on the disk. The last one is kept beside the log.
    pub fn checkpoint(&self) -> Result<String, Problem> {
        let kept = self.checkpoint.lock().map_err(|_| Problem::STORE)?;
        let note = self.store.chain(|chain, size| self.key.sign(chain, size))?;
        let note = note.map_err(|_| Problem::STORE)?;
        key::keep(&kept, &note).map_err(|_| Problem::STORE)?;
        Ok(note)
    }

    /// Does what a statement says, if its signer may.
    pub async fn state(&self, statement: String) -> Result<(), Problem> {
        self.store
            .decide(|state, now_s| {
                state.check_statement(&statement, now_s)?;
                Ok(((), vec![Event::Stated { statement }]))
            })
            .await
    }

    /// Notes that a peer was refused.
    pub fn refused(&self, peer: &Peer, problem: Problem, jti: Option<Id>) {
        self.store.note(Event::Refused {
            code: problem.code.into(),
            by: peer.id.to_string(),
            jti: jti.map(|jti| jti.to_string()),
        });
    }
}

fn kept(dir: &Path) -> Mutex<PathBuf> {
    Mutex::new(dir.join("checkpoint"))
}

/// What the database wants beside a certificate, if there is such a file.
fn password(path: &Path) -> Result<Option<Zeroizing<String>>, Error> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(Zeroizing::new(text))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::file(path, error)),
    }
}

/// 128 bits for a name.
fn random_id() -> Result<Id, Problem> {
    let mut random = [0; 16];
    let provider = rustls::crypto::ring::default_provider();
    provider.secure_random.fill(&mut random).map_err(|_| Problem::STORE)?;
    Ok(Id::new(random))
}
