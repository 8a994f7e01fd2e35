//! The one layer: a tar archive without times, owners and chance.

use std::io::Read;

use anyhow::{Context, Result};
use flate2::{Compression, GzBuilder, read::GzDecoder};
use tar::{Archive, Builder, EntryType, Header};

use super::{NAME, USER};

/// An entry of the layer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) path: String,
    pub(super) is_dir: bool,
    pub(super) mode: u32,
    pub(super) owner: (u64, u64),
    pub(super) bytes: Vec<u8>,
}

impl Entry {
    fn file(path: &str, mode: u32, bytes: &[u8]) -> Self {
        Self { path: path.into(), is_dir: false, mode, owner: (0, 0), bytes: bytes.to_vec() }
    }
}

/// Everything that is in an image with this program. There are no certificates of public authorities:
/// the broker trusts its bundle only. Names of hosts come from where it runs.
pub(super) fn entries(program: &[u8]) -> Vec<Entry> {
    let passwd = format!("nonroot:x:{USER}:{USER}:nonroot:/:/nonexistent\n");
    let group = format!("nonroot:x:{USER}:\n");
    let folder = Entry { is_dir: true, ..Entry::file("etc/", 0o755, b"") };
    vec![
        folder,
        Entry::file("etc/group", 0o444, group.as_bytes()),
        Entry::file("etc/passwd", 0o444, passwd.as_bytes()),
        Entry::file(NAME, 0o555, program),
    ]
}

/// The archive with this program.
pub(super) fn of(program: &[u8]) -> Result<Vec<u8>> {
    let mut archive = Builder::new(Vec::new());
    for entry in entries(program) {
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
pub(super) fn compress(archive: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzBuilder::new().mtime(0).read(archive, Compression::best());
    let mut out = Vec::new();
    encoder.read_to_end(&mut out).context("cannot compress the layer")?;
    Ok(out)
}

/// The archive that was stored.
pub(super) fn expand(stored: &[u8]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    GzDecoder::new(stored).read_to_end(&mut out).context("cannot expand the layer")?;
    Ok(out)
}

/// What is in an archive.
pub(super) fn read(archive: &[u8]) -> Result<Vec<Entry>> {
    let mut archive = Archive::new(archive);
    let entry = |entry: std::io::Result<tar::Entry<'_, &[u8]>>| {
        let mut entry = entry?;
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes)?;
        let header = entry.header();
        let kind = header.entry_type();
        anyhow::ensure!(kind.is_dir() || kind.is_file(), "a link or a device in the layer");
        let owner = (header.uid()?, header.gid()?);
        let (is_dir, mode) = (kind.is_dir(), header.mode()?);
        let path = entry.path()?.to_string_lossy().into_owned();
        Ok(Entry { path, is_dir, mode, owner, bytes })
    };
    archive.entries().context("not an archive")?.map(entry).collect()
}
