//! Where and when it was measured.

use std::{fs, process::Command, thread};

use fantoccini::Client;
use serde_json::Value;

/// One line: browser, processor, load, day.
pub(super) fn describe(client: &Client) -> String {
    let parts = [browser(client), processor(), load(), today()];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn browser(client: &Client) -> Option<String> {
    let capabilities = client.capabilities()?;
    let text = |name: &str| capabilities.get(name).and_then(Value::as_str);
    Some(format!("{} {}", text("browserName")?, text("browserVersion")?))
}

fn processor() -> Option<String> {
    let cores = thread::available_parallelism().ok()?;
    let about = fs::read_to_string("/proc/cpuinfo").ok()?;
    let name = about.lines().find(|line| line.starts_with("model name"))?;
    Some(format!("{}, {cores} cores", name.split_once(": ")?.1))
}

/// What else runs on the machine disturbs the measurement.
fn load() -> Option<String> {
    let averages = fs::read_to_string("/proc/loadavg").ok()?;
    Some(format!("load {} before the start", averages.split(' ').next()?))
}

fn today() -> Option<String> {
    let output = Command::new("date").args(["-u", "+%Y-%m-%d"]).output().ok()?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
