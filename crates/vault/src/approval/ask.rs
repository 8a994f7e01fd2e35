//! Asking for approval, and what the person answers.

use std::rc::Rc;

use futures_channel::oneshot;
use kms_protocol::limits::MAX_APPROVALS;
use kms_protocol::{CallerOrigin, ErrorCode, KeySpec, Label};

use super::group::Waiting;
use super::{Operation, operation, payload};
use crate::enclave::Inner;
use crate::session::Caller;
use crate::sheet::Answer;
use crate::time::Moment;
use crate::ui::{Approval, OperationInfo};
use crate::{Error, Ports, random};

/// What the person has to decide: the operation, with what makes it readable.
pub(crate) struct Decision<'a> {
    /// What the answer is bound to.
    pub(crate) operation: Operation<'a>,
    /// Label of the key.
    pub(crate) label: Option<Label>,
    /// Spec of the key.
    pub(crate) spec: KeySpec,
    /// What the key is used on.
    pub(crate) data: &'a [u8],
    /// Whether nobody is asked if not all of that can be shown.
    pub(crate) only_whole: bool,
}

impl<P: Ports> Inner<P> {
    /// Waits until the person has approved an operation, together with the others of its message.
    pub(crate) async fn approve(
        self: &Rc<Self>,
        caller: &Caller,
        decision: Decision<'_>,
    ) -> Answer {
        self.may_ask(caller)?;
        let (done, answer) = oneshot::channel();
        caller.group.wait(self.waiting(decision, done)?);
        self.ask_together(caller);
        self.answered(answer).await
    }

    fn waiting(
        &self,
        decision: Decision<'_>,
        done: oneshot::Sender<Answer>,
    ) -> Result<Waiting, Error> {
        let Decision { operation, label, spec, data, only_whole } = decision;
        let payload = if only_whole { payload::read_whole(data)? } else { payload::read(data) };
        let nonce = random::bytes(self.ports.crypto())?;
        let digest = operation.digest(&payload.sha256, &nonce);
        let (method, kid) = (operation.method.to_owned(), operation.kid.to_owned());
        let label = label.as_ref().map(|label| payload::visible(label.as_str()));
        let info = OperationInfo { method, label, spec, kid, payload };
        Ok(Waiting { info, digest, done })
    }

    /// Whether a site may ask now. One that was denied again and again has to wait.
    fn may_ask(&self, caller: &Caller) -> Result<(), Error> {
        self.unlocked()?;
        let now = Moment::now(self.ports.clock());
        match self.denials.borrow().wait_ms(&caller.origin, now) {
            None => Ok(()),
            Some(retry_after_ms) => {
                Err(Error::Wait { code: ErrorCode::TooManyRequests, retry_after_ms })
            }
        }
    }

    /// Asks once every call of a message has ended or waits for the person.
    pub(crate) fn ask_together(&self, caller: &Caller) {
        let all = caller.group.all_waiting();
        if all.is_empty() {
            return;
        }
        let approval = self.may_ask(caller).and_then(|()| self.approval(&all));
        let waiters: Vec<_> = all.into_iter().map(|one| one.done).collect();
        let refused = match approval {
            Ok(approval) => self.open_approval(caller, approval, waiters),
            Err(error) => Some((error, waiters)),
        };
        for (error, done) in refused
            .into_iter()
            .flat_map(|(error, waiters)| waiters.into_iter().map(move |done| (error.clone(), done)))
        {
            // The receiver is gone if the request was aborted in this very turn.
            let _aborted = done.send(Err(error));
        }
    }

    fn approval(&self, all: &[Waiting]) -> Result<Approval, Error> {
        if all.len() > MAX_APPROVALS {
            return Err(Error::Code(ErrorCode::ApprovalTooLarge));
        }
        let blind = all.iter().any(|one| !one.info.payload.is_readable());
        let code = if blind { Some(self.code()?) } else { None };
        let digest = operation::digest_of_all(all.iter().map(|one| &one.digest));
        let operations = all.iter().map(|one| one.info.clone()).collect();
        Ok(Approval { digest, operations, code, passkeys: self.approvers() })
    }

    /// Four digits to be typed where something cannot be read: more than a press out of habit.
    fn code(&self) -> Result<String, Error> {
        let number = u32::from_be_bytes(random::bytes(self.ports.crypto())?) % 10_000;
        Ok(format!("{number:04}"))
    }

    /// Remembers how the person decided about what a site asked. A question that the page took
    /// back counts as well: it may have been put to be taken back.
    pub(crate) fn note_decision(&self, origin: &CallerOrigin, outcome: &Answer) {
        let mut denials = self.denials.borrow_mut();
        match outcome {
            Ok(()) => denials.forget(origin),
            Err(Error::Code(ErrorCode::UserCancelled)) => {
                denials.add(origin, Moment::now(self.ports.clock()));
            }
            // The vault was locked meanwhile.
            Err(_) => {}
        }
    }
}
