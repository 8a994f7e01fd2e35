//! The demo app, operated as a person would.

use anyhow::{Context as _, Result, ensure};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use fantoccini::{Client, Locator, elements::Element};
use serde_json::{Value, json};

use crate::{
    page::{Page as _, SOON, eventually},
    vault_ui::{PASSPHRASE, VaultUi},
};

/// A key as the demo lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListedKey {
    /// The enclave's identifier.
    pub key_id: String,
    /// `ed25519` or `ec-p256`.
    pub spec: String,
    /// RFC 7638 thumbprint.
    pub kid: String,
}

/// The open demo page.
pub(crate) struct Demo<'a> {
    /// The browser session.
    pub page: &'a Client,
}

impl<'a> Demo<'a> {
    /// Loads the demo and waits until it has talked to the enclave.
    pub(crate) async fn open(page: &'a Client, origin: &str) -> Result<Self> {
        page.goto(&format!("{origin}/")).await?;
        let demo = Self { page };
        demo.settled().await?;
        Ok(demo)
    }

    /// Waits until the demo shows some state of the vault, or why there is none.
    pub(crate) async fn settled(&self) -> Result<()> {
        eventually(SOON, async || Ok(self.state().await? != "connecting")).await
    }

    /// The state the demo shows.
    pub(crate) async fn state(&self) -> Result<String> {
        let script = "return document.querySelector('#status').dataset.state;";
        let state = self.page.eval(script, &[]).await?;
        Ok(state.as_str().unwrap_or_default().to_owned())
    }

    /// Waits for a state.
    pub(crate) async fn reaches(&self, state: &str) -> Result<()> {
        let waited = eventually(SOON, async || Ok(self.state().await? == state)).await;
        let shown = self.error().await.unwrap_or_default();
        waited.with_context(|| format!("never {state}; error shown: {shown:?}"))
    }

    /// The error code the demo shows, or nothing.
    pub(crate) async fn error(&self) -> Result<String> {
        self.page.read("#error").await
    }

    /// Makes a new vault.
    pub(crate) async fn set_up(&self) -> Result<()> {
        self.reaches("uninitialized").await?;
        self.page.press("#setup").await?;
        VaultUi(self.page).set_up(PASSPHRASE).await?;
        self.reaches("unlocked").await
    }

    /// Unlocks the vault.
    pub(crate) async fn unlock(&self) -> Result<()> {
        self.reaches("locked").await?;
        self.page.press("#unlock").await?;
        VaultUi(self.page).unlock(PASSPHRASE).await?;
        self.reaches("unlocked").await
    }

    /// Locks the vault.
    pub(crate) async fn lock(&self) -> Result<()> {
        self.page.press("#lock").await?;
        self.reaches("locked").await
    }

    /// The keys on the page, newest first.
    pub(crate) async fn keys(&self) -> Result<Vec<ListedKey>> {
        let script = "return [...document.querySelectorAll('#keys li')].map((item) => [\
             item.dataset.keyId, item.dataset.spec, item.querySelector('.key-kid').textContent]);";
        let keys: Vec<[String; 3]> = serde_json::from_value(self.page.eval(script, &[]).await?)?;
        Ok(keys.into_iter().map(|[key_id, spec, kid]| ListedKey { key_id, spec, kid }).collect())
    }

    /// Waits until the page lists that many keys, as it does some time after an unlock.
    pub(crate) async fn lists(&self, count: usize) -> Result<()> {
        let listed = eventually(SOON, async || Ok(self.keys().await?.len() == count)).await;
        listed.with_context(|| format!("not {count} keys"))
    }

    /// Makes a key and waits until it is listed and selected.
    pub(crate) async fn create(&self, button: &str) -> Result<ListedKey> {
        let before = self.keys().await?;
        self.page.press(button).await?;
        let mut made = None;
        eventually(SOON, async || {
            made = self.keys().await?.into_iter().find(|key| !before.contains(key));
            Ok(made.is_some())
        })
        .await
        .with_context(|| format!("{button} made no key"))?;
        let made = made.context("no key")?;
        self.selected(&made.key_id).await?;
        Ok(made)
    }

    /// Selects a key by its radio button.
    pub(crate) async fn select(&self, key: &ListedKey) -> Result<()> {
        self.page.press(&format!("#keys li[data-key-id='{}'] label", key.key_id)).await?;
        self.selected(&key.key_id).await
    }

    async fn selected(&self, key_id: &str) -> Result<()> {
        let script = "return document.querySelector('#keys input:checked')?.value;";
        eventually(SOON, async || Ok(self.page.eval(script, &[]).await? == json!(key_id))).await
    }

    /// The public key shown for the selected key.
    pub(crate) async fn public_key(&self) -> Result<Value> {
        let mut jwk = Value::Null;
        eventually(SOON, async || {
            jwk = serde_json::from_str(&self.page.read("#public-key").await?)?;
            Ok(jwk.is_object())
        })
        .await?;
        Ok(jwk)
    }

    /// Signs a text with the selected key.
    pub(crate) async fn sign(&self, text: &str) -> Result<Vec<u8>> {
        let before = self.page.read("#signature").await?;
        self.page.fill("#message", text).await?;
        self.page.press("#sign").await?;
        let mut shown = String::new();
        eventually(SOON, async || {
            shown = self.page.read("#signature").await?;
            Ok(!shown.is_empty() && shown != before)
        })
        .await
        .context("no signature")?;
        let signature = Base64UrlUnpadded::decode_vec(&shown);
        signature.map_err(|_| anyhow::anyhow!("not base64url: {shown}"))
    }

    /// Lets the enclave check the signature against the text, and returns what the page says.
    pub(crate) async fn check_signature(&self) -> Result<bool> {
        self.page.press("#verify-signature").await?;
        self.verdict("#verify-result").await
    }

    /// Lets the enclave check its log.
    pub(crate) async fn check_audit(&self) -> Result<bool> {
        self.page.press("#audit-verify").await?;
        self.verdict("#audit-result").await
    }

    async fn verdict(&self, css: &str) -> Result<bool> {
        let script = "return document.querySelector($0).dataset.valid ?? null;";
        let mut valid = Value::Null;
        eventually(SOON, async || {
            valid = self.page.eval(script, &[json!(css)]).await?;
            Ok(valid.is_string())
        })
        .await?;
        Ok(valid == "true")
    }

    /// The methods in the log, newest first, once there are at least `count`.
    pub(crate) async fn audit(&self, count: usize) -> Result<Vec<String>> {
        let script = "return [...document.querySelectorAll('#audit li')].map((item) => item.dataset.method);";
        self.page.press("#audit-refresh").await?;
        let mut methods: Vec<String> = Vec::new();
        eventually(SOON, async || {
            methods = serde_json::from_value(self.page.eval(script, &[]).await?)?;
            Ok(methods.len() >= count)
        })
        .await
        .with_context(|| format!("only {methods:?}"))?;
        Ok(methods)
    }

    /// Presses Verify and returns the level, with the failed steps if any.
    pub(crate) async fn verify(&self) -> Result<(String, Vec<String>)> {
        self.verify_button().await?.click().await?;
        self.verified().await
    }

    /// The same, with the keyboard alone.
    pub(crate) async fn verify_by_key(&self) -> Result<(String, Vec<String>)> {
        let forget = "document.querySelector('#verify').report = undefined;";
        self.page.eval(forget, &[]).await?;
        self.verify_button().await?.send_keys("\u{e007}").await?;
        self.verified().await
    }

    async fn verify_button(&self) -> Result<Element> {
        let element = self.page.find(Locator::Css("#verify")).await?;
        Ok(element.shadow_root().await?.find(Locator::Css("button.verify")).await?)
    }

    async fn verified(&self) -> Result<(String, Vec<String>)> {
        let script = "const { report } = document.querySelector('#verify');\
             return report && [report.level, report.steps.filter(({ ok }) => ok === false)\
             .map(({ id, detail }) => `${id}: ${detail}`)];";
        let mut report = Value::Null;
        eventually(SOON, async || {
            report = self.page.eval(script, &[]).await?;
            Ok(report.is_array())
        })
        .await?;
        let shown = self
            .page
            .eval("return document.querySelector('#verify').getAttribute('level');", &[])
            .await?;
        ensure!(shown == report[0], "the element shows {shown}, its report says {}", report[0]);
        Ok(serde_json::from_value(report)?)
    }

    /// Opens everything that Verify shows, and returns it as text.
    pub(crate) async fn verify_report(&self) -> Result<String> {
        let script = "const root = document.querySelector('#verify').shadowRoot;\
             root.querySelectorAll('details').forEach((box) => { box.open = true; });\
             return [...root.children].map(({ innerText }) => innerText).join('\\n');";
        Ok(self.page.eval(script, &[]).await?.as_str().unwrap_or_default().to_owned())
    }

    /// Lets Verify look for another release than the one that is served.
    pub(crate) async fn verify_another(&self) -> Result<(String, Vec<String>)> {
        let script = "const verify = document.querySelector('#verify');\
             verify.release = { ...verify.release, manifest: verify.release.html };";
        self.page.eval(script, &[]).await?;
        self.verify().await
    }
}
