//! A connection to the enclave without the client library, steered from here.

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use base64ct::{Base64, Encoding as _};
use fantoccini::Client;
use serde_json::{Value, json};

use crate::{
    page::Page as _,
    stage::Stage,
    vault_ui::{PASSPHRASE, VaultUi},
};

/// As many requests as one message may have.
const BATCH: usize = 64;

/// An open connection in `tests/hostile/session.js`.
pub(crate) struct Session<'a> {
    page: &'a Client,
}

impl<'a> Session<'a> {
    /// Loads the test page and connects it to the enclave.
    pub(crate) async fn open(page: &'a Client, stage: &Stage) -> Result<Self> {
        Self::open_with(page, stage, json!({})).await
    }

    /// The same with an enclave that does without some things (`tests/probe/lacks.js`).
    pub(crate) async fn open_lacking(page: &'a Client, stage: &Stage, what: &str) -> Result<Self> {
        Self::open_with(page, stage, json!({"name": what})).await
    }

    /// The same with more attributes on the frame.
    pub(crate) async fn open_with(
        page: &'a Client,
        stage: &Stage,
        attributes: Value,
    ) -> Result<Self> {
        stage.visit(page).await?;
        let session = Self { page };
        let open = json!({"op": "open", "kms": stage.kms, "attributes": attributes});
        session.step(&open).await?;
        Ok(session)
    }

    /// As [`Self::open`], with a new vault, unlocked.
    pub(crate) async fn unlocked(page: &'a Client, stage: &Stage) -> Result<Self> {
        Self::unlocked_at(page, stage, "/").await
    }

    /// The same in the frame page at another path.
    pub(crate) async fn unlocked_at(page: &'a Client, stage: &Stage, path: &str) -> Result<Self> {
        stage.visit(page).await?;
        let session = Self { page };
        let open = json!({"op": "open", "kms": stage.kms, "attributes": {}, "path": path});
        session.step(&open).await?;
        session.begin("vault.setup").await?;
        VaultUi(page).set_up(PASSPHRASE).await?;
        let status = session.end().await?;
        ensure!(status["state"] == "unlocked", "setup: {status}");
        Ok(session)
    }

    /// Sends a request whose reply waits for a person.
    pub(crate) async fn begin(&self, method: &str) -> Result<()> {
        self.begin_with(method, json!({})).await
    }

    /// The same with parameters.
    pub(crate) async fn begin_with(&self, method: &str, params: Value) -> Result<()> {
        self.step(&json!({"op": "begin", "method": method, "params": params})).await?;
        Ok(())
    }

    /// Sends a request that is refused: the code.
    pub(crate) async fn refusal(&self, method: &str, params: Value) -> Result<String> {
        let call = json!({"op": "call", "method": method, "params": params});
        code_of(method, &self.step(&call).await?)
    }

    /// Sends a request that a policy does not allow: the rule.
    pub(crate) async fn denied_by(&self, method: &str, params: Value) -> Result<String> {
        let call = json!({"op": "call", "method": method, "params": params});
        let reply = self.step(&call).await?;
        ensure!(code_of(method, &reply)? == "policy_denied", "{method}: {reply}");
        Ok(reply["error"]["rule"].as_str().unwrap_or_default().to_owned())
    }

    /// Waits for the error of the waiting request: its code.
    pub(crate) async fn end_refused(&self) -> Result<String> {
        code_of("the waiting request", &self.step(&json!({"op": "end"})).await?)
    }

    /// Waits for the end of that request, whatever it is.
    pub(crate) async fn ended(&self) -> Result<()> {
        self.step(&json!({"op": "end"})).await?;
        Ok(())
    }

    /// Waits for the result of that request.
    pub(crate) async fn end(&self) -> Result<Value> {
        result_of("the waiting request", self.step(&json!({"op": "end"})).await?)
    }

    /// The result of a request; an error reply is an error.
    pub(crate) async fn call(&self, method: &str, params: Value) -> Result<Value> {
        let call = json!({"op": "call", "method": method, "params": params});
        result_of(method, self.step(&call).await?)
    }

    /// The replies to many requests, sent as few messages.
    pub(crate) async fn batch(&self, requests: &[(&str, Value)]) -> Result<Vec<Value>> {
        let mut replies = Vec::with_capacity(requests.len());
        for part in requests.chunks(BATCH) {
            let part: Vec<_> = part
                .iter()
                .map(|(method, params)| json!({"method": method, "params": params}))
                .collect();
            let answer = self.step(&json!({"op": "batch", "requests": part})).await?;
            let Value::Array(answer) = answer else { bail!("no replies: {answer}") };
            ensure!(answer.len() == part.len(), "{} replies to {}", answer.len(), part.len());
            replies.extend(answer);
        }
        Ok(replies)
    }

    /// The state of the vault.
    pub(crate) async fn status(&self) -> Result<Value> {
        self.call("vault.status", json!({})).await
    }

    /// Why the vault was locked, each time, as the page heard.
    pub(crate) async fn lock_reasons(&self) -> Result<Value> {
        let recorded = self.recorded().await?;
        let events = recorded["port"].as_array().into_iter().flatten();
        let locks = events.filter(|event| event["event"] == "locked");
        Ok(locks.map(|event| event["data"]["reason"].clone()).collect())
    }

    /// Unlocks the vault with the first passphrase.
    pub(crate) async fn unlock(&self) -> Result<()> {
        self.begin("vault.unlock").await?;
        VaultUi(self.page).unlock(PASSPHRASE).await?;
        let status = self.end().await?;
        ensure!(status["state"] == "unlocked", "unlock: {status}");
        Ok(())
    }

    /// Locks the vault.
    pub(crate) async fn lock(&self) -> Result<()> {
        self.call("vault.lock", json!({})).await?;
        Ok(())
    }

    /// Everything that reached the page so far.
    pub(crate) async fn recorded(&self) -> Result<Value> {
        self.step(&json!({"op": "recorded"})).await
    }

    async fn step(&self, argument: &Value) -> Result<Value> {
        attack(self.page, "session", argument).await
    }
}

fn result_of(what: &str, mut reply: Value) -> Result<Value> {
    ensure!(reply["error"].is_null() && !reply.is_null(), "{what}: {reply}");
    Ok(reply["result"].take())
}

fn code_of(what: &str, reply: &Value) -> Result<String> {
    let code = reply["error"]["code"].as_str();
    let code = code.with_context(|| format!("{what} was not refused: {reply}"))?;
    // Whatever a policy refuses, it says by which rule; nothing else does.
    let named = reply["error"]["rule"].is_string();
    ensure!(named == (code == "policy_denied"), "{what}: {reply}");
    Ok(code.to_owned())
}

/// Runs one module of `tests/hostile` in the page and returns what it found.
pub(crate) async fn attack(page: &Client, name: &str, argument: &Value) -> Result<Value> {
    page.eval("return window.attack($0, $1);", &[json!(name), argument.clone()]).await
}

/// Bytes for a page.
pub(crate) fn to_page(bytes: &[u8]) -> Value {
    json!({"bytes": Base64::encode_string(bytes)})
}

/// Bytes of a page, which travel as base64.
pub(crate) fn from_base64(text: &str) -> Result<Vec<u8>> {
    Base64::decode_vec(text).map_err(|_| anyhow!("not base64: {text}"))
}
