//! What the worker's script calls.

use js_sys::Uint8Array;
use kms_backup::{
    BackupError, BackupFile, Identity, Kdf, PassphraseRecipient, Plaintext, Recipients, Seal,
};
use kms_crypto::{SecretBytes, wipe_stack};
use kms_protocol::ErrorCode;
use wasm_bindgen::prelude::*;

use crate::bytes::{self, FileBytes};

#[wasm_bindgen]
extern "C" {
    /// The parameters of a passphrase, with its key where a file is written.
    #[wasm_bindgen(extends = js_sys::Object, typescript_type = "any")]
    pub type PassphraseObject;

    #[wasm_bindgen(constructor, js_class = "Object")]
    fn new() -> PassphraseObject;

    #[wasm_bindgen(method, getter)]
    fn salt(this: &PassphraseObject) -> Uint8Array;

    #[wasm_bindgen(method, setter)]
    fn set_salt(this: &PassphraseObject, salt: Uint8Array);

    #[wasm_bindgen(method, getter, js_name = memoryKib)]
    fn memory_kib(this: &PassphraseObject) -> u32;

    #[wasm_bindgen(method, setter, js_name = memoryKib)]
    fn set_memory_kib(this: &PassphraseObject, memory_kib: u32);

    #[wasm_bindgen(method, getter)]
    fn iterations(this: &PassphraseObject) -> u32;

    #[wasm_bindgen(method, setter)]
    fn set_iterations(this: &PassphraseObject, iterations: u32);

    #[wasm_bindgen(method, getter)]
    fn parallelism(this: &PassphraseObject) -> u32;

    #[wasm_bindgen(method, setter)]
    fn set_parallelism(this: &PassphraseObject, parallelism: u32);

    #[wasm_bindgen(method, getter)]
    fn key(this: &PassphraseObject) -> Uint8Array;
}

/// One file: written, or opened.
#[wasm_bindgen]
#[derive(Default)]
pub struct Tools {
    seal: Option<Seal>,
    plaintext: Option<Plaintext<FileBytes>>,
}

#[wasm_bindgen]
impl Tools {
    /// Nothing is written or opened yet.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts a file for a phrase, a passphrase or both. Their key is wiped.
    pub fn create(
        &mut self,
        phrase: Option<Uint8Array>,
        passphrase: Option<PassphraseObject>,
    ) -> Result<(), JsValue> {
        let seal = recipients(phrase, passphrase)
            .and_then(|recipients| Seal::new(&recipients).map_err(ErrorCode::from));
        scrubbed(seal.map(|seal| self.seal = Some(seal)))
    }

    /// Adds plaintext, which is wiped; returns finished bytes of the file.
    pub fn write(&mut self, part: &Uint8Array) -> Result<Uint8Array, JsValue> {
        let part = bytes::take_secret(part);
        let seal = self.seal.as_mut().ok_or(ErrorCode::Internal);
        let written = seal.and_then(|seal| Ok(seal.write(part.expose())?));
        scrubbed(written.map(|bytes| Uint8Array::new_from_slice(&bytes)))
    }

    /// Ends the file; returns its last bytes.
    pub fn finish(&mut self) -> Result<Uint8Array, JsValue> {
        let seal = self.seal.take().ok_or(ErrorCode::Internal);
        let written = seal.and_then(|seal| Ok(seal.finish()?));
        scrubbed(written.map(|bytes| Uint8Array::new_from_slice(&bytes)))
    }

    /// The passphrase parameters of a file; null if it has none.
    pub fn kdf(&self, file: Uint8Array) -> Result<JsValue, JsValue> {
        let parameters = backup(file).map_err(name)?.kdf();
        Ok(parameters.map_or(JsValue::NULL, parameters_object))
    }

    /// Opens a file with a key of this kind, which is wiped.
    pub fn open(&mut self, file: Uint8Array, kind: &str, key: &Uint8Array) -> Result<(), JsValue> {
        self.plaintext = None;
        let identity = bytes::take_key(key).and_then(|key| identity(kind, key));
        let opened = identity.ok_or(ErrorCode::Internal).and_then(|identity| {
            let plaintext = backup(file)?.open(&identity)?;
            Ok(plaintext)
        });
        scrubbed(opened.map(|plaintext| self.plaintext = Some(plaintext)))
    }

    /// The next plaintext; null after the last.
    pub fn read(&mut self) -> Result<JsValue, JsValue> {
        let plaintext = self.plaintext.as_mut().ok_or(ErrorCode::Internal);
        let part = plaintext.and_then(|plaintext| Ok(plaintext.read()?));
        let copy = |part: kms_crypto::SecretVec| Uint8Array::new_from_slice(part.expose()).into();
        scrubbed(part.map(|part| part.map_or(JsValue::NULL, copy)))
    }
}

/// Ends a call that has handled a secret.
fn scrubbed<T>(result: Result<T, ErrorCode>) -> Result<T, JsValue> {
    wipe_stack();
    result.map_err(name)
}

fn name(code: impl Into<ErrorCode>) -> JsValue {
    JsValue::from_str(code.into().as_str())
}

fn backup(file: Uint8Array) -> Result<BackupFile<FileBytes>, BackupError> {
    let file = FileBytes::new(file);
    let len = file.len();
    BackupFile::new(file, len)
}

fn identity(kind: &str, key: SecretBytes<32>) -> Option<Identity> {
    match kind {
        "phrase" => Some(Identity::Phrase(key)),
        "passphrase" => Some(Identity::Passphrase(key)),
        _ => None,
    }
}

fn recipients(
    phrase: Option<Uint8Array>,
    passphrase: Option<PassphraseObject>,
) -> Result<Recipients, ErrorCode> {
    let passphrase = passphrase.map(|object| passphrase_recipient(&object)).transpose()?;
    let phrase = phrase.map(|key| bytes::array(&key).ok_or(ErrorCode::Internal)).transpose()?;
    Ok(Recipients { phrase, passphrase })
}

fn passphrase_recipient(object: &PassphraseObject) -> Result<PassphraseRecipient, ErrorCode> {
    let key = bytes::take_key(&object.key()).ok_or(ErrorCode::Internal)?;
    let kdf = Kdf {
        salt: bytes::array(&object.salt()).ok_or(ErrorCode::Internal)?,
        memory_kib: object.memory_kib(),
        iterations: object.iterations(),
        parallelism: object.parallelism(),
    };
    Ok(PassphraseRecipient { kdf, key })
}

fn parameters_object(kdf: Kdf) -> JsValue {
    let object = PassphraseObject::new();
    object.set_salt(Uint8Array::new_from_slice(&kdf.salt));
    object.set_memory_kib(kdf.memory_kib);
    object.set_iterations(kdf.iterations);
    object.set_parallelism(kdf.parallelism);
    object.into()
}
