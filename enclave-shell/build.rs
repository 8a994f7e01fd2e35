//! Embeds the served JavaScript, the demo and, for a one-file binary, the built enclave.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

#[allow(dead_code, unreachable_pub, reason = "the library exports every constant")]
#[path = "src/parts.rs"]
mod parts;

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?);
    let mut code = String::new();
    listed(&mut code, "FRAME", &root.join("frame"), &parts::FRAME_PARTS);
    listed(&mut code, "ENROL", &root.join("enrol"), &parts::ENROL_PARTS);
    println!("cargo::rerun-if-changed={}", root.join("ui").display());
    let mut workers = [parts::WORKER_PARTS, parts::TOOLS_PARTS].concat();
    workers.sort_unstable();
    workers.dedup();
    listed(&mut code, "WORKER", &root.join("../crates/enclave/worker"), &workers);
    folder(&mut code, "DEMO", &root.join("demo"))?;
    folder(&mut code, "CLIENT", &root.join("../crates/client/src"))?;
    built(&mut code)?;
    toolchain(&root.join("../rust-toolchain.toml"))?;
    let out = PathBuf::from(env::var("OUT_DIR").map_err(io::Error::other)?);
    fs::write(out.join("embedded.rs"), code)
}

/// The listed files that exist; a missing one is reported when the enclave is assembled.
fn listed(code: &mut String, name: &str, dir: &Path, files: &[&str]) {
    println!("cargo::rerun-if-changed={}", dir.display());
    let _ = writeln!(code, "pub(crate) const {name}: &[(&str, &str)] = &[");
    for file in files.iter().filter(|file| dir.join(file).is_file()) {
        let _ = writeln!(code, "    ({file:?}, include_str!({})),", literal(&dir.join(file)));
    }
    code.push_str("];\n");
}

/// Every served file of a folder, by name.
fn folder(code: &mut String, name: &str, dir: &Path) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", dir.display());
    let mut files = Vec::new();
    if dir.is_dir() {
        for entry in fs::read_dir(dir)? {
            let path = entry?.path();
            let served = path.extension().is_some_and(|ending| {
                ["html", "js", "css", "svg", "png", "json", "webmanifest"]
                    .iter()
                    .any(|known| ending == *known)
            });
            if served && path.is_file() && !path.ends_with("tsconfig.json") {
                files.push(path);
            }
        }
    }
    files.sort();
    let _ = writeln!(code, "pub(crate) const {name}: &[(&str, &[u8])] = &[");
    for path in files {
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let _ = writeln!(code, "    ({file:?}, include_bytes!({})),", literal(&path));
    }
    code.push_str("];\n");
    Ok(())
}

/// With the feature `embedded`: glue and wasm of enclave, tools and the client's verifier, from `KMS_ENCLAVE_DIR`.
fn built(code: &mut String) -> io::Result<()> {
    println!("cargo::rerun-if-env-changed=KMS_ENCLAVE_DIR");
    for (constant, name) in [("ENCLAVE", "enclave"), ("TOOLS", "tools"), ("KIT", "kit")] {
        let value = if env::var_os("CARGO_FEATURE_EMBEDDED").is_some() {
            built_program(name)?
        } else {
            "None".to_owned()
        };
        let _ = writeln!(code, "pub(crate) const {constant}: Option<(&str, &[u8])> = {value};");
    }
    Ok(())
}

fn built_program(name: &str) -> io::Result<String> {
    let dir = env::var_os("KMS_ENCLAVE_DIR").ok_or_else(|| {
        io::Error::other(
            "the feature `embedded` needs KMS_ENCLAVE_DIR, a folder made by `cargo xtask build`",
        )
    })?;
    let dir = fs::canonicalize(dir)?;
    let (glue, wasm) = (dir.join(format!("{name}.glue.js")), dir.join(format!("{name}.wasm")));
    println!("cargo::rerun-if-changed={}", glue.display());
    println!("cargo::rerun-if-changed={}", wasm.display());
    Ok(format!("Some((include_str!({}), include_bytes!({})))", literal(&glue), literal(&wasm)))
}

/// The toolchain that builds the wasm, as the workspace pins it.
fn toolchain(path: &Path) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", path.display());
    let text = fs::read_to_string(path)?;
    let channel = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("channel = \"")?.strip_suffix('"'))
        .ok_or_else(|| io::Error::other("rust-toolchain.toml names no channel"))?;
    println!("cargo::rustc-env=KMS_TOOLCHAIN=rustc {channel}");
    Ok(())
}

/// A path as a Rust string literal.
fn literal(path: &Path) -> String {
    format!("{:?}", path.to_string_lossy())
}
