//! The header of a vault: what can be read while it is locked. Nothing of it is secret.

mod enrolment;
mod v1;

use kms_protocol::{BackupHealth, Enrolment, ErrorCode};
use minicbor::{Decode, Decoder, Encode};

pub(crate) use self::enrolment::{EnrolmentRecord, KdfRecord, Method};
use crate::cbor;
use crate::standing::Proof;
use crate::tripwire::KnownRelease;
use crate::ui::Passkey;

/// Version of the stored form. It is 3 because a key of the vault can be of a spec that releases up to
/// 0.2.0 do not know; they leave such a vault alone. Nothing else differs from 2.
const SCHEMA: u32 = 3;
/// Most enrolments of a vault.
pub(crate) const MAX_ENROLMENTS: usize = 16;
/// Random name of a vault; part of every additional data.
pub(crate) type VaultId = [u8; 16];

/// The stored header.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Header {
    #[n(0)]
    schema: u32,
    #[cbor(n(1), with = "minicbor::bytes")]
    pub(crate) vault_id: VaultId,
    #[n(2)]
    pub(crate) created: u64,
    #[n(3)]
    pub(crate) enrolments: Vec<EnrolmentRecord>,
    /// When the last backup was made in this browser, or the restored one, as its file says.
    #[n(4)]
    pub(crate) last_backup: Option<u64>,
    /// When a backup was last proved to open.
    #[n(5)]
    pub(crate) last_drill: Option<u64>,
    /// The release that last opened the vault: a copy of what the settings say.
    #[n(6)]
    pub(crate) release: Option<KnownRelease>,
    /// What proves that releases were revoked. Left out while there is nothing.
    #[n(7)]
    pub(crate) revocations: Option<Vec<Proof>>,
}

impl Header {
    /// A header without enrolments.
    pub(crate) fn new(vault_id: VaultId, created: u64) -> Self {
        let (schema, enrolments) = (SCHEMA, Vec::new());
        let (last_backup, last_drill, release, revocations) = (None, None, None, None);
        Self {
            schema,
            vault_id,
            created,
            enrolments,
            last_backup,
            last_drill,
            release,
            revocations,
        }
    }

    /// The stored form.
    pub(crate) fn encode(&self) -> Vec<u8> {
        cbor::encode(self)
    }

    /// Reads the stored form of this schema or of an older one; refuses what no release has
    /// written, and what a newer one may have.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, ErrorCode> {
        let header = match schema(bytes) {
            Some(1) => v1::migrate(bytes),
            Some(2 | SCHEMA) => {
                cbor::decode(bytes).map(|read: Self| Self { schema: SCHEMA, ..read })
            }
            Some(newer) if newer > SCHEMA => return Err(ErrorCode::VaultNewer),
            _ => None,
        };
        let header: Self = header.ok_or(ErrorCode::VaultCorrupt)?;
        let sane = (1..=MAX_ENROLMENTS).contains(&header.enrolments.len())
            && header.enrolments.iter().all(EnrolmentRecord::is_sane)
            && header.release.as_ref().is_none_or(KnownRelease::is_sane);
        if !sane {
            return Err(ErrorCode::VaultCorrupt);
        }
        header.publish()?;
        Ok(header)
    }

    /// The enrolments as callers see them.
    pub(crate) fn publish(&self) -> Result<Vec<Enrolment>, ErrorCode> {
        self.enrolments.iter().map(EnrolmentRecord::publish).collect()
    }

    /// What is known of backups, as callers see it.
    pub(crate) fn backup_health(&self) -> BackupHealth {
        BackupHealth { last_backup: self.last_backup, last_drill: self.last_drill }
    }

    /// When a backup that is made now is said to be made: later than the one before, whatever the
    /// clock said then. Else an older file could pass for the newest.
    pub(crate) fn next_backup(&self, now_ms: u64) -> u64 {
        self.last_backup.map_or(now_ms, |last| now_ms.max(last.saturating_add(1)))
    }

    /// Notes a backup. A later one that another tab has made meanwhile stays the last; two of one
    /// date could not be told apart.
    pub(crate) fn note_backup(&mut self, made: u64) -> Result<(), ErrorCode> {
        if self.last_backup == Some(made) {
            return Err(ErrorCode::StorageConflict);
        }
        self.last_backup = self.last_backup.max(Some(made));
        Ok(())
    }

    /// One enrolment.
    pub(crate) fn enrolment(&self, id: &str) -> Option<&EnrolmentRecord> {
        self.enrolments.iter().find(|enrolment| enrolment.id == id)
    }

    /// One enrolment, to be changed.
    pub(crate) fn enrolment_mut(&mut self, id: &str) -> Option<&mut EnrolmentRecord> {
        self.enrolments.iter_mut().find(|enrolment| enrolment.id == id)
    }

    /// Adds an enrolment; never more than there may be, no passkey twice, and nothing that could
    /// not be read again.
    pub(crate) fn add(&mut self, enrolment: EnrolmentRecord) -> Result<(), ErrorCode> {
        self.has_room()?;
        let twice = match &enrolment.method {
            Method::Passkey { credential } => self.credentials().any(|known| known == credential),
            _ => false,
        };
        if twice || !enrolment.is_sane() {
            return Err(ErrorCode::PasskeyFailed);
        }
        self.enrolments.push(enrolment);
        Ok(())
    }

    /// Fails if there are as many enrolments as there may be.
    pub(crate) fn has_room(&self) -> Result<(), ErrorCode> {
        let full = self.enrolments.len() >= MAX_ENROLMENTS;
        if full { Err(ErrorCode::TooManyEnrolments) } else { Ok(()) }
    }

    /// Removes an enrolment; never the last one.
    pub(crate) fn remove(&mut self, id: &str) -> Result<(), ErrorCode> {
        self.may_remove(id)?;
        self.enrolments.retain(|enrolment| enrolment.id != id);
        Ok(())
    }

    /// Whether there is such an enrolment and it is not the last.
    pub(crate) fn may_remove(&self, id: &str) -> Result<(), ErrorCode> {
        self.enrolment(id).ok_or(ErrorCode::InvalidParams)?;
        if self.enrolments.len() > 1 { Ok(()) } else { Err(ErrorCode::LastEnrolment) }
    }

    /// Credential ids of the passkeys.
    pub(crate) fn credentials(&self) -> impl Iterator<Item = &Vec<u8>> {
        self.enrolments.iter().filter_map(|enrolment| match &enrolment.method {
            Method::Passkey { credential } => Some(credential),
            _ => None,
        })
    }

    /// The passkeys, for a ceremony.
    pub(crate) fn passkeys(&self) -> Vec<Passkey> {
        self.enrolments.iter().filter_map(EnrolmentRecord::passkey).collect()
    }
}

/// The schema that a header claims.
fn schema(bytes: &[u8]) -> Option<u32> {
    let mut decoder = Decoder::new(bytes);
    decoder.array().ok()?;
    decoder.u32().ok()
}

#[cfg(test)]
mod tests {
    use kms_crypto::Argon2Params;
    use kms_protocol::{EnrolmentId, Label};

    use super::enrolment::MAX_CREDENTIAL;
    use super::*;

    const ID: &str = "AAECAwQFBgcICQoLDA0ODw";

    fn record(method: Method) -> EnrolmentRecord {
        let (id, name) = (EnrolmentId::new(ID).unwrap(), Label::new("A way").unwrap());
        EnrolmentRecord::new((&id, &name), method, [3; 32], 5)
    }

    fn passkey(credential: Vec<u8>) -> EnrolmentRecord {
        record(Method::Passkey { credential })
    }

    fn passphrase() -> EnrolmentRecord {
        record(Method::Passphrase(KdfRecord::of(Argon2Params::DEFAULT)))
    }

    fn release(version: &str) -> KnownRelease {
        let digest = || "sha256-x".into();
        KnownRelease { version: version.into(), worker: digest(), wasm: digest() }
    }

    fn header() -> Header {
        let mut header = Header::new([7; 16], 5);
        header.enrolments = vec![passphrase(), passkey(vec![1; 64]), record(Method::Phrase)];
        header.last_backup = Some(9);
        header.release = Some(release("1.0.0"));
        header
    }

    #[test]
    fn the_stored_form_round_trips() {
        let header = header();
        assert_eq!(Header::decode(&header.encode()), Ok(header));
    }

    #[test]
    fn damage_is_an_error_not_a_panic() {
        let bytes = header().encode();
        for end in 0..bytes.len() {
            assert_eq!(Header::decode(&bytes[..end]), Err(ErrorCode::VaultCorrupt));
        }
        for enrolments in [vec![], vec![passphrase(); MAX_ENROLMENTS + 1]] {
            let other = Header { enrolments, ..header() };
            assert_eq!(Header::decode(&other.encode()), Err(ErrorCode::VaultCorrupt));
        }
        let release = Some(release("two words"));
        let other = Header { release, ..header() };
        assert_eq!(Header::decode(&other.encode()), Err(ErrorCode::VaultCorrupt));
        for credential in [vec![], vec![0; MAX_CREDENTIAL + 1]] {
            let other = Header { enrolments: vec![passkey(credential)], ..header() };
            assert_eq!(Header::decode(&other.encode()), Err(ErrorCode::VaultCorrupt));
        }
    }

    #[test]
    fn a_header_of_schema_2_is_one_of_today() {
        let old = Header { schema: 2, ..header() };
        assert_eq!(Header::decode(&old.encode()), Ok(header()));
    }

    #[test]
    fn a_newer_schema_is_told_from_damage() {
        for (schema, code) in [(4, ErrorCode::VaultNewer), (0, ErrorCode::VaultCorrupt)] {
            let other = Header { schema, ..header() };
            assert_eq!(Header::decode(&other.encode()), Err(code));
        }
        // Whatever a newer release puts behind the version.
        assert_eq!(Header::decode(&[0x82, 0x18, 0x63, 0xf6]), Err(ErrorCode::VaultNewer));
    }

    #[test]
    fn kind_and_every_parameter_are_bound() {
        let weaker = KdfRecord::of(Argon2Params::FLOOR);
        let salted = |enrolment| EnrolmentRecord { salt: [4; 32], ..enrolment };
        let all = [
            passphrase(),
            salted(passphrase()),
            record(Method::Passphrase(weaker)),
            passkey(vec![1]),
            passkey(vec![2]),
            record(Method::Phrase),
        ];
        let bindings: std::collections::BTreeSet<_> =
            all.iter().map(EnrolmentRecord::binding).collect();
        assert_eq!(bindings.len(), all.len());
        // Names and dates may change.
        let renamed = EnrolmentRecord { label: "Other".into(), created: 9, ..passphrase() };
        assert_eq!(renamed.binding(), passphrase().binding());
    }

    #[test]
    fn no_two_backups_have_one_date_and_the_last_stays_the_last() {
        let mut header = Header { last_backup: None, ..header() };
        assert_eq!(header.next_backup(5), 5);
        assert_eq!(header.note_backup(5), Ok(()));
        assert_eq!([4, 5, 6, 7].map(|now| header.next_backup(now)), [6, 6, 6, 7]);
        assert_eq!(header.note_backup(5), Err(ErrorCode::StorageConflict));
        assert_eq!((header.note_backup(4), header.last_backup), (Ok(()), Some(5)));
        assert_eq!((header.note_backup(6), header.last_backup), (Ok(()), Some(6)));
    }

    #[test]
    fn the_last_enrolment_stays() {
        let mut header = Header { enrolments: vec![passphrase()], ..header() };
        assert_eq!(header.remove(ID), Err(ErrorCode::LastEnrolment));
        assert_eq!(header.remove("other"), Err(ErrorCode::InvalidParams));
        assert_eq!(header.enrolments.len(), 1);
    }

    #[test]
    fn enrolments_are_bounded_and_no_passkey_is_added_twice() {
        let mut header = header();
        assert_eq!(header.add(passkey(vec![1; 64])), Err(ErrorCode::PasskeyFailed));
        for credential in [vec![], vec![2; MAX_CREDENTIAL + 1]] {
            assert_eq!(header.add(passkey(credential)), Err(ErrorCode::PasskeyFailed));
        }
        while header.enrolments.len() < MAX_ENROLMENTS {
            assert_eq!(header.add(passphrase()), Ok(()));
        }
        assert_eq!(header.add(passphrase()), Err(ErrorCode::TooManyEnrolments));
    }
}
