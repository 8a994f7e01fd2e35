//! Who a certificate is about.

use kms_token::{Digest, SpiffeId};
use rustls::CertificateError;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

/// What a broker goes by of a certificate that was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// The SPIFFE id.
    pub id: SpiffeId,
    /// Digest of the certificate.
    pub certificate: Digest,
    /// When it ends, in seconds since 1970-01-01T00:00Z.
    pub expires: u64,
}

/// Reads a certificate as an X509-SVID (sections 2 to 4): one URI, which is a SPIFFE id of this trust
/// domain, and no right to sign certificates.
pub fn identify(der: &[u8], trust_domain: &str) -> Result<Leaf, CertificateError> {
    let (rest, certificate) =
        X509Certificate::from_der(der).map_err(|_| CertificateError::BadEncoding)?;
    let refused = CertificateError::ApplicationVerificationFailure;
    let names = certificate.subject_alternative_name().map_err(|_| refused.clone())?;
    let names = names.map(|extension| extension.value.general_names.as_slice());
    let uris: Vec<_> = names.unwrap_or_default().iter().filter_map(uri).collect();
    let [only] = uris[..] else { return Err(refused) };
    let id = SpiffeId::parse(only).ok().filter(|id| id.trust_domain() == trust_domain);
    let usage = certificate.key_usage().map_err(|_| refused.clone())?;
    let signs = usage.is_some_and(|usage| usage.value.key_cert_sign() || usage.value.crl_sign());
    if !rest.is_empty() || certificate.is_ca() || signs {
        return Err(refused);
    }
    let expires = u64::try_from(certificate.validity().not_after.timestamp());
    let expires = expires.map_err(|_| CertificateError::Expired)?;
    Ok(Leaf { id: id.ok_or(refused)?, certificate: Digest::of(der), expires })
}

fn uri<'a>(name: &GeneralName<'a>) -> Option<&'a str> {
    match name {
        GeneralName::URI(uri) => Some(uri),
        _ => None,
    }
}
