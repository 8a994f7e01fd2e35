//! Every screen of the enclave, one after another, as the demo shows them.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::{
    demo::Demo,
    driver::Browser,
    page::{Page as _, SOON, eventually},
    vault_ui::{PASSPHRASE, VaultUi, Way},
};

/// By then a new screen takes presses.
const OPEN: Duration = Duration::from_millis(600);

/// 24 words with a right checksum, of no vault (BIP-39, the vector of all zeros).
const OTHER_PHRASE: &str = "abandon abandon abandon abandon abandon abandon abandon abandon \
    abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon \
    abandon abandon abandon abandon art";

/// Inside the frame: keeps the passphrase from the enclave for a while, so that the waiting can be
/// seen.
const HOLD_THE_ANSWER: &str = "
    const post = Worker.prototype.postMessage;
    Worker.prototype.postMessage = function (message, ...more) {
        const send = () => post.call(this, message, ...more);
        if (message.ui === 'factor') setTimeout(send, 2000);
        else send();
    };";

/// In the demo's page; nobody waits for the answer.
const ASK_FOR_A_LEASE: &str = "
    const policy = { operations: ['vapid'] };
    const { keyId } = await kms.keys.create({ spec: 'ec-p256', label: 'Messages', policy });
    const audiences = ['https://push.example'];
    const lease = { keyId, audiences, lifeMs: 86_400_000, tokens: 100 };
    kms.vapid.createLease(lease).catch(() => {});";

/// Goes from screen to screen and stops at each. The embedding page is the current one at a stop.
pub(crate) struct Tour<'a, V> {
    demo: Demo<'a>,
    ui: VaultUi<'a>,
    browser: &'a Browser,
    visit: V,
}

impl<'a, V: AsyncFn(&str) -> Result<()>> Tour<'a, V> {
    /// Opens the demo, with what to do at each stop.
    pub(crate) async fn begin(browser: &'a Browser, origin: &str, visit: V) -> Result<Self> {
        let page = &browser.client;
        let demo = Demo::open(page, origin).await?;
        Ok(Self { demo, ui: VaultUi(page), browser, visit })
    }

    /// The demo that it takes place in.
    pub(crate) fn demo(&self) -> &Demo<'a> {
        &self.demo
    }

    /// Opens the sheet for something.
    async fn ask(&self, button: &str) -> Result<()> {
        self.demo.page.press(button).await
    }

    async fn stop(&self, name: &str, screen: &str) -> Result<()> {
        self.ui.shows(screen).await?;
        tokio::time::sleep(OPEN).await;
        (self.visit)(name).await
    }

    /// A new vault that a recovery phrase opens, without a stop.
    pub(crate) async fn pass_set_up(&self) -> Result<String> {
        self.demo.reaches("uninitialized").await?;
        self.ask("#setup").await?;
        let words = self.ui.set_up_phrase().await?;
        self.demo.reaches("unlocked").await?;
        Ok(words)
    }

    /// Setting up, in every way that is offered; the vault ends up with a recovery phrase.
    pub(crate) async fn set_up(&self) -> Result<String> {
        let ui = &self.ui;
        self.demo.reaches("uninitialized").await?;
        self.ask("#setup").await?;
        self.stop("setup", "setup").await?;
        ui.press_on("setup", "#use-passphrase").await?;
        self.stop("setup-passphrase", "setup").await?;
        ui.type_differing(PASSPHRASE).await?;
        self.stop("setup-differs", "setup").await?;
        ui.press_on("setup", "#back").await?;
        if self.browser.engine.has_passkeys() {
            ui.press_on("setup", "#use-passkey").await?;
            self.stop("setup-passkey", "setup").await?;
            ui.press_on("setup", "#back").await?;
        }
        ui.press_on("setup", "#use-phrase").await?;
        self.stop("phrase", "phrase").await?;
        let words = ui.write_down().await?;
        self.stop("confirm", "confirm_phrase").await?;
        ui.confirm_words(&["abandon"; 24].join(" ")).await?;
        ui.problem().await?;
        self.stop("confirm-wrong", "confirm_phrase").await?;
        ui.confirm_words(&words).await?;
        self.demo.reaches("unlocked").await?;
        Ok(words)
    }

    /// The management page and what it leads to; the vault gets a passphrase beside the phrase.
    pub(crate) async fn manage(&self, words: &str) -> Result<()> {
        let ui = &self.ui;
        self.ask("#manage").await?;
        self.stop("manage", "manage").await?;
        ui.press_on("manage", "[id^=rename-]").await?;
        self.stop("manage-rename", "manage").await?;
        ui.press_on("manage", "#keep-label").await?;
        ui.press_on("manage", "#add-passphrase").await?;
        self.stop("again", "unlock").await?;
        ui.press_on("unlock", "#phrase-mode").await?;
        self.stop("again-words", "unlock").await?;
        ui.press_on("unlock", "#phrase-mode").await?;
        ui.open(Way::Phrase(words)).await?;
        self.stop("add-passphrase", "add_passphrase").await?;
        ui.choose(PASSPHRASE).await?;
        self.stop("manage-two", "manage").await?;
        ui.press_on("manage", "[id^=remove-]").await?;
        self.stop("manage-remove", "manage").await?;
        ui.press_on("manage", "#keep").await?;
        if self.browser.engine.has_passkeys() {
            ui.press_on("manage", "#add-passkey").await?;
            ui.open(Way::Passphrase(PASSPHRASE)).await?;
            self.stop("add-passkey", "add_passkey").await?;
            ui.cancel().await?;
        } else {
            ui.press_on("manage", "#cancel").await?;
        }
        self.demo.reaches("unlocked").await
    }

    /// The pages of keys and of the log, and what they lead to; needs a key.
    pub(crate) async fn keys(&self, words: &str) -> Result<()> {
        let (ui, fresh) = (&self.ui, Way::Phrase(words));
        self.ask("#manage").await?;
        ui.press_on("manage", "#keys").await?;
        self.stop("keys", "keys").await?;
        ui.press_on("keys", "[id^=key-]").await?;
        self.stop("key", "key").await?;
        ui.press_on("key", "#rename").await?;
        self.stop("key-rename", "key").await?;
        ui.press_on("key", "#keep-label").await?;
        ui.press_on("key", "#rotate").await?;
        self.stop("key-again", "unlock").await?;
        ui.open(fresh).await?;
        ui.has("key", "#raise").await?;
        ui.scroll_to("key", "#versions-title").await?;
        self.stop("key-versions", "key").await?;
        ui.scroll_to("key", "#public-title").await?;
        self.stop("key-public", "key").await?;
        ui.press_on("key", "#disable").await?;
        ui.has("key", "#enable").await?;
        self.stop("key-disabled", "key").await?;
        ui.press_on("key", "#log").await?;
        self.stop("key-log", "audit").await?;
        ui.press_on("audit", "#back").await?;
        ui.press_on("key", "#enable").await?;
        ui.open(fresh).await?;
        ui.press_on("key", "#back").await?;
        ui.press_on("keys", "#back").await?;
        ui.press_on("manage", "#audit").await?;
        self.stop("audit", "audit").await?;
        ui.press_on("audit", "#export").await?;
        self.stop("log-ready", "log_ready").await?;
        ui.press_on("log_ready", "#cancel").await?;
        self.demo.settled().await
    }

    /// What a person approves: a text, and one that is too long to be read.
    pub(crate) async fn approve(&self) -> Result<()> {
        let (page, ui) = (self.demo.page, &self.ui);
        page.fill("#label", "Payments").await?;
        page.press("#confirmed").await?;
        self.demo.create("#create-ed25519").await?;
        page.fill("#message", "Pay 10 € to Alice").await?;
        self.ask("#sign").await?;
        self.stop("approve", "approve").await?;
        ui.press_on("approve", "#submit").await?;
        let rests = "return !document.querySelector('#sign').hasAttribute('aria-busy');";
        eventually(SOON, async || Ok(page.eval(rests, &[]).await? == true)).await?;
        page.fill("#message", &"Pay 10 € to Alice. ".repeat(60)).await?;
        self.ask("#sign").await?;
        self.stop("approve-code", "approve").await?;
        ui.cancel().await?;
        self.demo.settled().await
    }

    /// Locking, and unlocking with wrong answers first; needs both ways.
    pub(crate) async fn unlock(&self) -> Result<()> {
        let ui = &self.ui;
        self.demo.lock().await?;
        self.ask("#unlock").await?;
        self.stop("unlock", "unlock").await?;
        ui.unlock("not the passphrase at all").await?;
        ui.problem().await?;
        self.stop("unlock-wrong", "unlock").await?;
        // The fourth costs two seconds.
        for _ in 0..4 {
            ui.open(Way::Phrase(OTHER_PHRASE)).await?;
            ui.problem().await?;
        }
        self.stop("unlock-waits", "unlock").await?;
        self.demo.page.eval_inside(HOLD_THE_ANSWER, &[]).await?;
        ui.unlock(PASSPHRASE).await?;
        self.demo.page.enter_enclave().await?;
        self.demo.page.visible(".busy").await?;
        self.demo.page.leave_frame().await?;
        (self.visit)("unlock-busy").await?;
        self.demo.reaches("unlocked").await
    }

    /// What a site asks to be allowed for a time.
    pub(crate) async fn lease(&self, words: &str) -> Result<()> {
        self.demo.page.eval(ASK_FOR_A_LEASE, &[]).await?;
        self.ui.open(Way::Phrase(words)).await?;
        self.stop("lease", "lease").await?;
        self.ui.cancel().await?;
        self.demo.settled().await
    }

    /// A backup, a trial of one, deletion and restore.
    pub(crate) async fn back_up(&self, words: &str) -> Result<()> {
        let (ui, fresh) = (&self.ui, Way::Phrase(words));
        self.ask("#backup").await?;
        ui.open(fresh).await?;
        self.stop("backup", "backup").await?;
        ui.press_on("backup", "#submit").await?;
        self.stop("backup-ready", "backup_ready").await?;
        let old = ui.save(self.browser).await?;
        self.demo.settled().await?;
        self.ask("#backup").await?;
        let file = ui.back_up(self.browser, fresh, None).await?;
        self.demo.settled().await?;
        self.ask("#manage").await?;
        ui.press_on("manage", "#drill").await?;
        ui.open(fresh).await?;
        self.stop("drill", "restore").await?;
        ui.cancel().await?;
        self.ask("#reset").await?;
        ui.open(fresh).await?;
        self.stop("reset", "reset").await?;
        ui.confirm_reset().await?;
        self.demo.reaches("uninitialized").await?;
        self.ask("#restore").await?;
        self.stop("restore", "restore").await?;
        ui.offer_backup(&old, fresh).await?;
        self.stop("restore-older", "confirm_restore").await?;
        ui.cancel().await?;
        self.ask("#restore").await?;
        ui.offer_backup(&file, fresh).await?;
        self.stop("restore-confirm", "confirm_restore").await?;
        ui.press_on("confirm_restore", "#submit").await?;
        self.demo.reaches("unlocked").await?;
        ensure!(self.demo.error().await?.is_empty(), "no error is left");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    /// Where the frame chooses the screen that the enclave asks for.
    const CHOICE: &str = include_str!("../../enclave-shell/frame/ui-screens.js");

    /// Screens that a tour of one release cannot get to, and the scenarios that check how they look.
    const ELSEWHERE: [(&str, &str); 1] = [("release", include_str!("scenarios/releases.rs"))];

    #[test]
    fn the_tour_stops_at_every_screen() {
        let names = CHOICE.split("case '").skip(1).filter_map(|rest| rest.split('\'').next());
        let elsewhere = |name: &&str| {
            let there = ELSEWHERE.iter().find(|(known, _)| known == name);
            there.is_some_and(|(_, scenarios)| scenarios.contains("check_elsewhere(page"))
        };
        let missed: Vec<_> = names
            .filter(|name| !include_str!("tour.rs").contains(&format!(", \"{name}\")")))
            .filter(|name| !elsewhere(name))
            .collect();
        assert!(missed.is_empty(), "{missed:?}");
        assert!(CHOICE.matches("case '").count() > 10);
    }
}
