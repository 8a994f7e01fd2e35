//! `enclave-shell relay`.

use std::process::ExitCode;

use kms_broker::relay::Relay;
use kms_broker::tls::{Files, Source, TlsVersion};
use kms_manifest::Origin;
use kms_tlog::VerifierKey;
use kms_token::SpiffeId;

use super::args::RelayArgs;
use super::{Failure, stop_signal};

pub(super) fn run(args: &RelayArgs) -> Result<ExitCode, Failure> {
    let embedder: Origin = args.embedder.parse()?;
    let files = Files {
        certificate: args.svid_cert.clone(),
        key: args.svid_key.clone(),
        bundle: args.bundle.clone(),
    };
    let relay = Relay {
        address: args.broker.clone(),
        broker: SpiffeId::parse(&args.broker_id)?,
        log: VerifierKey::parse(&args.log_key)?,
        source: Source::open(files, SpiffeId::parse(&args.id)?, TlsVersion::V1_3)?,
        embedder: embedder.to_string(),
    };
    tokio::runtime::Runtime::new()?.block_on(async {
        let listening = relay.listen(args.listen).await?;
        println!("relay for {embedder} on {}", listening.address()?);
        tokio::select! {
            served = listening.run() => served?,
            stopped = stop_signal() => stopped?,
        }
        Ok(ExitCode::SUCCESS)
    })
}
