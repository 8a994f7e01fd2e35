//! The demo: an embedding page and the enclave on two origins of this machine.

use std::process::{Command, Stdio};

use anyhow::Result;

use crate::process::{run, which};
use crate::repo::Repo;
use crate::{shell, wasm};

/// Builds what the demo needs, serves both origins and opens the page.
pub(crate) fn serve(repo: &Repo) -> Result<()> {
    let enclave = wasm::Build::release(repo).run()?;
    let program = shell::program(repo)?;
    println!("\n  the demo: {}\n  (Ctrl-C ends it)\n", shell::EMBEDDER_ORIGIN);
    open_browser_soon();
    let mut command = Command::new(program);
    run(command.current_dir(repo.root()).args(["demo", "--workloads", "--enclave"]).arg(enclave))
}

/// Opens the page once the servers had a moment to start; without a desktop
/// the printed address has to do.
fn open_browser_soon() {
    let desktop = std::env::var_os("DISPLAY").or_else(|| std::env::var_os("WAYLAND_DISPLAY"));
    if desktop.is_none() || which("xdg-open").is_none() {
        return;
    }
    std::thread::spawn(|| {
        std::thread::sleep(std::time::Duration::from_secs(2));
        let mut command = Command::new("xdg-open");
        command.arg(shell::EMBEDDER_ORIGIN).stdout(Stdio::null()).stderr(Stdio::null());
        // A browser that does not open is no error: the address is printed.
        drop(command.status());
    });
}
