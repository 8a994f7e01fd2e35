//! The root of the index.

use kms_crypto::CryptoProvider;
use kms_protocol::ErrorCode;
use minicbor::{Decode, Encode};

use super::{BUCKETS, SCHEMA, Schema, VaultClock, open};
use crate::header::VaultId;
use crate::state::Secrets;
use crate::stored::{self, KEY_INDEX};
use crate::{Error, Ports, RecordKey, Table, Write, cbor, seal};

/// The stored root.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Root {
    #[n(0)]
    schema: u32,
    /// Generation of each bucket; 0 where there is none.
    #[n(1)]
    buckets: Vec<u64>,
    /// When the first key of each bucket is to be destroyed, by the clock of the vault; 0 for never.
    #[n(2)]
    due: Vec<u64>,
    #[n(3)]
    pub(super) clock: VaultClock,
    /// While the index of an old vault is built: the last key that is in it.
    #[n(4)]
    pub(super) built_to: Option<String>,
}

impl Schema for Root {
    fn is_sane(&self) -> bool {
        let whole = |part: &[u64]| part.len() == usize::from(BUCKETS);
        self.schema == SCHEMA && whole(&self.buckets) && whole(&self.due)
    }
}

impl Default for Root {
    /// The index of a vault without keys.
    fn default() -> Self {
        let (buckets, due) = (vec![0; BUCKETS.into()], vec![0; BUCKETS.into()]);
        Self { schema: SCHEMA, buckets, due, clock: VaultClock::default(), built_to: None }
    }
}

impl Root {
    /// The index of a vault of a release that had none: nothing of it is built.
    pub(crate) fn unbuilt() -> Self {
        Self { built_to: Some(String::new()), ..Self::default() }
    }

    /// Whether every key is in the index.
    pub(crate) fn is_built(&self) -> bool {
        self.built_to.is_none()
    }

    /// Generation of a bucket; 0 if there is none.
    pub(crate) fn generation(&self, number: u8) -> u64 {
        self.buckets.get(usize::from(number)).copied().unwrap_or(0)
    }

    /// Number of buckets that there are.
    pub(crate) fn bucket_count(&self) -> usize {
        self.buckets.iter().filter(|generation| **generation > 0).count()
    }

    /// Notes that a bucket was written; returns its new generation.
    pub(super) fn advance(&mut self, number: u8, first_due: u64) -> Result<u64, ErrorCode> {
        let at = usize::from(number);
        let place = self.buckets.get_mut(at).zip(self.due.get_mut(at));
        let (generation, due) = place.ok_or(ErrorCode::Internal)?;
        *generation += 1;
        *due = first_due;
        Ok(*generation)
    }

    /// The clock of the vault.
    pub(in crate::keys) fn clock(&self) -> VaultClock {
        self.clock
    }

    /// Whether any key waits for its deletion.
    pub(crate) fn has_waiting(&self) -> bool {
        self.due.iter().any(|due| *due > 0)
    }

    /// Buckets with keys that are to be destroyed now.
    pub(in crate::keys) fn due(&self) -> Vec<u8> {
        let passed = self.clock.passed_ms();
        let due = (0_u8..).zip(&self.due).filter(|(_, due)| (1..=passed).contains(*due));
        due.map(|(number, _)| number).collect()
    }

    /// The sealed record for a generation.
    pub(crate) async fn write<P: Ports>(
        &self,
        ports: &P,
        vault_id: &VaultId,
        (secrets, generation): (&Secrets<P>, u64),
    ) -> Result<Write, Error> {
        let context = seal::index_context(vault_id, &[], generation);
        let plain = cbor::encode(self);
        let value = seal::seal(ports.crypto(), &secrets.record, &context, &plain).await?;
        Ok(Write { table: Table::Meta, key: RecordKey::Text(KEY_INDEX.into()), value })
    }

    /// Reads the record that belongs to a generation; 0 means that there is none yet.
    pub(crate) async fn read<P: Ports>(
        ports: &P,
        vault_id: &VaultId,
        (secrets, generation): (&Secrets<P>, u64),
    ) -> Result<Self, Error> {
        if generation == 0 {
            return Ok(Self::unbuilt());
        }
        let sealed = stored::meta(ports, KEY_INDEX).await?.ok_or(ErrorCode::VaultCorrupt)?;
        let root = open_root(ports.crypto(), vault_id, (&secrets.record, generation), &sealed);
        root.await.map_err(|_| Error::Code(ErrorCode::VaultCorrupt))
    }
}

/// Opens the root that belongs to a generation.
pub(crate) async fn open_root<C: CryptoProvider>(
    crypto: &C,
    vault_id: &VaultId,
    (key, generation): (&C::SealingKey, u64),
    sealed: &[u8],
) -> Result<Root, Error> {
    let context = seal::index_context(vault_id, &[], generation);
    open(crypto, (key, &context), sealed).await
}
