//! The wasm enclave of ATS KMS: the only crate that touches the browser.
