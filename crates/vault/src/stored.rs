//! Where the records of a vault are, and how its header changes while it is locked.

use kms_protocol::ErrorCode;
use minicbor::{Decode, Encode};

use crate::header::{Header, VaultId};
use crate::keys::BUCKETS;
use crate::{Batch, Error, Ports, RecordKey, Store, StoreError, Table, VaultLock, Write, cbor};

/// Name of the header in [`Table::Meta`].
pub(crate) const HEADER: &str = "header";
/// Name of the audit head in [`Table::Meta`].
pub(crate) const HEAD: &str = "audit-head";
/// Name of the sealed settings in [`Table::Meta`].
pub(crate) const SETTINGS: &str = "settings";
/// Name of the root of the index of keys in [`Table::Meta`].
pub(crate) const KEY_INDEX: &str = "key-index";
/// What the names of the buckets of the index begin with, in [`Table::Meta`].
const KEY_BUCKET: &str = "key-index-";
/// Name of what is kept of vaults that were deleted, in [`Table::Meta`].
pub(crate) const HISTORY: &str = "history";
/// Most deleted vaults that something is kept of.
const MOST_REMEMBERED: usize = 16;
/// Tries of one change of the header, the first included.
const TRIES: u32 = 4;

/// What this browser remembers of a vault that was deleted here. Nothing of it is secret, and
/// nothing but a notice depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct History {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) vault_id: VaultId,
    /// When its last backup was made.
    #[n(1)]
    pub(crate) last_backup: u64,
}

/// Reads a record of [`Table::Meta`].
pub(crate) async fn meta<P: Ports>(ports: &P, name: &str) -> Result<Option<Vec<u8>>, Error> {
    Ok(ports.store().read(Table::Meta, &RecordKey::Text(name.into())).await?)
}

/// Name of a bucket of the index of keys in [`Table::Meta`]; the names are in the order of the
/// numbers.
pub(crate) fn bucket_name(number: u8) -> String {
    format!("{KEY_BUCKET}{number:02}")
}

/// The bucket that has this name.
pub(crate) fn bucket_number(name: &str) -> Option<u8> {
    let number = name.strip_prefix(KEY_BUCKET)?.parse().ok()?;
    (number < BUCKETS && bucket_name(number) == name).then_some(number)
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

/// Reads what is known of deleted vaults. Releases up to 0.2.0 kept one alone.
pub(crate) async fn history<P: Ports>(ports: &P) -> Result<Vec<History>, Error> {
    let Some(bytes) = meta(ports, HISTORY).await? else { return Ok(Vec::new()) };
    let one = || cbor::decode(&bytes).map(|one| vec![one]);
    Ok(cbor::decode(&bytes).or_else(one).unwrap_or_default())
}

/// What is known once another vault is deleted, too. Of too many, the one with the oldest backup goes.
pub(crate) fn remember(known: Vec<History>, another: Option<History>) -> Vec<History> {
    let replaced = |one: &History| another.is_some_and(|new| new.vault_id == one.vault_id);
    let mut all: Vec<_> = known.into_iter().filter(|one| !replaced(one)).chain(another).collect();
    all.sort_by_key(|one| std::cmp::Reverse(one.last_backup));
    all.truncate(MOST_REMEMBERED);
    all
}

/// The write of what is known of deleted vaults, if anything is.
pub(crate) fn history_write(history: &Vec<History>) -> Option<Write> {
    let key = RecordKey::Text(HISTORY.into());
    let write = Write { table: Table::Meta, key, value: cbor::encode(history) };
    (!history.is_empty()).then_some(write)
}

/// Changes the stored header. After a write of unknown outcome the header is read again, so
/// that one change is never applied twice.
pub(crate) async fn change_header<P: Ports>(
    ports: &P,
    mut change: impl FnMut(&mut Header) -> Result<(), Error>,
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
        let writes = vec![header_write(&current)];
        let batch = Batch { clear: false, writes, device_key: None };
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

/// Whether a batch of this outcome is worth another try.
pub(crate) fn may_retry(error: StoreError) -> bool {
    matches!(error, StoreError::Conflict | StoreError::Unknown | StoreError::ConnectionLost)
}
