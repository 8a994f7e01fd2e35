//! The passphrase KDF: asked for by the enclave, computed in a worker of its own.

use js_sys::{Array, Uint8Array};
use kms_crypto::SecretBytes;
use kms_protocol::ErrorCode;
use kms_vault::{Kdf, KdfJob};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;

use crate::clock::Timer;
use crate::js::{self, Deferred, Dict, Kind};
use crate::port::{MessageChannel, MessageEvent, MessagePort};
use crate::ui::PostUi;

const TIMEOUT_MS: u32 = 60_000;

/// Asks the frame for a KDF worker and talks to it over a channel of their own.
pub(crate) struct WorkerKdf(pub(crate) PostUi);

impl Kdf for WorkerKdf {
    async fn derive(&self, job: KdfJob<'_>) -> Result<SecretBytes<32>, ErrorCode> {
        let channel = MessageChannel::new();
        let port = channel.port1();
        let answer = Deferred::new();
        port.set_onmessage(Some(&answer.resolve));
        let _timer = Timer::new(answer.reject, TIMEOUT_MS);
        self.0.kdf(&channel.port2());
        send(&port, job).map_err(|_| ErrorCode::Internal)?;
        let event = js::settled(answer.promise).await;
        port.close();
        read(&event.map_err(|_| ErrorCode::Internal)?)
    }
}

/// The buffers are transferred, so no copy of them stays here.
fn send(port: &MessagePort, job: KdfJob<'_>) -> Result<(), JsValue> {
    let passphrase = Uint8Array::new_from_slice(job.passphrase);
    let salt = Uint8Array::new_from_slice(job.salt);
    let message = js::dict([
        ("passphrase", passphrase.as_ref()),
        ("salt", salt.as_ref()),
        ("memoryKib", &job.memory_kib.into()),
        ("iterations", &job.iterations.into()),
        ("parallelism", &job.parallelism.into()),
    ]);
    let transfer: Array = [passphrase.buffer(), salt.buffer()].iter().collect();
    port.post(&message, &transfer)
}

fn read(event: &JsValue) -> Result<SecretBytes<32>, ErrorCode> {
    let answer: Dict = event.unchecked_ref::<MessageEvent>().data().unchecked_into();
    match answer.member("key") {
        Some(key) if js::kind(&key) == Kind::Bytes => take(key.unchecked_ref()),
        _ if answer.at("error").as_string().as_deref() == Some("out_of_memory") => {
            Err(ErrorCode::OutOfMemory)
        }
        _ => Err(ErrorCode::Internal),
    }
}

/// Moves a secret out of the JavaScript heap.
fn take(view: &Uint8Array) -> Result<SecretBytes<32>, ErrorCode> {
    if view.length() != 32 {
        return Err(ErrorCode::Internal);
    }
    let secret = SecretBytes::new_with(|out| view.copy_to(&mut out[..]));
    view.fill(0, 0, 32);
    Ok(secret)
}
