//! The broker's own certificate from the SPIFFE Workload API: a stream, which begins again by itself.

use std::fmt;
use std::time::Duration;

use kms_token::SpiffeId;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use spiffe::{TrustDomain, X509Source};

use super::svid::{Identity, tls};
use crate::Error;

/// How long the first certificate may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The stream.
pub(super) struct Workload(X509Source);

impl Workload {
    /// Connects to a socket, `unix:/…`, and waits for a first certificate. Without the network nobody
    /// else can answer.
    pub(super) async fn connect(endpoint: &str) -> Result<Self, Error> {
        if !endpoint.starts_with("unix:") {
            return Err(Error::Config(format!("{endpoint} is no socket, `unix:/…`")));
        }
        let source = X509Source::builder().endpoint(endpoint).initial_sync_timeout(PATIENCE);
        Ok(Self(source.build().await.map_err(tls)?))
    }

    /// What the stream has said last: of the certificates the one with this id, and its authorities.
    pub(super) fn identity(&self, id: &SpiffeId) -> Result<Identity, Error> {
        let now = self.0.x509_context().map_err(tls)?;
        let own = now.svids().iter().find(|svid| svid.spiffe_id().to_string() == id.as_str());
        let own = own.ok_or_else(|| Error::Tls(format!("the agent has no certificate of {id}")))?;
        let domain = TrustDomain::new(id.trust_domain()).map_err(tls)?;
        let bundle = now.bundle_set().get(&domain);
        let bundle = bundle.ok_or_else(|| Error::Tls("the agent has no bundle".into()))?;
        let certificate = |der: &[u8]| CertificateDer::from(der.to_vec());
        let chain = own.cert_chain().iter().map(|link| certificate(link.as_bytes()));
        let roots = bundle.authorities().iter().map(|root| certificate(root.as_bytes()));
        let key = PrivateKeyDer::Pkcs8(own.private_key().as_bytes().to_vec().into());
        Identity::new(chain.collect(), key, roots.collect(), id)
    }
}

impl fmt::Debug for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Workload")
    }
}
