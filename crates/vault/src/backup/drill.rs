//! The drill: proves that a backup would restore this vault, without writing.

use kms_protocol::ErrorCode;

use super::OpenedBackup;
use super::check::Opener;
use super::index::FoundIndex;
use crate::audit::Head;
use crate::stored::{self, HEAD};
use crate::{Error, Ports, RecordKey, Table, Write};

/// What was found so far.
#[derive(Default)]
struct Found {
    /// The head as it is stored.
    head: Option<Head>,
    settings: Option<Write>,
    index: FoundIndex,
    /// The head that the entries make.
    walked: Head,
}

impl<P: Ports> OpenedBackup<P> {
    /// Reads all of it and opens every record, without writing.
    pub(crate) async fn drill(mut self, ports: &P) -> Result<(), Error> {
        let opener = Opener::new(ports, self.vault_id, &self.root).await?;
        self.is_of_this_vault(ports, &opener).await?;
        let mut found = Found::default();
        while let Some(record) = self.records.next().await? {
            found.check(&opener, &record).await?;
        }
        found.fits(&opener).await
    }

    /// The head of the log of this browser opens only under the id and the RootKey of its vault.
    async fn is_of_this_vault(&self, ports: &P, opener: &Opener<'_, P>) -> Result<(), Error> {
        let value = stored::meta(ports, HEAD).await?.ok_or(ErrorCode::NotInitialized)?;
        let head = Write { table: Table::Meta, key: RecordKey::Text(HEAD.into()), value };
        opener.head(&head).map(|_| ()).map_err(|_| Error::Code(ErrorCode::BackupOtherVault))
    }
}

impl Found {
    async fn check<P: Ports>(
        &mut self,
        opener: &Opener<'_, P>,
        record: &Write,
    ) -> Result<(), Error> {
        match (record.table, &record.key) {
            (Table::Meta, RecordKey::Text(name)) if name == HEAD => {
                self.head = Some(opener.head(record)?);
            }
            (Table::Audit, RecordKey::Number(seq)) => {
                let link = opener.link(*seq, &record.value).await?;
                self.walked = link.follow(self.walked).ok_or(ErrorCode::BackupDamaged)?;
            }
            (Table::Meta, RecordKey::Text(name)) => {
                let head = self.head.ok_or(ErrorCode::BackupDamaged)?;
                if !self.index.take((opener, head), (name, record)).await? {
                    self.settings = Some(record.clone());
                }
            }
            (Table::Keys, _) => self.index.key(opener, record).await?,
            _ => {}
        }
        Ok(())
    }

    /// Whether entries, head and settings belong together.
    async fn fits<P: Ports>(&self, opener: &Opener<'_, P>) -> Result<(), Error> {
        let damaged = Error::Code(ErrorCode::BackupDamaged);
        let Some(head) = self.head else { return Err(damaged) };
        let Head { count, hash, .. } = self.walked;
        let walked = count > 0 && (count, hash) == (head.count, head.hash);
        if walked && self.index.fits(head) {
            opener.settings(head, self.settings.as_ref()).await
        } else {
            Err(damaged)
        }
    }
}
