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
use crate::{Clock, Error, Kdf, KdfJob, Names, Ports, random};

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
    let device = ports.crypto().device_mac(device, &enrolment.salt).await?;
    let key = labels::unlock_key(&factor, &device, label);
    Ok(ports.crypto().import_sealing_key(&key).await?)
}

/// A new enrolment. `salt` is the one that a passkey was evaluated with; the others get a random
/// one. On a device that refuses the memory a passphrase gets the weakest parameters that are
/// accepted.
pub(crate) async fn create<P: Ports>(
    (ports, names): (&P, &Names),
    home: &Home<'_, P>,
    candidate: &Candidate,
    salt: Option<[u8; 32]>,
) -> Result<EnrolmentRecord, Error> {
    let salt = match salt {
        Some(salt) => salt,
        None => random::bytes(ports.crypto())?,
    };
    let id = EnrolmentId::new(random::id(ports.crypto())?)?;
    let now = ports.clock().now_ms();
    let with = |params| {
        let method = method_of(candidate, params);
        let name = names.of(method.kind());
        EnrolmentRecord::new((&id, name), method, salt, now)
    };
    match establish(ports, home, (with(Argon2Params::DEFAULT), candidate)).await {
        Err(error) if error.code() == ErrorCode::OutOfMemory => {
            establish(ports, home, (with(Argon2Params::FLOOR), candidate)).await
        }
        made => made,
    }
}

fn method_of(candidate: &Candidate, params: Argon2Params) -> Method {
    match candidate {
        Candidate::Passphrase(_) => Method::Passphrase(KdfRecord::of(params)),
        Candidate::Passkey { credential, .. } => Method::Passkey { credential: credential.clone() },
        Candidate::Phrase(_) => Method::Phrase,
    }
}

/// The same enrolment under today's Argon2id parameters and a fresh salt, or as it is where
/// those cannot be afforded.
pub(crate) async fn renew<P: Ports>(
    ports: &P,
    home: &Home<'_, P>,
    (enrolment, candidate): (&EnrolmentRecord, &Candidate),
) -> Result<EnrolmentRecord, Error> {
    let salt: [u8; 32] = random::bytes(ports.crypto())?;
    let method = method_of(candidate, Argon2Params::DEFAULT);
    let renewed = EnrolmentRecord { method, salt, ..enrolment.clone() };
    match establish(ports, home, (renewed, candidate)).await {
        Err(error) if error.code() == ErrorCode::OutOfMemory => Ok(enrolment.clone()),
        renewed => renewed,
    }
}

/// Seals the RootKey into an enrolment and proves it by the way it will be opened: with a key that
/// is derived once more. The key that sealed it opens it even where a computation went wrong, and
/// its owner would find out when it is too late.
async fn establish<P: Ports>(
    ports: &P,
    home: &Home<'_, P>,
    (enrolment, candidate): (EnrolmentRecord, &Candidate),
) -> Result<EnrolmentRecord, Error> {
    let key = unlock_key(ports, &enrolment, home.device, candidate).await?;
    let sealed = seal_root(ports, home, (enrolment, &key)).await?;
    let again = unlock_key(ports, &sealed, home.device, candidate).await?;
    prove(ports, home, (&sealed, &again)).await?;
    Ok(sealed)
}

/// Seals the RootKey again under the key that has just opened the enrolment, which is bound to its
/// parameters from now on.
pub(crate) async fn rebind<P: Ports>(
    ports: &P,
    home: &Home<'_, P>,
    (enrolment, key): (EnrolmentRecord, &SealingKey<P>),
) -> Result<EnrolmentRecord, Error> {
    let sealed = seal_root(ports, home, (enrolment, key)).await?;
    prove(ports, home, (&sealed, key)).await?;
    Ok(sealed)
}

/// Seals the RootKey into an enrolment.
async fn seal_root<P: Ports>(
    ports: &P,
    home: &Home<'_, P>,
    (mut enrolment, key): (EnrolmentRecord, &SealingKey<P>),
) -> Result<EnrolmentRecord, Error> {
    enrolment.unbound = false;
    let binding = enrolment.binding();
    let context = seal::root_context(home.vault_id, &enrolment.id, binding.as_ref());
    enrolment.envelope = seal::seal(ports.crypto(), key, &context, home.root.expose()).await?;
    Ok(enrolment)
}

/// Fails unless this key opens the RootKey of an enrolment.
async fn prove<P: Ports>(
    ports: &P,
    home: &Home<'_, P>,
    (enrolment, key): (&EnrolmentRecord, &SealingKey<P>),
) -> Result<(), Error> {
    let opened = open_root(ports, home.vault_id, enrolment, key).await;
    let same = opened.is_ok_and(|opened| opened.expose() == home.root.expose());
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
