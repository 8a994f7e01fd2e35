//! What an entry about an approver's key is about, by the names that stand in the broker's log as well:
//! the two logs can be read side by side.

use std::cell::RefCell;
use std::rc::Rc;

use kms_protocol::AuditedAuthorization;
use kms_token::{Challenge, Id};
use minicbor::{Decode, Encode};

/// Names, in the form in which the broker's log has them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct About {
    #[n(0)]
    token: Option<String>,
    #[n(1)]
    challenge: Option<String>,
    #[n(2)]
    digest: Option<String>,
    #[n(3)]
    statement: Option<String>,
}

/// What is known so far of what an operation is about. Each of its entries has what is known by then.
#[derive(Clone, Debug, Default)]
pub(crate) struct Naming(Rc<RefCell<About>>);

impl Naming {
    /// A challenge that was read.
    pub(crate) fn asked(&self, challenge: &Challenge) {
        self.challenge(challenge.id);
        self.0.borrow_mut().digest = Some(challenge.digest().to_string());
    }

    /// A challenge of which the name is known.
    pub(crate) fn challenge(&self, id: Id) {
        self.0.borrow_mut().challenge = Some(id.to_string());
    }

    /// A token.
    pub(crate) fn token(&self, jti: Id) {
        self.0.borrow_mut().token = Some(jti.to_string());
    }

    /// A statement that was signed.
    pub(crate) fn statement(&self, jti: Id) {
        self.0.borrow_mut().statement = Some(jti.to_string());
    }

    /// What is known now.
    pub(crate) fn now(&self) -> Option<About> {
        let about = self.0.borrow();
        let known = *about != About::default();
        known.then(|| about.clone())
    }
}

impl From<About> for AuditedAuthorization {
    fn from(about: About) -> Self {
        let About { token, challenge, digest, statement } = about;
        Self { token, challenge, digest, statement }
    }
}
