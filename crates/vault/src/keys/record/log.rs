//! A broker's log as a key saw it. Who shows different logs to different people is found out by
//! whoever saw one of them before.

use kms_protocol::{BrokerLog, ErrorCode, SeenCheckpoint};
use kms_tlog::{Checkpoint, Hash, Note, VerifierKey, verify_consistency};
use minicbor::{Decode, Encode};

use super::KeyRecord;

/// The state of a log at the last approval by a key. The first one decides which log it is.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct LogRecord {
    /// The key that signs it, as text.
    #[n(0)]
    key: String,
    /// Number of lines.
    #[n(1)]
    size: u64,
    /// Root of the tree over them.
    #[cbor(n(2), with = "minicbor::bytes")]
    root: Hash,
}

/// The state of a log as a page brings it, signed by the key that it names.
pub(crate) struct OfferedLog {
    new: LogRecord,
    since: Option<u64>,
    proof: Vec<Hash>,
}

impl LogRecord {
    /// Number of lines.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// The key that signs it, as text.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// The state as callers see it.
    pub(crate) fn publish(&self) -> SeenCheckpoint {
        SeenCheckpoint { key: self.key.clone(), size: self.size, root: self.root.to_vec() }
    }
}

impl OfferedLog {
    /// Reads what a page brings: a checkpoint of a log that is not empty, under a signature of its
    /// key.
    pub(crate) fn read(log: &BrokerLog) -> Result<Self, ErrorCode> {
        let hash = |bytes: &Vec<u8>| Hash::try_from(bytes.as_slice()).ok();
        let proof: Option<Vec<_>> = log.proof.iter().flatten().map(hash).collect();
        let new = LogRecord::read(log).zip(proof);
        let (new, proof) = new.ok_or(ErrorCode::InvalidParams)?;
        Ok(Self { new, since: log.since, proof })
    }

    /// The state that it claims.
    pub(crate) fn state(&self) -> &LogRecord {
        &self.new
    }

    /// Fails unless it is the log that was seen before, with the same lines and perhaps more.
    pub(crate) fn follows(&self, seen: Option<&LogRecord>) -> Result<(), ErrorCode> {
        let new = &self.new;
        let Some(seen) = seen else {
            let first = self.since.is_none() && self.proof.is_empty();
            return if first { Ok(()) } else { Err(ErrorCode::LogStale) };
        };
        if new.key != seen.key {
            return Err(ErrorCode::LogForked);
        }
        if self.since != Some(seen.size) {
            return Err(ErrorCode::LogStale);
        }
        let (old, new) = ((seen.size, &seen.root), (new.size, &new.root));
        if verify_consistency(old, new, &self.proof) { Ok(()) } else { Err(ErrorCode::LogForked) }
    }
}

impl LogRecord {
    fn read(log: &BrokerLog) -> Option<Self> {
        let key = VerifierKey::parse(&log.key).ok()?;
        let note = Note::parse(&log.checkpoint).ok()?;
        let Checkpoint { origin, size, root, .. } =
            Checkpoint::parse(key.verify(&note).ok()?).ok()?;
        let own = origin == key.name() && size > 0;
        own.then(|| Self { key: log.key.clone(), size, root })
    }
}

impl KeyRecord {
    /// What the key saw last of its broker's log.
    pub(crate) fn log(&self) -> Option<&LogRecord> {
        self.log.as_ref()
    }

    /// Notes what it sees of it now, if that follows.
    pub(crate) fn see(&mut self, offered: &OfferedLog) -> Result<(), ErrorCode> {
        offered.follows(self.log())?;
        self.log = Some(offered.new.clone());
        Ok(())
    }
}
