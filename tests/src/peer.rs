//! Other people's libraries (`tests/peers`), in a process of Node.js, and inputs to compare with.

use std::{
    cell::RefCell,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use kms_crypto::{CryptoProvider as _, software::SoftwareProvider};
use kms_testkit::seeded_provider;
use serde_json::{Map, Value, json};

use crate::{
    scenario::Missing,
    session::{from_base64, to_page},
};

/// Repeats a run: the seed of one that failed.
const SEED: &str = "KMS_SEED";

/// The libraries. The process ends with this value.
pub(crate) struct Peer {
    process: Child,
    line: RefCell<Option<(ChildStdin, BufReader<ChildStdout>)>>,
}

impl Peer {
    /// Starts them.
    pub(crate) fn start() -> Result<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/peer.mjs");
        let mut command = Command::new("node");
        command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().map_err(|_| Missing("no `node` to run"))?;
        let pipes = process.stdin.take().zip(process.stdout.take());
        let (to, from) = pipes.context("no pipes")?;
        Ok(Self { process, line: RefCell::new(Some((to, BufReader::new(from)))) })
    }

    /// The answer to a question; whatever goes wrong there is an error here.
    #[allow(clippy::needless_pass_by_value)] // written where it is called
    pub(crate) fn ask(&self, name: &str, params: Value) -> Result<Value> {
        let mut line = self.line.borrow_mut();
        let (to, from) = line.as_mut().context("the libraries have ended")?;
        writeln!(to, "{}", json!({"name": name, "params": params}))?;
        let mut answer = String::new();
        from.read_line(&mut answer)?;
        ensure!(!answer.is_empty(), "the libraries to compare with come from `npm ci`");
        let mut answer: Value = serde_json::from_str(&answer)?;
        match answer.get_mut("result") {
            Some(result) => Ok(result.take()),
            None => Err(anyhow!("{name}: {}", answer["error"])),
        }
    }

    /// An answer that is bytes.
    pub(crate) fn bytes(&self, name: &str, params: Value) -> Result<Vec<u8>> {
        let answer = self.ask(name, params)?;
        from_base64(answer["bytes"].as_str().with_context(|| format!("{name}: {answer}"))?)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // At the end of its input it ends.
        self.line.take();
        let _ = self.process.wait();
    }
}

/// Inputs that look random and come from one number.
pub(crate) struct Inputs {
    /// That number.
    pub seed: u64,
    source: SoftwareProvider,
}

impl Inputs {
    /// Takes the seed of the environment, or a new one, and says which.
    pub(crate) fn new() -> Result<Self> {
        let seed = match std::env::var(SEED) {
            Ok(text) => text.parse().with_context(|| format!("{SEED} is a number"))?,
            Err(_) => SystemTime::now().duration_since(UNIX_EPOCH)?.subsec_nanos().into(),
        };
        println!("        {SEED}={seed}");
        Ok(Self { seed, source: seeded_provider(seed) })
    }

    /// So many bytes.
    pub(crate) fn bytes(&self, length: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        match self.source.fill_random(&mut bytes) {
            Ok(()) => Ok(bytes),
            Err(error) => bail!("{error}"),
        }
    }

    /// A number below this one, which is at most 256.
    pub(crate) fn below(&self, limit: usize) -> Result<usize> {
        Ok(usize::from(self.bytes(1)?[0]) % limit)
    }

    /// Bytes as of a file: none, few or some hundred, for a page.
    pub(crate) fn message(&self) -> Result<(Vec<u8>, Value)> {
        let length = self.below(4)? * self.below(256)?;
        let bytes = self.bytes(length)?;
        let value = to_page(&bytes);
        Ok((bytes, value))
    }

    /// A context, whose names are of the lengths at which their encoding changes.
    pub(crate) fn context(&self) -> Result<Value> {
        let mut context = Map::new();
        for _ in 0..self.below(5)? {
            let name = self.text(1 + self.below(30)?)?;
            context.insert(name, json!(self.text(self.below(120)?)?));
        }
        Ok(Value::Object(context))
    }

    fn text(&self, length: usize) -> Result<String> {
        const ALPHABET: [char; 8] = ['a', 'b', 'z', 'Z', '0', ' ', '_', 'é'];
        (0..length).map(|_| Ok(ALPHABET[self.below(ALPHABET.len())?])).collect()
    }
}
