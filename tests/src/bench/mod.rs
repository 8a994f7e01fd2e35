//! The benchmark: ratios against bare baselines and other libraries, measured in one run.

mod chart;
mod machine;
mod measure;
mod report;
mod row;
mod samples;
mod site;

use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;

use self::{measure::Effort, report::Report, site::BenchSite};
use crate::{Builds, driver::Browser, engine::Engine, engine::Launch};

/// How to measure.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// End within a minute; single values are then less steady.
    #[arg(long)]
    quick: bool,
    /// Fail when a goal is missed.
    #[arg(long)]
    strict: bool,
    /// Where the results go.
    #[arg(long, default_value = "target/bench")]
    out: PathBuf,
}

/// Measures, prints the table and writes the results.
pub(crate) async fn run(engine: Engine, options: &Options, builds: &Builds) -> Result<ExitCode> {
    let site = BenchSite::start(&builds.enclave, &builds.probe_enclave)?;
    let profile = std::path::absolute(options.out.join(format!("{engine}-run")))?;
    let browser = Browser::launch(engine, Launch::PRECISE_CLOCK, &profile).await?;
    let machine = machine::describe(&browser.client);
    let effort = if options.quick { Effort::QUICK } else { Effort::FULL };
    let rows = measure::all(&browser.client, &site, engine, effort).await;
    browser.quit().await?;
    let report = Report { engine, machine, effort: effort.name, rows: rows? };
    println!("{}", report.table());
    report.write(&options.out)?;
    let failed = options.strict && !report.meets_every_goal();
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
