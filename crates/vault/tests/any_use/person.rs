//! A person who goes on wherever there is a way, or who refuses.

use kms_protocol::EnrolmentKind;
use kms_testkit::person::{encrypt, new, passphrase, submit, turns};
use kms_testkit::{PASSPHRASE, Tab};
use kms_vault::{Action, UiEvent};

/// More screens than anything takes.
const SCREENS: usize = 12;

/// Confirms, and refuses wherever a factor is asked for.
async fn without_factor(tab: &Tab) {
    for _ in 0..SCREENS {
        let next = match tab.screen() {
            "hidden" => return,
            "approve" => tab.approved(),
            "lease" | "backup_ready" | "confirm_restore" | "reset" => UiEvent::Confirm,
            _ => UiEvent::Cancel,
        };
        tab.does(next).await;
        turns().await;
    }
}

/// Does what leads on; on the management page adds a recovery phrase first.
async fn willing(tab: &Tab) {
    let mut added = false;
    for _ in 0..SCREENS {
        let next = match tab.screen() {
            "hidden" => return,
            "setup" => submit(PASSPHRASE),
            "unlock" => tab.with(PASSPHRASE),
            "restore" => new(passphrase(PASSPHRASE)),
            "approve" => tab.approved(),
            "backup" => encrypt(false, Some(PASSPHRASE)),
            "phrase" => UiEvent::Written,
            "confirm_phrase" => tab.asked_words(),
            "manage" if !added => {
                added = true;
                UiEvent::Action(Action::Add(EnrolmentKind::RecoveryPhrase))
            }
            "lease" | "backup_ready" | "confirm_restore" | "reset" => UiEvent::Confirm,
            _ => UiEvent::Cancel,
        };
        tab.does(next).await;
        turns().await;
    }
    tab.does(UiEvent::Cancel).await;
}

/// What a person does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Person {
    Refuses,
    Confirms,
    Proves,
}

impl Person {
    pub(crate) async fn answer(self, tab: &Tab) {
        match self {
            Self::Refuses => unwilling(tab).await,
            Self::Confirms => without_factor(tab).await,
            Self::Proves => willing(tab).await,
        }
    }
}

/// Closes the sheet.
async fn unwilling(tab: &Tab) {
    tab.does(UiEvent::Cancel).await;
}
