//! The index of keys: which keys there are, and in which generation. A key that was removed, put
//! back or kept from an older time does not fit it.
//!
//! Sealed buckets list the keys by the first character of their random ids. A sealed root lists
//! the generations of the buckets. Its own generation is in the authenticated head of the audit
//! log, as that of the settings is. A change of one key writes its record, the buckets it concerns
//! and the root; nothing depends on how many keys there are.

mod bucket;
mod build;
mod clock;
mod edit;
mod root;

use kms_crypto::CryptoProvider;
use kms_protocol::ErrorCode;
use minicbor::Decode;

pub(crate) use self::bucket::{AliasDigest, Bucket};
pub(crate) use self::build::IndexStep;
pub(crate) use self::clock::{DAY_MS, VaultClock};
pub(super) use self::edit::IndexEdit;
pub(crate) use self::root::{Root, open_root};
use crate::header::VaultId;
use crate::state::UnlockedVault;
use crate::stored::{self, bucket_name};
use crate::{Error, Ports, cbor, seal};

/// Version of the stored form of root and buckets.
const SCHEMA: u32 = 1;
/// Number of buckets: one for each character an id can begin with.
pub(crate) const BUCKETS: u8 = 64;
/// The base64url alphabet (RFC 4648, section 5) in the order of the table of keys.
const ORDER: &[u8; BUCKETS as usize] =
    b"-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";

/// The bucket of keys whose id begins as this text does; the first one for no text.
pub(crate) fn bucket_of(text: &str) -> u8 {
    let place = text.bytes().next().and_then(|first| ORDER.iter().position(|c| *c == first));
    place.and_then(|place| u8::try_from(place).ok()).unwrap_or(0)
}

/// Opens the bucket that belongs to a generation.
pub(crate) async fn open_bucket<C: CryptoProvider>(
    crypto: &C,
    vault_id: &VaultId,
    (key, number, generation): (&C::SealingKey, u8, u64),
    sealed: &[u8],
) -> Result<Bucket, Error> {
    let id = [number];
    let context = seal::index_context(vault_id, &id, generation);
    open(crypto, (key, &context), sealed).await
}

async fn open<C: CryptoProvider, T: Schema + for<'b> Decode<'b, ()>>(
    crypto: &C,
    (key, context): (&C::SealingKey, &kms_crypto::RecordContext<'_>),
    sealed: &[u8],
) -> Result<T, Error> {
    let plain = seal::open(crypto, key, context, sealed).await;
    let plain = plain.map_err(|_| ErrorCode::Unreadable)?;
    let known: Option<T> = cbor::decode(plain.expose());
    known.filter(Schema::is_sane).ok_or(Error::Code(ErrorCode::Unreadable))
}

/// What was decoded and is still to be believed.
trait Schema {
    fn is_sane(&self) -> bool;
}

impl<P: Ports> UnlockedVault<P> {
    /// Reads a bucket of the generation that the root names.
    pub(in crate::keys) async fn bucket(
        &self,
        ports: &P,
        root: &Root,
        number: u8,
    ) -> Result<Bucket, Error> {
        let generation = root.generation(number);
        if generation == 0 {
            return Ok(Bucket::default());
        }
        let sealed = stored::meta(ports, &bucket_name(number)).await?;
        let sealed = sealed.ok_or(ErrorCode::Unreadable)?;
        let secrets = self.secrets()?;
        let place = (&*secrets.record, number, generation);
        open_bucket(ports.crypto(), &self.id, place, &sealed).await
    }

    /// The keys after one and up to another, as the index knows them, in order.
    pub(in crate::keys) async fn indexed(
        &self,
        ports: &P,
        (after, until): (Option<&str>, Option<&str>),
    ) -> Result<Vec<(String, u64)>, Error> {
        let root = self.index.borrow().clone();
        let last = until.map_or(BUCKETS - 1, bucket_of);
        let mut found = Vec::new();
        for number in after.map_or(0, bucket_of)..=last {
            let bucket = self.bucket(ports, &root, number).await?;
            found.extend(bucket.between(after, until));
        }
        Ok(found)
    }
}
