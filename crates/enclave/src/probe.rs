//! Test builds only: what the end-to-end tests need to look inside.
//!
//! Reports every secret to a JavaScript function, and calls the browser provider with the
//! inputs of known answers and benchmarks.

use std::cell::RefCell;

use js_sys::Function;
use kms_crypto::software::SoftwareSigner;
use kms_crypto::{AeadContext, Argon2Params, CryptoProvider, PublicKey, SecretBytes, hkdf};
use kms_protocol::KeySpec;
use wasm_bindgen::prelude::*;

use crate::provider::{self, WebCrypto};

thread_local! {
    static REPORT: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// Calls `report(label, bytes)` for every secret that is made from now on. The bytes are a
/// view of wasm memory: they are to be read before the function returns.
#[wasm_bindgen(js_name = probeSecrets)]
pub fn probe_secrets(report: Function) {
    REPORT.set(Some(report));
    kms_crypto::probe::set(note);
}

#[wasm_bindgen]
extern "C" {
    type Report;

    #[wasm_bindgen(method, js_name = call)]
    fn tell(this: &Report, scope: &JsValue, label: &str, bytes: &[u8]);
}

fn note(label: &'static str, bytes: &[u8]) {
    let report = REPORT.with_borrow(Clone::clone);
    if let Some(report) = report {
        report.unchecked_ref::<Report>().tell(&JsValue::UNDEFINED, label, bytes);
    }
}
