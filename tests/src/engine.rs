//! The three browsers: where their binaries are and how each is started.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Result, anyhow};
use serde_json::{Map, Value, json};

/// A browser engine under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Engine {
    /// Chromium, driven by chromedriver.
    Chromium,
    /// Firefox ESR, driven by geckodriver.
    Firefox,
    /// `MiniBrowser` of WebKitGTK, driven by `WebKitWebDriver` on a virtual display.
    Webkitgtk,
}

/// What differs from an ordinary start of the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Launch {
    /// Starts the browser without WebAssembly.
    pub no_wasm: bool,
    /// Lets Firefox tell the time as exactly as it can.
    pub precise_clock: bool,
    /// What sites may store.
    pub site_data: SiteData,
    /// Size and colours, in Chromium.
    pub look: Option<Look>,
}

/// What the browser lets sites store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SiteData {
    /// As it comes.
    Ordinary,
    /// There is little room.
    Little,
    /// Nothing, as a person can set it.
    Blocked,
    /// In a private window.
    Private,
}

/// What a page is seen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    /// A phone, upright, in place of a desktop.
    pub phone: bool,
    /// Dark colours are asked for.
    pub dark: bool,
}

impl Launch {
    /// Nothing differs.
    pub(crate) const ORDINARY: Self =
        Self { no_wasm: false, precise_clock: false, site_data: SiteData::Ordinary, look: None };
    /// To measure with.
    pub(crate) const PRECISE_CLOCK: Self = Self { precise_clock: true, ..Self::ORDINARY };

    /// Whether the profile has to lie on a small disk: Chromium takes its quota from there.
    pub(crate) fn small_disk(self, engine: Engine) -> bool {
        self.site_data == SiteData::Little && engine == Engine::Chromium
    }
}

/// Below the directory of a browser: what it keeps.
pub(crate) const PROFILE: &str = "profile";

/// Below the directory of a browser: where it saves files.
pub(crate) const DOWNLOADS: &str = "downloads";

/// Quiet, offline, reproducible; `--no-sandbox` because CI runs as root.
const CHROMIUM_ARGS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--window-size=1280,900",
    "--enable-logging",
];

/// Preferences written to `user.js`, so that a restart on the same profile keeps them.
const FIREFOX_PREFS: &[(&str, &str)] = &[
    ("devtools.console.stdout.content", "true"),
    ("toolkit.cosmeticAnimations.enabled", "false"),
    ("browser.shell.checkDefaultBrowser", "false"),
    ("datareporting.policy.dataSubmissionEnabled", "false"),
    ("browser.safebrowsing.malware.enabled", "false"),
    ("browser.safebrowsing.phishing.enabled", "false"),
    ("app.update.auto", "false"),
    ("security.webauth.webauthn_enable_softtoken", "true"),
    ("security.webauth.webauthn_enable_usbtoken", "false"),
    ("browser.download.folderList", "2"),
    ("browser.download.useDownloadDir", "true"),
    ("browser.download.alwaysOpenPanel", "false"),
    ("dom.quotaManager.testing", "true"),
];

const MINI_BROWSERS: &[&str] = &[
    "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
    "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.0/MiniBrowser",
    "/usr/lib/aarch64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
    "/usr/lib/aarch64-linux-gnu/webkit2gtk-4.0/MiniBrowser",
];

/// Debian's packages of the engine, its language and its driver.
const WEBKIT_PACKAGES: &[&str] =
    &["libwebkit2gtk-4.*", "libjavascriptcoregtk-4.*", "webkit2gtk-driver"];

impl fmt::Display for Engine {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
            Self::Webkitgtk => "webkitgtk",
        })
    }
}

impl Engine {
    /// Everything this engine needs on the machine, or the name of what is missing.
    pub(crate) fn programs(self) -> Result<Programs> {
        let (driver, browser) = match self {
            Self::Chromium => (find("chromedriver")?, find("chromium")?),
            Self::Firefox => (find("geckodriver")?, find("firefox-esr")?),
            Self::Webkitgtk => {
                find("Xvfb")?;
                let browser = MINI_BROWSERS.iter().map(PathBuf::from).find(|path| path.exists());
                (find("WebKitWebDriver")?, browser.ok_or_else(|| missing("MiniBrowser"))?)
            }
        };
        Ok(Programs { driver, browser })
    }

    /// Versions of browser and driver, where they can be had.
    pub(crate) fn version(self) -> Option<String> {
        let programs = self.programs().ok()?;
        match self {
            Self::Chromium | Self::Firefox => [programs.browser, programs.driver]
                .iter()
                .map(|program| said(Command::new(program).arg("--version")))
                .collect(),
            // Neither of its programs tells its version, and the engine is in libraries.
            Self::Webkitgtk => said(Command::new("dpkg-query").arg("--show").args(WEBKIT_PACKAGES)),
        }
    }

    /// Whether a session started again on the same profile still has its IndexedDB.
    /// WebKitGTK keeps website data in memory while it is automated.
    pub(crate) fn keeps_profile(self) -> bool {
        self != Self::Webkitgtk
    }

    /// Whether the engine has Web Authentication.
    pub(crate) fn has_passkeys(self) -> bool {
        self != Self::Webkitgtk
    }

    /// Whether the engine tells a frame about its storage (`navigator.storage`).
    pub(crate) fn tells_storage(self) -> bool {
        self != Self::Webkitgtk
    }

    /// Whether the engine lets an embedder pin the policy of a frame (`iframe.csp`).
    pub(crate) fn enforces_pin(self) -> bool {
        self == Self::Chromium
    }

    /// WebDriver capabilities for a start in `directory`.
    pub(crate) fn capabilities(
        self,
        programs: &Programs,
        directory: &Path,
        launch: Launch,
    ) -> io::Result<Map<String, Value>> {
        let (profile, downloads) = (directory.join(PROFILE), directory.join(DOWNLOADS));
        fs::create_dir_all(&profile)?;
        let options = match self {
            Self::Chromium => chromium_options(programs, directory, launch),
            Self::Firefox => {
                fs::write(profile.join("user.js"), user_js(launch, &downloads))?;
                let args = json!(["-headless", "-profile", profile]);
                json!({"moz:firefoxOptions": {"binary": programs.browser, "args": args}})
            }
            Self::Webkitgtk => {
                let line = format!("XDG_DOWNLOAD_DIR=\"{}\"\n", downloads.display());
                fs::write(directory.join("user-dirs.dirs"), line)?;
                let args =
                    json!(["--automation", "--enable-write-console-messages-to-stdout=true"]);
                json!({"webkitgtk:browserOptions": {"binary": programs.browser, "args": args}})
            }
        };
        Ok(options.as_object().cloned().unwrap_or_default())
    }
}

/// The binaries of one engine.
#[derive(Clone, Debug)]
pub(crate) struct Programs {
    /// The WebDriver server.
    pub driver: PathBuf,
    /// The browser itself.
    pub browser: PathBuf,
}

fn chromium_options(programs: &Programs, directory: &Path, launch: Launch) -> Value {
    let mut args: Vec<_> = CHROMIUM_ARGS.iter().map(ToString::to_string).collect();
    args.push(format!("--user-data-dir={}", directory.join(PROFILE).display()));
    args.push(format!("--log-file={}", directory.join("console.log").display()));
    let switches = [
        ("--js-flags=--jitless", launch.no_wasm),
        ("--force-dark-mode", launch.look.is_some_and(|look| look.dark)),
        ("--incognito", launch.site_data == SiteData::Private),
    ];
    args.extend(switches.iter().filter(|(_, on)| *on).map(|(switch, _)| (*switch).to_owned()));
    let mut prefs = json!({"download.default_directory": directory.join(DOWNLOADS)});
    if launch.site_data == SiteData::Blocked {
        prefs["profile.default_content_setting_values.cookies"] = json!(2);
    }
    let mut options = json!({"binary": programs.browser, "args": args, "prefs": prefs});
    if launch.look.is_some_and(|look| look.phone) {
        let metrics = json!({"width": 390, "height": 844, "pixelRatio": 2});
        options["mobileEmulation"] = json!({"deviceMetrics": metrics});
    }
    json!({"goog:chromeOptions": options})
}

fn user_js(launch: Launch, downloads: &Path) -> String {
    let folder = json!(downloads).to_string();
    let wasm = launch.no_wasm.then_some(("javascript.options.wasm", "false"));
    let clock = launch.precise_clock.then_some(("privacy.reduceTimerPrecision", "false"));
    let storage = match launch.site_data {
        SiteData::Ordinary => None,
        // In KiB, for all sites; one gets a fifth of it.
        SiteData::Little => Some(("dom.quotaManager.temporaryStorage.fixedLimit", "40000")),
        // What belongs to another site than the page is refused.
        SiteData::Blocked => Some(("network.cookie.cookieBehavior", "1")),
        SiteData::Private => Some(("browser.privatebrowsing.autostart", "true")),
    };
    let prefs = FIREFOX_PREFS
        .iter()
        .copied()
        .chain([("browser.download.dir", folder.as_str())])
        .chain(wasm)
        .chain(clock)
        .chain(storage);
    let lines: Vec<_> =
        prefs.map(|(name, value)| format!("user_pref(\"{name}\", {value});")).collect();
    lines.join("\n")
}

/// Looks a program up on PATH, then where `cargo xtask setup` caches tools.
fn find(program: &str) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let cache = std::env::home_dir().unwrap_or_default().join(".cache/ats-kms/tools/bin");
    std::env::split_paths(&path)
        .chain([cache])
        .map(|directory| directory.join(program))
        .find(|candidate| candidate.is_file())
        .ok_or_else(|| missing(program))
}

/// What a program prints, if it ends well and says something.
fn said(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok().filter(|text| !text.trim().is_empty())
}

fn missing(program: &str) -> anyhow::Error {
    anyhow!("{program} is not installed")
}
