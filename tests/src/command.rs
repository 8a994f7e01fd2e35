//! WebDriver commands that the driver library has no names for.

use anyhow::Result;
use fantoccini::{Client, wd::WebDriverCompatibleCommand};
use http::Method;
use serde_json::{Value, json};
use url::{ParseError, Url};

/// A command by its place below the session.
#[derive(Debug)]
struct Command {
    method: Method,
    path: String,
    body: Option<Value>,
}

impl WebDriverCompatibleCommand for Command {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (self.method.clone(), self.body.as_ref().map(ToString::to_string))
    }
}

/// Sends a command with a body and returns its value.
pub(crate) async fn post(client: &Client, path: &str, body: Value) -> Result<Value> {
    let command = Command { method: Method::POST, path: path.to_owned(), body: Some(body) };
    Ok(client.issue_cmd(command).await?)
}

/// Sends a command that takes something away.
pub(crate) async fn delete(client: &Client, path: &str) -> Result<()> {
    let command = Command { method: Method::DELETE, path: path.to_owned(), body: None };
    client.issue_cmd(command).await?;
    Ok(())
}

/// A command of the Chrome `DevTools` protocol, to the page.
pub(crate) async fn devtools(client: &Client, name: &str, params: Value) -> Result<Value> {
    post(client, "goog/cdp/execute", json!({"cmd": name, "params": params})).await
}

/// Runs a script with the rights of Firefox itself. It ends by calling its last argument.
pub(crate) async fn as_firefox(client: &Client, script: &str, arguments: Value) -> Result<Value> {
    post(client, "moz/context", json!({"context": "chrome"})).await?;
    let outcome = post(client, "execute/async", json!({"script": script, "args": arguments})).await;
    post(client, "moz/context", json!({"context": "content"})).await?;
    outcome
}
