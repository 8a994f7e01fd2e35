//! [`BackupFiles`] over the worker of the tools module, one worker for each use.
//!
//! The frame gives the worker the file that the person chose, and takes the new one from it; here
//! only plaintext and keys pass, over a port that no page has.

use kms_crypto::SecretVec;
use kms_protocol::{ErrorCode, Fields, FromValue, Value};
use kms_vault::{
    BackupFiles, BackupIdentity, BackupKdf, BackupReader, BackupWriter, PassphraseRecipient,
    Recipients,
};
use wasm_bindgen::JsValue;

use crate::convert;
use crate::helper::{Helper, Job, take_secret};
use crate::js;
use crate::ui::PostUi;

/// Longest plaintext in one message.
const MAX_PART: u32 = 64 * 1024;

/// Largest answer that holds no plaintext, as [`convert::from_js`] counts.
const MAX_ANSWER: usize = 1024;

/// Asks the frame for workers of the tools module.
pub(crate) struct ToolsFiles(pub(crate) PostUi);

/// A file that is being written.
pub(crate) struct Writer(Helper);

/// A file that is being read.
pub(crate) struct Reader(Helper);

impl ToolsFiles {
    fn start(&self) -> Helper {
        Helper::start(&self.0, "tools")
    }
}

impl BackupFiles for ToolsFiles {
    type Writer = Writer;
    type Reader = Reader;

    async fn create(&self, recipients: Recipients) -> Result<Writer, ErrorCode> {
        let job = Job::new("create");
        if let Some(key) = &recipients.phrase {
            job.put_bytes("phrase", key);
        }
        if let Some(recipient) = &recipients.passphrase {
            job.put("passphrase", &passphrase(&job, recipient));
        }
        let helper = self.start();
        helper.ask(job).await?;
        Ok(Writer(helper))
    }

    async fn kdf(&self) -> Result<Option<BackupKdf>, ErrorCode> {
        let answer = self.start().ask(Job::new("kdf")).await?;
        let (answer, _) = convert::from_js(&answer.at("ok"), MAX_ANSWER)?;
        if answer == Value::Null { Ok(None) } else { kdf(answer).map(Some) }
    }

    async fn open(&self, identity: BackupIdentity) -> Result<Reader, ErrorCode> {
        let (kind, key) = match &identity {
            BackupIdentity::Phrase(key) => ("phrase", key),
            BackupIdentity::Passphrase(key) => ("passphrase", key),
        };
        let job = Job::new("open");
        job.put("kind", &kind.into());
        job.put_bytes("key", key.expose());
        let helper = self.start();
        helper.ask(job).await?;
        Ok(Reader(helper))
    }
}

impl BackupWriter for Writer {
    async fn write(&mut self, part: SecretVec) -> Result<(), ErrorCode> {
        let job = Job::new("write");
        job.put_bytes("part", part.expose());
        drop(part);
        self.0.ask(job).await.map(drop)
    }

    async fn finish(self) -> Result<u64, ErrorCode> {
        let answer = self.0.ask(Job::new("finish")).await?;
        let (bytes, _) = convert::from_js(&answer.at("ok"), MAX_ANSWER)?;
        u64::from_value(bytes).map_err(|_| ErrorCode::Internal)
    }
}

impl BackupReader for Reader {
    async fn read(&mut self) -> Result<Option<SecretVec>, ErrorCode> {
        let part = self.0.ask(Job::new("read")).await?.at("ok");
        if part.is_null() { Ok(None) } else { take_secret(&part, MAX_PART).map(Some) }
    }
}

fn passphrase(job: &Job, recipient: &PassphraseRecipient) -> JsValue {
    let BackupKdf { salt, memory_kib, iterations, parallelism } = &recipient.kdf;
    let object = js::dict([
        ("salt", &job.bytes(salt)),
        ("memoryKib", &(*memory_kib).into()),
        ("iterations", &(*iterations).into()),
        ("parallelism", &(*parallelism).into()),
        ("key", &job.bytes(recipient.key.expose())),
    ]);
    object.into()
}

fn kdf(answer: Value) -> Result<BackupKdf, ErrorCode> {
    let mut fields = Fields::new(answer)?;
    let salt: Vec<u8> = fields.take("salt")?;
    let kdf = BackupKdf {
        salt: salt.try_into().map_err(|_| ErrorCode::Internal)?,
        memory_kib: fields.take("memoryKib")?,
        iterations: fields.take("iterations")?,
        parallelism: fields.take("parallelism")?,
    };
    fields.finish()?;
    Ok(kdf)
}
