//! Writes what the fuzz targets begin with: `cargo run -p kms-testkit --example seeds -- DIR`
//! makes a folder for each target under `DIR`.

use std::path::Path;
use std::{env, fs, io};

use kms_testkit::fuzz::TARGETS;

fn main() -> io::Result<()> {
    let root = env::args().nth(1).unwrap_or_else(|| ".".into());
    for (name, _, seeds) in TARGETS {
        let folder = Path::new(&root).join(name);
        fs::create_dir_all(&folder)?;
        for (number, seed) in seeds().iter().enumerate() {
            fs::write(folder.join(format!("seed-{number}")), seed)?;
        }
    }
    Ok(())
}
