//! What the worker's script calls.

use js_sys::Uint8Array;
use kms_backup::{
    BackupError, BackupFile, Identity, Kdf, PassphraseRecipient, Plaintext, Recipients, Seal,
};
use kms_crypto::SecretBytes;
use kms_protocol::ErrorCode;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;

use crate::bytes::{self, FileBytes};
use crate::stack::scrubbed;

#[wasm_bindgen]
extern "C" {
    /// An object used as a dictionary.
    #[wasm_bindgen(extends = js_sys::Object, typescript_type = "any")]
    pub type Dict;

    #[wasm_bindgen(constructor, js_class = "Object")]
    fn new() -> Dict;

    #[wasm_bindgen(method, structural, indexing_getter)]
    fn at(this: &Dict, key: &str) -> JsValue;

    #[wasm_bindgen(method, structural, indexing_setter)]
    fn put(this: &Dict, key: &str, value: &JsValue);
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

    /// Starts a file for a phrase, a passphrase or both. The key of the passphrase is wiped.
    pub fn create(
        &mut self,
        phrase: Option<Uint8Array>,
        passphrase: Option<Dict>,
    ) -> Result<(), JsValue> {
        self.seal = None;
        scrubbed(|| {
            self.seal = Some(Seal::new(&recipients(phrase, passphrase)?)?);
            Ok(())
        })
        .map_err(name)
    }

    /// Adds plaintext, which is wiped; returns finished bytes of the file.
    pub fn write(&mut self, part: &Uint8Array) -> Result<Uint8Array, JsValue> {
        scrubbed(|| {
            let part = bytes::take_secret(part);
            let seal = self.seal.as_mut().ok_or(ErrorCode::Internal)?;
            Ok(Uint8Array::new_from_slice(&seal.write(part.expose())?))
        })
        .map_err(name)
    }

    /// Ends the file; returns its last bytes.
    pub fn finish(&mut self) -> Result<Uint8Array, JsValue> {
        scrubbed(|| {
            let seal = self.seal.take().ok_or(ErrorCode::Internal)?;
            Ok(Uint8Array::new_from_slice(&seal.finish()?))
        })
        .map_err(name)
    }

    /// The passphrase parameters of a file; null if it has none.
    pub fn kdf(&self, file: Uint8Array) -> Result<JsValue, JsValue> {
        let parameters = backup(file).map_err(|error| name(error.code()))?.kdf();
        Ok(parameters.map_or(JsValue::NULL, parameters_object))
    }

    /// Opens a file with a key of this kind, which is wiped.
    pub fn open(&mut self, file: Uint8Array, kind: &str, key: &Uint8Array) -> Result<(), JsValue> {
        self.plaintext = None;
        scrubbed(|| {
            let identity = bytes::take_key(key).and_then(|key| identity(kind, key));
            let identity = identity.ok_or(ErrorCode::Internal)?;
            self.plaintext = Some(backup(file)?.open(&identity)?);
            Ok(())
        })
        .map_err(name)
    }

    /// The next plaintext; null after the last.
    pub fn read(&mut self) -> Result<JsValue, JsValue> {
        scrubbed(|| {
            let plaintext = self.plaintext.as_mut().ok_or(ErrorCode::Internal)?;
            Ok(match plaintext.read()? {
                Some(part) => Uint8Array::new_from_slice(part.expose()).into(),
                None => JsValue::NULL,
            })
        })
        .map_err(name)
    }
}

fn name(code: ErrorCode) -> JsValue {
    JsValue::from_str(code.as_str())
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
    passphrase: Option<Dict>,
) -> Result<Recipients, ErrorCode> {
    let passphrase = passphrase.map(|object| passphrase_recipient(&object)).transpose()?;
    let phrase = phrase.map(|key| bytes::array(&key).ok_or(ErrorCode::Internal)).transpose()?;
    Ok(Recipients { phrase, passphrase })
}

fn passphrase_recipient(object: &Dict) -> Result<PassphraseRecipient, ErrorCode> {
    let view = |name| object.at(name).dyn_into::<Uint8Array>().map_err(|_| ErrorCode::Internal);
    let key = bytes::take_key(&view("key")?).ok_or(ErrorCode::Internal)?;
    let kdf = Kdf {
        salt: bytes::array(&view("salt")?).ok_or(ErrorCode::Internal)?,
        memory_kib: number(object, "memoryKib")?,
        iterations: number(object, "iterations")?,
        parallelism: number(object, "parallelism")?,
    };
    Ok(PassphraseRecipient { kdf, key })
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // the casts saturate
fn number(object: &Dict, name: &str) -> Result<u32, ErrorCode> {
    let value = object.at(name).as_f64().ok_or(ErrorCode::Internal)?;
    let number = value as u32;
    if f64::from(number).to_bits() == value.to_bits() {
        Ok(number)
    } else {
        Err(ErrorCode::Internal)
    }
}

fn parameters_object(kdf: Kdf) -> JsValue {
    let object = Dict::new();
    object.put("salt", &Uint8Array::new_from_slice(&kdf.salt));
    object.put("memoryKib", &kdf.memory_kib.into());
    object.put("iterations", &kdf.iterations.into());
    object.put("parallelism", &kdf.parallelism.into());
    object.into()
}
