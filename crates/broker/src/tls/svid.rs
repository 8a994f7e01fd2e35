//! The broker's own certificate and the trust bundle, from where they may change at any time: files, or
//! the SPIFFE Workload API.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use kms_token::{Digest, SpiffeId};
use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use super::verify::{Clients, Server};
use super::workload::Workload;
use super::{Leaf, TlsVersion, identify, provider};
use crate::Error;

/// Where a certificate, its key and the trust bundle are, PEM.
#[derive(Clone, Debug)]
pub struct Files {
    /// Certificate chain, the leaf first.
    pub certificate: PathBuf,
    /// Private key.
    pub key: PathBuf,
    /// Certificates of the trust domain's authorities.
    pub bundle: PathBuf,
}

impl Files {
    /// All three.
    #[must_use]
    pub fn each(&self) -> [&PathBuf; 3] {
        [&self.certificate, &self.key, &self.bundle]
    }
}

/// A certificate, its key and a bundle that fit each other.
pub struct Identity {
    /// Whose it is.
    pub leaf: Leaf,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    roots: Arc<RootCertStore>,
    /// Of all of it: to see when it changes.
    digest: Digest,
}

/// The identity now, and what is made of it.
pub struct Source {
    origin: Origin,
    id: SpiffeId,
    min_version: TlsVersion,
    now: ArcSwap<Identity>,
    server: ArcSwap<ServerConfig>,
}

/// Where it comes from.
#[derive(Debug)]
enum Origin {
    Files(Files),
    Stream(Workload),
}

impl Origin {
    fn identity(&self, id: &SpiffeId) -> Result<Identity, Error> {
        match self {
            Self::Files(files) => Identity::read(files, id),
            Self::Stream(workload) => workload.identity(id),
        }
    }
}

impl Identity {
    /// Reads the files of a workload.
    pub fn read(files: &Files, id: &SpiffeId) -> Result<Self, Error> {
        let read = |path: &PathBuf| std::fs::read(path).map_err(|error| Error::file(path, error));
        let key = zeroize::Zeroizing::new(read(&files.key)?);
        let (chain, roots) = (read(&files.certificate)?, read(&files.bundle)?);
        let key = PrivateKeyDer::from_pem_slice(&key).map_err(tls)?;
        Self::new(certificates(&chain)?, key, certificates(&roots)?, id)
    }

    /// Puts together what belongs to a workload.
    pub(super) fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
        authorities: Vec<CertificateDer<'static>>,
        id: &SpiffeId,
    ) -> Result<Self, Error> {
        let parts = chain.iter().map(AsRef::as_ref).chain([key.secret_der()]);
        let digest = digest(parts.chain(authorities.iter().map(AsRef::as_ref)));
        let leaf = chain.first().ok_or_else(|| Error::Tls("no certificate".into()))?;
        let leaf = identify(leaf, id.trust_domain());
        let leaf = leaf.map_err(|error| Error::Tls(format!("own certificate: {error}")))?;
        if leaf.id != *id {
            return Err(Error::Tls(format!("own certificate is of {}", leaf.id)));
        }
        let mut roots = RootCertStore::empty();
        for root in authorities {
            roots.add(root).map_err(tls)?;
        }
        Ok(Self { leaf, chain, key, roots: Arc::new(roots), digest })
    }

    fn server(&self, min_version: TlsVersion) -> Result<ServerConfig, Error> {
        let chain =
            WebPkiClientVerifier::builder_with_provider(Arc::clone(&self.roots), provider());
        let chain = chain.build().map_err(tls)?;
        let trust_domain = self.leaf.id.trust_domain().to_owned();
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(min_version.versions())
            .map_err(tls)?
            .with_client_cert_verifier(Arc::new(Clients { chain, trust_domain }))
            .with_single_cert(self.chain.clone(), self.key.clone_key())
            .map_err(tls)?;
        // A resumed session would outlast the certificate that it began with.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }

    /// The configuration of a client that speaks to this server alone.
    pub fn client(&self, server: &SpiffeId) -> Result<ClientConfig, Error> {
        let (roots, provider) = (Arc::clone(&self.roots), provider());
        let verifier = Server { roots, id: server.clone(), provider: Arc::clone(&provider) };
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(TlsVersion::V1_3.versions())
            .map_err(tls)?
            .dangerous() // the name for a verifier of one's own
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_client_auth_cert(self.chain.clone(), self.key.clone_key())
            .map_err(tls)?;
        config.resumption = Resumption::disabled();
        config.enable_sni = false;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Identity").field(&self.leaf).finish()
    }
}

impl Source {
    /// Reads the files a first time.
    pub fn open(files: Files, id: SpiffeId, min_version: TlsVersion) -> Result<Self, Error> {
        Self::of(Origin::Files(files), id, min_version)
    }

    /// Connects to the Workload API at a socket, and waits for a first certificate.
    pub async fn stream(
        endpoint: &str,
        id: SpiffeId,
        min_version: TlsVersion,
    ) -> Result<Self, Error> {
        Self::of(Origin::Stream(Workload::connect(endpoint).await?), id, min_version)
    }

    fn of(origin: Origin, id: SpiffeId, min_version: TlsVersion) -> Result<Self, Error> {
        let identity = origin.identity(&id)?;
        let server = identity.server(min_version)?;
        let (now, server) = (ArcSwap::from_pointee(identity), ArcSwap::from_pointee(server));
        Ok(Self { origin, id, min_version, now, server })
    }

    /// Looks again; whether something has changed. What does not fit together changes nothing: files may
    /// be half-written.
    pub fn reload(&self) -> Result<bool, Error> {
        let identity = self.origin.identity(&self.id)?;
        if identity.digest == self.now.load().digest {
            return Ok(false);
        }
        let server = identity.server(self.min_version)?;
        self.server.store(Arc::new(server));
        self.now.store(Arc::new(identity));
        Ok(true)
    }

    /// The identity now.
    #[must_use]
    pub fn identity(&self) -> Arc<Identity> {
        self.now.load_full()
    }

    /// The configuration of the listener now.
    #[must_use]
    pub fn server(&self) -> Arc<ServerConfig> {
        self.server.load_full()
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("id", &self.id).finish_non_exhaustive()
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(tls)
}

/// Of digests, so that no byte moves from one part to the next unseen.
fn digest<'a>(parts: impl Iterator<Item = &'a [u8]>) -> Digest {
    let digests: Vec<_> = parts.map(|part| Digest::of(part).to_string()).collect();
    Digest::of(digests.concat().as_bytes())
}

pub(super) fn tls(error: impl fmt::Display) -> Error {
    Error::Tls(error.to_string())
}
