//! wasm-bindgen as a library, so that its version comes from Cargo.lock.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use wasm_bindgen_cli_support::Bindgen;

use super::Home;

/// For who checks the types of the client: this is not theirs to check.
const UNCHECKED: &str = "// @ts-nocheck Made by wasm-bindgen.\n";

/// What wasm-bindgen makes of a compiled module.
pub(super) struct Bound {
    pub(super) wasm: Vec<u8>,
    pub(super) glue: String,
}

/// Binds `compiled`: for a worker as a plain script (`no-modules`), since the worker's source is one
/// script with no import of its own; for a page as a module.
pub(super) fn bind(compiled: &Path, home: Home) -> Result<Bound> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(compiled).out_name("enclave").typescript(false);
    bindgen.remove_name_section(true).remove_producers_section(true);
    bindgen.omit_default_module_path(true);
    match home {
        Home::Worker => bindgen.no_modules(true)?,
        Home::Page => bindgen.web(true)?,
    };
    let mut output = bindgen.generate_output().context("wasm-bindgen failed")?;
    let no_snippets = output.snippets().values().all(Vec::is_empty);
    ensure!(no_snippets, "a dependency adds JavaScript snippets to the glue");
    ensure!(output.local_modules().is_empty(), "a dependency adds JavaScript modules to the glue");
    ensure!(output.npm_dependencies().is_empty(), "a dependency needs npm packages at run time");
    let head = if home == Home::Page { UNCHECKED } else { "" };
    let mut glue = format!("{head}{}", output.js());
    let module = output.wasm_mut();
    let names = module.imports.iter_mut().map(|import| &mut import.name);
    let names = names.chain(module.exports.iter_mut().map(|export| &mut export.name));
    shorten(names, &mut glue);
    Ok(Bound { glue, wasm: module.emit_wasm() })
}

/// Cuts the hashes off the names that wasm and glue share: nobody can read them, and nothing can
/// compress them. Names that become equal are numbered.
fn shorten<'a>(names: impl Iterator<Item = &'a mut String>, glue: &mut String) {
    let mut names: Vec<_> = names.collect();
    let mut taken: BTreeSet<String> = names.iter().map(|name| (**name).clone()).collect();
    for name in &mut names {
        let Some(stem) = without_hash(name) else { continue };
        let numbered = (2_u32..).map(|number| format!("{stem}_{number}"));
        let mut candidates = std::iter::once(stem.to_owned()).chain(numbered);
        let Some(short) = candidates.find(|short| !taken.contains(short)) else { continue };
        *glue = glue.replace(name.as_str(), &short);
        taken.insert(short.clone());
        **name = short;
    }
}

/// The part of a name in front of its hash of 16 digits.
fn without_hash(name: &str) -> Option<&str> {
    let (stem, hash) = name.rsplit_once('_')?;
    let hash = hash.strip_prefix('h').unwrap_or(hash);
    let is_hash = hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hash.then(|| stem.trim_end_matches('_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_hash_and_stay_different() {
        let mut names = [
            "__wbg_get_d7176cfb76d71114",
            "__wbg_get_2080c49015e35254",
            "invoke__h0eb4cb0b015ff8a5",
            "memory",
            "__wbg_get_imports",
        ]
        .map(str::to_owned);
        let mut glue = names.join(" ");
        shorten(names.iter_mut(), &mut glue);
        let expected = ["__wbg_get", "__wbg_get_2", "invoke", "memory", "__wbg_get_imports"];
        assert_eq!(names, expected);
        assert_eq!(glue, expected.join(" "));
    }
}
