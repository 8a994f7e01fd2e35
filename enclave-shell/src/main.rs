//! `enclave-shell`: emit, serve and verify an ATS KMS enclave.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
