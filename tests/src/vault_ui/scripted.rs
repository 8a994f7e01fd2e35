//! What a script inside the frame, which no page has, can press: nothing.

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use super::VaultUi;
use crate::page::{Page as _, SOON, eventually};

/// Whether the screen takes presses.
const OPEN: &str = "
    const all = [...document.querySelectorAll('button')];
    return all.length > 0 && !all.some((button) => button.disabled);";

/// Presses every button, hidden ones too, in every way that a script has. Each press is looked at by
/// itself: the next one may undo what it did.
const PRESS_EVERYTHING: &str = "
    const dispatch = (Kind, type, more) => (button) =>
        button.dispatchEvent(new Kind(type, { bubbles: true, cancelable: true, ...more }));
    const keys = ['Enter', ' ', 'Escape'].flatMap((key) => ['keydown', 'keyup'].map((type) =>
        dispatch(KeyboardEvent, type, { key })));
    const presses = [
        (button) => button.click(),
        ...['pointerdown', 'pointerup', 'click'].map((type) => dispatch(PointerEvent, type)),
        ...['mousedown', 'mouseup', 'click'].map((type) => dispatch(MouseEvent, type)),
        ...keys,
    ];
    const buttons = [...document.querySelectorAll('button')];
    const whole = document.body.outerHTML;
    const heeds = new Set();
    for (const button of buttons) {
        for (const press of presses) {
            const before = document.body.outerHTML;
            press(button);
            if (document.body.outerHTML !== before) heeds.add(button.id);
        }
    }
    for (const form of document.forms) form.requestSubmit();
    await new Promise((resolve) => setTimeout(resolve, 600));
    const same = document.body.outerHTML === whole;
    return { buttons: buttons.length, heeds: [...heeds], same };";

impl VaultUi<'_> {
    /// Checks that no button of a screen heeds a script, once it would heed a person.
    pub(crate) async fn heeds_no_script(&self, screen: &str) -> Result<()> {
        self.enter(screen).await?;
        eventually(SOON, async || Ok(self.0.eval(OPEN, &[]).await? == true))
            .await
            .with_context(|| format!("a button of {screen} stays closed"))?;
        let found = self.0.eval(PRESS_EVERYTHING, &[]).await?;
        ensure!(found["heeds"] == json!([]), "{screen}: {found}");
        ensure!(found["same"] == true, "{screen} has changed: {found}");
        self.0.leave_frame().await?;
        self.shows(screen).await
    }

    /// Types into a field of a screen.
    pub(crate) async fn type_on(&self, screen: &str, css: &str, text: &str) -> Result<()> {
        self.enter(screen).await?;
        self.0.fill(css, text).await?;
        self.0.leave_frame().await
    }
}
