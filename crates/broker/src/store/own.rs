//! A log that one broker writes.

use std::fs::File;
use std::io::{self, Write};

use tokio::sync::watch;

use super::{Durable, Inner, SOON, Shared, Standing};

/// Where lines go.
pub trait Disk: Send + 'static {
    /// Writes bytes at the end.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Returns once everything that was written would outlast a loss of power.
    fn sync(&mut self) -> io::Result<()>;
}

impl Disk for File {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

/// Writes what is pending, again and again, with one sync for all of it.
pub(super) fn write(shared: &Shared, mut disk: impl Disk, durable: &watch::Sender<Durable>) {
    let idle = |inner: &mut Inner| inner.pending.is_empty() && !inner.ends();
    // What only was noted waits for what somebody waits for: one sync is for both.
    let alone = |inner: &mut Inner| !inner.awaited && !inner.ends();
    while let Ok(inner) = shared.inner.lock()
        && let Ok(inner) = shared.wake.wait_while(inner, idle)
        && let Ok((mut inner, _)) = shared.wake.wait_timeout_while(inner, SOON, alone)
    {
        inner.awaited = false;
        let rows = std::mem::take(&mut inner.pending);
        let (size, ends) = (inner.chain.size(), inner.ends());
        drop(inner);
        let lines: String = rows.into_iter().map(|row| row.line).collect();
        let bytes = lines.as_bytes();
        let written = bytes.is_empty() || disk.append(bytes).and_then(|()| disk.sync()).is_ok();
        if !written {
            // What is on the disk is not known any more.
            if let Ok(mut inner) = shared.inner.lock() {
                inner.standing = Standing::Failed;
            }
            durable.send_modify(|durable| durable.failed = true);
            return;
        }
        durable.send_modify(|durable| durable.size = size);
        if ends {
            return;
        }
    }
}
