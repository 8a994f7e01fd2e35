//! The enclave's own screens, operated as a person would.

use anyhow::{Context as _, Result, ensure};
use fantoccini::Client;
use serde_json::{Value, json};

use crate::page::{Page as _, SOON, eventually};

mod backup;
mod manage;
mod scripted;

/// A passphrase long enough for the enclave.
pub(crate) const PASSPHRASE: &str = "correct horse battery staple";

/// What a person opens a vault or a backup with.
#[derive(Clone, Copy)]
pub(crate) enum Way<'a> {
    /// Typing it.
    Passphrase(&'a str),
    /// Pasting all words at once.
    Phrase(&'a str),
    /// Agreeing to the browser's prompt.
    Passkey,
}

impl Way<'_> {
    /// Name of its kind on the screens.
    fn kind(self) -> &'static str {
        match self {
            Way::Passphrase(_) => "Passphrase",
            Way::Phrase(_) => "Recovery phrase",
            Way::Passkey => "Passkey",
        }
    }
}

/// A person in front of the enclave's frame. The embedding page is the current one before and
/// after every call.
pub(crate) struct VaultUi<'a>(pub &'a Client);

impl VaultUi<'_> {
    /// Chooses a passphrase on the setup screen.
    pub(crate) async fn set_up(&self, passphrase: &str) -> Result<()> {
        self.enter("setup").await?;
        self.0.press("#use-passphrase").await?;
        self.choose_passphrase(passphrase).await?;
        self.0.leave_frame().await
    }

    /// Types two passphrases that are not the same, and goes on.
    pub(crate) async fn type_differing(&self, passphrase: &str) -> Result<()> {
        self.enter("setup").await?;
        self.0.fill("#passphrase", passphrase).await?;
        self.0.fill("#confirm", "something else").await?;
        self.0.press("#submit").await?;
        self.0.leave_frame().await
    }

    /// Chooses a passkey on the setup screen and agrees to the browser's prompts.
    pub(crate) async fn set_up_passkey(&self) -> Result<()> {
        self.enter("setup").await?;
        self.0.press("#use-passkey").await?;
        self.0.press("#submit").await?;
        self.0.leave_frame().await
    }

    /// Chooses a passkey that exists already.
    pub(crate) async fn set_up_with_existing_passkey(&self) -> Result<()> {
        self.enter("setup").await?;
        self.0.press("#use-passkey").await?;
        // Where none can be created it is the only thing to do.
        let beside = "return document.querySelector('#have-passkey') !== null;";
        let other = self.0.eval(beside, &[]).await? == true;
        self.0.press(if other { "#have-passkey" } else { "#submit" }).await?;
        self.0.leave_frame().await
    }

    /// Chooses a recovery phrase on the setup screen, writes it down and proves it.
    pub(crate) async fn set_up_phrase(&self) -> Result<String> {
        self.enter("setup").await?;
        self.0.press("#use-phrase").await?;
        self.0.leave_frame().await?;
        let words = self.write_down().await?;
        self.confirm_words(&words).await?;
        Ok(words)
    }

    /// Reads the words of a new recovery phrase and goes on.
    pub(crate) async fn write_down(&self) -> Result<String> {
        self.enter("phrase").await?;
        let words = self.words().await?;
        self.0.press("#submit").await?;
        self.0.leave_frame().await?;
        Ok(words)
    }

    /// Reads the words of a new recovery phrase and goes no further.
    pub(crate) async fn shown_words(&self) -> Result<String> {
        self.enter("phrase").await?;
        let words = self.words().await?;
        self.0.leave_frame().await?;
        Ok(words)
    }

    /// The words on the screen, inside the frame: 24 in one list, each behind its number.
    async fn words(&self) -> Result<String> {
        let rows: Vec<String> = serde_json::from_value(self.0.eval(ROWS, &[]).await?)?;
        ensure!(rows.len() == 24, "{} numbered words", rows.len());
        let numbered = rows.iter().zip(1..).map(|(row, number)| {
            let word = row.strip_prefix(&format!("{number} "));
            word.with_context(|| format!("word {number} is not where it should be"))
        });
        Ok(numbered.collect::<Result<Vec<_>>>()?.join(" "))
    }

    /// Types the words of the phrase that are asked for.
    pub(crate) async fn confirm_words(&self, phrase: &str) -> Result<()> {
        self.enter("confirm_phrase").await?;
        let words: Vec<_> = phrase.split(' ').collect();
        for position in self.asked_words().await? {
            let word = words.get(position - 1).context("no such word")?;
            self.0.fill(&format!("#word-{position}"), word).await?;
        }
        self.0.press("#submit").await?;
        self.0.leave_frame().await
    }

    async fn asked_words(&self) -> Result<Vec<usize>> {
        let script = "return [...document.querySelectorAll('input[id^=word-]')]\
             .map((field) => Number(field.id.slice(5)));";
        Ok(serde_json::from_value(self.0.eval(script, &[]).await?)?)
    }

    /// Types a passphrase on the unlock screen.
    pub(crate) async fn unlock(&self, passphrase: &str) -> Result<()> {
        self.open(Way::Passphrase(passphrase)).await
    }

    /// Opens the vault on the unlock screen, in the way that is given; of two of a kind the one
    /// that is offered first.
    pub(crate) async fn open(&self, way: Way<'_>) -> Result<()> {
        self.enter("unlock").await?;
        let other = self.0.eval(CHOICE_OF_KIND, &[json!(way.kind())]).await?;
        if let Some(id) = other.as_str() {
            self.0.press(&format!("#{id}")).await?;
        }
        self.give(way).await?;
        self.0.leave_frame().await
    }

    /// As [`Self::open`], with the enrolment of the given id.
    pub(crate) async fn open_with(&self, enrolment: &str, way: Way<'_>) -> Result<()> {
        self.enter("unlock").await?;
        // The one that is shown has no button of its own.
        let choice = format!("[id='use-{enrolment}']");
        let script = "return document.querySelector($0) !== null;";
        if self.0.eval(script, &[json!(choice)]).await? == true {
            self.0.press(&choice).await?;
        }
        self.give(way).await?;
        self.0.leave_frame().await
    }

    /// Fills the fields of the current screen and sends them, inside the frame.
    async fn give(&self, way: Way<'_>) -> Result<()> {
        match way {
            Way::Passphrase(text) => self.0.fill("#passphrase", text).await?,
            Way::Phrase(words) => self.0.fill("#phrase", words).await?,
            Way::Passkey => {}
        }
        self.0.press("#submit").await
    }

    /// Types a phrase word by word on the unlock screen.
    pub(crate) async fn open_word_by_word(&self, phrase: &str) -> Result<()> {
        self.enter("unlock").await?;
        self.0.press("#phrase-mode").await?;
        for (word, position) in phrase.split(' ').zip(1..) {
            self.0.fill(&format!("#word-{position}"), word).await?;
        }
        self.0.press("#submit").await?;
        self.0.leave_frame().await
    }

    /// Fills both fields of a new passphrase and goes on, inside the frame.
    async fn choose_passphrase(&self, passphrase: &str) -> Result<()> {
        self.0.fill("#passphrase", passphrase).await?;
        self.0.fill("#confirm", passphrase).await?;
        self.0.press("#submit").await
    }

    /// Waits until a screen says that something is wrong, and returns what.
    pub(crate) async fn problem(&self) -> Result<String> {
        self.0.enter_enclave().await?;
        let mut text = Value::Null;
        let script = "return document.querySelector('main:not(.busy) #problem:not(:empty)')\
             ?.textContent.trim() ?? null;";
        eventually(SOON, async || {
            text = self.0.eval(script, &[]).await?;
            Ok(text.is_string())
        })
        .await
        .context("the screen complains of nothing")?;
        self.0.leave_frame().await?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until a screen says that this is wrong.
    pub(crate) async fn complains(&self, part: &str) -> Result<()> {
        let problem = self.problem().await?;
        ensure!(problem.contains(part), "{part:?} was expected, not {problem:?}");
        Ok(())
    }

    /// Sends the screen away.
    pub(crate) async fn cancel(&self) -> Result<()> {
        self.0.enter_enclave().await?;
        self.0.press("#cancel").await?;
        self.0.leave_frame().await
    }

    /// Waits until the frame shows a screen that takes input.
    pub(crate) async fn shows(&self, screen: &str) -> Result<()> {
        self.enter(screen).await?;
        self.0.leave_frame().await
    }

    /// Makes the frame the current one as soon as it shows a screen that takes input.
    async fn enter(&self, screen: &str) -> Result<()> {
        self.0.enter_enclave().await?;
        let mut shown = Value::Null;
        eventually(SOON, async || {
            shown = self.0.eval(SCREEN, &[]).await?;
            Ok(shown == screen)
        })
        .await
        .with_context(|| format!("the screen is {shown}, not {screen}"))
    }
}

/// The screen in the frame, unless it is busy.
const SCREEN: &str = "
    const busy = document.querySelector('.busy') !== null;
    return busy ? 'busy' : document.documentElement.dataset.screen;";

/// What a person reads of the words of a recovery phrase, row by row.
const ROWS: &str = "
    const shown = [...document.querySelectorAll('ol.words > *')].filter((row) =>
        row.matches('li') && row.checkVisibility() && row.getBoundingClientRect().height > 0);
    return shown.map((row) => row.textContent.trim());";

/// The button of the first other way to unlock that is of the kind, unless such a way is shown.
const CHOICE_OF_KIND: &str = "
    const shown = document.querySelector('#passphrase') ? 'Passphrase'
        : document.querySelector('#phrase') ? 'Recovery phrase' : 'Passkey';
    if (shown === $0) return null;
    const choices = [...document.querySelectorAll('.choices button')];
    return choices.find((choice) => choice.querySelector('strong').textContent === $0)?.id ?? null;";
