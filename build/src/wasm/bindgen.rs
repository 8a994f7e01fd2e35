//! wasm-bindgen as a library, so that its version comes from Cargo.lock.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use wasm_bindgen_cli_support::Bindgen;

/// What wasm-bindgen makes of a compiled module.
pub(super) struct Bound {
    pub(super) wasm: Vec<u8>,
    pub(super) glue: String,
}

/// Binds `compiled` for a plain script (`no-modules`): the worker's source is
/// one script with no import of its own.
pub(super) fn bind(compiled: &Path) -> Result<Bound> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(compiled).out_name("enclave").typescript(false);
    bindgen.remove_name_section(true).remove_producers_section(true);
    bindgen.omit_default_module_path(true).no_modules(true)?;
    let mut output = bindgen.generate_output().context("wasm-bindgen failed")?;
    let no_snippets = output.snippets().values().all(Vec::is_empty);
    ensure!(no_snippets, "a dependency adds JavaScript snippets to the glue");
    ensure!(output.local_modules().is_empty(), "a dependency adds JavaScript modules to the glue");
    ensure!(output.npm_dependencies().is_empty(), "a dependency needs npm packages at run time");
    Ok(Bound { glue: output.js().to_owned(), wasm: output.wasm_mut().emit_wasm() })
}
