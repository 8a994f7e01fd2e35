//! Writes `cases/`: every file follows from this program alone.
//!
//! `cargo run -p kms-verify --example cases`

#![allow(clippy::unwrap_used, reason = "a failed step ends the program")]

mod faults;
mod folder;
mod passing;
mod world;

use std::path::Path;

fn main() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    if dir.exists() {
        std::fs::remove_dir_all(&dir).unwrap();
    }
    for (name, bytes) in folder::all() {
        let path = dir.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}
