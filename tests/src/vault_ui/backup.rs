//! Backups: made, saved, tried out, restored.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result};
use fantoccini::Locator;

use super::{VaultUi, Way};
use crate::{
    driver::Browser,
    page::{Page as _, SOON, eventually},
};

/// A screen takes no press before it has been up this long.
const NO_PRESS: Duration = Duration::from_millis(600);

impl VaultUi<'_> {
    /// Goes through the screens of a backup that its own passphrase opens, or the enrolled phrase
    /// if none is given, and waits for the file.
    pub(crate) async fn back_up(
        &self,
        browser: &Browser,
        fresh: Way<'_>,
        passphrase: Option<&str>,
    ) -> Result<PathBuf> {
        self.ask_for_backup(fresh, passphrase).await?;
        self.save(browser).await
    }

    /// Asks for a backup, without waiting for it.
    pub(crate) async fn ask_for_backup(
        &self,
        fresh: Way<'_>,
        passphrase: Option<&str>,
    ) -> Result<()> {
        self.open(fresh).await?;
        self.enter("backup").await?;
        self.encrypt_to(passphrase).await?;
        self.0.leave_frame().await
    }

    /// Fills the screen that asks what opens the backup, inside the frame.
    async fn encrypt_to(&self, passphrase: Option<&str>) -> Result<()> {
        let Some(passphrase) = passphrase else { return self.0.press("#submit").await };
        let ticked = "return document.querySelector('#with-passphrase').checked;";
        if self.0.eval(ticked, &[]).await? == false {
            self.0.press("#with-passphrase").await?;
        }
        self.choose_passphrase(passphrase).await
    }

    /// Saves the file that waits, and says so.
    pub(crate) async fn save(&self, browser: &Browser) -> Result<PathBuf> {
        let file = self.save_on("backup_ready", browser, "age").await?;
        self.press_on("backup_ready", "#submit").await?;
        Ok(file)
    }

    /// Saves the file of a screen; its name ends in this.
    pub(crate) async fn save_on(
        &self,
        screen: &str,
        browser: &Browser,
        end: &str,
    ) -> Result<PathBuf> {
        self.enter(screen).await?;
        self.0.visible("#save[href]").await?;
        // A link has no look of its own for the time in which no press counts.
        tokio::time::sleep(NO_PRESS).await;
        self.0.press("#save").await?;
        self.0.leave_frame().await?;
        saved(browser, end).await
    }

    /// Chooses a file and gives what should open it, on the screen of a restore or a drill.
    pub(crate) async fn offer_backup(&self, file: &Path, way: Way<'_>) -> Result<()> {
        self.enter("restore").await?;
        let path = file.to_str().context("no UTF-8")?;
        self.0.find(Locator::Css("#file")).await?.send_keys(path).await?;
        let kind = if matches!(way, Way::Phrase(_)) { "#by-phrase" } else { "#by-passphrase" };
        self.0.press(kind).await?;
        self.give(way).await?;
        self.0.leave_frame().await
    }

    /// Restores a backup: file, what opens it, consent.
    pub(crate) async fn restore(&self, file: &Path, way: Way<'_>) -> Result<()> {
        self.offer_backup(file, way).await?;
        self.press_on("confirm_restore", "#submit").await
    }
}

/// The file that was saved, once all of it is there. It is put aside, since the next one of the
/// same name might replace it.
async fn saved(browser: &Browser, end: &str) -> Result<PathBuf> {
    let mut found = None;
    eventually(SOON, async || {
        // Engines write to a file of another name, or to an empty place holder, until it is done.
        let is_file = |path: &PathBuf| path.extension().is_some_and(|known| known == end);
        found = browser.downloads()?.into_iter().find(is_file);
        let Some(path) = &found else { return Ok(false) };
        let beside = path.with_added_extension("part").exists();
        Ok(!beside && fs::metadata(path)?.len() > 0)
    })
    .await
    .context("no file was saved")?;
    browser.put_aside(&found.context("no file")?)
}
