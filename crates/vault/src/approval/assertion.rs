//! What a passkey signs to approve (`WebAuthn` level 3, section 7.2): an assertion whose challenge
//! is the digest of what was shown.

use base64ct::{Base64UrlUnpadded, Encoding};
use kms_crypto::{CryptoProvider, passkey};
use kms_jose::{Json, Object};
use kms_protocol::{CallerOrigin, ErrorCode};

use super::Signer;
use crate::enclave::Inner;
use crate::ui::Assertion;
use crate::{Config, Error, Ports};

/// Longest client data that is looked at. Some hundred bytes are usual.
const MAX_CLIENT_DATA: usize = 4096;

/// What an assertion has to be about.
pub(super) struct Expected<'a> {
    /// What is approved.
    pub(super) digest: &'a [u8; 32],
    /// Who asks.
    pub(super) site: &'a str,
    /// Origin of the enclave.
    pub(super) origin: &'a str,
    /// Host name of it.
    pub(super) host: &'a str,
}

impl<'a> Expected<'a> {
    fn new(config: &'a Config, site: &'a CallerOrigin, digest: &'a [u8; 32]) -> Self {
        Self { digest, site: site.as_str(), origin: &config.origin, host: &config.host }
    }

    /// What the signature is over, if the assertion is about this.
    fn signed(&self, assertion: &Assertion) -> Option<Vec<u8>> {
        let Assertion { client_data, authenticator_data, .. } = assertion;
        let is_meant = client_data.len() <= MAX_CLIENT_DATA && self.is_client_data(client_data);
        is_meant.then(|| passkey::signed(self.host, authenticator_data, client_data)).flatten()
    }

    /// Whether the client data (section 5.8.1) is that of an assertion about this, made in a frame
    /// of the site that asks. An engine may leave out what it tells of frames.
    fn is_client_data(&self, json: &[u8]) -> bool {
        let Some(members) = Object::parse(json) else { return false };
        let is = |name, text: &str| members.get(name) == Some(&Json::Text(text.into()));
        let challenge = Base64UrlUnpadded::encode_string(self.digest);
        let crosses = Json::Bool(self.site != self.origin);
        let of_frame = members.get("crossOrigin").is_none_or(|told| *told == crosses);
        let of_site = members.get("topOrigin").is_none()
            || (is("topOrigin", self.site)
                && members.get("crossOrigin") == Some(&Json::Bool(true)));
        is("type", "webauthn.get")
            && is("challenge", &challenge)
            && is("origin", self.origin)
            && of_frame
            && of_site
    }
}

/// Whether one of the passkeys signed that this is approved.
pub(super) async fn is_signed<C: CryptoProvider>(
    crypto: &C,
    signers: &[Signer],
    (expected, assertion): (Expected<'_>, &Assertion),
) -> Result<bool, Error> {
    let made_it = |signer: &&Signer| signer.credential() == assertion.credential;
    let known = signers.iter().find(made_it);
    let (Some(signer), Some(message)) = (known, expected.signed(assertion)) else {
        return Ok(false);
    };
    let key = signer.key()?;
    match passkey::signature(key.kind(), &assertion.signature) {
        Some(signature) => Ok(crypto.verify(&key, &message, &signature).await?),
        None => Ok(false),
    }
}

impl<P: Ports> Inner<P> {
    /// Credential ids of the passkeys of which one has to approve. Where there is none, a press is
    /// enough.
    pub(crate) fn approvers(&self) -> Vec<Vec<u8>> {
        let known = self.unlocked().map(|vault| {
            let settings = vault.settings.borrow();
            settings.signers().iter().map(|signer| signer.credential().to_vec()).collect()
        });
        known.unwrap_or_default()
    }

    /// Fails unless a passkey approved, where one has to. What a passkey answered has to be right
    /// in any case. Another tab may have enrolled or removed one, so what is stored decides.
    pub(crate) async fn check_assertion(
        &self,
        (site, digest): (&CallerOrigin, &[u8; 32]),
        assertion: Option<&Assertion>,
    ) -> Result<(), Error> {
        let vault = self.unlocked()?;
        self.catch_up(&vault).await?;
        let signers = vault.settings.borrow().signers().to_vec();
        let Some(assertion) = assertion else {
            let is_enough = signers.is_empty();
            return if is_enough { Ok(()) } else { Err(ErrorCode::PasskeyRequired.into()) };
        };
        let expected = Expected::new(&self.config, site, digest);
        let signed = is_signed(self.ports.crypto(), &signers, (expected, assertion)).await?;
        vault.still_open()?;
        if signed { Ok(()) } else { Err(ErrorCode::PasskeyFailed.into()) }
    }
}
