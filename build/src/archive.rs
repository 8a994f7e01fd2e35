//! Tar archives without times, owners and chance.

use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result};
use flate2::{Compression, GzBuilder, read::GzDecoder};
use tar::{Archive, Builder, EntryType, Header};

use crate::files;

/// An entry of an archive.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) path: String,
    pub(crate) is_dir: bool,
    pub(crate) mode: u32,
    pub(crate) owner: (u64, u64),
    pub(crate) bytes: Vec<u8>,
}

impl Entry {
    pub(crate) fn file(path: &str, mode: u32, bytes: &[u8]) -> Self {
        Self { path: path.into(), is_dir: false, mode, owner: (0, 0), bytes: bytes.to_vec() }
    }
}

/// The files below a folder, in the order of their names.
pub(crate) fn below(dir: &Path) -> Result<Vec<Entry>> {
    let entry = |name: std::path::PathBuf| {
        let bytes = std::fs::read(dir.join(&name))?;
        Ok(Entry::file(&name.to_string_lossy(), 0o644, &bytes))
    };
    files::below(dir)?.into_iter().map(entry).collect()
}

/// The archive with these entries.
pub(crate) fn of(entries: &[Entry]) -> Result<Vec<u8>> {
    let mut archive = Builder::new(Vec::new());
    for entry in entries {
        let mut header = Header::new_ustar();
        header.set_entry_type(if entry.is_dir { EntryType::Directory } else { EntryType::Regular });
        header.set_mode(entry.mode);
        header.set_uid(entry.owner.0);
        header.set_gid(entry.owner.1);
        header.set_mtime(0);
        header.set_size(entry.bytes.len() as u64);
        archive
            .append_data(&mut header, &entry.path, &*entry.bytes)
            .with_context(|| format!("cannot archive {}", entry.path))?;
    }
    archive.into_inner().context("cannot end the archive")
}

/// The archive as it is stored.
pub(crate) fn compress(archive: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzBuilder::new().mtime(0).read(archive, Compression::best());
    let mut out = Vec::new();
    encoder.read_to_end(&mut out).context("cannot compress the archive")?;
    Ok(out)
}

/// The archive that was stored.
pub(crate) fn expand(stored: &[u8]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    GzDecoder::new(stored).read_to_end(&mut out).context("cannot expand the archive")?;
    Ok(out)
}

/// What is in an archive.
pub(crate) fn read(archive: &[u8]) -> Result<Vec<Entry>> {
    let mut archive = Archive::new(archive);
    let entry = |entry: std::io::Result<tar::Entry<'_, &[u8]>>| {
        let mut entry = entry?;
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes)?;
        let header = entry.header();
        let kind = header.entry_type();
        anyhow::ensure!(kind.is_dir() || kind.is_file(), "a link or a device in the archive");
        let owner = (header.uid()?, header.gid()?);
        let (is_dir, mode) = (kind.is_dir(), header.mode()?);
        let path = entry.path()?.to_string_lossy().into_owned();
        Ok(Entry { path, is_dir, mode, owner, bytes })
    };
    archive.entries().context("not an archive")?.map(entry).collect()
}
