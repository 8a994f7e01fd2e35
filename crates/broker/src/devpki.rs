//! An authority for development and tests. Where it matters, SPIRE or the like takes its place.

use std::fmt;
use std::time::Duration;

use kms_token::SpiffeId;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, SanType, date_time_ymd,
};

use crate::Error;

/// An authority, whose key is gone when it is dropped.
pub struct Authority {
    certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its key, PEM.
#[derive(Clone)]
pub struct Svid {
    /// The certificate.
    pub certificate: String,
    /// The key.
    pub key: String,
}

impl Authority {
    /// A new authority.
    pub fn new() -> Result<Self, Error> {
        Self::generate().map_err(wrong)
    }

    fn generate() -> Result<Self, rcgen::Error> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.push(DnType::CommonName, "ATS KMS development authority");
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?.pem();
        Ok(Self { certificate, issuer: Issuer::new(params, key) })
    }

    /// The authority's certificate, PEM: the trust bundle.
    #[must_use]
    pub fn bundle(&self) -> &str {
        &self.certificate
    }

    /// A certificate of a workload, from one time to another.
    pub fn issue(&self, id: &SpiffeId, from_s: u64, to_s: u64) -> Result<Svid, Error> {
        self.issue_uris(&[id.as_str()], from_s, to_s, false)
    }

    /// A certificate with whatever URIs, as no authority should give it.
    pub fn issue_uris(
        &self,
        uris: &[&str],
        from_s: u64,
        to_s: u64,
        signs: bool,
    ) -> Result<Svid, Error> {
        self.sign(uris, (from_s, to_s), signs).map_err(wrong)
    }

    fn sign(
        &self,
        uris: &[&str],
        (from_s, to_s): (u64, u64),
        signs: bool,
    ) -> Result<Svid, rcgen::Error> {
        let mut params = CertificateParams::default();
        let uri = |uri: &&str| Ok(SanType::URI((*uri).try_into()?));
        params.subject_alt_names = uris.iter().map(uri).collect::<Result<_, rcgen::Error>>()?;
        params.distinguished_name = DistinguishedName::new();
        // Some readers of SVIDs want it said.
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        if signs {
            params.key_usages.push(KeyUsagePurpose::KeyCertSign);
        }
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        params.not_before = date_time_ymd(1970, 1, 1) + Duration::from_secs(from_s);
        params.not_after = date_time_ymd(1970, 1, 1) + Duration::from_secs(to_s);
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?.pem();
        Ok(Svid { certificate, key: key.serialize_pem() })
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

impl fmt::Debug for Svid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Svid").finish_non_exhaustive()
    }
}

#[allow(clippy::needless_pass_by_value)] // as `map_err` has it
fn wrong(error: rcgen::Error) -> Error {
    Error::Tls(error.to_string())
}
