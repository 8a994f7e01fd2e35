//! Reading a backup: what opens it, its head, and its records one by one.

use kms_crypto::{Argon2Params, SecretBytes, SecretVec, backup_key, phrase};
use kms_protocol::ErrorCode;
use sha2::{Digest, Sha256};

use super::OpenedBackup;
use super::format::{self, Facts, Item, MAX_PART};
use crate::ui::Factor;
use crate::{
    BackupFiles, BackupIdentity, BackupReader, Error, Kdf, KdfJob, Ports, RecordKey, Table, Write,
    enrol,
};

/// Opens the chosen file and reads its head.
pub(crate) async fn open<P: Ports>(ports: &P, factor: &Factor) -> Result<OpenedBackup<P>, Error> {
    let identity = identity(ports, factor).await?;
    let reader = ports.files().open(identity).await?;
    let (facts, root, records) = Records::begin(reader).await?;
    let Facts { vault_id, vault_created, created, .. } = facts;
    Ok(OpenedBackup { vault_id, root, created, vault_created, records })
}

async fn identity<P: Ports>(ports: &P, factor: &Factor) -> Result<BackupIdentity, Error> {
    match factor {
        Factor::Phrase(words) => {
            let entropy = phrase::parse(words.expose())?;
            Ok(BackupIdentity::Phrase(backup_key::of_phrase(&entropy)))
        }
        Factor::Passphrase(passphrase) if enrol::is_possible(passphrase.expose()) => {
            passphrase_identity(ports, passphrase).await
        }
        // Passkeys belong to a browser, backups do not.
        Factor::Passphrase(_) | Factor::Passkey(_) => {
            Err(Error::Code(ErrorCode::BackupWrongFactor))
        }
    }
}

async fn passphrase_identity<P: Ports>(
    ports: &P,
    passphrase: &SecretVec,
) -> Result<BackupIdentity, Error> {
    let kdf = ports.files().kdf().await?.ok_or(ErrorCode::BackupWrongFactor)?;
    let params = Argon2Params::new(kdf.memory_kib, kdf.iterations, kdf.parallelism)
        .map_err(|_| ErrorCode::BackupDamaged)?;
    let job = KdfJob {
        memory_kib: params.memory_kib(),
        iterations: params.iterations(),
        parallelism: params.parallelism(),
        salt: &kdf.salt,
        passphrase: passphrase.expose(),
    };
    let stretched = ports.kdf().derive(job).await?;
    Ok(BackupIdentity::Passphrase(backup_key::of_passphrase(&stretched)))
}

/// The plaintext, of which one part and the beginning of an item are in memory.
struct Input<R> {
    reader: R,
    part: SecretVec,
    at: usize,
}

impl<R: BackupReader> Input<R> {
    fn rest(&self) -> &[u8] {
        &self.part.expose()[self.at..]
    }

    /// Puts the next part behind the rest.
    async fn more(&mut self) -> Result<(), Error> {
        let next = self.reader.read().await?.ok_or(ErrorCode::BackupTruncated)?;
        let (rest, next) = (self.rest(), next.expose());
        if next.len() > MAX_PART {
            return Err(Error::Code(ErrorCode::BackupDamaged));
        }
        self.part = SecretVec::try_new_with(rest.len() + next.len(), |out| {
            let (front, back) = out.split_at_mut(rest.len());
            front.copy_from_slice(rest);
            back.copy_from_slice(next);
            Ok::<(), ErrorCode>(())
        })?;
        self.at = 0;
        Ok(())
    }

    /// Fails unless nothing follows. Reads on to the end of the file, whose last bytes
    /// authenticate that it ends there.
    async fn must_end(&mut self) -> Result<(), Error> {
        let mut clean = self.rest().is_empty();
        while clean && let Some(part) = self.reader.read().await? {
            clean = part.expose().is_empty();
        }
        if clean { Ok(()) } else { Err(Error::Code(ErrorCode::BackupDamaged)) }
    }
}

/// The records of a backup, in their order, each at its place and none twice.
pub(super) struct Records<R> {
    input: Input<R>,
    digest: Sha256,
    /// Keys and audit entries by the head.
    claimed: (u64, u64),
    last: Option<(Table, RecordKey)>,
    keys: u64,
    entries: u64,
}

impl<R: BackupReader> Records<R> {
    /// Reads the head.
    pub(super) async fn begin(reader: R) -> Result<(Facts, SecretBytes<32>, Self), Error> {
        let mut input = Input { reader, part: SecretVec::new(Vec::new()), at: 0 };
        let (facts, root, digested) = loop {
            if let Some((head, len)) = format::parse_head(input.rest())? {
                input.at += len;
                break head;
            }
            input.more().await?;
        };
        let digest = Sha256::new_with_prefix(digested);
        let claimed = (facts.keys, facts.entries);
        Ok((facts, root, Self { input, digest, claimed, last: None, keys: 0, entries: 0 }))
    }

    /// Keys and audit entries by the head.
    pub(super) fn claimed(&self) -> (u64, u64) {
        self.claimed
    }

    /// The next record; `None` only after the end was found to be right.
    pub(super) async fn next(&mut self) -> Result<Option<Write>, Error> {
        loop {
            let Some((item, len)) = format::parse_item(self.input.rest())? else {
                self.input.more().await?;
                continue;
            };
            if let Item::End { keys, entries, digest } = item {
                self.input.at += len;
                return self.end((keys, entries), digest).await.map(|()| None);
            }
            let record = item.record().ok_or(ErrorCode::BackupDamaged)?;
            self.digest.update(&self.input.rest()[..len]);
            self.input.at += len;
            self.place(&record)?;
            return Ok(Some(record));
        }
    }

    fn place(&mut self, record: &Write) -> Result<(), ErrorCode> {
        let place = (record.table, record.key.clone());
        let fits = match record.key {
            RecordKey::Number(seq) => (1..=self.claimed.1).contains(&seq),
            RecordKey::Text(_) => true,
        };
        if !fits || self.last.as_ref().is_some_and(|last| *last >= place) {
            return Err(ErrorCode::BackupDamaged);
        }
        match record.table {
            Table::Meta => {}
            Table::Keys => self.keys += 1,
            Table::Audit => self.entries += 1,
        }
        self.last = Some(place);
        Ok(())
    }

    async fn end(&mut self, counts: (u64, u64), digest: [u8; 32]) -> Result<(), Error> {
        let found: [u8; 32] = self.digest.clone().finalize().into();
        let whole =
            counts == (self.keys, self.entries) && self.keys == self.claimed.0 && digest == found;
        if !whole {
            return Err(Error::Code(ErrorCode::BackupDamaged));
        }
        self.input.must_end().await
    }
}

#[cfg(test)]
mod tests;
