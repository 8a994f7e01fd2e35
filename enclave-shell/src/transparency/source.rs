//! Where the files of a log are read from: a folder, or a web server.

use std::path::{Path, PathBuf};

use super::{Error, files};
use crate::verify::{Client, VerifyOptions, split};

/// No file of a log is larger: a bundle of 256 entries.
const MAX_FILE: u64 = 256 * (2 + 65_535);

/// The files of a log.
pub trait Source {
    /// A file by its path in the log; `None` if there is none.
    fn get(&self, path: &str) -> Result<Option<Vec<u8>>, Error>;
}

/// A log in a folder.
#[derive(Debug, Clone)]
pub struct DirSource(PathBuf);

impl DirSource {
    /// The log in this folder.
    #[must_use]
    pub fn new(dir: &Path) -> Self {
        Self(dir.to_owned())
    }
}

impl Source for DirSource {
    fn get(&self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        files::read_optional(&self.0.join(path))
    }
}

/// A log on a web server.
pub struct HttpSource {
    client: Client,
    url: String,
    prefix: String,
}

impl HttpSource {
    /// The log below this address.
    pub fn new(url: &str, options: &VerifyOptions) -> Result<Self, Error> {
        let wrong = |problem: String| Error::Network { what: url.to_owned(), problem };
        let (origin, path) = split(url).map_err(|error| wrong(error.to_string()))?;
        let client = Client::new(&origin, options).map_err(|error| wrong(error.to_string()))?;
        let prefix = path.trim_end_matches('/').to_owned();
        Ok(Self { client, url: url.to_owned(), prefix })
    }
}

impl Source for HttpSource {
    fn get(&self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        let wrong = |problem| Error::Network { what: self.url.clone(), problem };
        let path = format!("{}/{path}", self.prefix);
        let reply = self.client.fetch(&path, MAX_FILE, &[]).map_err(wrong)?;
        match reply.status {
            200 => Ok(Some(reply.body)),
            404 => Ok(None),
            status => Err(wrong(format!("{path}: answered with status {status}"))),
        }
    }
}
