//! A picture of each screen, light and dark, on a phone and on a desktop, in Chromium.

use std::{
    cell::Cell,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Result, ensure};
use enclave_shell::Sources;
use fantoccini::Client;
use serde_json::json;

use crate::{
    Builds,
    demo::Demo,
    driver::Browser,
    engine::{Engine, Launch, Look},
    page::{Page as _, SOON, eventually},
    stage::{Release, Stage},
    tour::Tour,
};

/// What a page is seen on.
const LOOKS: [(&str, Look); 4] = [
    ("desktop-light", Look { phone: false, dark: false }),
    ("desktop-dark", Look { phone: false, dark: true }),
    ("phone-light", Look { phone: true, dark: false }),
    ("phone-dark", Look { phone: true, dark: true }),
];

/// Takes every picture; those of an earlier run go.
pub(crate) async fn run(out: &Path, builds: &Builds) -> Result<ExitCode> {
    let out = std::path::absolute(out)?;
    if out.exists() {
        fs::remove_dir_all(&out)?;
    }
    fs::create_dir_all(&out)?;
    let release = Release::start(&Sources::load(&builds.enclave)?)?;
    let directory = std::path::absolute("target/e2e/screenshots")?;
    for (number, (name, look)) in (0..).zip(LOOKS) {
        let launch = Launch { look: Some(look), ..Launch::ORDINARY };
        let browser = Browser::launch(Engine::Chromium, launch, &directory.join(name)).await?;
        let camera = Camera { page: &browser.client, prefix: out.join(name), taken: Cell::new(0) };
        let taken = camera.tour(&browser, &release.stage(number)?, look).await;
        browser.quit().await?;
        taken?;
    }
    println!("pictures of each screen are in {}", out.display());
    Ok(ExitCode::SUCCESS)
}

struct Camera<'a> {
    page: &'a Client,
    prefix: PathBuf,
    taken: Cell<u32>,
}

impl Camera<'_> {
    /// Everything a person comes to see, in the order in which it is seen.
    async fn tour(&self, browser: &Browser, stage: &Stage, look: Look) -> Result<()> {
        let visit = async |name: &str| self.take(name, "dialog").await;
        let tour = Tour::begin(browser, &stage.pwa, visit).await?;
        let demo = tour.demo();
        self.check(look).await?;
        demo.reaches("uninitialized").await?;
        self.take("demo-new", "body").await?;
        let words = tour.set_up().await?;
        self.check_frame(look).await?;
        self.take("demo-no-keys", "body").await?;
        self.use_keys(demo).await?;
        tour.approve().await?;
        tour.manage(&words).await?;
        tour.keys(&words).await?;
        tour.lease(&words).await?;
        demo.lock().await?;
        self.take("demo-locked", "body").await?;
        demo.unlock().await?;
        tour.unlock().await?;
        tour.back_up(&words).await?;
        self.idle().await?;
        self.page.goto(&format!("{}/enrol", stage.kms)).await?;
        self.page.visible("#create").await?;
        self.take("enrol", "body").await?;
        let refused = Demo::open(self.page, &stage.evil).await?;
        eventually(SOON, async || Ok(!refused.error().await?.is_empty())).await?;
        self.take("demo-not-on-the-list", "body").await
    }

    /// In the enclave's frame colours are its own matter.
    async fn check_frame(&self, look: Look) -> Result<()> {
        self.page.enter_enclave().await?;
        self.check_colours(look).await?;
        self.page.leave_frame().await
    }

    async fn use_keys(&self, demo: &Demo<'_>) -> Result<()> {
        self.page.fill("#label", "Release signing").await?;
        demo.create("#create-ed25519").await?;
        self.page.fill("#label", "Deploy").await?;
        demo.create("#create-p256").await?;
        self.page.press("#public summary").await?;
        demo.public_key().await?;
        self.take("demo-keys", "[aria-labelledby=keys-title]").await?;
        demo.sign("Pay 10 € to Alice").await?;
        ensure!(demo.check_signature().await?, "the signature verifies");
        self.take("demo-signed", "[aria-labelledby=sign-title]").await?;
        demo.audit(3).await?;
        ensure!(demo.check_audit().await?, "the log verifies");
        self.take("demo-audit", "[aria-labelledby=audit-title]").await?;
        demo.verify().await?;
        self.take("demo-verified", "[aria-labelledby=verify-title]").await?;
        demo.verify_report().await?;
        self.take("demo-verify-details", "[aria-labelledby=verify-title]").await?;
        demo.verify_another().await?;
        self.take("demo-not-verified", "[aria-labelledby=verify-title]").await
    }

    /// Nobody opens an idle sheet, but a page may.
    async fn idle(&self) -> Result<()> {
        let script = "document.querySelector('dialog').showModal();";
        self.page.eval(script, &[]).await?;
        self.page.enter_enclave().await?;
        self.page.visible("#lock").await?;
        self.page.leave_frame().await?;
        self.take("idle", "dialog").await
    }

    /// That the browser took the look it was started with.
    async fn check(&self, look: Look) -> Result<()> {
        self.check_colours(look).await?;
        let width = self.page.eval("return innerWidth;", &[]).await?;
        ensure!((width == 390) == look.phone, "{width} pixels wide");
        Ok(())
    }

    async fn check_colours(&self, look: Look) -> Result<()> {
        let script = "return matchMedia('(prefers-color-scheme: dark)').matches;";
        let dark = self.page.eval(script, &[]).await?;
        ensure!(dark == look.dark, "dark: {dark} instead of {}", look.dark);
        Ok(())
    }

    /// Takes what can be seen with the start of the element at the top, once nothing moves.
    async fn take(&self, name: &str, css: &str) -> Result<()> {
        self.page.eval(STAND_STILL, &[json!(css)]).await?;
        self.taken.set(self.taken.get() + 1);
        let file = format!("{:02}-{name}.png", self.taken.get());
        let path = self.prefix.with_added_extension(file);
        Ok(fs::write(path, self.page.screenshot().await?)?)
    }
}

/// A phone paints every press for a while, in no known time.
const STAND_STILL: &str = "
    document.documentElement.style.setProperty('-webkit-tap-highlight-color', 'transparent');
    document.querySelector($0).scrollIntoView({ block: 'start', behavior: 'instant' });
    const moving = document.getAnimations().map((animation) => animation.finished);
    await Promise.allSettled(moving);
    await new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next)));";
