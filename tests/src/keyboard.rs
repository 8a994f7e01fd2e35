//! A keyboard, and nothing else.

use anyhow::{Result, ensure};
use fantoccini::{
    Client,
    actions::{InputSource as _, KeyAction, KeyActions},
};
use serde_json::json;

use crate::page::Page as _;

// Code points of keys (WebDriver, section 15.4.2).
const TAB: char = '\u{E004}';
const ENTER: char = '\u{E007}';
const SHIFT: char = '\u{E008}';
const ESCAPE: char = '\u{E00C}';

/// Stops to go on before going back: what a press has replaced is near.
const ON: usize = 4;
/// Stops in all: never as far as the browser's own bars, from which no driver's key comes back.
const MOST_STOPS: usize = 12;

/// The keyboard of a browser; its keys reach whatever has the focus.
pub(crate) struct Keyboard<'a>(pub &'a Client);

impl Keyboard<'_> {
    /// Presses keys one after another.
    pub(crate) async fn types(&self, text: &str) -> Result<()> {
        self.press(text.chars(), None).await
    }

    /// Presses Enter.
    pub(crate) async fn enter(&self) -> Result<()> {
        self.press([ENTER], None).await
    }

    /// Presses Escape.
    pub(crate) async fn escape(&self) -> Result<()> {
        self.press([ESCAPE], None).await
    }

    /// Goes on so many stops.
    pub(crate) async fn tab(&self, stops: usize) -> Result<()> {
        self.press([TAB].repeat(stops), None).await
    }

    /// Goes back so many stops.
    pub(crate) async fn tab_back(&self, stops: usize) -> Result<()> {
        self.press([TAB].repeat(stops), Some(SHIFT)).await
    }

    /// Goes on, then back, until an element of the current frame has the focus, and presses Enter
    /// there.
    pub(crate) async fn choose(&self, css: &str) -> Result<()> {
        // While the browser's own bars have the focus, Firefox still names the element that had it.
        let there = "return document.hasFocus() && (document.activeElement?.matches($0) ?? false);";
        for stop in 0..MOST_STOPS {
            if self.0.eval(there, &[json!(css)]).await? == true {
                return self.enter().await;
            }
            if stop < ON {
                self.tab(1).await?;
            } else {
                self.tab_back(1).await?;
            }
        }
        ensure!(false, "{css} is never reached");
        Ok(())
    }

    async fn press(&self, keys: impl IntoIterator<Item = char>, held: Option<char>) -> Result<()> {
        let mut actions = KeyActions::new("keyboard".to_owned());
        if let Some(value) = held {
            actions = actions.then(KeyAction::Down { value });
        }
        for value in keys {
            actions = actions.then(KeyAction::Down { value }).then(KeyAction::Up { value });
        }
        if let Some(value) = held {
            actions = actions.then(KeyAction::Up { value });
        }
        Ok(self.0.perform_actions(actions).await?)
    }
}
