//! What a scenario finds when it starts: an engine, a browser, the enclave's builds.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
};

use anyhow::{Context as _, Result};
use enclave_shell::Sources;
use fantoccini::Client;

use crate::{
    driver::Browser,
    engine::{Engine, Launch},
    scenario::Missing,
    stage::{Release, Stage},
};

/// The surroundings of one run in one engine.
pub(crate) struct World {
    /// The engine under test.
    pub engine: Engine,
    /// Where logs, profiles and evidence go.
    pub directory: PathBuf,
    /// The enclave as it is released.
    pub sources: Arc<Sources>,
    release: Arc<Release>,
    probe: Option<Arc<Release>>,
    used: Arc<AtomicU16>,
    started: Arc<AtomicU16>,
    browser: Option<(Launch, Browser)>,
}

impl World {
    /// Emits and serves the builds; browsers start when a scenario needs one.
    pub(crate) fn new(engine: Engine, enclave: &Path, probe: &Path) -> Result<Self> {
        let directory = PathBuf::from("target/e2e").join(engine.to_string());
        let probe = Sources::load(probe).ok().map(with_probe).transpose()?;
        let sources = Sources::load(enclave)?;
        Ok(Self {
            engine,
            directory: std::path::absolute(directory)?,
            release: Release::start(&sources)?,
            sources: Arc::new(sources),
            probe: probe.as_ref().map(Release::start_plain).transpose()?,
            used: Arc::default(),
            started: Arc::default(),
            browser: None,
        })
    }

    /// The same surroundings for another thread, with a browser of its own.
    pub(crate) fn beside(&self) -> Self {
        Self {
            engine: self.engine,
            directory: self.directory.clone(),
            sources: Arc::clone(&self.sources),
            release: Arc::clone(&self.release),
            probe: self.probe.clone(),
            used: Arc::clone(&self.used),
            started: Arc::clone(&self.started),
            browser: None,
        }
    }

    /// An embedder without a vault, of the enclave as it is released.
    pub(crate) fn stage(&self) -> Result<Stage> {
        self.release.stage(self.used.fetch_add(1, Ordering::Relaxed))
    }

    /// Two embedders that share a vault, for the one scenario that asks for them.
    pub(crate) fn neighbours(&self) -> [Stage; 2] {
        self.release.neighbours()
    }

    /// The same as [`Self::stage`], of the build with the probe.
    pub(crate) fn probe_stage(&self) -> Result<Stage> {
        let release = self.probe.as_ref();
        let release = release.ok_or(Missing("no probe build: run `cargo xtask build --probe`"))?;
        release.stage(self.used.fetch_add(1, Ordering::Relaxed))
    }

    /// Makes sure that a browser runs that was started this way.
    pub(crate) async fn prepare(&mut self, launch: Launch) -> Result<()> {
        if let Some((running, browser)) = self.browser.take() {
            if running == launch {
                self.browser = Some((running, browser));
            } else {
                browser.quit().await?;
            }
        }
        if self.browser.is_none() {
            let browser = Browser::launch(self.engine, launch, &self.new_directory()).await?;
            self.browser = Some((launch, browser));
        }
        Ok(())
    }

    /// A second browser of the same engine, with a profile of its own.
    pub(crate) async fn another_browser(&self) -> Result<Browser> {
        Browser::launch(self.engine, Launch::ORDINARY, &self.new_directory()).await
    }

    /// A browser that was cut off may still write into its old place: each has a new one.
    fn new_directory(&self) -> PathBuf {
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        self.directory.join(format!("browser-{number}"))
    }

    /// The running browser.
    pub(crate) fn browser(&self) -> Result<&Browser> {
        self.browser.as_ref().map(|(_, browser)| browser).context("no browser runs")
    }

    /// The running browser, to restart it.
    pub(crate) fn browser_mut(&mut self) -> Result<&mut Browser> {
        self.browser.as_mut().map(|(_, browser)| browser).context("no browser runs")
    }

    /// The page in the browser.
    pub(crate) fn page(&self) -> Result<&Client> {
        Ok(&self.browser()?.client)
    }

    /// Ends the browser, whatever state it is in.
    pub(crate) fn discard_browser(&mut self) {
        self.browser = None;
    }
}

/// Adds the test's own parts to frame and workers, before all others that matter.
fn with_probe(mut sources: Sources) -> Result<Sources> {
    let part = |name: &str| -> Result<(String, String)> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("probe").join(name);
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        Ok((format!("probe-{name}"), text))
    };
    let (lacks, frame, worker) = (part("lacks.js")?, part("frame.js")?, part("worker.js")?);
    sources.frame.splice(0..0, [lacks.clone(), frame]);
    for program in [&mut sources.enclave, &mut sources.tools] {
        // The first part of a worker must stay first: it switches the language to strict mode.
        program.worker.splice(1..1, [lacks.clone(), worker.clone()]);
    }
    Ok(sources)
}
