//! Files that are whole or not there, also after a crash.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Error;

/// How often, and after which pauses, a lock is tried.
const LOCK_TRIES: u32 = 50;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// Replaces a file; returns when file and name are on the disk.
pub fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let parent = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(Error::file(parent))?;
    let new = unfinished(path);
    let mut file = File::create(&new).map_err(Error::file(&new))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(Error::file(&new))?;
    fs::rename(&new, path).map_err(Error::file(path))?;
    let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    File::open(parent).and_then(|dir| dir.sync_all()).map_err(Error::file(parent))
}

/// Writes a file that never changes: one that is there has to be the same.
pub(crate) fn write_once(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    match read_optional(path)? {
        Some(known) if known == bytes => Ok(()),
        Some(_) => Err(Error::Changed(path.into())),
        None => write_durably(path, bytes),
    }
}

/// Creates a file that only its owner may read; one that is there is left alone.
pub(crate) fn write_secret(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(Error::file(path))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(Error::file(path))
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(Error::file(path))
}

/// A file, or `None` if there is none.
pub(crate) fn read_optional(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::file(path)(error)),
    }
}

/// Keeps other processes out of a folder for as long as the file lives. One that has just ended,
/// or a child of it that has not begun yet, may hold it for a moment.
pub(crate) fn lock(dir: &Path) -> Result<File, Error> {
    let path = dir.join("lock");
    let file = File::create(&path).map_err(Error::file(&path))?;
    for _ in 0..LOCK_TRIES {
        if file.try_lock().is_ok() {
            return Ok(file);
        }
        std::thread::sleep(LOCK_PAUSE);
    }
    Err(Error::Locked(dir.into()))
}

fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    PathBuf::from(name)
}
