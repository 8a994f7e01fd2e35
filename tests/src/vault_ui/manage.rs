//! The management page.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::{VaultUi, Way};
use crate::page::{Page as _, SOON, eventually};

impl VaultUi<'_> {
    /// Adds a passphrase on the management page.
    pub(crate) async fn add_passphrase(&self, fresh: Way<'_>, passphrase: &str) -> Result<()> {
        self.press_on("manage", "#add-passphrase").await?;
        self.open(fresh).await?;
        self.choose(passphrase).await?;
        self.shows("manage").await
    }

    /// Fills the screen for another passphrase.
    pub(crate) async fn choose(&self, passphrase: &str) -> Result<()> {
        self.enter("add_passphrase").await?;
        self.choose_passphrase(passphrase).await?;
        self.0.leave_frame().await
    }

    /// Adds a recovery phrase on the management page.
    pub(crate) async fn add_phrase(&self, fresh: Way<'_>) -> Result<String> {
        self.press_on("manage", "#add-recovery-phrase").await?;
        self.open(fresh).await?;
        let words = self.write_down().await?;
        self.confirm_words(&words).await?;
        self.shows("manage").await?;
        Ok(words)
    }

    /// Adds a passkey on the management page.
    pub(crate) async fn add_passkey(&self, fresh: Way<'_>) -> Result<()> {
        self.press_on("manage", "#add-passkey").await?;
        self.open(fresh).await?;
        self.press_on("add_passkey", "#submit").await?;
        self.shows("manage").await
    }

    /// Gives an enrolment another name.
    pub(crate) async fn rename(&self, id: &str, label: &str, fresh: Way<'_>) -> Result<()> {
        self.press_on("manage", &format!("[id='rename-{id}']")).await?;
        self.name("manage", label).await?;
        self.open(fresh).await?;
        self.shows("manage").await
    }

    /// Types another name for what is being renamed, and saves it.
    pub(crate) async fn name(&self, screen: &str, label: &str) -> Result<()> {
        self.enter(screen).await?;
        self.0.fill("#label", label).await?;
        self.0.press("#save-label").await?;
        self.0.leave_frame().await
    }

    /// Takes an enrolment away.
    pub(crate) async fn remove(&self, id: &str, fresh: Way<'_>) -> Result<()> {
        self.enter("manage").await?;
        self.0.press(&format!("[id='remove-{id}']")).await?;
        self.0.press("#remove").await?;
        self.0.leave_frame().await?;
        self.open(fresh).await?;
        self.shows("manage").await
    }

    /// Chooses another time without input after which the vault locks.
    pub(crate) async fn lock_after(&self, idle_minutes: u64, fresh: Way<'_>) -> Result<()> {
        self.enter("manage").await?;
        let option = format!("#idle option[value='{}']", idle_minutes * 60_000);
        self.0.press(&option).await?;
        self.0.press("#save-times").await?;
        self.0.leave_frame().await?;
        self.open(fresh).await?;
        self.shows("manage").await
    }

    /// The ids of the enrolments that offer to be removed.
    pub(crate) async fn removable(&self) -> Result<Vec<String>> {
        self.enter("manage").await?;
        let script = "return [...document.querySelectorAll('[id^=remove-]')]\
             .map((button) => button.id.slice(7));";
        let ids = serde_json::from_value(self.0.eval(script, &[]).await?)?;
        self.0.leave_frame().await?;
        Ok(ids)
    }

    /// Deletes the vault, from the first screen of `vault.reset` on.
    pub(crate) async fn reset(&self, fresh: Way<'_>) -> Result<()> {
        self.open(fresh).await?;
        self.confirm_reset().await
    }

    /// Types the word that deletes the vault.
    pub(crate) async fn confirm_reset(&self) -> Result<()> {
        self.enter("reset").await?;
        self.0.fill("#delete-word", "DELETE").await?;
        self.0.press("#submit").await?;
        self.0.leave_frame().await
    }

    /// Presses something on a screen, once it is there.
    pub(crate) async fn press_on(&self, screen: &str, css: &str) -> Result<()> {
        self.enter(screen).await?;
        self.0.press(css).await.with_context(|| format!("on {screen}"))?;
        self.0.leave_frame().await
    }

    /// Chooses a value of a list on a screen, once it takes input: by typing what it is called. A press
    /// on it would be one of a script in Chromium, whose driver makes it up.
    pub(crate) async fn select_on(&self, screen: &str, list: &str, value: &str) -> Result<()> {
        self.has(screen, &format!("{list}:enabled")).await?;
        let name = self.text_of(screen, &format!("{list} option[value='{value}']")).await?;
        self.enter(screen).await?;
        self.0.visible(list).await?.send_keys(&name).await?;
        self.0.leave_frame().await
    }

    /// The value of a field on a screen, once it passes.
    pub(crate) async fn value_on(
        &self,
        screen: &str,
        css: &str,
        passes: impl Fn(&str) -> bool,
    ) -> Result<String> {
        self.enter(screen).await?;
        let mut value = String::new();
        let script = "return document.querySelector($0)?.value ?? '';";
        eventually(SOON, async || {
            let found = self.0.eval(script, &[json!(css)]).await?;
            found.as_str().unwrap_or_default().clone_into(&mut value);
            Ok(passes(&value))
        })
        .await
        .with_context(|| format!("{css} on {screen}: {value}"))?;
        self.0.leave_frame().await?;
        Ok(value)
    }

    /// Waits until a screen has an element.
    pub(crate) async fn has(&self, screen: &str, css: &str) -> Result<()> {
        self.enter(screen).await?;
        let script = "return document.querySelector($0) !== null;";
        eventually(SOON, async || Ok(self.0.eval(script, &[json!(css)]).await? == true))
            .await
            .with_context(|| format!("{css} on {screen}"))?;
        self.0.leave_frame().await
    }

    /// Scrolls to an element of a screen.
    pub(crate) async fn scroll_to(&self, screen: &str, css: &str) -> Result<()> {
        self.enter(screen).await?;
        let script = "document.querySelector($0).scrollIntoView({ behavior: 'instant' });";
        self.0.eval(script, &[json!(css)]).await?;
        self.0.leave_frame().await
    }

    /// Waits until the answer was taken and the next screen is there, or it was complained about.
    pub(crate) async fn complains_before(&self, next: &str) -> Result<bool> {
        self.0.enter_enclave().await?;
        let mut shown = Value::Null;
        let script = "if (document.querySelector('.busy')) return null;\
             if (document.documentElement.dataset.screen === $0) return false;\
             return document.querySelector('#problem:not(:empty)') ? true : null;";
        eventually(SOON, async || {
            shown = self.0.eval(script, &[json!(next)]).await?;
            Ok(shown.is_boolean())
        })
        .await?;
        self.0.leave_frame().await?;
        Ok(shown == true)
    }

    /// What stands in an element of a screen.
    pub(crate) async fn text_of(&self, screen: &str, css: &str) -> Result<String> {
        self.enter(screen).await?;
        let text = self.0.read(css).await.with_context(|| format!("on {screen}"))?;
        self.0.leave_frame().await?;
        Ok(text)
    }

    /// The site that a screen names.
    pub(crate) async fn site(&self, screen: &str) -> Result<String> {
        self.text_of(screen, "#site").await
    }

    /// Checks that a screen takes no answer yet, because of earlier ones that were wrong.
    pub(crate) async fn waits(&self, screen: &str) -> Result<()> {
        self.enter(screen).await?;
        let mut shown = Value::Null;
        let script = "return [document.querySelector('#submit').disabled,\
             document.querySelector('#problem').textContent];";
        // A screen that was just drawn takes no answer either, but says nothing.
        eventually(SOON, async || {
            shown = self.0.eval(script, &[json!(null)]).await?;
            Ok(shown[1].as_str().is_some_and(|text| !text.is_empty()))
        })
        .await
        .context("no waiting time is told")?;
        ensure!(shown[0] == true, "an answer is taken: {shown}");
        ensure!(shown[1].as_str().is_some_and(|text| text.contains("Try again in")), "{shown}");
        self.0.leave_frame().await
    }
}
