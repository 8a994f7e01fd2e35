//! Where the records of a vault are, and how its header changes while it is locked.

use kms_protocol::ErrorCode;

use crate::header::Header;
use crate::{Batch, Error, Ports, RecordKey, Store, StoreError, Table, VaultLock, Write};

/// Name of the header in [`Table::Meta`].
pub(crate) const HEADER: &str = "header";
/// Name of the audit head in [`Table::Meta`].
pub(crate) const HEAD: &str = "audit-head";
/// Name of the sealed settings in [`Table::Meta`].
pub(crate) const SETTINGS: &str = "settings";
/// Name of what is kept of a vault that was deleted, in [`Table::Meta`].
pub(crate) const HISTORY: &str = "history";
/// Tries of one change of the header, the first included.
const TRIES: u32 = 4;

/// Reads a record of [`Table::Meta`].
pub(crate) async fn meta<P: Ports>(ports: &P, name: &str) -> Result<Option<Vec<u8>>, Error> {
    Ok(ports.store().read(Table::Meta, &RecordKey::Text(name.into())).await?)
}

/// Reads the header.
pub(crate) async fn header<P: Ports>(ports: &P) -> Result<Option<Header>, Error> {
    match meta(ports, HEADER).await? {
        Some(bytes) => Ok(Some(Header::decode(&bytes)?)),
        None => Ok(None),
    }
}

/// The write of a header.
pub(crate) fn header_write(header: &Header) -> Write {
    let key = RecordKey::Text(HEADER.into());
    Write { table: Table::Meta, key, value: header.encode() }
}

/// Changes the stored header. After a write of unknown outcome the header is read again, so
/// that one change is never applied twice.
pub(crate) async fn change_header<P: Ports>(
    ports: &P,
    change: impl Fn(&mut Header) -> Result<(), Error>,
) -> Result<Header, Error> {
    let _exclusive = ports.lock().acquire().await;
    let mut attempted: Option<Header> = None;
    let mut last = StoreError::Conflict;
    for _ in 0..TRIES {
        let generation = ports.store().generation().await?;
        let mut current = header(ports).await?.ok_or(ErrorCode::NotInitialized)?;
        if attempted.as_ref() == Some(&current) {
            return Ok(current);
        }
        change(&mut current)?;
        let batch = Batch { writes: vec![header_write(&current)], device_key: None };
        match ports.store().commit(generation, batch).await {
            Ok(_) => return Ok(current),
            Err(StoreError::Conflict) => attempted = None,
            Err(error @ (StoreError::Unknown | StoreError::ConnectionLost)) => {
                last = error;
                attempted = Some(current);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(last.into())
}
