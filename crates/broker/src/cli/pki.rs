//! Certificates for development.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use kms_broker::Error;
use kms_broker::devpki::Authority;
use kms_token::SpiffeId;

use super::args::PkiArgs;
use super::{now, spiffe_id};

/// Writes `bundle.pem`, and for each workload a certificate and a key named after its path.
pub(crate) fn write(args: &PkiArgs) -> Result<(), Error> {
    let authority = Authority::new()?;
    std::fs::create_dir_all(&args.out).map_err(|error| Error::file(&args.out, error))?;
    file(&args.out.join("bundle.pem"), authority.bundle())?;
    for id in &args.id {
        let id = spiffe_id(id)?;
        let name = file_name(&id);
        let svid = authority.issue(&id, now().saturating_sub(60), now() + args.life)?;
        file(&args.out.join(format!("{name}.pem")), &svid.certificate)?;
        file(&args.out.join(format!("{name}.key")), &svid.key)?;
    }
    Ok(())
}

/// Name of a workload's files, without their end.
pub(super) fn file_name(id: &SpiffeId) -> String {
    id.path().trim_start_matches('/').replace('/', "-")
}

fn file(path: &Path, text: &str) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| Error::file(path, error))
}
