//! What everybody has to be able to read and use: each screen under axe-core, without one finding.

use std::{fs, path::Path};

use anyhow::{Result, ensure};
use fantoccini::Client;
use serde_json::{Value, json};

use crate::{
    authenticator::Authenticator,
    command,
    demo::Demo,
    engine::Engine,
    page::Page as _,
    scenario::{Missing, Skip, scenarios},
    scenarios::faults::TURN,
    session::Session,
    stage::{Stage, serve_changed},
    tour::Tour,
    vault_ui::{PASSPHRASE, VaultUi, Way},
    world::World,
};

scenarios!("accessibility": setting_up, managing, managing_keys, approving, backing_up, pages);

/// Every rule that axe-core has switched on, best practices included.
const EVERY_RULE: fn() -> Value = || json!({});

/// The rules about colours, which are others in the dark.
const COLOURS: fn() -> Value = || json!({"runOnly": ["color-contrast", "link-in-text-block"]});

/// Runs the rules of the options.
const RUN: &str = "
    const { violations } = await axe.run(document,
        { ...$0, iframes: false, resultTypes: ['violations'] });
    return violations.map(({ id, help, nodes }) =>
        `${id} (${help}): ${nodes.map(({ html, any, all }) =>
            `${html} ${[...any, ...all].map(({ message }) => message).join('; ')}`).join(' | ')}`);";

/// In the embedding page.
const MAKE_NARROW: &str = "
    const { style } = document.querySelector('iframe');
    style.width = style.minWidth = style.maxWidth = $0;";

/// In the frame: its width, and what does not fit into it.
const MEASURE: &str = "
    await new Promise((next) => setTimeout(next, 20));
    const { scrollWidth, clientWidth } = document.documentElement;
    const wide = [...document.querySelectorAll('body *')].filter((element) =>
        element.getBoundingClientRect().right > clientWidth + 0.5);
    return [innerWidth, scrollWidth > clientWidth ? wide.map(({ outerHTML }) => outerHTML) : []];";

/// In the embedding page.
const FITS: &str = "
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth <= clientWidth;";

/// Checks a screen that only another scenario gets to, where it is checked at all.
pub(super) async fn check_elsewhere(page: &Client, engine: Engine, what: &str) -> Result<()> {
    match needs_checker(engine) {
        Ok(checker) => checker.check_screen(page, what).await,
        Err(error) if error.is::<Skip>() => Ok(()),
        Err(error) => Err(error),
    }
}

/// The checker, to be run in whatever document is the current one.
struct Checker {
    source: String,
    /// Whether the browser can be told to prefer dark colours.
    in_the_dark: bool,
}

impl Checker {
    fn load(engine: Engine) -> Result<Self> {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../node_modules/axe-core/axe.min.js");
        let source = fs::read_to_string(&path);
        let source = source.map_err(|_| Missing("axe-core is missing: run `cargo xtask setup`"))?;
        Ok(Self { source, in_the_dark: engine == Engine::Chromium })
    }

    /// By every rule, and by those about colours once more in the dark.
    async fn check(&self, page: &Client, what: &str) -> Result<()> {
        self.meets(page, EVERY_RULE(), what).await?;
        if self.in_the_dark {
            prefer(page, "dark").await?;
            self.meets(page, COLOURS(), &format!("{what}, in the dark")).await?;
            prefer(page, "light").await?;
        }
        Ok(())
    }

    async fn meets(&self, page: &Client, rules: Value, what: &str) -> Result<()> {
        // It is large: a document is given it once.
        if page.eval("return 'axe' in window;", &[]).await? == false {
            page.eval(&self.source, &[]).await?;
        }
        let found = page.eval(RUN, &[rules]).await?;
        ensure!(found == json!([]), "{what}: {}", readable(&found));
        Ok(())
    }

    /// The positive control: with a mistake in the document there is a finding.
    async fn finds_a_mistake(&self, page: &Client) -> Result<()> {
        page.enter_enclave().await?;
        page.eval("document.querySelector('h1').append(document.createElement('img'));", &[])
            .await?;
        ensure!(self.check(page, "mistake").await.is_err(), "a picture without a text passes");
        page.eval("document.querySelector('h1 img').remove();", &[]).await?;
        page.leave_frame().await
    }

    /// The same for what is wrong in the dark alone.
    async fn finds_pale_letters(&self, page: &Client) -> Result<()> {
        page.eval("document.querySelector('h1').style.color = '#444';", &[]).await?;
        let light = self.meets(page, COLOURS(), "dark grey on light").await;
        let dark = self.check(page, "mistake").await;
        prefer(page, "light").await?;
        page.eval("document.querySelector('h1').style.color = '';", &[]).await?;
        ensure!(dark.is_err(), "dark grey on dark passes");
        light
    }

    /// The document in the frame.
    async fn check_frame(&self, page: &Client, what: &str) -> Result<()> {
        page.enter_enclave().await?;
        self.check(page, what).await?;
        page.leave_frame().await
    }

    /// The same; what is shown also has to fit into a narrow frame.
    async fn check_screen(&self, page: &Client, what: &str) -> Result<()> {
        self.check_frame(page, what).await?;
        for width in [280, 390] {
            page.eval(MAKE_NARROW, &[json!(format!("{width}px"))]).await?;
            let found = page.eval_inside(MEASURE, &[]).await?;
            ensure!(found == json!([width, []]), "{what}, {width} pixels wide: {found}");
        }
        page.eval(MAKE_NARROW, &[json!("")]).await?;
        Ok(())
    }
}

fn readable(found: &Value) -> String {
    let lines: Vec<_> = found.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    lines.join("\n    ")
}

/// The rules are about documents, not engines: one engine is enough to see that they are met.
fn needs_checker(engine: Engine) -> Result<Checker> {
    ensure!(engine == Engine::Chromium, Skip("checked in Chromium"));
    Checker::load(engine)
}

/// For the screens that come first, and those that decide most, a second one.
fn needs_second_checker(engine: Engine) -> Result<Checker> {
    ensure!(engine != Engine::Webkitgtk, Skip("checked in the other engines"));
    Checker::load(engine)
}

async fn setting_up(world: &mut World) -> Result<()> {
    let checker = needs_second_checker(world.engine)?;
    let page = world.page()?;
    let visit = async |name: &str| checker.check_screen(page, name).await;
    let tour = Tour::begin(world.browser()?, &world.stage()?.pwa, visit).await?;
    checker.check_frame(page, "idle").await?;
    checker.finds_a_mistake(page).await?;
    tour.set_up().await?;
    Ok(())
}

async fn managing(world: &mut World) -> Result<()> {
    let checker = needs_checker(world.engine)?;
    let page = world.page()?;
    let visit = async |name: &str| checker.check_screen(page, name).await;
    let tour = Tour::begin(world.browser()?, &world.stage()?.pwa, visit).await?;
    let words = tour.pass_set_up().await?;
    tour.manage(&words).await?;
    tour.unlock().await
}

async fn managing_keys(world: &mut World) -> Result<()> {
    let checker = needs_checker(world.engine)?;
    let page = world.page()?;
    let visit = async |name: &str| checker.check_screen(page, name).await;
    let tour = Tour::begin(world.browser()?, &world.stage()?.pwa, visit).await?;
    let words = tour.pass_set_up().await?;
    tour.demo().create("#create-ed25519").await?;
    tour.keys(&words).await?;
    tour.lease(&words).await
}

async fn approving(world: &mut World) -> Result<()> {
    let checker = needs_second_checker(world.engine)?;
    let page = world.page()?;
    let visit = async |name: &str| checker.check_frame(page, name).await;
    let tour = Tour::begin(world.browser()?, &world.stage()?.pwa, visit).await?;
    tour.pass_set_up().await?;
    tour.approve().await
}

async fn backing_up(world: &mut World) -> Result<()> {
    let checker = needs_checker(world.engine)?;
    let page = world.page()?;
    let visit = async |name: &str| checker.check_screen(page, name).await;
    let tour = Tour::begin(world.browser()?, &world.stage()?.pwa, visit).await?;
    let words = tour.pass_set_up().await?;
    tour.back_up(&words).await
}

async fn prefer(page: &Client, scheme: &str) -> Result<()> {
    let feature = json!([{"name": "prefers-color-scheme", "value": scheme}]);
    command::devtools(page, "Emulation.setEmulatedMedia", json!({"features": feature})).await?;
    Ok(())
}

/// The demo around the frame, and the page that creates a passkey.
async fn pages(world: &mut World) -> Result<()> {
    let checker = needs_checker(world.engine)?;
    let page = world.page()?;
    let stage = world.stage()?;
    let demo = Demo::open(page, &stage.pwa).await?;
    checker.check(page, "demo, new").await?;
    checker.finds_pale_letters(page).await?;
    demo.set_up().await?;
    demo.create("#create-ed25519").await?;
    demo.sign("Pay 10 € to Alice").await?;
    demo.check_signature().await?;
    demo.audit(1).await?;
    demo.verify().await?;
    demo.verify_report().await?;
    checker.check(page, "demo, in use").await?;
    ensure!(page.eval(FITS, &[]).await? == true, "the report of Verify is too wide for its page");
    demo.verify_another().await?;
    demo.verify_report().await?;
    checker.check(page, "demo, not verified").await?;
    demo.lock().await?;
    checker.check(page, "demo, locked").await?;
    let authenticator = Authenticator::with_prf(world.engine, page).await?;
    page.goto(&format!("{}/enrol", stage.kms)).await?;
    page.visible("#create").await?;
    checker.check(page, "enrol").await?;
    page.press("#create").await?;
    page.visible("#result[data-outcome=ready]").await?;
    checker.check(page, "enrol, done").await?;
    let (elsewhere, _server) = serve_changed(&stage.release.emitted, |_| {})?;
    page.goto(&format!("{elsewhere}/enrol")).await?;
    page.visible("#refused").await?;
    checker.check(page, "enrol, refused").await?;
    by_passkey(page, &stage, &checker).await?;
    authenticator.unplug().await
}

/// The screen of a vault that a passkey opens, and what is left of the enclave when it has failed.
async fn by_passkey(page: &Client, stage: &Stage, checker: &Checker) -> Result<()> {
    let session = Session::open(page, stage).await?;
    let ui = VaultUi(page);
    session.begin("vault.reset").await?;
    ui.reset(Way::Passphrase(PASSPHRASE)).await?;
    session.end().await?;
    session.begin("vault.setup").await?;
    ui.set_up_with_existing_passkey().await?;
    session.end().await?;
    session.lock().await?;
    session.begin("vault.unlock").await?;
    ui.shows("unlock").await?;
    checker.check_screen(page, "unlock, passkey").await?;
    page.eval_inside(TURN, &[json!("pageshow"), json!(true)]).await?;
    ensure!(page.eval_inside(SCREEN, &[]).await? == "fault");
    checker.check_screen(page, "fault").await
}

const SCREEN: &str = "return document.documentElement.dataset.screen;";
