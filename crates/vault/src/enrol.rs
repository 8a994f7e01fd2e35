//! Enrolments: from a factor to the RootKey and to what is derived from it.

use std::rc::Rc;

use kms_crypto::labels::{self, Label};
use kms_crypto::{Argon2Params, CryptoProvider, SecretBytes};
use kms_protocol::{EnrolmentId, ErrorCode};

use crate::audit::CheckpointKey;
use crate::factor::Candidate;
pub(crate) use crate::factor::is_possible;
use crate::header::{EnrolmentRecord, KdfRecord, Method, VaultId};
use crate::seal;
use crate::state::Secrets;
use crate::{Clock, Error, Kdf, KdfJob, Ports, random};

pub(crate) type DeviceKey<P> = <<P as Ports>::Crypto as CryptoProvider>::DeviceKey;
type SealingKey<P> = <<P as Ports>::Crypto as CryptoProvider>::SealingKey;

/// What an enrolment belongs to.
pub(crate) struct Home<'a, P: Ports> {
    pub(crate) vault_id: &'a VaultId,
    pub(crate) device: &'a DeviceKey<P>,
    pub(crate) root: &'a SecretBytes<32>,
}

/// Argon2id with these parameters.
pub(crate) async fn stretch<P: Ports>(
    ports: &P,
    passphrase: &[u8],
    (params, salt): (Argon2Params, &[u8]),
) -> Result<SecretBytes<32>, Error> {
    let job = KdfJob {
        memory_kib: params.memory_kib(),
        iterations: params.iterations(),
        parallelism: params.parallelism(),
        salt,
        passphrase,
    };
    Ok(ports.kdf().derive(job).await?)
}

/// The same for a new passphrase: with today's parameters, or with the weakest that are accepted
/// on a device that refuses the memory.
pub(crate) async fn stretch_new<P: Ports>(
    ports: &P,
    passphrase: &[u8],
    salt: &[u8],
) -> Result<(Argon2Params, SecretBytes<32>), Error> {
    let default = Argon2Params::DEFAULT;
    match stretch(ports, passphrase, (default, salt)).await {
        Ok(secret) => Ok((default, secret)),
        Err(error) if error.code() == ErrorCode::OutOfMemory => {
            let floor = Argon2Params::FLOOR;
            Ok((floor, stretch(ports, passphrase, (floor, salt)).await?))
        }
        Err(error) => Err(error),
    }
}

/// The `UnlockKey` of an enrolment: needs the factor and this partition's device key.
pub(crate) async fn unlock_key<P: Ports>(
    ports: &P,
    enrolment: &EnrolmentRecord,
    device: &DeviceKey<P>,
    candidate: &Candidate,
) -> Result<SealingKey<P>, Error> {
    let (factor, label) = match (&enrolment.method, candidate) {
        (Method::Passphrase(kdf), Candidate::Passphrase(passphrase))
            if is_possible(passphrase.expose()) =>
        {
            let cost = (kdf.params()?, enrolment.salt.as_slice());
            let secret = stretch(ports, passphrase.expose(), cost).await?;
            (Rc::new(secret), Label::UnlockPassphrase)
        }
        (
            Method::Passkey { credential },
            Candidate::Passkey { credential: answered, secret, .. },
        ) if credential == answered => (Rc::clone(secret), Label::UnlockPasskey),
        (Method::Phrase, Candidate::Phrase(entropy)) => (Rc::clone(entropy), Label::UnlockPhrase),
        _ => return Err(Error::Code(ErrorCode::UnlockFailed)),
    };
    bind(ports, (device, &enrolment.salt), (&factor, label)).await
}

/// Binds a factor to the device key.
async fn bind<P: Ports>(
    ports: &P,
    (device, salt): (&DeviceKey<P>, &[u8; 32]),
    (factor, label): (&SecretBytes<32>, Label),
) -> Result<SealingKey<P>, Error> {
    let device = ports.crypto().device_mac(device, salt).await?;
    let key = labels::unlock_key(factor, &device, label);
    Ok(ports.crypto().import_sealing_key(&key).await?)
}

/// A new enrolment, proved by opening the RootKey with what will be stored. `salt` is the one
/// that a passkey was evaluated with; the others get a random one.
pub(crate) async fn create<P: Ports>(
    ports: &P,
    home: Home<'_, P>,
    candidate: &Candidate,
    salt: Option<[u8; 32]>,
) -> Result<EnrolmentRecord, Error> {
    let salt = match salt {
        Some(salt) => salt,
        None => random::bytes(ports.crypto())?,
    };
    let device = (home.device, &salt);
    let (method, key) = match candidate {
        Candidate::Passphrase(passphrase) => {
            let (params, secret) = stretch_new(ports, passphrase.expose(), &salt).await?;
            let key = bind(ports, device, (&secret, Label::UnlockPassphrase)).await?;
            (Method::Passphrase(KdfRecord::of(params)), key)
        }
        Candidate::Passkey { credential, secret, .. } => {
            let key = bind(ports, device, (secret, Label::UnlockPasskey)).await?;
            (Method::Passkey { credential: credential.clone() }, key)
        }
        Candidate::Phrase(entropy) => {
            (Method::Phrase, bind(ports, device, (entropy, Label::UnlockPhrase)).await?)
        }
    };
    let id = EnrolmentId::new(random::id(ports.crypto())?)?;
    let mut enrolment = EnrolmentRecord::new(&id, method, salt, ports.clock().now_ms());
    seal_root(ports, home.vault_id, &mut enrolment, (&key, home.root)).await?;
    Ok(enrolment)
}

/// The same enrolment under today's Argon2id parameters and a fresh salt, or as it is where
/// those cannot be afforded.
pub(crate) async fn renew<P: Ports>(
    ports: &P,
    home: Home<'_, P>,
    (enrolment, passphrase): (&EnrolmentRecord, &[u8]),
) -> Result<EnrolmentRecord, Error> {
    let salt: [u8; 32] = random::bytes(ports.crypto())?;
    let params = Argon2Params::DEFAULT;
    let secret = match stretch(ports, passphrase, (params, &salt)).await {
        Ok(secret) => secret,
        Err(error) if error.code() == ErrorCode::OutOfMemory => return Ok(enrolment.clone()),
        Err(error) => return Err(error),
    };
    let key = bind(ports, (home.device, &salt), (&secret, Label::UnlockPassphrase)).await?;
    let method = Method::Passphrase(KdfRecord::of(params));
    let mut renewed = EnrolmentRecord { method, salt, ..enrolment.clone() };
    seal_root(ports, home.vault_id, &mut renewed, (&key, home.root)).await?;
    Ok(renewed)
}

/// Seals the RootKey into an enrolment and proves that it can be opened again.
pub(crate) async fn seal_root<P: Ports>(
    ports: &P,
    vault_id: &VaultId,
    enrolment: &mut EnrolmentRecord,
    (key, root): (&SealingKey<P>, &SecretBytes<32>),
) -> Result<(), Error> {
    enrolment.unbound = false;
    let binding = enrolment.binding();
    let context = seal::root_context(vault_id, &enrolment.id, binding.as_ref());
    enrolment.envelope = seal::seal(ports.crypto(), key, &context, root.expose()).await?;
    let opened = open_root(ports, vault_id, enrolment, key).await?;
    let same = opened.expose() == root.expose();
    if same { Ok(()) } else { Err(Error::Code(ErrorCode::Internal)) }
}

/// Opens the RootKey of an enrolment.
pub(crate) async fn open_root<P: Ports>(
    ports: &P,
    vault_id: &VaultId,
    enrolment: &EnrolmentRecord,
    key: &SealingKey<P>,
) -> Result<SecretBytes<32>, Error> {
    let binding = enrolment.binding();
    let context = seal::root_context(vault_id, &enrolment.id, binding.as_ref());
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
    let audit = Rc::new(labels::derive(root, Label::AuditKey));
    let checkpoint = Rc::new(CheckpointKey::derive(crypto, root).await?);
    Ok(Secrets { record: Rc::new(record), wrap: Rc::new(wrap), audit, checkpoint })
}
