//! The passphrase KDF: asked for by the enclave, computed in a worker of its own.

use kms_crypto::SecretBytes;
use kms_protocol::ErrorCode;
use kms_vault::{Kdf, KdfJob};

use crate::helper::{Helper, Job, take_secret};
use crate::ui::PostUi;

/// Asks the frame for a KDF worker, one for each derivation.
pub(crate) struct WorkerKdf(pub(crate) PostUi);

impl Kdf for WorkerKdf {
    async fn derive(&self, job: KdfJob<'_>) -> Result<SecretBytes<32>, ErrorCode> {
        let message = Job::new("derive");
        message.put_bytes("passphrase", job.passphrase);
        message.put_bytes("salt", job.salt);
        message.put("memoryKib", &job.memory_kib.into());
        message.put("iterations", &job.iterations.into());
        message.put("parallelism", &job.parallelism.into());
        let answer = Helper::start(&self.0, "kdf").ask(message).await?;
        let key = take_secret(&answer.at("key"), 32)?;
        SecretBytes::copy_of(key.expose()).map_err(|_| ErrorCode::Internal)
    }
}
