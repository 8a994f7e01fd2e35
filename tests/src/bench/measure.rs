//! Runs the pages of `tests/bench` and turns what they measured into rows.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use fantoccini::Client;
use serde_json::{Value, json};

use super::{
    row::{Goal, Row},
    samples::Samples,
    site::BenchSite,
};
use crate::{
    engine::Engine,
    page::{Page as _, SOON, eventually},
    vault_ui::{PASSPHRASE, VaultUi},
};

/// Length of the clock's turns in which one of two frames is kept busy.
const TURN_MS: u32 = 600;

/// The longest log is checked by then, beside other work.
const LOG_IS_CHECKED: Duration = Duration::from_mins(5);

/// Inside the frame: remembers the time of the last press.
const NOTE_PRESSES: &str = "
    addEventListener('click', () => { window.pressed = Date.now(); }, { capture: true });";

/// How often everything is done. Every number is for one call of a page's function, which has
/// the time limit of a script; `rounds` calls make a measurement.
#[derive(Clone, Copy)]
pub(super) struct Effort {
    /// What the report calls it.
    pub name: &'static str,
    rounds: u32,
    echo_blocks: u32,
    sign_blocks: u32,
    streams: u32,
    janked_echoes: u32,
    boots: u32,
    verifications: u32,
    ed25519_blocks: u32,
    argon2_runs: u32,
    durable_blocks: u32,
    /// Thousands of entries by which the log grows.
    thousand_entries: u32,
    /// Thousands of keys.
    thousand_keys: u32,
    at_large: u32,
    unlocks: u32,
}

impl Effort {
    /// Ends within a minute.
    pub(super) const QUICK: Self = Self {
        name: "quick",
        rounds: 1,
        echo_blocks: 30,
        sign_blocks: 20,
        streams: 5,
        janked_echoes: 250,
        boots: 8,
        verifications: 15,
        ed25519_blocks: 15,
        argon2_runs: 3,
        durable_blocks: 8,
        thousand_entries: 1,
        thousand_keys: 1,
        at_large: 40,
        unlocks: 2,
    };

    /// Takes a few minutes.
    pub(super) const FULL: Self = Self {
        name: "full",
        rounds: 6,
        thousand_entries: 100,
        thousand_keys: 10,
        at_large: 100,
        unlocks: 9,
        durable_blocks: 16,
        ..Self::QUICK
    };
}

/// Measures every row.
pub(super) async fn all(
    page: &Client,
    site: &BenchSite,
    engine: Engine,
    effort: Effort,
) -> Result<Vec<Row>> {
    let bench = Bench { page, site, engine, effort };
    // First, while the log is short.
    let mut rows = bench.growth().await.context("the growth")?;
    rows.extend(bench.channel().await.context("the channel")?);
    rows.extend(bench.arithmetic().await.context("the arithmetic")?);
    rows.push(bench.boot().await.context("the start")?);
    rows.push(bench.wire());
    rows.extend(bench.verify().await.context("the verification")?);
    rows.sort_by_key(Row::number);
    Ok(rows)
}

struct Bench<'a> {
    page: &'a Client,
    site: &'a BenchSite,
    engine: Engine,
    effort: Effort,
}

impl Bench<'_> {
    /// Rows 1 to 3, and 11.
    async fn channel(&self) -> Result<Vec<Row>> {
        self.connect().await?;
        self.reopen().await?;
        self.log_is_checked().await?;
        let echo = self.sample("echo", json!([self.effort.echo_blocks])).await?;
        let p256 = self.sample("sign", json!([self.effort.sign_blocks, "ec-p256"])).await?;
        let ed25519 = self.sample("sign", json!([self.effort.sign_blocks, "ed25519"])).await?;
        let aes_gcm = self.sample("aesGcm", json!([self.effort.streams])).await?;
        let jank = self.under_jank().await?;
        Ok(vec![
            self.compare(Goal::ECHO, &echo, "reference")?,
            self.row(Goal::JANK, jank.percentile("ours", 99)?, jank.percentile("reference", 99)?),
            self.compare(Goal::SIGN_P256, &p256, "reference")?,
            self.compare(Goal::SIGN_ED25519, &ed25519, "reference")?,
            self.compare(Goal::AES_GCM, &aes_gcm, "reference")?,
        ])
    }

    /// Rows 4 and 12. The log, and then the number of keys, grows on the way.
    async fn growth(&self) -> Result<Vec<Row>> {
        let Effort { thousand_entries, thousand_keys, at_large, durable_blocks, .. } = self.effort;
        self.connect().await?;
        self.set_up().await?;
        // Code that runs for the first time is slow, which would hide a growth.
        self.once("durableSign", json!([durable_blocks])).await?;
        let short = self.once("durableSign", json!([durable_blocks])).await?;
        for _ in 0..thousand_entries {
            self.call("logEntries", json!([1000])).await?;
        }
        let long = self.once("durableSign", json!([durable_blocks])).await?;
        self.at_large(json!([100]), at_large).await?;
        let few = self.at_large(json!([0]), at_large).await?;
        for _ in 1..thousand_keys {
            self.call("makeKeys", json!([1000])).await?;
        }
        let many = self.at_large(json!([900]), at_large).await?;
        let row = |goal, name| -> Result<Row> {
            Ok(self.row(goal, many.median(name)?, few.median(name)?))
        };
        Ok(vec![
            self.row(Goal::LONG_LOG, long.median("ours")?, short.median("ours")?),
            row(Goal::LIST, "list")?,
            row(Goal::FIRST_SIGN, "sign")?,
            row(Goal::ROTATE, "rotate")?,
            row(Goal::UNLOCK, "unlock")?,
        ])
    }

    /// Makes so many keys more, and uses some of all after the vault was opened again.
    async fn at_large(&self, more: Value, count: u32) -> Result<Samples> {
        self.call("makeKeys", more).await?;
        let mut unlocks = Samples::default();
        for _ in 0..self.effort.unlocks {
            unlocks.add("unlock", self.reopen().await?);
        }
        self.log_is_checked().await?;
        unlocks.extend(self.once("atLarge", json!([count])).await?);
        Ok(unlocks)
    }

    async fn once(&self, function: &str, arguments: Value) -> Result<Samples> {
        Ok(serde_json::from_value(self.call(function, arguments).await?)?)
    }

    /// Opens the vault as a person would; how long that took from the last press on.
    async fn reopen(&self) -> Result<f64> {
        self.page.eval("window.reopened = window.bench.reopen();", &[]).await?;
        let ui = VaultUi(self.page);
        ui.shows("unlock").await?;
        self.page.eval_inside(NOTE_PRESSES, &[]).await?;
        ui.unlock(PASSPHRASE).await?;
        let opened = self.page.eval("return await window.reopened;", &[]).await?;
        let pressed = self.page.eval_inside("return window.pressed;", &[]).await?;
        Ok(opened.as_f64().context("no time")? - pressed.as_f64().context("no press")?)
    }

    /// Waits until the log has been checked, which is done beside other work.
    async fn log_is_checked(&self) -> Result<()> {
        eventually(LOG_IS_CHECKED, async || Ok(self.call("checked", json!([])).await? == true))
            .await
            .context("the log is never checked to its end")
    }

    /// Rows 7 and 8.
    async fn arithmetic(&self) -> Result<Vec<Row>> {
        self.open("crypto.html").await?;
        self.call("start", json!([])).await?;
        let sign = self.sample("ed25519Sign", json!([self.effort.ed25519_blocks])).await?;
        let argon2 = self.sample("argon2", json!([self.effort.argon2_runs])).await?;
        Ok(vec![
            self.compare(Goal::WASM_LIBSODIUM, &sign, "libsodium")?,
            self.compare(Goal::WASM_NOBLE, &sign, "noble")?,
            self.compare(Goal::ARGON2_HASH_WASM, &argon2, "hashWasm")?,
            self.compare(Goal::ARGON2_LIBSODIUM, &argon2, "libsodium")?,
        ])
    }

    /// Row 9.
    async fn boot(&self) -> Result<Row> {
        self.connect().await?;
        let boot = self.sample("boot", json!([self.effort.boots])).await?;
        self.compare(Goal::BOOT, &boot, "reference")
    }

    /// Row 10.
    fn wire(&self) -> Row {
        let bytes = u32::try_from(self.site.wire_bytes).unwrap_or(u32::MAX);
        self.row(Goal::WIRE, f64::from(bytes) / 1000.0, Goal::WIRE_BUDGET)
    }

    /// Rows 13 and 14.
    async fn verify(&self) -> Result<[Row; 2]> {
        self.open("page.html").await?;
        let verify = self.sample("verify", json!([self.effort.verifications])).await?;
        let bytes = u32::try_from(self.site.evidence_bytes).unwrap_or(u32::MAX);
        Ok([
            self.row(Goal::VERIFY, verify.median("ours")?, Goal::VERIFY_BUDGET),
            self.row(Goal::EVIDENCE, f64::from(bytes) / 1000.0, Goal::EVIDENCE_BUDGET),
        ])
    }

    async fn connect(&self) -> Result<Value> {
        self.open("page.html").await?;
        self.call("start", json!([self.site.bare])).await
    }

    /// Makes the vault as a person would.
    async fn set_up(&self) -> Result<()> {
        self.page.eval("window.unlocked = window.bench.setup();", &[]).await?;
        VaultUi(self.page).set_up(PASSPHRASE).await?;
        self.page.eval("await window.unlocked;", &[]).await?;
        Ok(())
    }

    async fn under_jank(&self) -> Result<Samples> {
        // The order in which `start` makes them: the enclave, the echo's baseline, the relay.
        let frames = [(0, 0), (2, 1)];
        for (frame, turn) in frames {
            self.page.enter_frame(frame).await?;
            let script = include_str!("../../bench/busy.js");
            self.page.execute(script, vec![json!(TURN_MS), json!(turn)]).await?;
            self.page.leave_frame().await?;
        }
        let echoes = json!([self.effort.janked_echoes, TURN_MS]);
        let samples = self.sample("underJank", echoes).await?;
        for (frame, _) in frames {
            self.page.enter_frame(frame).await?;
            let script = "return Number(document.documentElement.dataset.busy ?? 0);";
            let busy = self.page.eval(script, &[]).await?;
            ensure!(busy.as_u64() > Some(20), "frame {frame} was busy only {busy} times");
            self.page.leave_frame().await?;
        }
        Ok(samples)
    }

    async fn open(&self, name: &str) -> Result<()> {
        self.page.goto(&format!("{}/bench/{name}", self.site.pwa)).await?;
        eventually(SOON, async || Ok(self.page.eval("return !!window.bench;", &[]).await? == true))
            .await
            .with_context(|| format!("{name} does not run"))
    }

    async fn call(&self, function: &str, arguments: Value) -> Result<Value> {
        let script = "return window.bench[$0](...$1);";
        let result = self.page.eval(script, &[json!(function), arguments]).await;
        result.with_context(|| function.to_owned())
    }

    async fn sample(&self, function: &str, arguments: Value) -> Result<Samples> {
        let mut samples = Samples::default();
        for _ in 0..self.effort.rounds {
            samples.extend(serde_json::from_value(self.call(function, arguments.clone()).await?)?);
        }
        Ok(samples)
    }

    fn compare(&self, goal: Goal, samples: &Samples, reference: &str) -> Result<Row> {
        Ok(self.row(goal, samples.median("ours")?, samples.median(reference)?))
    }

    fn row(&self, goal: Goal, ours: f64, reference: f64) -> Row {
        goal.reached(self.engine, ours, reference)
    }
}
