//! Looking at a log without a broker: is it whole, and what became of a token?

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use kms_tlog::VerifierKey;
use kms_token::SpiffeId;

use crate::Error;
use crate::desk::read_checkpoint;
use crate::log::{Chain, Event, Line};
use crate::store::replay;

/// Checks every line, its place in the chain, that it follows from the ones before, and the signature of
/// every statement; and, if there is one, that the log continues a checkpoint. The number of lines.
pub fn verify(
    log: &Path,
    broker: &SpiffeId,
    checkpoint: Option<(&str, &VerifierKey)>,
) -> Result<u64, Error> {
    let file = File::open(log).map_err(|error| Error::file(log, error))?;
    let replayed = replay(BufReader::new(file), broker)?;
    if let Some((note, key)) = checkpoint {
        let checkpoint = read_checkpoint(note, key)?;
        if !replayed.chain.extends(&checkpoint) {
            return Err(Error::Checkpoint("the log is not a continuation of its checkpoint"));
        }
    }
    Ok(replayed.chain.size())
}

/// The lines about a token: from what was asked to what was answered.
pub fn trace(log: &Path, jti: &str) -> Result<Vec<Line>, Error> {
    let lines = read(log)?;
    let minted = lines.iter().find_map(|line| match &line.what {
        Event::Minted { challenge, jti: named, .. } if named == jti => Some(challenge.clone()),
        _ => None,
    });
    let about = |line: &Line| match &line.what {
        Event::Asked { challenge, .. } | Event::Approved { challenge, .. } => {
            Some(challenge) == minted.as_ref()
        }
        Event::Minted { jti: named, .. }
        | Event::Delivered { jti: named }
        | Event::Used { jti: named, .. }
        | Event::Answered { jti: named, .. } => named == jti,
        Event::Refused { jti: named, .. } => named.as_deref() == Some(jti),
        Event::Started { .. } | Event::Enrolled { .. } | Event::Stated { .. } => false,
    };
    Ok(lines.into_iter().filter(about).collect())
}

fn read(log: &Path) -> Result<Vec<Line>, Error> {
    let failed = |error| Error::file(log, error);
    let mut chain = Chain::default();
    let mut lines = Vec::new();
    for text in BufReader::new(File::open(log).map_err(failed)?).split(b'\n') {
        lines.push(chain.read(&text.map_err(failed)?)?);
    }
    Ok(lines)
}
