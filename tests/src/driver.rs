//! WebDriver servers as child processes, and browser sessions on top of them.

use std::{
    fs::{self, File},
    io::{self, BufRead as _, BufReader},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use fantoccini::{Client, ClientBuilder, wd::TimeoutConfiguration};
use hyper_util::client::legacy::connect::HttpConnector;
use tokio::net::TcpStream;

use crate::{
    engine::{DOWNLOADS, Engine, Launch, PROFILE, Programs},
    page::eventually,
    small_disk::SmallDisk,
};

/// Longest time one injected script may take; a scenario has its own limit.
const SCRIPT_LIMIT: Duration = Duration::from_mins(1);

/// A child process with all its descendants, ended when dropped.
#[derive(Debug)]
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        let group = format!("-{}", self.0.id());
        // The browser may outlive its driver by a moment: the signal goes to the whole group.
        let _ = Command::new("kill").args(["-TERM", "--", &group]).stderr(Stdio::null()).status();
        let _ = self.0.wait();
    }
}

/// A running browser: its WebDriver server, its session and its profile.
#[derive(Debug)]
pub(crate) struct Browser {
    /// The engine that runs.
    pub engine: Engine,
    /// The open WebDriver session.
    pub client: Client,
    programs: Programs,
    launch: Launch,
    url: String,
    directory: PathBuf,
    server: Option<Group>,
    display: Option<(Group, String)>,
    // Given back last, when nothing runs on it any more.
    _disk: Option<SmallDisk>,
}

impl Browser {
    /// Starts the engine with a fresh profile inside `directory`.
    pub(crate) async fn launch(engine: Engine, launch: Launch, directory: &Path) -> Result<Self> {
        if directory.exists() {
            fs::remove_dir_all(directory)?;
        }
        fs::create_dir_all(directory.join(DOWNLOADS))?;
        let programs = engine.programs()?;
        let display = match engine {
            Engine::Webkitgtk => Some(virtual_display()?),
            Engine::Chromium | Engine::Firefox => None,
        };
        let disk = launch.small_disk(engine).then(|| SmallDisk::mount(directory)).transpose()?;
        let (server, url) =
            start_server(engine, &programs, directory, launch, display_name(display.as_ref()))
                .await?;
        let client = session(engine, &programs, &url, directory, launch).await?;
        Ok(Self {
            engine,
            client,
            programs,
            launch,
            url,
            directory: directory.to_owned(),
            server: Some(server),
            display,
            _disk: disk,
        })
    }

    /// Ends the browser process and starts it again on the same profile.
    pub(crate) async fn restart(&mut self) -> Result<()> {
        self.client.clone().close().await?;
        self.client =
            session(self.engine, &self.programs, &self.url, &self.directory, self.launch).await?;
        Ok(())
    }

    /// Ends every process at once, as a power switch would, and starts again on the same profile.
    pub(crate) async fn kill(&mut self) -> Result<()> {
        // By the profile, which no other process has: the browser is in a group of its own.
        kill_all_with(&self.directory.join(PROFILE))?;
        self.server = None;
        let (server, url) = start_server(
            self.engine,
            &self.programs,
            &self.directory,
            self.launch,
            display_name(self.display.as_ref()),
        )
        .await?;
        (self.server, self.url) = (Some(server), url);
        self.client =
            session(self.engine, &self.programs, &self.url, &self.directory, self.launch).await?;
        Ok(())
    }

    /// The files that were saved so far.
    pub(crate) fn downloads(&self) -> Result<Vec<PathBuf>> {
        let entries = fs::read_dir(self.directory.join(DOWNLOADS))?;
        Ok(entries.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?)
    }

    /// Moves a saved file to a place where no other one is.
    pub(crate) fn put_aside(&self, file: &Path) -> Result<PathBuf> {
        let mut place = self.directory.join("kept");
        while place.exists() {
            place.push("kept");
        }
        fs::create_dir(&place)?;
        let kept = place.join(file.file_name().context("no name")?);
        fs::rename(file, &kept)?;
        Ok(kept)
    }

    /// Ends the session; the server ends with the value.
    pub(crate) async fn quit(self) -> Result<()> {
        Ok(self.client.close().await?)
    }

    /// What the browser wrote to its console so far.
    pub(crate) fn console(&self) -> String {
        ["console.log", "driver.log"]
            .iter()
            .filter_map(|name| fs::read(self.directory.join(name)).ok())
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .collect()
    }
}

async fn session(
    engine: Engine,
    programs: &Programs,
    url: &str,
    directory: &Path,
    launch: Launch,
) -> Result<Client> {
    let capabilities = engine.capabilities(programs, directory, launch)?;
    let client = ClientBuilder::new(HttpConnector::new())
        .capabilities(capabilities)
        .connect(url)
        .await
        .with_context(|| format!("{engine} did not open a session"))?;
    let limits = TimeoutConfiguration::new(Some(SCRIPT_LIMIT), Some(SCRIPT_LIMIT), None);
    client.update_timeouts(limits).await?;
    if engine == Engine::Webkitgtk {
        // Below the page its browser shows every file that was saved, and leaves the page less room.
        client.set_window_rect(0, 0, 1280, 1000).await?;
    }
    Ok(client)
}

/// Starts the WebDriver server of the engine.
async fn start_server(
    engine: Engine,
    programs: &Programs,
    directory: &Path,
    launch: Launch,
    display: Option<&str>,
) -> Result<(Group, String)> {
    let port = free_port()?;
    let mut command = Command::new(&programs.driver);
    command.arg(format!("--port={port}"));
    if engine == Engine::Firefox {
        command.arg("--allow-system-access");
    }
    if engine == Engine::Webkitgtk {
        command
            .env("WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS", "1")
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            // Two fifths of its work was to draw, as a graphics card would, what nobody looks at.
            .env("WEBKIT_DISABLE_COMPOSITING_MODE", "1")
            .env("WEBKIT_DISABLE_DMABUF_RENDERER", "1")
            .env("XDG_CONFIG_HOME", directory);
    }
    if let Some(name) = display {
        command.env("DISPLAY", name);
    }
    if launch.no_wasm {
        command.env("JSC_useWasm", "0").env("JSC_useWebAssembly", "0");
    }
    let log = File::options().create(true).append(true).open(directory.join("driver.log"))?;
    let server = command.stdout(log.try_clone()?).stderr(log).process_group(0).spawn()?;
    let server = Group(server);
    wait_for_port(port).await.context("the WebDriver server did not start")?;
    Ok((server, format!("http://127.0.0.1:{port}")))
}

fn display_name(display: Option<&(Group, String)>) -> Option<&str> {
    display.map(|(_, name)| name.as_str())
}

/// Kills the processes whose command lines name a path.
fn kill_all_with(path: &Path) -> Result<()> {
    let path = path.display().to_string();
    for entry in fs::read_dir("/proc")? {
        let entry = entry?.path();
        // Processes come and go meanwhile.
        let Ok(command) = fs::read(entry.join("cmdline")) else { continue };
        let id =
            entry.file_name().and_then(|id| id.to_str()).filter(|id| id.parse::<u32>().is_ok());
        if let Some(id) = id
            && String::from_utf8_lossy(&command).contains(&path)
        {
            Command::new("kill").args(["-KILL", id]).stderr(Stdio::null()).status()?;
        }
    }
    Ok(())
}

/// Starts a virtual X server on a display number of its own choice.
fn virtual_display() -> Result<(Group, String)> {
    let mut child = Command::new("Xvfb")
        .args(["-displayfd", "1", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .context("Xvfb")?;
    let output = child.stdout.take().context("Xvfb has no output")?;
    let group = Group(child);
    let mut number = String::new();
    BufReader::new(output).read_line(&mut number)?;
    ensure!(!number.is_empty(), "Xvfb did not start");
    Ok((group, format!(":{}", number.trim())))
}

/// A TCP port that was free a moment ago.
pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

async fn wait_for_port(port: u16) -> Result<()> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    eventually(Duration::from_secs(15), async || Ok(TcpStream::connect(address).await.is_ok()))
        .await
}
