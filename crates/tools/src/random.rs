//! The randomness of the age library, from the browser.

use getrandom::{Error, register_custom_getrandom};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = crypto, js_name = getRandomValues)]
    fn random(out: &mut [u8]) -> Result<JsValue, JsValue>;
}

/// Most bytes of one call (Web Cryptography API, section 10.1.1).
const LIMIT: usize = 65_536;

fn fill(out: &mut [u8]) -> Result<(), Error> {
    for part in out.chunks_mut(LIMIT) {
        random(part).map(drop).map_err(|_| Error::UNEXPECTED)?;
    }
    Ok(())
}

register_custom_getrandom!(fill);
