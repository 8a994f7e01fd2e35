//! What a broker brings to an approver: a challenge, and a log that can be forked.

use ed25519_dalek::{Signer, SigningKey};
use kms_protocol::Value;
use kms_tlog::{Checkpoint, Hash, Node, NodeSource, Note, Plan, VerifierKey, leaf_hash, node_hash};
use kms_token::{Action, Binding, Challenge, Constraints, Digest, Grounds, Id, SpiffeId};

/// A broker's log.
#[derive(Clone)]
pub struct FakeLog {
    secret: SigningKey,
    name: String,
    leaves: Vec<Hash>,
}

impl FakeLog {
    /// A log of so many lines, under the key of a seed.
    #[must_use]
    pub fn new(seed: u8, lines: u64) -> Self {
        let secret = SigningKey::from_bytes(&[seed; 32]);
        let leaves = (0..lines).map(|line| leaf_hash(&line.to_be_bytes())).collect();
        Self { secret, name: "ats.example/broker".into(), leaves }
    }

    /// The same with another line.
    #[must_use]
    pub fn grown(mut self, line: &str) -> Self {
        self.leaves.push(leaf_hash(line.as_bytes()));
        self
    }

    /// The same with another line in the place of one.
    #[must_use]
    pub fn forked(mut self, at: usize) -> Self {
        self.leaves[at] = leaf_hash(b"something else");
        self
    }

    /// The same without what follows the first lines.
    #[must_use]
    pub fn cut(mut self, lines: usize) -> Self {
        self.leaves.truncate(lines);
        self
    }

    /// The same under another name.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        Self { name: name.into(), ..self }
    }

    /// Its key, as text.
    #[must_use]
    pub fn key(&self) -> String {
        self.verifier().to_string()
    }

    /// A signed checkpoint of all of it.
    #[must_use]
    pub fn checkpoint(&self) -> String {
        self.checkpoint_of(&self.name)
    }

    /// A checkpoint under its signature that claims to be of some log.
    ///
    /// # Panics
    /// If that is no name.
    #[must_use]
    #[allow(clippy::unwrap_used)]
    pub fn checkpoint_of(&self, origin: &str) -> String {
        let text = Checkpoint::new(origin, self.size(), self.root()).to_string();
        let signature = self.secret.sign(text.as_bytes()).to_bytes();
        Note::new(&text, vec![self.verifier().signature(signature)]).unwrap().to_string()
    }

    /// What a page brings of it, to a key that saw so many lines; to one that saw nothing if absent.
    #[must_use]
    pub fn offered(&self, since: Option<u64>) -> Value {
        let proof = since.map_or(Value::Null, |old| self.proof(old));
        let since = since.map_or(Value::Null, number);
        Value::object([
            ("key", Value::Text(self.key())),
            ("checkpoint", Value::Text(self.checkpoint())),
            ("since", since),
            ("proof", proof),
        ])
    }

    /// The proof that it has grown since it had so many lines; nothing if it has not.
    fn proof(&self, old: u64) -> Value {
        let plan = Plan::consistency(old, self.size());
        let hashes = plan.and_then(|plan| plan.build(self).ok()).unwrap_or_default();
        Value::List(hashes.into_iter().map(|hash| Value::Bytes(hash.to_vec())).collect())
    }

    fn root(&self) -> Hash {
        let plan = Plan::root(self.size());
        let root = plan.and_then(|plan| plan.build(self).ok()?.pop());
        root.unwrap_or(kms_tlog::EMPTY_ROOT)
    }

    fn size(&self) -> u64 {
        self.leaves.len() as u64
    }

    #[allow(clippy::unwrap_used)] // the names of the tests are names
    fn verifier(&self) -> VerifierKey {
        VerifierKey::new(&self.name, self.secret.verifying_key().to_bytes()).unwrap()
    }
}

impl NodeSource for FakeLog {
    type Error = ();

    fn node(&self, Node { level, index }: Node) -> Result<Hash, ()> {
        let Some(below) = level.checked_sub(1) else {
            let index = usize::try_from(index).map_err(drop)?;
            return self.leaves.get(index).copied().ok_or(());
        };
        let child = |index| self.node(Node { level: below, index });
        Ok(node_hash(&child(2 * index)?, &child(2 * index + 1)?))
    }
}

/// The broker of the tests.
///
/// # Panics
/// Never.
#[must_use]
#[allow(clippy::unwrap_used)]
pub fn broker() -> SpiffeId {
    SpiffeId::parse("spiffe://ats.example/broker").unwrap()
}

/// A challenge that takes so many approvals.
///
/// # Panics
/// Never.
#[must_use]
#[allow(clippy::unwrap_used)]
pub fn challenge(approvals: u8) -> Challenge {
    Challenge {
        id: Id::new([1; 16]),
        aud: broker(),
        sub: SpiffeId::parse("spiffe://ats.example/agent/one").unwrap(),
        certificate: Digest::of(b"certificate"),
        act: Action::parse("crm.contact.read").unwrap(),
        con: Constraints::new([("id", "42")]).unwrap(),
        leg: Grounds {
            party_type: "human".into(),
            party: "carol".into(),
            basis: "contract".into(),
            jurisdiction: "DE".into(),
        },
        req: Binding::new("GET", "/contacts/42", Digest::of(b"")).unwrap(),
        approvals,
        tier: None,
    }
}

fn number(value: u64) -> Value {
    Value::Number(f64::from(u32::try_from(value).unwrap_or(u32::MAX)))
}
