//! A disk that is soon full.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Result, ensure};

use crate::{engine::PROFILE, scenario::Missing};

/// A file system in memory under a browser's profile; given back when dropped.
#[derive(Debug)]
pub(crate) struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Needs the right to mount, which a build container has and a person usually has not.
    pub(crate) fn mount(directory: &Path) -> Result<Self> {
        let profile = directory.join(PROFILE);
        fs::create_dir_all(&profile)?;
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=64m", "tmpfs"])
            .arg(&profile)
            .stderr(Stdio::null())
            .status();
        ensure!(
            mounted.is_ok_and(|status| status.success()),
            Missing("no right to mount a small disk for the profile")
        );
        Ok(Self(profile))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the browser may outlive its driver by a moment.
        let _ = Command::new("umount").arg("-l").arg(&self.0).stderr(Stdio::null()).status();
    }
}
