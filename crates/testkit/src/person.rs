//! What a person does in the sheet.

use std::future::poll_fn;
use std::task::Poll;

use futures_util::future::join;
use kms_crypto::SecretVec;
use kms_protocol::{EnrolmentId, EnrolmentKind, ErrorCode, KeyId, Label, Value};
use kms_vault::{Action, Approval, Assertion, Factor, UiCommand, UiEvent, UiScreen, View};
use pollster::block_on;

use crate::FakePasskey;
use crate::tab::{Code, Tab, outcome, signature};

/// A passphrase.
#[must_use]
pub fn passphrase(text: &str) -> Factor {
    Factor::Passphrase(SecretVec::copy_of(text.as_bytes()))
}

/// The words of a recovery phrase.
#[must_use]
pub fn phrase(words: &str) -> Factor {
    Factor::Phrase(SecretVec::copy_of(words.as_bytes()))
}

/// A passphrase for something new.
#[must_use]
pub fn submit(text: &str) -> UiEvent {
    new(passphrase(text))
}

/// A factor for something new, or for a backup.
#[must_use]
pub fn new(factor: Factor) -> UiEvent {
    UiEvent::Factor { enrolment: None, factor }
}

/// A factor for an enrolment.
///
/// # Panics
/// If the id is none.
#[must_use]
#[allow(clippy::unwrap_used)]
pub fn of(enrolment: &str, factor: Factor) -> UiEvent {
    UiEvent::Factor { enrolment: Some(id(enrolment)), factor }
}

/// An enrolment id.
///
/// # Panics
/// If the text is none.
#[must_use]
#[allow(clippy::unwrap_used)]
pub fn id(enrolment: &str) -> EnrolmentId {
    EnrolmentId::new(enrolment).unwrap()
}

/// Renames an enrolment.
///
/// # Panics
/// If the label is none.
#[must_use]
#[allow(clippy::unwrap_used)]
pub fn rename(enrolment: &str, label: &str) -> UiEvent {
    UiEvent::Action(Action::Rename(id(enrolment), Label::new(label).unwrap()))
}

/// Encrypts a backup.
#[must_use]
pub fn encrypt(to_phrase: bool, passphrase: Option<&str>) -> UiEvent {
    let passphrase = passphrase.map(|text| SecretVec::copy_of(text.as_bytes()));
    UiEvent::Backup { phrase: to_phrase, passphrase }
}

impl Tab {
    /// Opens the page of a key, which must be on the first page of the list.
    ///
    /// # Panics
    /// If the id is none.
    #[allow(clippy::unwrap_used)]
    pub fn with_key(&self, key_id: &str, person: impl AsyncFnOnce(&Self)) -> Result<Value, Code> {
        self.ask_person("keys.manage", async |tab| {
            tab.does(UiEvent::OpenKey(KeyId::new(key_id).unwrap())).await;
            person(tab).await;
        })
    }

    /// Calls a method that asks the person, who does this and then closes the sheet.
    pub fn ask(&self, method: &str, events: Vec<UiEvent>) -> Result<Value, Code> {
        self.ask_person(method, async |tab| {
            for event in events {
                tab.does(event).await;
            }
        })
    }

    /// The same for a person who looks at the screen.
    pub fn ask_person(&self, method: &str, person: impl AsyncFnOnce(&Self)) -> Result<Value, Code> {
        self.ask_with(method, Value::Map(Vec::new()), person)
    }

    /// The same for a method with parameters.
    pub fn ask_with(
        &self,
        method: &str,
        params: Value,
        person: impl AsyncFnOnce(&Self),
    ) -> Result<Value, Code> {
        let request = self.request(method, params);
        let person = async {
            turns().await;
            person(self).await;
            self.does(UiEvent::Cancel).await;
        };
        let (reply, ()) = block_on(join(self.enclave.handle(self.session, request), person));
        outcome(reply)
    }

    /// One event, on the screen that was shown last.
    pub async fn does(&self, event: UiEvent) {
        self.enclave.handle_ui(self.outbox.view(), event).await;
    }

    /// Looks at the last screen that was shown.
    pub fn look<T>(&self, look: impl FnOnce(&View) -> T) -> Option<T> {
        let mut look = Some(look);
        self.outbox.find(|command| match command {
            UiCommand::Show(view) => look.take().map(|look| look(view)),
            _ => None,
        })
    }

    /// Name of the screen that is shown; `hidden` if none is.
    #[must_use]
    pub fn screen(&self) -> &'static str {
        let last = self.outbox.find(|command| match command {
            UiCommand::Show(view) => Some(name(&view.screen)),
            UiCommand::Hide => Some("hidden"),
            _ => None,
        });
        last.unwrap_or("hidden")
    }

    /// What was wrong, as the last screen says.
    #[must_use]
    pub fn problem(&self) -> Option<ErrorCode> {
        self.look(|view| view.problem).flatten()
    }

    /// Everything that was wrong so far; it is forgotten.
    #[must_use]
    pub fn problems(&self) -> Vec<ErrorCode> {
        let commands = self.outbox.take_commands().into_iter();
        let shown = commands.filter_map(|command| match command {
            UiCommand::Show(view) => view.problem,
            _ => None,
        });
        shown.collect()
    }

    /// The words of the recovery phrase that was shown last.
    #[must_use]
    pub fn words(&self) -> String {
        let words = self.outbox.find(|command| match command {
            UiCommand::Show(View { screen: UiScreen::Phrase(words), .. }) => {
                Some(String::from_utf8_lossy(words.expose()).into_owned())
            }
            _ => None,
        });
        words.unwrap_or_default()
    }

    /// The asked words of the shown recovery phrase.
    #[must_use]
    pub fn asked_words(&self) -> UiEvent {
        let positions = self.look(|view| match view.screen {
            UiScreen::ConfirmPhrase(positions) => positions,
            _ => [1; 3],
        });
        let words = self.words();
        let at = |n: u8| words.split(' ').nth(usize::from(n) - 1).unwrap_or_default();
        let asked: Vec<_> = positions.unwrap_or([1; 3]).into_iter().map(at).collect();
        UiEvent::Words(SecretVec::copy_of(asked.join(" ").as_bytes()))
    }

    /// PRF input of the passkey that the last screen asks for.
    #[must_use]
    pub fn new_salt(&self) -> [u8; 32] {
        let salt = self.look(|view| match &view.screen {
            UiScreen::Setup(passkey) | UiScreen::AddPasskey(passkey) => passkey.salt,
            _ => [0; 32],
        });
        salt.unwrap_or_default()
    }

    /// The answer of an enrolled passkey, for the enrolment it belongs to.
    #[must_use]
    pub fn enrolled(&self, passkey: &FakePasskey) -> UiEvent {
        let own = self.look(|view| match &view.screen {
            UiScreen::Unlock { ceremony, .. } => {
                let mut known = ceremony.passkeys.iter();
                known.find(|known| known.credential == passkey.credential).cloned()
            }
            _ => None,
        });
        match own.flatten() {
            Some(own) => {
                let factor = passkey.answer(&own.salt);
                UiEvent::Factor { enrolment: Some(own.enrolment), factor }
            }
            None => new(passkey.answer(&[0; 32])),
        }
    }

    /// What the person is asked to approve; a screen that lists nothing if it is something else.
    #[must_use]
    pub fn approval(&self) -> Approval {
        let asked = self.look(|view| match &view.screen {
            UiScreen::Approve(approval) => Some(approval.clone()),
            _ => None,
        });
        let nothing = || Approval {
            digest: [0; 32],
            operations: Vec::new(),
            code: None,
            passkeys: Vec::new(),
        };
        asked.flatten().unwrap_or_else(nothing)
    }

    /// Approves what is shown, typing what has to be typed.
    #[must_use]
    pub fn approved(&self) -> UiEvent {
        let Approval { digest, code, .. } = self.approval();
        UiEvent::Approve { digest: digest.to_vec(), code, assertion: None }
    }

    /// Approves what is shown with what a passkey signed.
    #[must_use]
    pub fn signed(&self, assertion: Assertion) -> UiEvent {
        let Approval { digest, code, .. } = self.approval();
        UiEvent::Approve { digest: digest.to_vec(), code, assertion: Some(assertion) }
    }

    /// Sends a message as the page, while a person does something a little later.
    pub fn send_to_person(&self, message: Value, person: impl AsyncFnOnce(&Self)) -> Option<Value> {
        let person = async {
            turns().await;
            person(self).await;
        };
        block_on(join(self.enclave.handle(self.session, message), person)).0
    }

    /// Signs with a key; a person who is asked approves.
    pub fn sign_approved(&self, key_id: &str, data: &[u8]) -> Result<Vec<u8>, Code> {
        let reply = self.send_to_person(self.signing(key_id, data), async |tab| {
            if tab.screen() == "approve" {
                tab.does(tab.approved()).await;
            }
        });
        Ok(signature(&outcome(reply)?))
    }

    /// Makes a vault with a passphrase.
    pub fn set_up(&self, text: &str) -> Result<Value, Code> {
        self.ask("vault.setup", vec![new(passphrase(text))])
    }

    /// Makes a vault with a passkey.
    pub fn set_up_with_passkey(&self, passkey: &FakePasskey) -> Result<Value, Code> {
        self.ask_person("vault.setup", async |tab| {
            tab.does(new(passkey.answer(&tab.new_salt()))).await;
        })
    }

    /// Makes a vault with a recovery phrase; returns its words.
    pub fn set_up_with_phrase(&self) -> Result<String, Code> {
        let done = self.ask_person("vault.setup", async |tab| {
            tab.does(UiEvent::NewPhrase).await;
            tab.does(UiEvent::Written).await;
            tab.does(tab.asked_words()).await;
        });
        done.map(|_| self.words())
    }

    /// Unlocks the vault with the passphrase of its first passphrase enrolment.
    pub fn unlock(&self, text: &str) -> Result<Value, Code> {
        self.ask("vault.unlock", vec![self.with(text)])
    }

    /// The passphrase of the first passphrase enrolment.
    #[must_use]
    pub fn with(&self, text: &str) -> UiEvent {
        of(&self.first(EnrolmentKind::Passphrase), passphrase(text))
    }

    /// The words of the first recovery phrase.
    #[must_use]
    pub fn with_phrase(&self, words: &str) -> UiEvent {
        of(&self.first(EnrolmentKind::RecoveryPhrase), phrase(words))
    }

    /// Opens the management page, asks for something, unlocks with a passphrase, and goes on.
    pub fn manage(
        &self,
        action: UiEvent,
        text: &str,
        then: impl AsyncFnOnce(&Self),
    ) -> Result<Value, Code> {
        self.ask_person("vault.manage", async |tab| {
            tab.does(action).await;
            tab.does(tab.with(text)).await;
            then(tab).await;
        })
    }

    /// Makes a backup under a passphrase; returns the file.
    pub fn back_up(&self, text: &str, with: &str) -> Result<Vec<u8>, Code> {
        self.ask_person("vault.backup", async |tab| {
            tab.does(tab.with(text)).await;
            tab.does(encrypt(false, Some(with))).await;
            tab.does(UiEvent::Confirm).await;
        })?;
        self.files.made().pop().ok_or_else(|| "no file".into())
    }

    /// Restores a file.
    pub fn restore(&self, file: Vec<u8>, factor: Factor) -> Result<Value, Code> {
        self.files.choose(file);
        self.ask("vault.restore", vec![new(factor), UiEvent::Confirm])
    }

    /// Allows a lease, or its extension, with the passphrase.
    pub fn allow(&self, method: &str, params: Value, text: &str) -> Result<Value, Code> {
        self.ask_with(method, params, async |tab| {
            tab.does(tab.with(text)).await;
            tab.does(UiEvent::Confirm).await;
        })
    }

    /// Deletes the vault.
    pub fn reset(&self, text: &str) -> Result<Value, Code> {
        self.ask("vault.reset", vec![self.with(text), UiEvent::Confirm])
    }
}

/// Lets a few turns of the event loop pass: a person is slower than the enclave.
pub async fn turns() {
    let mut left = 8;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(());
        }
        left -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn name(screen: &UiScreen) -> &'static str {
    match screen {
        UiScreen::Setup(_) => "setup",
        UiScreen::Release(_) => "release",
        UiScreen::Unlock { .. } => "unlock",
        UiScreen::Phrase(_) => "phrase",
        UiScreen::ConfirmPhrase(_) => "confirm_phrase",
        UiScreen::AddPassphrase => "add_passphrase",
        UiScreen::AddPasskey(_) => "add_passkey",
        UiScreen::Manage(_) => "manage",
        UiScreen::Backup { .. } => "backup",
        UiScreen::BackupReady { .. } => "backup_ready",
        UiScreen::Restore { .. } => "restore",
        UiScreen::ConfirmRestore(_) => "confirm_restore",
        UiScreen::Reset => "reset",
        UiScreen::Lease(_) => "lease",
        UiScreen::Keys(_) => "keys",
        UiScreen::Key(_) => "key",
        UiScreen::Audit(_) => "audit",
        UiScreen::LogReady(_) => "log_ready",
        UiScreen::Approve(_) => "approve",
    }
}
