//! `kms-broker`: checks proof-of-authorization tokens over mutual TLS.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
