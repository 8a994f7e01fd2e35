//! The table of actions: what is not in it is denied.

use std::collections::BTreeMap;

use kms_token::{Action, Binding, Challenge, Constraints, Digest, SpiffeId};

use crate::config::{ActionRule, Config, ConnectorRule, Tier};
use crate::rego::{Phase, Rego};
use crate::{Error, Problem};

/// Where the paths of the proxy begin.
pub const PROXY: &str = "/v1/proxy";

/// All actions and connectors.
#[derive(Debug)]
pub struct Policy {
    actions: BTreeMap<Action, Rule>,
    connectors: BTreeMap<String, Connector>,
    narrower: Option<Rego>,
}

/// How an action is done.
#[derive(Debug)]
struct Rule {
    audience: SpiffeId,
    method: String,
    path: Vec<Segment>,
    query: bool,
    body: bool,
    approvals: u8,
    tier: Option<Tier>,
}

#[derive(Debug)]
enum Segment {
    Fixed(String),
    Constraint(String),
}

/// A service behind the broker.
#[derive(Clone, Debug)]
pub struct Connector {
    /// `host:port`.
    pub address: String,
    /// Who it has to be.
    pub id: SpiffeId,
    /// Requests in a minute, of all workloads together.
    pub per_minute: Option<u32>,
}

impl Policy {
    /// Makes the table; a rule that makes no sense is an error, not a rule that never holds.
    pub fn new(config: &Config) -> Result<Self, Error> {
        let id = config.id()?;
        let mut connectors = BTreeMap::new();
        for rule in &config.connectors {
            let connector = connector(rule, config)?;
            if connectors.insert(rule.name.clone(), connector).is_some() {
                return Err(Error::Config(format!("connector {} stands twice", rule.name)));
            }
        }
        let mut actions = BTreeMap::new();
        for rule in &config.actions {
            let wrong = |what: &str| Error::Config(format!("action {}: {what}", rule.act));
            let act = Action::parse(&rule.act).map_err(|_| wrong("not a name of an action"))?;
            let rule = action(rule, &id, &connectors).map_err(wrong)?;
            if actions.insert(act, rule).is_some() {
                return Err(Error::Config("an action stands twice".into()));
            }
        }
        let narrower = config.rego().map(|(_, rego)| rego.clone());
        Ok(Self { actions, connectors, narrower })
    }

    /// For whom the token of an action is, and how many approve it, if this request does it and its
    /// constraints are exactly those of its path.
    pub fn admit(
        &self,
        act: &Action,
        con: &Constraints,
        req: &Binding,
    ) -> Result<(SpiffeId, u8), Problem> {
        let rule = self.actions.get(act).ok_or(Problem::POLICY)?;
        let admitted = rule.method == req.method()
            && (rule.query || req.query().is_none())
            && (rule.body || req.body() == Digest::of(b""))
            && rule.admits_path(req.path(), con);
        if admitted { Ok((rule.audience.clone(), rule.approvals)) } else { Err(Problem::POLICY) }
    }

    /// Whether the policy in Rego, if there is one, lets a workload ask this.
    pub fn admit_question(&self, challenge: &Challenge, now_s: u64) -> Result<(), Problem> {
        self.narrow(Phase::Ask, challenge, now_s)
    }

    fn narrow(&self, phase: Phase, challenge: &Challenge, now_s: u64) -> Result<(), Problem> {
        let allows = |rego: &Rego| rego.allows(phase, challenge, now_s);
        if self.narrower.as_ref().is_none_or(allows) { Ok(()) } else { Err(Problem::POLICY) }
    }

    /// All of it for a challenge that was approved: it may be another one by now.
    pub fn admit_again(&self, challenge: &Challenge, now_s: u64) -> Result<(), Problem> {
        let now = self.admit(&challenge.act, &challenge.con, &challenge.req)?;
        let then = (challenge.aud.clone(), challenge.approvals);
        let rated = self.tier(&challenge.act).map(Tier::signed) == challenge.tier;
        if now != then || !rated {
            return Err(Problem::POLICY);
        }
        self.narrow(Phase::Use, challenge, now_s)
    }

    /// How much harm an action can do, where the table says so.
    #[must_use]
    pub fn tier(&self, act: &Action) -> Option<Tier> {
        self.actions.get(act).and_then(|rule| rule.tier)
    }

    /// Whether a token that was minted then can still be used, by the tier of its action.
    #[must_use]
    pub fn in_time(&self, act: &Action, minted: u64, now_s: u64) -> bool {
        self.tier(act).is_none_or(|tier| now_s < minted.saturating_add(tier.signed().within()))
    }

    /// A service behind the broker.
    #[must_use]
    pub fn connector(&self, name: &str) -> Option<&Connector> {
        self.connectors.get(name)
    }

    /// All of them.
    pub fn connectors(&self) -> impl Iterator<Item = (&str, &Connector)> {
        self.connectors.iter().map(|(name, connector)| (name.as_str(), connector))
    }
}

impl Rule {
    fn admits_path(&self, path: &str, con: &Constraints) -> bool {
        let parts: Vec<_> = path.trim_start_matches('/').split('/').collect();
        let fits = |(segment, part): (&Segment, &&str)| match segment {
            Segment::Fixed(text) => text == part,
            Segment::Constraint(name) => con.get(name) == Some(part),
        };
        let named = self.path.iter().filter(|part| matches!(part, Segment::Constraint(_))).count();
        parts.len() == self.path.len()
            && self.path.iter().zip(&parts).all(fits)
            && con.iter().count() == named
    }
}

fn action(
    rule: &ActionRule,
    broker: &SpiffeId,
    connectors: &BTreeMap<String, Connector>,
) -> Result<Rule, &'static str> {
    let (audience, prefix) = match (&rule.connector, &rule.audience) {
        (Some(name), None) if connectors.contains_key(name) => {
            (broker.clone(), format!("{PROXY}/{name}"))
        }
        (Some(_), None) => return Err("no such connector"),
        (None, Some(id)) => {
            let id = SpiffeId::parse(id).map_err(|_| "the audience is not a SPIFFE id")?;
            if id == *broker || id.trust_domain() != broker.trust_domain() {
                return Err("the audience is another service of the trust domain");
            }
            (id, String::new())
        }
        _ => return Err("either a connector or an audience"),
    };
    if !(1..=2).contains(&rule.approvals) {
        return Err("1 or 2 approvals");
    }
    if rule.tier.is_some_and(|tier| rule.approvals < tier.signed().approvals()) {
        return Err("its tier takes more approvals");
    }
    if !rule.path.starts_with('/') {
        return Err("a path begins with a slash");
    }
    let path = format!("{prefix}{}", rule.path);
    // With something in place of its constraints it has to be a path of a request.
    let sample = path.replace(['{', '}'], "");
    Binding::new(&rule.method, &sample, Digest::of(b"")).map_err(|_| "not a method and a path")?;
    if sample.contains('?') {
        return Err("a query is no part of the path");
    }
    let segments: Vec<_> = path.split('/').skip(1).map(segment).collect();
    let odd = |part: &Segment| matches!(part, Segment::Fixed(text) if text.contains(['{', '}']));
    if segments.iter().any(odd) {
        return Err("a constraint is a whole segment");
    }
    let names: Vec<_> = segments.iter().filter_map(Segment::name).map(|name| (name, "x")).collect();
    Constraints::new(names).map_err(|_| "a constraint stands twice or has no name")?;
    let (method, query, body) = (rule.method.clone(), rule.query, rule.body);
    let (approvals, tier) = (rule.approvals, rule.tier);
    Ok(Rule { audience, method, path: segments, query, body, approvals, tier })
}

fn segment(text: &str) -> Segment {
    match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
        Some(name) => Segment::Constraint(name.into()),
        None => Segment::Fixed(text.into()),
    }
}

impl Segment {
    fn name(&self) -> Option<&str> {
        match self {
            Self::Constraint(name) => Some(name),
            Self::Fixed(_) => None,
        }
    }
}

fn connector(rule: &ConnectorRule, config: &Config) -> Result<Connector, Error> {
    let wrong = |what: &str| Error::Config(format!("connector {}: {what}", rule.name));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if rule.name.is_empty() || !rule.name.bytes().all(plain) {
        return Err(wrong("not a name"));
    }
    if !config.egress.contains(&rule.address) {
        return Err(wrong("the address is not in `egress`"));
    }
    if rule.per_minute == Some(0) {
        return Err(wrong("a limit is 1 at least"));
    }
    let id = SpiffeId::parse(&rule.id).map_err(|_| wrong("not a SPIFFE id"))?;
    if id.trust_domain() != config.id()?.trust_domain() {
        return Err(wrong("another trust domain"));
    }
    Ok(Connector { address: rule.address.clone(), id, per_minute: rule.per_minute })
}
