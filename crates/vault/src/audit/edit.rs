//! Changes by an unlocked vault: of the header and the settings, or of a key. Each is written in one batch with
//! its audit entry, and worked out anew whenever that batch has to be tried again.

use std::rc::Rc;

use kms_protocol::ErrorCode;

use super::entry::Head;
use crate::enclave::Inner;
use crate::header::Header;
use crate::keys::{IndexStep, KeyChange};
use crate::settings::Settings;
use crate::state::UnlockedVault;
use crate::stored::{self, header_write};
use crate::tripwire::{KnownRelease, ReleaseChange};
use crate::{Error, Ports, Write};

/// What is changed: the header as it is stored now, and the settings.
#[derive(Clone)]
pub(crate) struct Edited {
    pub(crate) header: Header,
    pub(crate) settings: Settings,
    /// Wrong attempts that are to be logged before the entry.
    pub(crate) wrong: usize,
    /// What else is to be logged before the entry.
    pub(crate) also: Vec<&'static str>,
}

/// What is changed in the batch of an entry.
pub(crate) enum Change {
    /// Header and settings.
    Vault(Edit),
    /// A key.
    Key(KeyChange),
    /// The index of keys alone.
    Index(IndexStep),
}

/// A change; it may be asked for more than once and refuse each time.
pub(crate) type Edit = Box<dyn Fn(&mut Edited) -> Result<(), Error>>;

impl Edited {
    /// Notes the release that opens the vault; another one than before is logged.
    pub(crate) fn note_release(&mut self, running: &KnownRelease) {
        let before = self.settings.release.replace(running.clone());
        let change = before.and_then(|before| ReleaseChange::between(&before, running));
        self.also.extend(change.map(|change| change.event()));
        self.header.release.clone_from(&self.settings.release);
    }
}

impl<P: Ports> Inner<P> {
    /// Applies a change to what is stored. The inner error is a refusal of the change itself.
    pub(super) async fn edit(
        &self,
        vault: &UnlockedVault<P>,
        edit: &Edit,
    ) -> Result<Result<Edited, Error>, Error> {
        let header = stored::header(&self.ports).await?.ok_or(ErrorCode::VaultCorrupt)?;
        if header.vault_id != vault.id {
            return Err(Error::Code(ErrorCode::VaultCorrupt));
        }
        // Also for a change that is refused: the person sees why.
        self.note_header(header.clone());
        let settings = vault.settings.borrow().clone();
        let mut edited = Edited { header, settings, wrong: 0, also: Vec::new() };
        Ok(edit(&mut edited).map(|()| edited))
    }

    /// The writes of a change; the head learns the generation of the settings.
    pub(super) async fn edit_writes(
        &self,
        vault: &UnlockedVault<P>,
        edited: &Edited,
        head: &mut Head,
    ) -> Result<Vec<Write>, Error> {
        let mut writes = vec![header_write(&edited.header)];
        let changed = head.settings == 0 || *vault.settings.borrow() != edited.settings;
        if changed {
            head.settings += 1;
            let secrets = vault.secrets()?;
            let place = (&secrets, head.settings);
            writes.push(edited.settings.write(&self.ports, &vault.id, place).await?);
        }
        Ok(writes)
    }

    /// Remembers a change that was written.
    pub(super) fn note_edit(&self, vault: &Rc<UnlockedVault<P>>, edited: Edited) {
        *vault.settings.borrow_mut() = edited.settings;
        self.note_header(edited.header);
    }
}
