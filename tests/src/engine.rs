//! The three browsers: where their binaries are and how each is started.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
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
    /// Size and colours, in Chromium.
    pub look: Option<Look>,
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
    pub(crate) const ORDINARY: Self = Self { no_wasm: false, precise_clock: false, look: None };
    /// To measure with.
    pub(crate) const PRECISE_CLOCK: Self = Self { precise_clock: true, ..Self::ORDINARY };
}

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
];

const MINI_BROWSERS: &[&str] = &[
    "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
    "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.0/MiniBrowser",
    "/usr/lib/aarch64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
    "/usr/lib/aarch64-linux-gnu/webkit2gtk-4.0/MiniBrowser",
];

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

    /// Whether a session started again on the same profile still has its IndexedDB.
    /// WebKitGTK keeps website data in memory while it is automated.
    pub(crate) fn keeps_profile(self) -> bool {
        self != Self::Webkitgtk
    }

    /// Whether the engine lets an embedder pin the policy of a frame (`iframe.csp`).
    pub(crate) fn enforces_pin(self) -> bool {
        self == Self::Chromium
    }

    /// WebDriver capabilities for a start on `profile`, logging the console to `log`.
    pub(crate) fn capabilities(
        self,
        programs: &Programs,
        profile: &Path,
        log: &Path,
        launch: Launch,
    ) -> io::Result<Map<String, Value>> {
        fs::create_dir_all(profile)?;
        let options = match self {
            Self::Chromium => {
                let mut args: Vec<_> = CHROMIUM_ARGS.iter().map(ToString::to_string).collect();
                args.push(format!("--user-data-dir={}", profile.display()));
                args.push(format!("--log-file={}", log.display()));
                if launch.no_wasm {
                    args.push("--js-flags=--jitless".into());
                }
                if launch.look.is_some_and(|look| look.dark) {
                    args.push("--force-dark-mode".into());
                }
                let mut options = json!({"binary": programs.browser, "args": args});
                if launch.look.is_some_and(|look| look.phone) {
                    let metrics = json!({"width": 390, "height": 844, "pixelRatio": 2});
                    options["mobileEmulation"] = json!({"deviceMetrics": metrics});
                }
                json!({"goog:chromeOptions": options})
            }
            Self::Firefox => {
                fs::write(profile.join("user.js"), user_js(launch))?;
                let args = json!(["-headless", "-profile", profile]);
                json!({"moz:firefoxOptions": {"binary": programs.browser, "args": args}})
            }
            Self::Webkitgtk => {
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

fn user_js(launch: Launch) -> String {
    let wasm = launch.no_wasm.then_some(("javascript.options.wasm", "false"));
    let clock = launch.precise_clock.then_some(("privacy.reduceTimerPrecision", "false"));
    let prefs = FIREFOX_PREFS.iter().copied().chain(wasm).chain(clock);
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

fn missing(program: &str) -> anyhow::Error {
    anyhow!("{program} is not installed")
}
