//! The broker's decisions, without HTTP.

mod ask;
mod key;
mod present;

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use base64ct::{Base64UrlUnpadded, Encoding};
use kms_token::{Digest, Id, SpiffeId};

use crate::config::{Config, Role};
use crate::log::Event;
use crate::policy::Policy;
use crate::store::{Clock, Store};
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
        let (id, policy) = (config.id()?, Policy::new(&config)?);
        let log = dir.join("log.jsonl");
        let key = LogKey::open(&dir.join("log.key"), &id, !log.exists())?;
        let store = Store::open(&log, &id, clock)?;
        let checkpoint = Mutex::new(dir.join("checkpoint"));
        let desk = Self { id, policy, store, config, key, checkpoint };
        desk.begin()?;
        Ok(desk)
    }

    fn begin(&self) -> Result<(), Error> {
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
        .map_err(stopped)
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

/// 128 bits for a name.
fn random_id() -> Result<Id, Problem> {
    let mut random = [0; 16];
    let provider = rustls::crypto::ring::default_provider();
    provider.secure_random.fill(&mut random).map_err(|_| Problem::STORE)?;
    Ok(Id::new(random))
}
