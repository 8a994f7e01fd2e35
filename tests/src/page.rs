//! Small helpers over WebDriver: scripts, waiting, frames.

use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use fantoccini::{Client, Locator, elements::Element};
use serde_json::{Value, json};

/// How long a page may take to show what it should.
pub(crate) const SOON: Duration = Duration::from_secs(30);

/// The product's own promise: a failure is reported within five seconds.
pub(crate) const FAILURE: Duration = Duration::from_secs(5);

/// Polls `condition` until it holds or `limit` has passed. An error counts as
/// "not yet" and is reported only if the time runs out.
pub(crate) async fn eventually(
    limit: Duration,
    mut condition: impl AsyncFnMut() -> Result<bool>,
) -> Result<()> {
    let start = Instant::now();
    let mut pause = Duration::from_millis(10);
    loop {
        let last = condition().await;
        if matches!(last, Ok(true)) {
            return Ok(());
        }
        if start.elapsed() > limit {
            last?;
            bail!("not within {limit:?}");
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 3 / 2).min(Duration::from_millis(150));
    }
}

/// Brings an element to where it can be pressed, and waits until it is drawn there.
const COME_TO_REST: &str = "
    document.querySelector($0).scrollIntoView({ block: 'center', behavior: 'instant' });
    const frame = () => new Promise((next) => {
        requestAnimationFrame(next);
        // A page in the background draws nothing.
        setTimeout(next, 100);
    });
    await frame();
    await frame();";

/// What the scenarios need from a page, beyond plain WebDriver.
pub(crate) trait Page {
    /// Runs the body of an async function in the current frame; its arguments are `$0`, `$1`, ….
    async fn eval(&self, body: &str, arguments: &[Value]) -> Result<Value>;
    /// The same in the enclave's frame, from the embedding page.
    async fn eval_inside(&self, body: &str, arguments: &[Value]) -> Result<Value>;
    /// The element, once it exists and is visible.
    async fn visible(&self, css: &str) -> Result<Element>;
    /// Clicks the element, once it is visible and enabled.
    async fn press(&self, css: &str) -> Result<()>;
    /// Clicks into a field and replaces what it holds.
    async fn fill(&self, css: &str, text: &str) -> Result<()>;
    /// The text content of the element, as a person would read it.
    async fn read(&self, css: &str) -> Result<String>;
    /// Makes the enclave's frame the current one.
    async fn enter_enclave(&self) -> Result<()>;
    /// Makes the embedding page the current one again.
    async fn leave_frame(&self) -> Result<()>;
    /// Opens another window of the same profile and makes it the current one.
    async fn open_window(&self) -> Result<()>;
    /// Closes every window but the current one.
    async fn close_other_windows(&self) -> Result<()>;
}

impl Page for Client {
    async fn eval(&self, body: &str, arguments: &[Value]) -> Result<Value> {
        let names: Vec<_> = (0..arguments.len()).map(|index| format!("${index}")).collect();
        let script = format!(
            "const done = arguments[arguments.length - 1];\n\
             (async ({}) => {{ {body} }})(...arguments)\n\
             .then((value) => done({{ value }}), (error) => done({{ error: String(error) }}));",
            names.join(", ")
        );
        let mut outcome = self.execute_async(&script, arguments.to_vec()).await?;
        if let Some(error) = outcome.get("error") {
            bail!("in the page: {error}");
        }
        Ok(outcome.get_mut("value").map_or(Value::Null, Value::take))
    }

    async fn eval_inside(&self, body: &str, arguments: &[Value]) -> Result<Value> {
        self.enter_enclave().await?;
        let outcome = self.eval(body, arguments).await?;
        self.leave_frame().await?;
        Ok(outcome)
    }

    async fn visible(&self, css: &str) -> Result<Element> {
        let locator = Locator::Css(css);
        eventually(SOON, async || Ok(self.find(locator).await?.is_displayed().await?))
            .await
            .map_err(|error| error.context(format!("{css} is not shown")))?;
        Ok(self.find(locator).await?)
    }

    async fn press(&self, css: &str) -> Result<()> {
        let element = self.visible(css).await?;
        eventually(SOON, async || Ok(element.is_enabled().await?))
            .await
            .map_err(|error| error.context(format!("{css} stays disabled")))?;
        // WebKitGTK aims before its own scrolling has come to an end.
        self.eval(COME_TO_REST, &[json!(css)]).await?;
        Ok(element.click().await?)
    }

    async fn fill(&self, css: &str, text: &str) -> Result<()> {
        let field = self.visible(css).await?;
        // As a person does: WebKitGTK lets no script focus a field of a cross-site frame before.
        field.click().await?;
        if field.prop("value").await?.is_some_and(|value| !value.is_empty()) {
            field.clear().await?;
        }
        Ok(field.send_keys(text).await?)
    }

    async fn read(&self, css: &str) -> Result<String> {
        let script = "return document.querySelector($0)?.textContent.trim() ?? null;";
        let text = self.eval(script, &[json!(css)]).await?;
        ensure!(text.is_string(), "{css} does not exist");
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    async fn enter_enclave(&self) -> Result<()> {
        self.leave_frame().await?;
        let frame = self.find(Locator::Css("iframe")).await?;
        Ok(frame.enter_frame().await?)
    }

    async fn leave_frame(&self) -> Result<()> {
        self.enter_parent_frame().await?;
        Ok(())
    }

    async fn open_window(&self) -> Result<()> {
        // Not a tab: one that is covered by another takes no input.
        let window = self.new_window(false).await?.handle;
        Ok(self.switch_to_window(window).await?)
    }

    async fn close_other_windows(&self) -> Result<()> {
        let own = self.window().await?;
        for window in self.windows().await? {
            if window != own {
                self.switch_to_window(window).await?;
                self.close_window().await?;
            }
        }
        Ok(self.switch_to_window(own).await?)
    }
}
