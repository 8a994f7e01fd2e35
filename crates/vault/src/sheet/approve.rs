//! How an approval ends.

use std::rc::Rc;

use kms_protocol::ErrorCode;

use super::drive::Next;
use super::question::Turn;
use super::step::Step;
use crate::enclave::Inner;
use crate::ui::{Approval, Assertion};
use crate::{Error, Ports};

/// What the person answered.
pub(super) struct Answered {
    pub(super) digest: Vec<u8>,
    pub(super) code: Option<String>,
    pub(super) assertion: Option<Assertion>,
}

impl<P: Ports> Inner<P> {
    /// The person approves what was shown, and nothing else.
    pub(super) async fn on_approve(
        self: &Rc<Self>,
        turn: &Turn,
        mut approval: Approval,
        answered: Answered,
    ) -> Next<P> {
        let Answered { digest, code, assertion } = answered;
        if digest != approval.digest {
            return Next::Keep(Step::Approve(approval));
        }
        if code != approval.code {
            return Next::Again(Step::Approve(approval), Error::Code(ErrorCode::CodeMismatch));
        }
        let about = (&*turn.origin, &approval.digest);
        match self.check_assertion(about, assertion.as_ref()).await {
            Ok(()) => Next::Done(Ok(())),
            Err(error) => {
                // One may have been enrolled or removed since it was shown.
                approval.passkeys = self.approvers();
                Next::Failed(Step::Approve(approval), error)
            }
        }
    }
}
