//! Work in a worker of its own: asked for at the frame, reached over a channel of its own.

use js_sys::{Array, Uint8Array};
use kms_crypto::SecretVec;
use kms_protocol::ErrorCode;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;

use crate::clock::Timer;
use crate::js::{self, Deferred, Dict, Kind};
use crate::port::{MessageChannel, MessageEvent, MessagePort};
use crate::ui::PostUi;

/// Longest wait for one answer; the first includes the start of the worker.
const TIMEOUT_MS: u32 = 60_000;

/// What a helper may say of a failure; anything else is [`ErrorCode::Internal`].
const CODES: [ErrorCode; 8] = [
    ErrorCode::OutOfMemory,
    ErrorCode::BackupForeign,
    ErrorCode::BackupWrongFactor,
    ErrorCode::BackupTruncated,
    ErrorCode::BackupDamaged,
    ErrorCode::UnsupportedEnvironment,
    ErrorCode::IntegrityFailure,
    ErrorCode::IsolationFailure,
];

/// A worker that does one kind of work, one job after the other. Dropping it ends the worker.
pub(crate) struct Helper {
    port: MessagePort,
    post_ui: PostUi,
}

impl Helper {
    /// Asks the frame for a worker of this kind.
    pub(crate) fn start(post_ui: &PostUi, kind: &str) -> Self {
        let channel = MessageChannel::new();
        post_ui.helper(kind, &channel.port2());
        Self { port: channel.port1(), post_ui: post_ui.clone() }
    }

    /// Sends a job and waits for its answer.
    pub(crate) async fn ask(&self, job: Job) -> Result<Dict, ErrorCode> {
        let Deferred { promise, resolve, .. } = Deferred::new();
        self.port.set_onmessage(Some(&resolve));
        self.post_ui.on_helper_failed(Some(resolve.clone()));
        // Late, failed and refused answers are all the same: no event with an answer in it.
        let _timer = Timer::new(resolve, TIMEOUT_MS);
        self.port.post(&job.message, &job.transfer).map_err(|_| ErrorCode::Internal)?;
        let event = js::settled(promise).await;
        self.port.set_onmessage(None);
        self.post_ui.on_helper_failed(None);
        read(&event.map_err(|_| ErrorCode::Internal)?)
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        self.port.set_onmessage(None);
        // Only some engines tell the other end that a port was closed.
        let _ = self.port.post(&Job::new("end").message, &Array::new());
        self.port.close();
    }
}

fn read(event: &JsValue) -> Result<Dict, ErrorCode> {
    let answer = event.is_object().then(|| event.unchecked_ref::<MessageEvent>().data());
    let answer = answer.filter(|data| data.is_object() && js::kind(data) == Kind::Plain);
    let answer: Dict = answer.ok_or(ErrorCode::Internal)?.unchecked_into();
    match answer.at("error") {
        error if error.is_undefined() => Ok(answer),
        error => Err(code(&error)),
    }
}

fn code(name: &JsValue) -> ErrorCode {
    let known = CODES.into_iter().find(|code| *name == JsValue::from_str(code.as_str()));
    known.unwrap_or(ErrorCode::Internal)
}

/// A message to a helper. Its byte arrays are transferred, so no copy of them stays here.
pub(crate) struct Job {
    message: Dict,
    transfer: Array,
}

impl Job {
    /// A message that says what to do.
    pub(crate) fn new(op: &str) -> Self {
        Self { message: js::dict([("op", &op.into())]), transfer: Array::new() }
    }

    /// Adds a number or an object.
    pub(crate) fn put(&self, name: &str, value: &JsValue) {
        self.message.put(name, value);
    }

    /// Adds a copy of these bytes.
    pub(crate) fn put_bytes(&self, name: &str, bytes: &[u8]) {
        self.put(name, &self.bytes(bytes));
    }

    /// A copy of these bytes, for an object inside this message.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> JsValue {
        let view = Uint8Array::new_from_slice(bytes);
        self.transfer.push(&view.buffer());
        view.into()
    }
}

/// Moves a byte array of an answer out of the JavaScript heap.
pub(crate) fn take_secret(value: &JsValue, longest: u32) -> Result<SecretVec, ErrorCode> {
    if !value.is_object() || js::kind(value) != Kind::Bytes {
        return Err(ErrorCode::Internal);
    }
    let view: &Uint8Array = value.unchecked_ref();
    let length = view.length();
    let secret = (length <= longest).then(|| SecretVec::new(view.to_vec()));
    view.fill(0, 0, length);
    secret.ok_or(ErrorCode::Internal)
}
