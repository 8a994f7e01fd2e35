//! The command that verifies a deployment.

use std::process::ExitCode;

use enclave_shell::verify::{
    Attested, EmbedderReport, Outcome, Pins, Report, VerifyOptions, verify, verify_embedder,
};
use kms_manifest::{Pin, qr_rows};

use super::args::VerifyArgs;
use super::{Failure, qr, read, release};

/// What was found of all that was asked.
struct Found {
    report: Report,
    attested: Option<Attested>,
    embedder: Option<EmbedderReport>,
}

pub(super) fn run(args: &VerifyArgs) -> Result<ExitCode, Failure> {
    let Some(url) = args.url.as_deref() else {
        return args.sigstore.run(args.json)?.ok_or_else(|| "nothing to verify".into());
    };
    let found = Found::ask(args, url)?;
    if args.json {
        println!("{:#}", found.to_json()?);
    } else {
        found.print(args);
    }
    Ok(ExitCode::from(found.outcome().exit_code()))
}

impl Found {
    fn ask(args: &VerifyArgs, url: &str) -> Result<Self, Failure> {
        let attestation = args.sigstore.attestation()?;
        let pin = |path| -> Result<Pin, Failure> { Ok(Pin::parse(&read(path)?)?) };
        let pins = args.pin.iter().map(|path| pin(path)).collect::<Result<_, _>>()?;
        let ca = args.ca.as_deref().map(read).transpose()?;
        let options = VerifyOptions { pins: Pins::new(pins)?, ca, ..VerifyOptions::default() };
        let report = match &args.policy {
            Some(policy) => release::verify_release(args, url, &read(policy)?, &options)?,
            None => verify(url, &options)?,
        };
        let attested = attestation.zip(report.manifest.as_ref()).map(|(bundle, of)| bundle.of(of));
        let embedder = args.embedder.as_deref();
        let embedder = embedder.map(|page| verify_embedder(url, page, &options)).transpose()?;
        Ok(Self { report, attested, embedder })
    }

    fn to_json(&self) -> Result<serde_json::Value, serde_json::Error> {
        let mut all = serde_json::to_value(&self.report)?;
        if let Some(embedder) = &self.embedder {
            all["embedder"] = serde_json::to_value(embedder)?;
        }
        if let Some(attested) = &self.attested {
            all["sigstore"] = serde_json::to_value(attested)?;
        }
        Ok(all)
    }

    fn print(&self, args: &VerifyArgs) {
        print!("{}", self.report);
        if let Some(rows) = self.report.manifest.as_ref().filter(|_| args.qr).and_then(qr_rows) {
            print!("{}", qr::for_terminal(&rows));
        }
        if args.policy.is_some() && args.mark.is_none() {
            println!("not proved: that no newer release was seen; --mark remembers what was");
        }
        if let Some(attested) = &self.attested {
            print!("{attested}");
        }
        if let Some(embedder) = &self.embedder {
            print!("{embedder}");
        }
    }

    /// What is wrong with the release says more than what is wrong with a page that embeds it.
    fn outcome(&self) -> Outcome {
        let outcomes = [
            Some(self.report.outcome),
            self.attested.as_ref().map(|attested| attested.outcome),
            self.embedder.as_ref().map(|embedder| embedder.outcome),
        ];
        let worst = outcomes.into_iter().flatten().find(|outcome| *outcome != Outcome::Match);
        worst.unwrap_or(Outcome::Match)
    }
}
