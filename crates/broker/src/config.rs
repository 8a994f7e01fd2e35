//! The configuration: one JSON file, every member known.

use std::collections::BTreeSet;
use std::path::Path;

use base64ct::{Base64UrlUnpadded, Encoding};
use kms_crypto::{KeyKind, PublicKey};
use kms_token::{HARD_CAP_S, Key, KeyState, Life, SpiffeId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::rego::Rego;

/// What a peer may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// A workload that asks for challenges and uses tokens.
    Agent,
    /// What brings challenges to approvers, and back what they sign. It can forge nothing.
    Relay,
    /// A service that asks whether a token that it was shown is good.
    RelyingParty,
    /// An operator's command line.
    Admin,
    /// What collects metrics.
    Scraper,
}

/// Longest patience with a slow peer, in seconds.
const MOST_PATIENCE_S: u64 = 300;

/// How much harm an action can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    /// One may approve it.
    Low,
    /// Two approve it.
    High,
    /// Two approve it, and it is done at once.
    Critical,
}

impl Tier {
    /// As approvers sign it.
    #[must_use]
    pub fn signed(self) -> kms_token::Tier {
        match self {
            Self::Low => kms_token::Tier::Low,
            Self::High => kms_token::Tier::High,
            Self::Critical => kms_token::Tier::Critical,
        }
    }
}

/// The configuration.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The broker's own SPIFFE id: its certificate has to have it, and tokens are for it.
    id: String,
    roles: Vec<RoleRule>,
    approvers: Vec<Approver>,
    /// What may be asked.
    pub actions: Vec<ActionRule>,
    /// A file beside this one, with a policy in Rego that narrows it.
    #[serde(default)]
    rego: Option<String>,
    #[serde(skip)]
    narrower: Option<Rego>,
    /// Where it is done.
    #[serde(default)]
    pub connectors: Vec<ConnectorRule>,
    /// `host:port` of everything that the broker may connect to.
    #[serde(default)]
    pub egress: BTreeSet<String>,
    /// Where the log is.
    #[serde(default)]
    pub state: StateRule,
    /// Numbers.
    #[serde(default)]
    pub limits: Limits,
}

/// Where the log is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StateRule {
    /// In a file of this broker alone.
    #[default]
    File,
    /// In a database that several brokers share.
    Postgres(PostgresRule),
}

/// A `PostgreSQL` database. It is reached by mutual TLS only.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresRule {
    /// `host:port`, which has to be in `egress`.
    pub address: String,
    /// The SPIFFE id that its certificate has to have.
    pub id: String,
    /// The database, which has the log of one id alone.
    pub database: String,
    /// As whom.
    pub user: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleRule {
    /// Path of SPIFFE ids: one, or all below when it ends with `/*`.
    path: String,
    role: Role,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Approver {
    owner: String,
    /// The raw Ed25519 public key, base64url.
    key: String,
    #[serde(default)]
    admin: bool,
}

/// An action: by which request it is done, and how many approve it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionRule {
    /// Its name.
    pub act: String,
    /// Through which connector; or else
    pub connector: Option<String>,
    /// at which other service, by its SPIFFE id.
    pub audience: Option<String>,
    /// HTTP method.
    pub method: String,
    /// Path, with constraints as `{name}` in place of segments.
    pub path: String,
    /// Whether a query may follow.
    #[serde(default)]
    pub query: bool,
    /// Whether there may be a body.
    #[serde(default)]
    pub body: bool,
    /// How many approve it: 1 or 2.
    pub approvals: u8,
    /// How much harm it can do.
    pub tier: Option<Tier>,
}

/// A service behind the broker. It is reached by mutual TLS only.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConnectorRule {
    /// Its name in paths and actions.
    pub name: String,
    /// `host:port`, which has to be in `egress`.
    pub address: String,
    /// The SPIFFE id that its certificate has to have.
    pub id: String,
    /// Requests in a minute, of all workloads together.
    pub per_minute: Option<u32>,
}

/// Numbers, each with a default.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Longest life of a token, in seconds; 900 at most.
    pub token_life_s: u64,
    /// Life of a challenge, in seconds; 900 at most.
    pub challenge_life_s: u64,
    /// Requests in a minute, of one SPIFFE id.
    pub per_minute: u32,
    /// Challenges and tokens that are alive at one time.
    pub alive: usize,
    /// How long a handshake or the head of a request may take, in seconds.
    pub head_s: u64,
    /// How long the body of a request may take, in seconds.
    pub body_s: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            token_life_s: 300,
            challenge_life_s: 300,
            per_minute: 600,
            alive: 100_000,
            head_s: 10,
            body_s: 30,
        }
    }
}

impl Config {
    /// Reads and checks a configuration and the file that it names.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let json = std::fs::read(path).map_err(|error| Error::file(path, error))?;
        let mut config = Self::checked(&json)?;
        if let Some(name) = &config.rego {
            let path = path.with_file_name(name);
            let text = std::fs::read_to_string(&path).map_err(|error| Error::file(&path, error))?;
            config.narrower = Some(Rego::new(name, text)?);
        }
        Ok(config)
    }

    /// Reads and checks a configuration that names no other file. What [`crate::policy::Policy`] is
    /// made of is checked there.
    pub fn parse(json: &[u8]) -> Result<Self, Error> {
        let config = Self::checked(json)?;
        match config.rego {
            None => Ok(config),
            Some(_) => Err(Error::Config("`rego` was not read".into())),
        }
    }

    fn checked(json: &[u8]) -> Result<Self, Error> {
        let wrong = |error: &dyn std::fmt::Display| Error::Config(error.to_string());
        let config: Self = serde_json::from_slice(json).map_err(|error| wrong(&error))?;
        config.id()?;
        config.keys()?;
        let rule = |rule: &RoleRule| {
            let path = rule.path.strip_suffix("/*").unwrap_or(&rule.path);
            SpiffeId::parse(&format!("spiffe://x{path}")).is_ok()
        };
        if let StateRule::Postgres(rule) = &config.state
            && !config.egress.contains(&rule.address)
        {
            return Err(wrong(&"the address of the database is not in `egress`"));
        }
        config.database_id()?;
        let plain = |name: &String| Path::new(name).file_name().is_some_and(|file| file == &**name);
        if !config.rego.iter().all(plain) {
            return Err(wrong(&"`rego` is the name of a file in the same folder"));
        }
        if !config.roles.iter().all(rule) {
            return Err(wrong(&"a path of a role is not one of SPIFFE ids"));
        }
        let Limits { token_life_s, challenge_life_s, per_minute, alive, head_s, body_s } =
            config.limits;
        let lives = [token_life_s, challenge_life_s];
        if !lives.iter().all(|life| (1..=HARD_CAP_S).contains(life)) {
            return Err(wrong(&format!("a life is from 1 to {HARD_CAP_S} seconds")));
        }
        if ![head_s, body_s].iter().all(|patience| (1..=MOST_PATIENCE_S).contains(patience)) {
            return Err(wrong(&format!("patience is from 1 to {MOST_PATIENCE_S} seconds")));
        }
        if per_minute == 0 || alive == 0 {
            return Err(wrong(&"a limit is 1 at least"));
        }
        Ok(config)
    }

    /// The file that it names, and the policy that was read from it.
    #[must_use]
    pub fn rego(&self) -> Option<(&str, &Rego)> {
        self.rego.as_deref().zip(self.narrower.as_ref())
    }

    /// The broker's id.
    pub fn id(&self) -> Result<SpiffeId, Error> {
        SpiffeId::parse(&self.id).map_err(|_| Error::Config("`id` is not a SPIFFE id".into()))
    }

    /// The id of the database, if there is one: it is of the broker's trust domain.
    pub fn database_id(&self) -> Result<Option<SpiffeId>, Error> {
        let StateRule::Postgres(rule) = &self.state else { return Ok(None) };
        let domain = self.id()?;
        let id = SpiffeId::parse(&rule.id).ok();
        let id = id.filter(|id| id.trust_domain() == domain.trust_domain());
        let wrong = || Error::Config("the database has no SPIFFE id of the trust domain".into());
        id.map(Some).ok_or_else(wrong)
    }

    /// Ports of everything that the broker may connect to.
    pub fn egress_ports(&self) -> Result<BTreeSet<u16>, Error> {
        let port = |address: &String| {
            let port = address.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
            port.ok_or_else(|| Error::Config(format!("{address} has no port")))
        };
        self.egress.iter().map(port).collect()
    }

    /// The longest life of a token.
    #[must_use]
    pub fn token_life(&self) -> Life {
        Life::new(self.limits.token_life_s)
    }

    /// The one role of a peer. None if no rule names it, or rules disagree.
    #[must_use]
    pub fn role(&self, peer: &SpiffeId) -> Option<Role> {
        let named = |rule: &&RoleRule| match rule.path.strip_suffix("/*") {
            Some(above) => {
                peer.path().strip_prefix(above).is_some_and(|rest| rest.starts_with('/'))
            }
            None => peer.path() == rule.path,
        };
        let roles: BTreeSet<_> = self.roles.iter().filter(named).map(|rule| rule.role).collect();
        if roles.len() == 1 { roles.first().copied() } else { None }
    }

    /// The keys that approvers begin with.
    pub fn keys(&self) -> Result<Vec<Key>, Error> {
        let key = |approver: &Approver| {
            let raw = Base64UrlUnpadded::decode_vec(&approver.key).ok()?;
            let public = PublicKey::from_raw(KeyKind::Ed25519, &raw).ok()?;
            let owner = Some(approver.owner.clone()).filter(|owner| !owner.is_empty())?;
            Some(Key { public, owner, admin: approver.admin, state: KeyState::Active })
        };
        let keys: Option<Vec<_>> = self.approvers.iter().map(key).collect();
        keys.ok_or_else(|| Error::Config("an approver has no owner or no Ed25519 key".into()))
    }
}
