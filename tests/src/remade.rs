//! Releases beside the one that is served: changed in one place, or emitted again.

use anyhow::{Context as _, Result, ensure};
use enclave_shell::{Deployment, Emitted, Sources, emit_plain};
use kms_manifest::{Headers, Manifest, Origin, Sha384};

use crate::world::World;

/// The release with another module, for which all of its own pins fit.
pub(crate) fn remade(
    emitted: &Emitted,
    change: impl FnOnce(&str) -> Result<String>,
) -> Result<Emitted> {
    let mut made = emitted.clone();
    let (old, new) = (&emitted.pin.module, &mut made.pin.module);
    let mut module = made.files.remove(&old.path).context("module")?;
    module.bytes = change(std::str::from_utf8(&module.bytes)?)?.into_bytes();
    new.integrity = Sha384::of(&module.bytes);
    new.path = old.path.replace("/r/", "/r/other-");
    let renew = |text: &str| {
        let digests = [&old.integrity, &new.integrity].map(ToString::to_string);
        text.replace(&digests[0], &digests[1]).replace(&old.path, &new.path)
    };
    made.pin.csp = renew(&made.pin.csp);
    let page = made.files.get_mut("/").context("page")?;
    page.bytes = renew(std::str::from_utf8(&page.bytes)?).into_bytes();
    let headers: Headers = page.headers.iter().map(|(name, value)| (name, renew(value))).collect();
    page.headers = headers;
    made.files.insert(new.path.clone(), module);
    Ok(made)
}

pub(crate) fn replaced(text: &str, old: &str, new: &str) -> Result<String> {
    ensure!(text.contains(old), "nothing to replace: {old}");
    Ok(text.replacen(old, new, 1))
}

/// A release as whole as the one that is pinned: of that version, with this at the end of its worker.
pub(crate) fn emitted_again(
    world: &World,
    pinned: &Emitted,
    version: &str,
    end: &str,
) -> Result<Emitted> {
    let Manifest { deployment, .. } = &pinned.manifest;
    let embedders: Vec<_> = deployment.embedders.iter().map(Origin::as_str).collect();
    let mut release = Deployment::new(deployment.origin.as_str(), &embedders)?;
    version.clone_into(&mut release.version);
    let mut sources = Sources::clone(&world.sources);
    let (_, main) = sources.enclave.worker.last_mut().context("no worker")?;
    main.push_str(end);
    Ok(emit_plain(&sources, &release)?)
}
