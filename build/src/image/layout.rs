//! The layout of an image in a folder (OCI image specification).

use std::path::Path;

use anyhow::{Context, Result};
use oci_spec::image::{
    Arch, ConfigBuilder, Descriptor, ImageConfiguration, ImageConfigurationBuilder,
    ImageIndexBuilder, ImageManifestBuilder, MediaType, Os, RootFsBuilder, Sha256Digest,
};

use super::{NAME, USER};
use crate::archive;
use crate::report::sha256_hex;

/// Where blobs are, by their digests.
pub(super) const BLOBS: &str = "blobs/sha256";
const VERSION: &str = r#"{"imageLayoutVersion":"1.0.0"}"#;

/// Writes an image of one layer.
pub(super) fn write(dir: &Path, archive: &[u8]) -> Result<()> {
    let blobs = dir.join(BLOBS);
    std::fs::create_dir_all(&blobs)
        .with_context(|| format!("cannot create {}", blobs.display()))?;
    let blob = |kind: MediaType, bytes: &[u8]| -> Result<Descriptor> {
        let digest = sha256_hex(bytes);
        std::fs::write(blobs.join(&digest), bytes).context("cannot write a blob")?;
        let digest: Sha256Digest = digest.parse()?;
        Ok(Descriptor::new(kind, bytes.len() as u64, digest))
    };
    let layer = blob(MediaType::ImageLayerGzip, &archive::compress(archive)?)?;
    let config = configuration(archive)?.to_string()?;
    let config = blob(MediaType::ImageConfig, config.as_bytes())?;
    let manifest = ImageManifestBuilder::default()
        .schema_version(2_u32)
        .media_type(MediaType::ImageManifest)
        .config(config)
        .layers(vec![layer])
        .build()?;
    let manifest = blob(MediaType::ImageManifest, manifest.to_string()?.as_bytes())?;
    let index = ImageIndexBuilder::default()
        .schema_version(2_u32)
        .media_type(MediaType::ImageIndex)
        .manifests(vec![manifest])
        .build()?;
    index.to_file(dir.join("index.json"))?;
    std::fs::write(dir.join("oci-layout"), VERSION).context("cannot write the version")
}

/// How it is run. There is no time in it.
fn configuration(archive: &[u8]) -> Result<ImageConfiguration> {
    let config = ConfigBuilder::default()
        .user(format!("{USER}:{USER}"))
        .exposed_ports(vec!["8443/tcp".to_owned()])
        .entrypoint(vec![format!("/{NAME}")])
        .working_dir("/".to_owned())
        .build()?;
    let layers = RootFsBuilder::default()
        .diff_ids(vec![format!("sha256:{}", sha256_hex(archive))])
        .build()?;
    let configuration = ImageConfigurationBuilder::default()
        .architecture(Arch::Amd64)
        .os(Os::Linux)
        .config(config)
        .rootfs(layers)
        .history(Vec::new())
        .build()?;
    Ok(configuration)
}
