//! Writes what follows from the method table: TypeScript types, the methods that
//! ask a person, three pages, golden samples; and the list
//! of words that the client says digests with.
//!
//! `cargo run -p kms-protocol --example codegen -- DIR` writes under `DIR`, which is the
//! root of the repository or, for a comparison, an empty directory.

mod markdown;
mod samples;
mod typescript;
mod wordlist;

use std::path::Path;
use std::{env, fs, io};

use kms_protocol::Method;
use kms_protocol::schema::{TypeDoc, Wire};

fn main() -> io::Result<()> {
    let root = env::args().nth(1).unwrap_or_else(|| ".".into());
    let root = Path::new(&root);
    let types = all_types();
    write(root, "crates/client/src/protocol.gen.d.ts", &typescript::declarations(&types))?;
    write(root, "crates/client/src/methods.gen.js", &typescript::interactive())?;
    write(root, "crates/client/test/protocol.samples.gen.ts", &typescript::samples())?;
    write(root, "crates/client/src/wordlist.gen.js", &wordlist::module())?;
    write(root, "docs/protocol.md", &markdown::protocol(&types))?;
    write(root, "docs/errors.md", &markdown::errors())?;
    write(root, "docs/operations.md", &markdown::operations())?;
    for method in Method::ALL {
        let path = format!("tests/vectors/protocol/{}.json", method.name());
        write(root, &path, &samples::file(*method))?;
    }
    Ok(())
}

fn write(root: &Path, path: &str, text: &str) -> io::Result<()> {
    let path = root.join(path);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text)
}

/// Every named type of the wire, those it needs first.
fn all_types() -> Vec<TypeDoc> {
    let mut types = Vec::new();
    for method in Method::ALL {
        method.define(&mut types);
    }
    kms_protocol::Attention::define(&mut types);
    kms_protocol::LockedEvent::define(&mut types);
    kms_protocol::Ready::define(&mut types);
    kms_protocol::PolicyRule::define(&mut types);
    types
}
