//! Who may do what with a key. A policy never changes: its digest is in the additional data of
//! every wrapped version of the key.

use kms_jose::Template;
use kms_protocol::limits::{MAX_ORIGINS, MAX_PERIOD_MS, MIN_PERIOD_MS};
use kms_protocol::{
    APART, AuditMode, CallerOrigin, Confirmation, ErrorCode, KeyPolicy, KeySpec, KeyUsage,
    PolicyRule, RateLimit,
};
use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};

use super::template::TemplateRecord;
use super::token;
use super::uses::Uses;
use crate::time::Now;
use crate::{Error, cbor};

/// Separates policy digests from every other use of SHA-256 in the product.
const POLICY_DOMAIN: &[u8] = b"ats-kms/key-policy/v1\0";

/// The stored policy. Members that schema 1 did not have stand at the end and are left out of the
/// encoding when absent, so that the digest of an old policy stays what it was.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct PolicyRecord {
    /// Sites that may use the key; the first one made it.
    #[n(0)]
    origins: Vec<String>,
    #[n(1)]
    usage: Vec<String>,
    #[n(2)]
    audit: String,
    #[n(3)]
    not_before: Option<u64>,
    #[n(4)]
    not_after: Option<u64>,
    #[n(5)]
    max_uses: Option<u64>,
    #[n(6)]
    rate: Option<RateRecord>,
    /// Whether a person confirms each use; absent where nobody is asked.
    #[n(7)]
    confirmation: Option<String>,
    /// What its tokens say.
    #[n(8)]
    jwt: Option<TemplateRecord>,
}

/// How often a key may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct RateRecord {
    #[n(0)]
    pub(super) uses: u32,
    #[n(1)]
    pub(super) period_ms: u64,
}

impl PolicyRecord {
    /// The policy of a new key that a site makes. Nothing is allowed that is not asked for; without
    /// a policy it is for the ordinary uses of its spec, by that site alone.
    pub(crate) fn new(
        owner: &CallerOrigin,
        (spec, audit): (KeySpec, AuditMode),
        asked: Option<KeyPolicy>,
    ) -> Result<Self, ErrorCode> {
        let asked = asked.unwrap_or(KeyPolicy {
            operations: spec.usages().ordinary.to_vec(),
            caller_origins: None,
            not_before: None,
            not_after: None,
            max_uses: None,
            rate: None,
            confirmation: None,
            jwt: None,
        });
        check((spec, audit), &asked)?;
        let others = asked.caller_origins.unwrap_or_default();
        let origins: Vec<_> = std::iter::once(owner).chain(&others).collect();
        if origins.len() > MAX_ORIGINS || !all_differ(&origins) {
            return Err(ErrorCode::InvalidParams);
        }
        let asks = asked.confirmation.filter(|asked| *asked != Confirmation::None);
        let asks = asks.or(is_personal(&asked.operations).then_some(Confirmation::Sheet));
        let rate = asked.rate.map(|rate| RateRecord { uses: rate.uses, period_ms: rate.period_ms });
        Ok(Self {
            origins: origins.into_iter().map(|origin| origin.as_str().into()).collect(),
            usage: asked.operations.iter().map(|usage| usage.as_str().into()).collect(),
            audit: audit.as_str().into(),
            not_before: asked.not_before,
            not_after: asked.not_after,
            max_uses: asked.max_uses,
            rate,
            confirmation: asks.map(|confirmation| confirmation.as_str().into()),
            jwt: asked.jwt.map(|template| TemplateRecord::new(*template)).transpose()?,
        })
    }

    /// Digest that every wrapped private key is bound to.
    pub(crate) fn digest(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(POLICY_DOMAIN);
        hasher.update(cbor::encode(self));
        hasher.finalize().into()
    }

    /// Whether a site may use the key at all. A key of another site does not exist.
    pub(crate) fn knows(&self, origin: &CallerOrigin) -> Result<(), ErrorCode> {
        let known = self.origins.iter().any(|known| known == origin.as_str());
        if known { Ok(()) } else { Err(ErrorCode::NotFound) }
    }

    /// The site that made the key.
    pub(super) fn owner(&self) -> &str {
        self.origins.first().map_or("", String::as_str)
    }

    /// Whether the key may be used in this way at this time. A period begins by the clock of the
    /// device and ends by the latest time that was seen since the vault was opened.
    pub(super) fn allows(&self, usage: KeyUsage, now: Now) -> Result<(), Error> {
        if !self.usage.iter().any(|allowed| allowed == usage.as_str()) {
            return Err(Error::Denied(PolicyRule::Operation));
        }
        if self.not_before.is_some_and(|from| now.wall_ms < from) {
            return Err(Error::Denied(PolicyRule::NotBefore));
        }
        if self.not_after.is_some_and(|until| now.latest_ms >= until) {
            return Err(Error::Denied(PolicyRule::NotAfter));
        }
        Ok(())
    }

    /// Whether a person confirms each use. What this release does not know it does not skip.
    pub(crate) fn asks(&self) -> bool {
        self.confirmation.is_some()
    }

    /// Whether uses of the private or secret key are counted.
    pub(super) fn counts(&self) -> bool {
        self.max_uses.is_some() || self.rate.is_some()
    }

    /// Whether one more use may follow these.
    pub(super) fn allows_more(&self, uses: &Uses, now_ms: u64) -> Result<(), Error> {
        if self.max_uses.is_some_and(|most| uses.total() >= most) {
            return Err(Error::Denied(PolicyRule::MaxUses));
        }
        let most = |rate: &RateRecord| uses.in_period(now_ms, rate.period_ms) >= rate.uses;
        if self.rate.as_ref().is_some_and(most) {
            return Err(Error::Denied(PolicyRule::Rate));
        }
        Ok(())
    }

    /// Length of the period in which uses are counted.
    pub(super) fn period_ms(&self) -> u64 {
        self.rate.map_or(MIN_PERIOD_MS, |rate| rate.period_ms)
    }

    /// The policy as callers see it.
    pub(super) fn publish(&self) -> Result<KeyPolicy, ErrorCode> {
        let others = self.caller_origins()?.split_off(1);
        let rate = self.rate.map(|rate| RateLimit { uses: rate.uses, period_ms: rate.period_ms });
        let jwt = self.jwt.as_ref().map(|template| template.publish().map(Box::new));
        Ok(KeyPolicy {
            operations: self.usage()?,
            caller_origins: (!others.is_empty()).then_some(others),
            not_before: self.not_before,
            not_after: self.not_after,
            max_uses: self.max_uses,
            rate,
            confirmation: self.confirmation()?,
            jwt: jwt.transpose().map_err(|_| ErrorCode::Unreadable)?,
        })
    }

    /// Sites that may use the key.
    pub(crate) fn caller_origins(&self) -> Result<Vec<CallerOrigin>, ErrorCode> {
        let origin = |text: &String| CallerOrigin::new(text.as_str());
        let origins: Result<Vec<_>, _> = self.origins.iter().map(origin).collect();
        origins.ok().filter(|origins| !origins.is_empty()).ok_or(ErrorCode::Unreadable)
    }

    /// What the key may be used for.
    pub(crate) fn usage(&self) -> Result<Vec<KeyUsage>, ErrorCode> {
        let usage = |name: &String| token(KeyUsage::ALL, KeyUsage::as_str, name);
        self.usage.iter().map(usage).collect()
    }

    fn confirmation(&self) -> Result<Option<Confirmation>, ErrorCode> {
        let name = self.confirmation.as_ref();
        name.map(|name| token(Confirmation::ALL, Confirmation::as_str, name)).transpose()
    }

    /// The template of the tokens of the key.
    pub(crate) fn template(&self) -> Result<Template, ErrorCode> {
        self.jwt.as_ref().ok_or(ErrorCode::Unreadable)?.read()
    }

    /// When audit entries are on disk.
    pub(super) fn audit(&self) -> Result<AuditMode, ErrorCode> {
        token(AuditMode::ALL, AuditMode::as_str, &self.audit)
    }
}

/// Refuses what makes no sense, or is not what the spec is for.
fn check((spec, audit): (KeySpec, AuditMode), asked: &KeyPolicy) -> Result<(), ErrorCode> {
    let uses = &asked.operations;
    let fits = !uses.is_empty()
        && all_differ(uses)
        && uses.iter().all(|usage| spec.usages().contain(*usage));
    let both =
        |(one, other, _): &(KeyUsage, KeyUsage, &str)| uses.contains(one) && uses.contains(other);
    // The lease counts the tokens of its key.
    let lent = uses.contains(&KeyUsage::Vapid);
    let counted = asked.max_uses.is_some() || asked.rate.is_some();
    let fits = fits && !APART.iter().any(both) && !(lent && counted);
    // Without a template there is nothing that a token could say, and without the use no token.
    let fits = fits && uses.contains(&KeyUsage::Jwt) == asked.jwt.is_some();
    let asks = asked.confirmation.is_some_and(|asked| asked != Confirmation::None);
    let fits = fits && (!asks || uses.iter().all(|usage| can_ask(*usage)));
    let silent = asked.confirmation == Some(Confirmation::None) || audit != AuditMode::Durable;
    let fits = fits && !(silent && is_personal(uses));
    let period = MIN_PERIOD_MS..=MAX_PERIOD_MS;
    let rate = asked.rate.as_ref();
    let rated = rate.is_none_or(|rate| rate.uses > 0 && period.contains(&rate.period_ms));
    let span = asked.not_before.zip(asked.not_after).is_none_or(|(from, until)| from < until);
    let sane = fits && rated && span && asked.max_uses != Some(0);
    if sane { Ok(()) } else { Err(ErrorCode::InvalidParams) }
}

/// Whether a person confirms each use, whatever is asked for.
fn is_personal(uses: &[KeyUsage]) -> bool {
    uses.iter().any(|usage| usage.is_personal())
}

/// Whether a person can be asked about such a use. Nobody is, about tokens under a lease: who
/// allowed it is away.
fn can_ask(usage: KeyUsage) -> bool {
    usage != KeyUsage::Vapid
}

fn all_differ<T: PartialEq>(items: &[T]) -> bool {
    items.iter().enumerate().all(|(at, item)| !items.iter().skip(at + 1).any(|other| other == item))
}
