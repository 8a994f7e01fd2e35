//! The enclave's own screens, operated as a person would.

use anyhow::Result;
use fantoccini::Client;

use crate::page::{Page as _, SOON, eventually};

/// A passphrase long enough for the enclave.
pub(crate) const PASSPHRASE: &str = "correct horse battery staple";

/// A person in front of the enclave's frame. The embedding page is the current one before and
/// after every call.
pub(crate) struct VaultUi<'a>(pub &'a Client);

impl VaultUi<'_> {
    /// Chooses a passphrase on the setup screen.
    pub(crate) async fn set_up(&self, passphrase: &str) -> Result<()> {
        self.0.enter_enclave().await?;
        self.0.fill("#passphrase", passphrase).await?;
        self.0.fill("#confirm", passphrase).await?;
        self.0.press("#submit").await?;
        self.0.leave_frame().await
    }

    /// Types a passphrase on the unlock screen.
    pub(crate) async fn unlock(&self, passphrase: &str) -> Result<()> {
        self.0.enter_enclave().await?;
        self.0.fill("#passphrase", passphrase).await?;
        self.0.press("#submit").await?;
        self.0.leave_frame().await
    }

    /// Waits until the screen says that something is wrong, and returns what.
    pub(crate) async fn problem(&self) -> Result<String> {
        self.0.enter_enclave().await?;
        let mut text = String::new();
        eventually(SOON, async || {
            text = self.0.read("#problem").await?;
            Ok(!text.is_empty())
        })
        .await?;
        self.0.leave_frame().await?;
        Ok(text)
    }

    /// Sends the screen away.
    pub(crate) async fn cancel(&self) -> Result<()> {
        self.0.enter_enclave().await?;
        self.0.press("#cancel").await?;
        self.0.leave_frame().await
    }
}
