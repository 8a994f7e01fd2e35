//! Saving the audit log as a file.

use std::rc::Rc;

use super::drive::Next;
use super::keys::reach;
use super::log::LogPage;
use super::question::Turn;
use super::step::Step;
use crate::audit::Exported;
use crate::enclave::Inner;
use crate::ui::{LogReady, UiCommand};
use crate::{Clock, Error, Outbox, Ports, time};

impl<P: Ports> Inner<P> {
    /// Hands the log to the frame, part by part, and then what it is saved as.
    pub(super) async fn on_export(self: &Rc<Self>, turn: &mut Turn, page: Box<LogPage>) -> Next<P> {
        self.busy();
        let ready = self.export(turn).await;
        match ready {
            Ok(ready) => Next::Go(Step::LogReady(page, ready)),
            Err(error) => reach(Step::Audit(page), Err(error)),
        }
    }

    async fn export(self: &Rc<Self>, turn: &mut Turn) -> Result<LogReady, Error> {
        let give = |entries| self.ports.outbox().ui(UiCommand::Log(entries));
        let made = self.ports.clock().now_ms();
        let exported = turn.while_open(Box::pin(self.noting(self.export_log(give)))).await?;
        let Exported { count, checkpoint } = exported;
        let name = format!("ats-kms-log-{}.jsonl", time::date(made));
        Ok(LogReady { name, count, checkpoint })
    }
}
