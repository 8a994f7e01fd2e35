//! What the owner of the vault has set: a sealed record that changes with the header.
//!
//! It is bound to a generation that the authenticated head of the audit log carries as well, so
//! an old one that is put back does not open.

use kms_crypto::CryptoProvider;
use kms_protocol::{AutoLock, ErrorCode};
use minicbor::{Decode, Encode};

use crate::approval::Signer;
use crate::header::{Header, Method, VaultId};
use crate::lease::LeaseRecord;
use crate::standing::add_revoked;
use crate::state::Secrets;
use crate::stored::{self, SETTINGS};
use crate::tripwire::KnownRelease;
use crate::{Config, Error, Ports, RecordKey, Table, Write, cbor, seal};

/// Version of the stored form.
const SCHEMA: u32 = 1;
/// Shortest time after which a vault may be set to lock itself.
const SHORTEST_MS: u32 = 60 * 1000;
/// Most removed enrolments that are remembered.
const MAX_REMOVED: usize = 256;

/// The settings.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Settings {
    #[n(0)]
    schema: u32,
    /// Times of automatic locking, if they were set.
    #[n(1)]
    auto_lock: Option<Times>,
    /// To whom backups can be encrypted: the keys of the recovery phrases.
    #[n(2)]
    recipients: Vec<Recipient>,
    /// Enrolments that were removed. One that comes back was put back.
    #[n(3)]
    removed: Vec<String>,
    /// What sites were allowed for a time. Left out while there is nothing.
    #[n(4)]
    leases: Option<Vec<LeaseRecord>>,
    /// Passkeys whose signatures approve. Left out while there is none.
    #[n(5)]
    signers: Option<Vec<Signer>>,
    /// The release that last opened the vault. Left out before the first that remembers it.
    #[n(6)]
    pub(crate) release: Option<KnownRelease>,
    /// Releases that were ever revoked. Left out while there is none.
    #[n(7)]
    revoked: Option<Vec<KnownRelease>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
struct Times {
    #[n(0)]
    idle_ms: u32,
    #[n(1)]
    absolute_ms: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
struct Recipient {
    #[n(0)]
    enrolment: String,
    #[cbor(n(1), with = "minicbor::bytes")]
    key: [u8; 32],
}

impl Default for Settings {
    fn default() -> Self {
        let (recipients, removed) = (Vec::new(), Vec::new());
        let (auto_lock, leases, signers) = (None, None, None);
        let (schema, release, revoked) = (SCHEMA, None, None);
        Self { schema, auto_lock, recipients, removed, leases, signers, release, revoked }
    }
}

impl Settings {
    /// The times of automatic locking, never longer than the release's own.
    pub(crate) fn auto_lock(&self, longest: &AutoLock) -> AutoLock {
        self.auto_lock.map_or_else(
            || longest.clone(),
            |set| AutoLock {
                idle_ms: set.idle_ms.min(longest.idle_ms),
                absolute_ms: set.absolute_ms.min(longest.absolute_ms),
            },
        )
    }

    /// Sets the times of automatic locking.
    pub(crate) fn set_auto_lock(&mut self, times: &AutoLock) {
        let AutoLock { idle_ms, absolute_ms } = *times;
        self.auto_lock = Some(Times { idle_ms, absolute_ms });
    }

    /// The leases, those that have ended included.
    pub(crate) fn leases(&self) -> &[LeaseRecord] {
        self.leases.as_deref().unwrap_or_default()
    }

    /// The leases, to be changed.
    pub(crate) fn leases_mut(&mut self) -> &mut Vec<LeaseRecord> {
        self.leases.get_or_insert_default()
    }

    /// Ends every lease, as a restore does: what was used or revoked since the backup was made is
    /// not known.
    pub(crate) fn end_leases(&mut self) {
        self.leases = None;
    }

    /// The backup recipient of the newest recovery phrase.
    pub(crate) fn recipient(&self, header: &Header) -> Option<[u8; 32]> {
        let mut phrases = header.enrolments.iter().rev();
        phrases.find_map(|enrolment| match enrolment.method {
            Method::Phrase => {
                let own = |recipient: &&Recipient| recipient.enrolment == enrolment.id;
                self.recipients.iter().find(own).map(|recipient| recipient.key)
            }
            _ => None,
        })
    }

    /// Notes the backup recipient of a recovery phrase.
    pub(crate) fn set_recipient(&mut self, enrolment: &str, key: [u8; 32]) {
        self.recipients.retain(|recipient| recipient.enrolment != enrolment);
        self.recipients.push(Recipient { enrolment: enrolment.into(), key });
    }

    /// The passkeys whose signatures approve. While there is one, nothing else does.
    pub(crate) fn signers(&self) -> &[Signer] {
        self.signers.as_deref().unwrap_or_default()
    }

    /// Notes a passkey whose signatures approve from now on.
    pub(crate) fn add_signer(&mut self, signer: Signer) {
        self.signers.get_or_insert_default().push(signer);
    }

    fn keep_signers(&mut self, is_kept: impl Fn(&str) -> bool) {
        if let Some(signers) = &mut self.signers {
            signers.retain(|signer| is_kept(signer.enrolment()));
        }
        self.signers.take_if(|signers| signers.is_empty());
    }

    /// Notes that an enrolment was removed.
    pub(crate) fn note_removal(&mut self, enrolment: &str) {
        self.keep_signers(|known| known != enrolment);
        self.recipients.retain(|recipient| recipient.enrolment != enrolment);
        if self.removed.len() >= MAX_REMOVED {
            self.removed.remove(0);
        }
        self.removed.push(enrolment.into());
    }

    /// Forgets recipients and signers of enrolments that this browser does not have.
    pub(crate) fn forget_strangers(&mut self, header: &Header) {
        self.keep_signers(|known| header.enrolment(known).is_some());
        self.recipients.retain(|recipient| header.enrolment(&recipient.enrolment).is_some());
    }

    /// Whether this release was ever revoked.
    pub(crate) fn is_revoked(&self, release: &KnownRelease) -> bool {
        self.revoked.as_ref().is_some_and(|revoked| revoked.contains(release))
    }

    /// Notes that a release was revoked.
    pub(crate) fn note_revoked(&mut self, release: &KnownRelease) {
        add_revoked(self.revoked.get_or_insert_default(), release);
    }

    /// Whether another release opened the vault last, and the person does not know of it.
    pub(crate) fn is_surprised_by(
        &self,
        running: &KnownRelease,
        accepted: Option<&KnownRelease>,
    ) -> bool {
        let known = self.release.as_ref();
        known.is_some_and(|known| known != running) && known != accepted
    }

    /// Fails if the header holds an enrolment that was removed.
    pub(crate) fn check(&self, header: &Header) -> Result<(), ErrorCode> {
        let is_back = |id: &String| header.enrolment(id).is_some();
        if self.removed.iter().any(is_back) { Err(ErrorCode::VaultCorrupt) } else { Ok(()) }
    }

    /// The sealed record for a generation.
    pub(crate) async fn write<P: Ports>(
        &self,
        ports: &P,
        vault_id: &VaultId,
        (secrets, generation): (&Secrets<P>, u64),
    ) -> Result<Write, Error> {
        let context = seal::settings_context(vault_id, generation);
        let plain = cbor::encode(self);
        let value = seal::seal(ports.crypto(), &secrets.record, &context, &plain).await?;
        Ok(Write { table: Table::Meta, key: RecordKey::Text(SETTINGS.into()), value })
    }

    /// Reads the record that belongs to a generation; 0 means that there is none yet.
    pub(crate) async fn read<P: Ports>(
        ports: &P,
        vault_id: &VaultId,
        (secrets, generation): (&Secrets<P>, u64),
    ) -> Result<Self, Error> {
        if generation == 0 {
            return Ok(Self::default());
        }
        let sealed = stored::meta(ports, SETTINGS).await?.ok_or(ErrorCode::VaultCorrupt)?;
        open(ports.crypto(), vault_id, (&secrets.record, generation), &sealed).await
    }
}

/// Opens the record that belongs to a generation.
pub(crate) async fn open<C: CryptoProvider>(
    crypto: &C,
    vault_id: &VaultId,
    (key, generation): (&C::SealingKey, u64),
    sealed: &[u8],
) -> Result<Settings, Error> {
    let context = seal::settings_context(vault_id, generation);
    let plain = seal::open(crypto, key, &context, sealed).await;
    let plain = plain.map_err(|_| ErrorCode::VaultCorrupt)?;
    let settings: Option<Settings> = cbor::decode(plain.expose());
    settings.filter(|known| known.schema == SCHEMA).ok_or(Error::Code(ErrorCode::VaultCorrupt))
}

/// Refuses times beyond the release's own, and times that would lock at once.
pub(crate) fn check_auto_lock(times: &AutoLock, config: &Config) -> Result<(), ErrorCode> {
    let longest = &config.auto_lock;
    let within = |ms: u32, longest: u32| (SHORTEST_MS..=longest).contains(&ms);
    let fits =
        within(times.idle_ms, longest.idle_ms) && within(times.absolute_ms, longest.absolute_ms);
    if fits { Ok(()) } else { Err(ErrorCode::InvalidParams) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_phrase_gets_the_backups() {
        use kms_protocol::{EnrolmentId, Label};

        use crate::header::EnrolmentRecord;
        let name = Label::new("A way").unwrap();
        let ids = ["AAECAwQFBgcICQoLDA0ODw", "BAECAwQFBgcICQoLDA0ODw"];
        let mut header = Header::new([1; 16], 0);
        let mut settings = Settings::default();
        for (index, id) in ids.into_iter().enumerate() {
            let id = EnrolmentId::new(id).unwrap();
            header.enrolments.push(EnrolmentRecord::new((&id, &name), Method::Phrase, [0; 32], 0));
            settings.set_recipient(id.as_str(), [u8::try_from(index).unwrap(); 32]);
        }
        assert_eq!(settings.recipient(&header), Some([1; 32]));
        header.enrolments.pop();
        assert_eq!(settings.recipient(&header), Some([0; 32]));
        settings.note_removal(ids[0]);
        assert_eq!(settings.recipient(&header), None);
        assert_eq!(settings.check(&header), Err(ErrorCode::VaultCorrupt));
        header.enrolments.pop();
        assert_eq!(settings.check(&header), Ok(()));
        settings.forget_strangers(&header);
        assert!(settings.recipients.is_empty());
    }

    #[test]
    fn signers_go_with_their_enrolments_and_leave_nothing_behind() {
        use kms_crypto::{KeyKind, PublicKey};
        use kms_protocol::{EnrolmentId, Label};

        use crate::header::EnrolmentRecord;
        let ids = ["AAECAwQFBgcICQoLDA0ODw", "BAECAwQFBgcICQoLDA0ODw"];
        // The base point (RFC 8032, section 5.1).
        let mut base = [0x66; 32];
        base[0] = 0x58;
        let key = PublicKey::from_raw(KeyKind::Ed25519, &base).unwrap();
        let mut settings = Settings::default();
        for id in ids {
            settings.add_signer(Signer::new(id, &[7], &key));
        }
        let encoded = cbor::encode(&settings);
        assert_eq!(cbor::decode::<Settings>(&encoded), Some(settings.clone()));
        assert_eq!(settings.signers()[0].key(), Ok(key));
        settings.note_removal(ids[0]);
        let left: Vec<_> = settings.signers().iter().map(Signer::enrolment).collect();
        assert_eq!(left, [ids[1]]);
        let mut header = Header::new([1; 16], 0);
        let (id, name) = (EnrolmentId::new(ids[1]).unwrap(), Label::new("A way").unwrap());
        header.enrolments.push(EnrolmentRecord::new((&id, &name), Method::Phrase, [0; 32], 0));
        settings.forget_strangers(&header);
        assert_eq!(settings.signers().len(), 1);
        header.enrolments.pop();
        settings.forget_strangers(&header);
        settings.removed.clear();
        assert_eq!(settings, Settings::default());
    }

    #[test]
    fn what_is_remembered_of_removals_is_bounded() {
        let mut settings = Settings::default();
        (0..=MAX_REMOVED).for_each(|n| settings.note_removal(&n.to_string()));
        assert_eq!(settings.removed.len(), MAX_REMOVED);
        assert_eq!(settings.removed.first().map(String::as_str), Some("1"));
    }
}
