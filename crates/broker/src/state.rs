//! What the log says is so now.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use base64ct::{Base64UrlUnpadded, Encoding};
use kms_crypto::{KeyKind, PublicKey};
use kms_token::{
    Challenge, HARD_CAP_S, Id, Key, KeyRing, KeyState, Refusal, SKEW_S, Seen, Signed, SpiffeId,
    Statement, Target, Token,
};

use zeroize::Zeroizing;

use crate::Problem;
use crate::expiring::Expiring;
use crate::log::Event;

/// For so long something about a token matters after it was minted or a statement was signed.
const MEMORY_S: u64 = HARD_CAP_S + 2 * SKEW_S;

/// The state.
#[derive(Debug)]
pub struct State {
    broker: SpiffeId,
    /// How long challenges live, in seconds, where several brokers write the log.
    shared: Option<u64>,
    /// The approvers' keys. Shared: what is checked without the state is checked with them.
    pub ring: Arc<KeyRing>,
    tokens: Expiring<Id, Known>,
    revoked: Vec<Revoked>,
    /// Which statements were heard.
    statements: Expiring<Id, ()>,
    /// Tokens whose signatures were verified when they were minted, by their names. They are not made
    /// from the log.
    pub seen: Expiring<Id, Seen>,
    /// Challenges that are open. They are not made from the log that one broker writes.
    pub open: Expiring<Id, Open>,
}

/// A token that was minted here.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Known {
    challenge: Id,
    sub: SpiffeId,
    /// When the broker heard of it: approvers' clocks do not decide about revocation.
    at: u64,
    delivered: bool,
    used: bool,
}

/// A revocation that still matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// When the broker heard of it.
    pub at: u64,
    /// What is revoked.
    pub target: Target,
    /// The statement.
    pub statement: String,
}

/// A challenge that is open.
#[derive(Debug)]
pub struct Open {
    /// What is asked.
    pub challenge: Challenge,
    /// When it was asked.
    pub at: u64,
    /// Until when it can be answered.
    pub expires: u64,
    /// The first of two approvals.
    pub first: Option<String>,
    /// The token, until it is picked up.
    pub token: Option<Token>,
    /// Whether it was minted.
    pub minted: bool,
}

/// What other brokers of a log need to go on from an event, and may not be in it.
pub enum Waits {
    /// Until a challenge is over:
    For {
        /// its name,
        challenge: Id,
        /// when that is,
        ends: u64,
        /// and the first approval, or the token.
        text: Zeroizing<String>,
    },
    /// Nothing waits for this challenge any more.
    Over(Id),
}

impl fmt::Debug for Waits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waits").finish_non_exhaustive()
    }
}

/// When what was heard at this time does not matter any more.
fn memory(at: u64) -> u64 {
    at.saturating_add(MEMORY_S + 1)
}

impl State {
    /// The state of a log without lines.
    #[must_use]
    pub fn new(broker: SpiffeId) -> Self {
        Self {
            broker,
            shared: None,
            ring: Arc::default(),
            tokens: Expiring::default(),
            revoked: Vec::new(),
            statements: Expiring::default(),
            seen: Expiring::default(),
            open: Expiring::default(),
        }
    }

    /// The state of a log without lines that several brokers write; `life_s` is that of challenges.
    #[must_use]
    pub fn shared(broker: SpiffeId, life_s: u64) -> Self {
        Self { shared: Some(life_s), ..Self::new(broker) }
    }

    /// The state of the same log before its first line.
    #[must_use]
    pub fn anew(&self) -> Self {
        Self { shared: self.shared, ..Self::new(self.broker.clone()) }
    }

    /// Does what a line says. Lines that cannot follow from the state are refused: a log that was made
    /// up does not become the state.
    pub fn apply(&mut self, event: &Event, at: u64) -> Result<(), Problem> {
        match event {
            Event::Started { broker } if broker == self.broker.as_str() => {
                // Others have them still.
                if self.shared.is_none() {
                    self.open.clear();
                }
            }
            Event::Started { .. } => return Err(Problem::CONFLICT),
            Event::Enrolled { key, owner, admin } => {
                let raw = Base64UrlUnpadded::decode_vec(key).map_err(|_| Refusal::Name)?;
                let public = PublicKey::from_raw(KeyKind::Ed25519, &raw);
                let public = public.map_err(|_| Refusal::Name)?;
                let (owner, admin, state) = (owner.clone(), *admin, KeyState::Active);
                Arc::make_mut(&mut self.ring).enrol(Key { public, owner, admin, state })?;
            }
            Event::Minted { challenge, jti, sub, exp, .. } => {
                let (challenge, sub) = (Id::parse(challenge)?, SpiffeId::parse(sub)?);
                let (delivered, used) = (false, false);
                let known = Known { challenge, sub, at, delivered, used };
                if !self.tokens.insert(Id::parse(jti)?, *exp, known) {
                    return Err(Problem::CONFLICT);
                }
            }
            Event::Delivered { jti } => self.known(jti, |known| !known.delivered)?.delivered = true,
            Event::Used { jti, .. } => {
                self.known(jti, |known| known.delivered && !known.used)?.used = true;
            }
            Event::Stated { statement } => self.hear(statement, at)?,
            Event::Asked { .. }
            | Event::Approved { .. }
            | Event::Answered { .. }
            | Event::Refused { .. } => {}
        }
        Ok(())
    }

    /// Does to open challenges what a line of another broker says. `waits` is what waits beside it; without
    /// that there is nothing to pick up.
    pub fn resume(&mut self, event: &Event, at: u64, waits: Option<&str>) -> Result<(), Problem> {
        let Some(life_s) = self.shared else { return Ok(()) };
        match event {
            Event::Asked { challenge: id, text } => {
                let (challenge, expires) = (Challenge::parse(text.as_bytes())?, at + life_s);
                let (first, token, minted) = (None, None, false);
                let open = Open { challenge, at, expires, first, token, minted };
                if open.challenge.id != Id::parse(id)?
                    || !self.open.insert(open.challenge.id, expires, open)
                {
                    return Err(Problem::CONFLICT);
                }
            }
            Event::Approved { challenge, .. } => {
                if let Some(open) = self.open.get_mut(&Id::parse(challenge)?) {
                    open.first = waits.map(Into::into);
                }
            }
            Event::Minted { challenge, .. } => {
                if let Some(open) = self.open.get_mut(&Id::parse(challenge)?) {
                    let token = waits.and_then(|text| Token::parse(text).ok());
                    (open.token, open.minted) = (token, true);
                }
            }
            Event::Delivered { jti } => {
                if let Some(Known { challenge, .. }) = self.tokens.get(&Id::parse(jti)?) {
                    self.open.remove(challenge);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// What the others need beside the line of an event that was applied here.
    #[must_use]
    pub fn waits(&self, event: &Event) -> Option<Waits> {
        self.shared?;
        match event {
            Event::Approved { challenge, .. } | Event::Minted { challenge, .. } => {
                let challenge = Id::parse(challenge).ok()?;
                let open = self.open.get(&challenge)?;
                let token = open.token.as_ref().map(Token::reveal);
                let text = Zeroizing::new(token.or(open.first.as_deref())?.to_owned());
                Some(Waits::For { challenge, ends: open.expires, text })
            }
            Event::Delivered { jti } => {
                let known = self.tokens.get(&Id::parse(jti).ok()?)?;
                Some(Waits::Over(known.challenge))
            }
            _ => None,
        }
    }

    fn known(&mut self, jti: &str, is: impl Fn(&Known) -> bool) -> Result<&mut Known, Problem> {
        self.tokens.get_mut(&Id::parse(jti)?).filter(|known| is(known)).ok_or(Problem::CONFLICT)
    }

    fn hear(&mut self, statement: &str, at: u64) -> Result<(), Problem> {
        let signed = self.check_statement(statement, at)?;
        Arc::make_mut(&mut self.ring).apply(&signed)?;
        if !self.statements.insert(signed.jti, memory(at), ()) {
            return Err(Problem::CONFLICT);
        }
        if let Statement::Revoke(target) = signed.statement {
            if let Target::Challenge(id) = &target {
                self.open.remove(id);
            }
            let statement = statement.into();
            self.revoked.push(Revoked { at, target, statement });
        }
        Ok(())
    }

    /// Checks a statement and what it would do, without doing it.
    pub fn check_statement(&self, statement: &str, at: u64) -> Result<Signed, Problem> {
        let signed = Signed::verify(statement, &self.ring, &self.broker, at)?;
        if self.statements.contains(&signed.jti) {
            return Err(Problem::CONFLICT);
        }
        KeyRing::clone(&self.ring).apply(&signed)?;
        Ok(signed)
    }

    /// Whether a token may be used: it was handed out here, is not used yet, and not revoked.
    pub fn admit(&self, jti: Id) -> Result<(), Problem> {
        let known = self.tokens.get(&jti).filter(|known| known.delivered);
        let known = known.ok_or(Problem::TOKEN_UNKNOWN)?;
        if self.is_revoked(jti, known) {
            Err(Problem::TOKEN_REVOKED)
        } else if known.used {
            Err(Problem::TOKEN_USED)
        } else {
            Ok(())
        }
    }

    fn is_revoked(&self, jti: Id, known: &Known) -> bool {
        self.revoked.iter().any(|revoked| match &revoked.target {
            Target::Token(id) => *id == jti,
            Target::Challenge(id) => *id == known.challenge,
            Target::Subject(id) => *id == known.sub && known.at <= revoked.at,
        })
    }

    /// Whether a token of this challenge could not be used: it or its workload is revoked.
    #[must_use]
    pub fn is_refused(&self, challenge: &Challenge, at: u64) -> bool {
        self.revoked.iter().any(|revoked| match &revoked.target {
            Target::Token(_) => false,
            Target::Challenge(id) => *id == challenge.id,
            Target::Subject(id) => *id == challenge.sub && at <= revoked.at,
        })
    }

    /// Whether a token of this name is known.
    #[must_use]
    pub fn has_token(&self, jti: Id) -> bool {
        self.tokens.contains(&jti)
    }

    /// Revocations that the broker heard of at this time or later, and that still matter.
    pub fn revoked_since(&self, at: u64) -> impl Iterator<Item = &Revoked> {
        self.revoked.iter().filter(move |revoked| revoked.at >= at)
    }

    /// How many challenges and tokens are alive.
    #[must_use]
    pub fn alive(&self) -> usize {
        self.open.len() + self.tokens.len()
    }

    /// Forgets what is over. Nothing is forgotten before its end: at the bound, requests are refused.
    pub fn prune(&mut self, now_s: u64) {
        self.open.forget(now_s);
        self.tokens.forget(now_s);
        self.seen.forget(now_s);
        self.statements.forget(now_s);
        // They are in the order in which they were heard.
        let over = self.revoked.iter().take_while(|revoked| memory(revoked.at) <= now_s).count();
        self.revoked.drain(..over);
    }

    /// Thumbprints of all known keys.
    #[must_use]
    pub fn kids(&self) -> BTreeSet<&str> {
        self.ring.iter().map(|(kid, _)| kid).collect()
    }
}
