//! Passphrase enrolments: from the passphrase to the RootKey and to what is derived from it.

use std::rc::Rc;

use kms_crypto::labels::{self, Label};
use kms_crypto::{Argon2Params, CryptoProvider, SecretBytes};
use kms_protocol::ErrorCode;

use crate::header::{EnrolmentRecord, VaultId};
use crate::seal;
use crate::state::Secrets;
use crate::{Error, Kdf, KdfJob, Ports};

/// Fewest characters of a passphrase, counted as Unicode scalar values.
const MIN_CHARS: usize = 12;
/// Most bytes of a passphrase.
const MAX_BYTES: usize = 1024;

type DeviceKey<P> = <<P as Ports>::Crypto as CryptoProvider>::DeviceKey;
type SealingKey<P> = <<P as Ports>::Crypto as CryptoProvider>::SealingKey;

/// Refuses passphrases that no vault may be made with.
pub(crate) fn check_new_passphrase(passphrase: &[u8]) -> Result<(), ErrorCode> {
    let chars = std::str::from_utf8(passphrase).map(|text| text.chars().count());
    match chars {
        Ok(count) if count >= MIN_CHARS && passphrase.len() <= MAX_BYTES => Ok(()),
        _ => Err(ErrorCode::WeakPassphrase),
    }
}

/// Whether a passphrase can be the right one at all.
pub(crate) fn is_possible(passphrase: &[u8]) -> bool {
    (1..=MAX_BYTES).contains(&passphrase.len())
}

/// The stored Argon2id parameters; refused outside of the bounds of any release.
pub(crate) fn kdf_params(enrolment: &EnrolmentRecord) -> Result<Argon2Params, Error> {
    let EnrolmentRecord { memory_kib, iterations, parallelism, .. } = *enrolment;
    Ok(Argon2Params::new(memory_kib, iterations, parallelism)?)
}

/// Whether today's default costs an attacker more than the stored parameters do.
pub(crate) fn is_outdated(enrolment: &EnrolmentRecord) -> bool {
    let today = Argon2Params::DEFAULT;
    enrolment.memory_kib < today.memory_kib() || enrolment.iterations < today.iterations()
}

/// The `UnlockKey` of an enrolment: needs the passphrase and this partition's device key.
pub(crate) async fn unlock_key<P: Ports>(
    ports: &P,
    enrolment: &EnrolmentRecord,
    device: &DeviceKey<P>,
    passphrase: &[u8],
) -> Result<SealingKey<P>, Error> {
    let params = kdf_params(enrolment)?;
    let job = KdfJob {
        memory_kib: params.memory_kib(),
        iterations: params.iterations(),
        parallelism: params.parallelism(),
        salt: &enrolment.salt,
        passphrase,
    };
    let factor = ports.kdf().derive(job).await?;
    let device = ports.crypto().device_mac(device, &enrolment.salt).await?;
    let key = labels::unlock_key(&factor, &device, Label::UnlockPassphrase);
    Ok(ports.crypto().import_sealing_key(&key).await?)
}

/// Seals the RootKey into an enrolment.
pub(crate) async fn seal_root<P: Ports>(
    ports: &P,
    vault_id: &VaultId,
    enrolment: &mut EnrolmentRecord,
    (key, root): (&SealingKey<P>, &SecretBytes<32>),
) -> Result<(), Error> {
    let context = seal::root_context(vault_id, enrolment);
    enrolment.envelope = seal::seal(ports.crypto(), key, &context, root.expose()).await?;
    Ok(())
}

/// Opens the RootKey of an enrolment.
pub(crate) async fn open_root<P: Ports>(
    ports: &P,
    vault_id: &VaultId,
    enrolment: &EnrolmentRecord,
    key: &SealingKey<P>,
) -> Result<SecretBytes<32>, Error> {
    let context = seal::root_context(vault_id, enrolment);
    let root = seal::open(ports.crypto(), key, &context, &enrolment.envelope).await?;
    SecretBytes::copy_of(root.expose()).map_err(|_| Error::Code(ErrorCode::VaultCorrupt))
}

/// Derives what an unlocked vault works with.
pub(crate) async fn derive<P: Ports>(
    ports: &P,
    root: &SecretBytes<32>,
) -> Result<Secrets<P>, Error> {
    let crypto = ports.crypto();
    let record = crypto.import_sealing_key(&labels::derive(root, Label::RecordKey)).await?;
    let wrap = crypto.import_sealing_key(&labels::derive(root, Label::WrapKey)).await?;
    let audit = labels::derive(root, Label::AuditKey);
    Ok(Secrets { record: Rc::new(record), wrap: Rc::new(wrap), audit: Rc::new(audit) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passphrases_have_a_shortest_and_a_longest_form() {
        assert_eq!(check_new_passphrase("elevenchars".as_bytes()), Err(ErrorCode::WeakPassphrase));
        assert_eq!(check_new_passphrase("twelve chars".as_bytes()), Ok(()));
        assert_eq!(check_new_passphrase("äöüäöüäöüäö".as_bytes()), Err(ErrorCode::WeakPassphrase));
        assert_eq!(check_new_passphrase("äöüäöüäöüäöü".as_bytes()), Ok(()));
        assert_eq!(check_new_passphrase(&[b'a'; 1024]), Ok(()));
        assert_eq!(check_new_passphrase(&[b'a'; 1025]), Err(ErrorCode::WeakPassphrase));
        assert_eq!(check_new_passphrase(&[0xff; 20]), Err(ErrorCode::WeakPassphrase));
    }
}
