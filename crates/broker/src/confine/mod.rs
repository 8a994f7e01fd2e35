//! What the program may still do once it serves, whoever speaks through it by then: not be root, gain no
//! rights, reach only the files and ports that it needs, and make only the system calls that it makes.
//!
//! All of it is of a thread and of those that it starts: it comes before there is a second one.

#[cfg(target_os = "linux")]
mod calls;
#[cfg(target_os = "linux")]
mod paths;
#[cfg(target_os = "linux")]
mod rights;

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::config::Config;
use crate::tls::Files;

/// What serving needs.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    /// Files to read.
    pub files: Vec<PathBuf>,
    /// Folders to read in: what watched files are replaced in is their folder.
    pub folders: BTreeSet<PathBuf>,
    /// The folder to write in.
    pub state: PathBuf,
    /// The port to listen at; 0 is any.
    pub listen: u16,
    /// Ports to connect to.
    pub connect: BTreeSet<u16>,
    /// Whether to connect to a socket of this machine.
    pub local: bool,
}

/// What the kernel does of it. A system that lacks a part says so, and the rest holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confined {
    /// Files and ports.
    pub paths: Extent,
    /// System calls.
    pub calls: Extent,
}

/// How much of a rule is enforced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    Full,
    /// What an older kernel knows.
    Part,
    /// Nothing: the kernel does not have it.
    None,
}

impl Needs {
    /// What a broker with this configuration needs.
    pub fn new(
        config: &Config,
        (json, state): (&Path, &Path),
        files: Option<&Files>,
        listen: u16,
    ) -> Result<Self, Error> {
        let folder = |file: &PathBuf| match file.parent() {
            Some(folder) if folder.as_os_str().is_empty() => PathBuf::from("."),
            Some(folder) => folder.to_owned(),
            None => file.clone(),
        };
        Ok(Self {
            files: vec![json.to_owned()],
            folders: files.into_iter().flat_map(Files::each).map(folder).collect(),
            state: state.to_owned(),
            listen,
            connect: config.egress_ports()?,
            local: files.is_none(),
        })
    }
}

/// Refuses to go on as root, who would be stopped by less.
pub fn refuse_root() -> Result<(), Error> {
    let (real, effective) = (rustix::process::getuid(), rustix::process::geteuid());
    if real.is_root() || effective.is_root() {
        return Err(Error::Confine("not as root (uid 0)".into()));
    }
    Ok(())
}

/// Gives up what is not needed, for good.
#[cfg(target_os = "linux")]
pub fn confine(needs: &Needs) -> Result<Confined, Error> {
    rights::drop_all()?;
    // The filter comes last: it refuses the calls that set up the rest.
    let paths = paths::restrict(needs)?;
    Ok(Confined { paths, calls: calls::restrict(needs)? })
}

/// Other systems have none of it.
#[cfg(not(target_os = "linux"))]
pub fn confine(_: &Needs) -> Result<Confined, Error> {
    Ok(Confined { paths: Extent::None, calls: Extent::None })
}

impl fmt::Display for Confined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "files and ports: {}, system calls: {}", self.paths, self.calls)
    }
}

impl fmt::Display for Extent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "confined",
            Self::Part => "confined in part, by an older kernel",
            Self::None => "NOT confined, the kernel cannot",
        })
    }
}

#[cfg(target_os = "linux")]
fn failed(error: impl fmt::Display) -> Error {
    Error::Confine(error.to_string())
}
